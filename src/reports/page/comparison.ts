import type { ComparisonFacts, ComparisonService, ComparisonView } from '../../model/comparison-page.ts'
import type { Language } from '../../model/page.ts'
import { barsOf, changeChart, colours, mostRows } from './comparison-chart.ts'
import { comparisonEn, type ComparisonMessages } from './comparison-en.ts'
import { comparisonJa } from './comparison-ja.ts'
import { comparisonSummary } from './comparison-summary.ts'
import { cellTexts, comparisonTable, isTold, rowsOf } from './comparison-table.ts'
import { shortName } from './chart.ts'
import { h, type Element } from './markup.ts'
import { whole } from './numbers.ts'
import { shell } from './shell.ts'
import { scrolled, heading } from './tables.ts'
import { day, messages, regionName, serviceName, type Messages } from './words.ts'

const own: Readonly<Record<Language, ComparisonMessages>> = { en: comparisonEn, ja: comparisonJa }
/** File that has what the page has no room for. */
const fullTable = 'comparison-by-region.csv'
/** Stands for the service in titles that the page's script writes. */
const anyService = '{service}'

/** comparison.html: one self-contained page, by the rules of report.html. The same facts give the same bytes. */
export function comparisonPage(facts: ComparisonFacts, language: Language): string {
  const words = messages[language]
  const texts = own[language]
  const [first] = facts.views
  const name = first === undefined ? texts.nothing : countryName(words, first)
  return shell(language, {
    title: texts.title(name),
    heading: texts.heading(name),
    subtitle: texts.subtitle(sideName(words, facts.old), sideName(words, facts.new)),
    main: [
      comparisonSummary(words, texts, facts),
      ...(first === undefined ? [] : [chooser(words, texts, facts.views, first)]),
      ...facts.views.map((view, index) => viewSection(words, texts, facts, view, index)),
      about(words, texts, facts),
    ],
    data: {
      rowsShown: words.rowsShown('{shown}', '{all}'),
      views: facts.views.map((view) => viewData(words, texts, view)),
    },
    script: 'comparison.js',
  })
}

const countryName = (words: Messages, view: ComparisonView): string =>
  regionName(words, { ...view, code: view.country, population: undefined })

const placeNames = (words: Messages, { regions }: ComparisonView): string[] => [
  ...regions.map((region) => regionName(words, { ...region, population: undefined })),
  words.unknown,
]

function sideName(words: Messages, { snapshot, observed: { from, to } }: ComparisonFacts['old']): string {
  return `${snapshot} (${from === '' ? words.undated : words.period(day(from), day(to))})`
}

/** Chooses what chart and table show; the script shows it. */
function chooser(
  words: Messages,
  texts: ComparisonMessages,
  views: readonly ComparisonView[],
  first: ComparisonView,
): Element {
  const select = (id: string, title: string, names: readonly string[]): Element =>
    h('label', {}, `${title} `, h('select', { id }, ...names.map((name, value) => h('option', { value }, name))))
  return h(
    'div',
    { class: 'chooser', hidden: true, 'data-scripted': '', role: 'group', 'aria-label': words.choose },
    views.length === 1
      ? undefined
      : select(
          'choose-view',
          texts.chooseCountry,
          views.map((view) => countryName(words, view)),
        ),
    select(
      'choose-service',
      words.chooseService,
      first.services.map((service) => serviceName(words, service)),
    ),
  )
}

