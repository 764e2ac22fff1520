import type { PageService, PageView } from '../../model/page.ts'
import { barChart, columnsOf, topColumns } from './chart.ts'
import { sentence, topRows, topUnit } from './data.ts'
import { funnelChart, funnelSentence } from './funnel.ts'
import { countBars, isRated, mostBars, rankedBars } from './drawn.ts'
import { h, type Element } from './markup.ts'
import { hasMap, legend, map } from './map.ts'
import { quarters, whole } from './numbers.ts'
import { ntpChart, populationChart } from './study.ts'
import { detailTable, isTooWide, matrixTable } from './tables.ts'
import { regionName, serviceName, viewName, type Messages } from './words.ts'

/** File that has what the page has no room for. */
const fullTable = 'exposure-by-region.csv'

/** All figures of a view: charts and table of its first service, the study's figures, and the table of all services. */
export function viewSection(words: Messages, view: PageView, index: number): Element {
  const service = view.services[0]
  const title = serviceName(words, service)
  const unit = words.units[view.unit]
  const id = `view-${index}`
  const beside = [
    mapFigure(words, view, service),
    topFigure(words, view, service, 'products'),
    topFigure(words, view, service, 'networks'),
    funnelFigure(words, view, service),
  ].filter((each) => each !== undefined)
  return h(
    'section',
    { id, 'data-view': index, 'aria-labelledby': `${id}-title` },
    h('h2', { id: `${id}-title` }, words.of(view.source, unit, viewName(words, view))),
    h('p', { 'data-sentence': '' }, sentence(words, view, service)),
    h(
      'div',
      { class: 'grid' },
      beside.length === 0 ? undefined : h('div', {}, beside),
      barFigure(words, view, service),
    ),
    h('h3', { 'data-title': 'detail' }, words.detail(title)),
    filters(words, id, false),
    detailTable(words, view, service, words.detail(title)),
    h('div', { class: 'grid' }, populationFigure(words, view), ntpFigure(words, view)),
    h('h3', {}, words.matrix(unit)),
    isTooWide(view) ? h('p', { class: 'note print' }, words.matrixPrint(fullTable)) : undefined,
    view.servicesLeftOut > 0
      ? h('p', { class: 'note' }, words.servicesLeftOut(whole(view.servicesLeftOut), fullTable))
      : undefined,
    filters(words, id, true, isRated(view)),
    matrixTable(words, view),
  )
}

const figure = (title: string, name: string | undefined, ...children: readonly (Element | undefined)[]): Element =>
  h('figure', {}, h('figcaption', name === undefined ? {} : { 'data-title': name }, title), children)

function mapFigure(words: Messages, view: PageView, service: PageService): Element | undefined {
  if (!hasMap(view)) return undefined
  return figure(words.map(serviceName(words, service)), 'map', map(words, view, service), legend(words, view, service))
}

function barFigure(words: Messages, view: PageView, service: PageService): Element {
  const { bars, end } = rankedBars(view, service, (region) => regionName(words, region))
  const rated = isRated(view)
  const title = serviceName(words, service)
  return figure(
    rated ? words.bars(title) : words.barsCount(title),
    'bars',
    h(
      'p',
      { class: 'note' },
      [
        rated ? words.barsNote : words.barsNoteCount,
        view.regions.length > mostBars ? words.barsCut(whole(mostBars), whole(view.regions.length)) : '',
      ]
        .filter((each) => each !== '')
        .join(' '),
    ),
    h(
      'div',
      { 'data-chart': 'bars' },
      barChart(bars, {
        label: words.barsLabel,
        ticks: quarters(end),
        axis: rated ? words.per100k : words.count,
        columns: columnsOf(view.regions.map((region) => regionName(words, region))),
      }),
    ),
  )
}

function funnelFigure(words: Messages, view: PageView, service: PageService): Element | undefined {
  const limits = service.funnel
  if (limits === undefined) return undefined
  return figure(
    words.funnel(serviceName(words, service)),
    'funnel',
    h('p', { class: 'note' }, words.funnelNote),
    h('div', { 'data-chart': 'funnel' }, funnelChart(words, view, service, limits)),
    h('p', { class: 'note', 'data-outside': '' }, funnelSentence(words, view, service, limits)),
  )
}

/** Rows of products and networks: ten, and the others. Charts have them all, so that a service with more can be drawn. */
const mostTops = 11

function topFigure(
  words: Messages,
  view: PageView,
  service: PageService,
  kind: 'products' | 'networks',
): Element | undefined {
  if (!view.services.some((each) => each[kind] !== undefined)) return undefined
  const top = service[kind]
  const rows = top === undefined ? [] : topRows(words, top)
  const empty = Array.from({ length: Math.max(0, mostTops - rows.length) }, () => ({ name: '', count: 0 }))
  const bars = countBars([...rows, ...empty]).map((bar, index) => (index < rows.length ? bar : { ...bar, text: '' }))
  const made = figure(
    words[kind](serviceName(words, service), topUnit(words, view, kind)),
    kind,
    h(
      'div',
      { 'data-chart': kind },
      barChart(bars, { label: words[`${kind}Label`], columns: topColumns, shownBars: rows.length }),
    ),
  )
  // Of another service there may be some, and the script shows them.
  return rows.length > 0 ? made : { ...made, attributes: { hidden: '' } }
}

function populationFigure(words: Messages, view: PageView): Element | undefined {
  const chart = populationChart(words, view)
  return chart && figure(words.figurePopulation(words.units[view.unit]), undefined, chart)
}

function ntpFigure(words: Messages, view: PageView): Element | undefined {
  const chart = ntpChart(words, view)
  return chart && figure(words.figureNtp(words.units[view.unit]), undefined, chart)
}

/** What narrows a table down; the script shows it. */
function filters(words: Messages, id: string, isMatrix: boolean, isRatedView = false): Element {
  const name = `${id}-${isMatrix ? 'matrix' : 'detail'}`
  const field = (title: string, kind: string): Element =>
    h('label', {}, `${title} `, h('input', { type: 'search', 'data-filter': kind, autocomplete: 'off' }))
  const measure = (value: string, title: string): Element =>
    h(
      'label',
      {},
      h('input', { type: 'radio', name: `${name}-measure`, value, checked: value === 'count' }),
      ` ${title}`,
    )
  return h(
    'div',
    { class: 'filters', hidden: true, 'data-scripted': '' },
    field(words.filterRegions, 'rows'),
    isMatrix ? field(words.filterServices, 'columns') : undefined,
    isMatrix && isRatedView
      ? h('fieldset', {}, h('legend', {}, words.measure), measure('count', words.count), measure('rate', words.rate))
      : undefined,
    h('output', { 'aria-live': 'polite' }),
    h('span', { class: 'note' }, words.sortHint),
  )
}