function viewSection(
  words: Messages,
  texts: ComparisonMessages,
  facts: ComparisonFacts,
  view: ComparisonView,
  index: number,
): Element | undefined {
  const service = view.services[0]
  if (service === undefined) return undefined
  const title = texts.table(serviceName(words, service))
  return h(
    'section',
    { 'data-view': index, 'aria-labelledby': `view-${index}` },
    h('h2', { id: `view-${index}` }, countryName(words, view)),
    chartFigure(words, texts, facts, view, service),
    h('h3', { 'data-title': 'table' }, title),
    isTold(service) ? h('p', { class: 'note print' }, words.matrixPrint(fullTable)) : undefined,
    facts.rowsLeftOut > 0
      ? h('p', { class: 'note' }, texts.rowsLeftOut(whole(facts.rowsLeftOut), fullTable))
      : undefined,
    h(
      'div',
      { class: 'filters', hidden: true, 'data-scripted': '' },
      h(
        'label',
        {},
        `${words.filterRegions} `,
        h('input', { type: 'search', 'data-filter': 'rows', autocomplete: 'off' }),
      ),
      h('output', { 'aria-live': 'polite' }),
      h('span', { class: 'note' }, words.sortHint),
    ),
    comparisonTable(words, texts, view, service, title),
  )
}

function chartFigure(
  words: Messages,
  texts: ComparisonMessages,
  { new: { unit } }: ComparisonFacts,
  view: ComparisonView,
  service: ComparisonService,
): Element | undefined {
  const bars = barsOf(service)
  if (bars === undefined) return undefined
  const places = view.regions.length + 1
  return h(
    'figure',
    {},
    h('figcaption', { 'data-title': 'chart' }, texts.chart(serviceName(words, service))),
    h(
      'p',
      { class: 'note' },
      [
        texts.chartNote(words.units[unit === 'addresses' ? unit : 'banners']),
        places > mostRows ? texts.chartCut(whole(mostRows), whole(places)) : '',
      ].join(' '),
    ),
    h(
      'div',
      { class: 'legend' },
      h(
        'ul',
        {},
        ...texts.groups.map((name, index) =>
          h(
            'li',
            {},
            h(
              'svg',
              { class: 'swatch', viewBox: '0 0 24 16', 'aria-hidden': 'true' },
              h('rect', { width: 24, height: 16, fill: colours[index] }),
            ),
            h('span', {}, name),
          ),
        ),
      ),
    ),
    h('div', { 'data-chart': 'changes' }, changeChart(service, placeNames(words, view), bars, texts.chartLabel)),
  )
}

/** What the page's script shows other services from. */
const viewData = (words: Messages, texts: ComparisonMessages, view: ComparisonView): object => ({
  short: placeNames(words, view).map((name) => shortName(name)),
  titles: { chart: texts.chart(anyService), table: texts.table(anyService) },
  services: view.services.map((service) => ({
    name: serviceName(words, service),
    rows: rowsOf(service).map((cell) => cellTexts(words, cell, isTold(service))),
    bars: barsOf(service),
  })),
})

/** The two snapshots, method, limits, licences. */
function about(words: Messages, texts: ComparisonMessages, facts: ComparisonFacts): Element {
  const heads = [texts.side, words.snapshot, words.observed, texts.source, words.basis, texts.unit]
  const row = (name: string, side: ComparisonFacts['old']): Element =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, name),
      ...[
        side.snapshot,
        side.observed.from === '' ? words.undated : words.period(day(side.observed.from), day(side.observed.to)),
        side.source,
        words.bases[side.basis],
        side.unit,
      ].map((text) => h('td', { class: 'text' }, text)),
    )
  return h(
    'section',
    { 'aria-labelledby': 'sources' },
    h('h2', { id: 'sources' }, texts.sides),
    scrolled(
      texts.sides,
      h(
        'table',
        {},
        h('caption', {}, texts.sides),
        h('thead', {}, h('tr', {}, ...heads.map((head) => heading(head, true)))),
        h('tbody', {}, row(texts.old, facts.old), row(texts.new, facts.new)),
      ),
    ),
    h('p', {}, `${words.version}: exposure-census ${facts.version}`),
    h('h2', {}, words.method),
    h('ul', {}, ...[...texts.methodItems, ...texts.limitItems].map((item) => h('li', {}, item))),
    h('h2', {}, words.credits),
    h(
      'ul',
      {},
      h('li', {}, h('a', { href: 'https://db-ip.com', rel: 'noreferrer' }, words.creditDbip)),
      h('li', {}, words.creditGeonames),
      h('li', {}, words.creditCharts),
    ),
  )
}
