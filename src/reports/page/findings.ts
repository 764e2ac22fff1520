import { denominators } from '../../model/denominator.ts'
import type { Concentrated, Denominated, Outlier, Recaptured } from '../../model/findings.ts'
import type { PageFacts, PageFindings, PageView } from '../../model/page.ts'
import { h, type Element } from './markup.ts'
import { decimal, none, whole } from './numbers.ts'
import { scrolled, heading } from './tables.ts'
import { regionName, serviceName, type Messages } from './words.ts'

/** Rates told of, and services of a table; the files have all. */
const mostOutliers = 10
const mostServices = 25

/** What figures tell beside themselves, of the first view's country: what stands out and why, and how far figures carry. */
export function findingsSection(words: Messages, { findings, views: [view] }: PageFacts): Element | undefined {
  if (findings === undefined) return undefined
  const parts = [
    outlierList(words, view, findings.outliers),
    concentrationTable(words, view, findings),
    denominatorTable(words, findings.denominated),
    recaptureTable(words, view, findings.recaptured),
  ].filter((part) => part.length > 0)
  if (parts.length === 0) return undefined
  return h('section', { 'aria-labelledby': 'findings' }, h('h2', { id: 'findings' }, words.findings), parts.flat())
}

const percent = (share: number | undefined): string => (share === undefined ? none : `${decimal(share * 100)}\u00a0%`)

const nameOf = (words: Messages, view: PageView, id: string): string =>
  serviceName(words, { id, title: view.services.find((service) => service.id === id)?.title ?? '' })

const placeOf = (words: Messages, at: { region: string; regionName: string; regionNameLocal: string }): string =>
  regionName(words, { code: at.region, name: at.regionName, localName: at.regionNameLocal, population: undefined })

const partName = ({ kind, asn, organisation, product }: Outlier): string =>
  kind === 'network' ? `AS${asn}` : kind === 'organisation' ? organisation : product

/** A sentence for each figure that stands out most. */
function outlierList(words: Messages, view: PageView, outliers: readonly Outlier[]): Element[] {
  const rows = [...new Set(outliers.map(({ row }) => row))]
    .toSorted(
      (a, b) =>
        (b.rateRatio ?? 0) - (a.rateRatio ?? 0) || (`${a.service} ${a.region}` < `${b.service} ${b.region}` ? -1 : 1),
    )
    .slice(0, mostOutliers)
  if (rows.length === 0) return []
  const items = rows.map((row) => {
    const own = outliers.filter((each) => each.row === row)
    const share = own[0]?.share
    const sentences = [
      words.outlier(placeOf(words, row), nameOf(words, view, row.service), decimal(row.per100k)),
      ...(share === undefined ? [] : [words.outlierShare(percent(share))]),
      ...own.map((each) =>
        words.outlierWithout(
          words.partKinds[each.kind],
          partName(each),
          decimal(each.per100kWithout),
          share === undefined ? '' : percent(each.shareWithout),
        ),
      ),
    ]
    return h('li', {}, sentences.join(words.code === 'ja' ? '' : ' '))
  })
  return [h('h3', {}, words.outliers), h('p', { class: 'note' }, words.outliersNote), h('ul', {}, ...items)]
}

/** In how few networks the country's services are. */
function concentrationTable(words: Messages, view: PageView, { concentrated }: PageFindings): Element[] {
  if (concentrated.length === 0) return []
  const largest = ({ asn, organisation }: Concentrated['largest']): string => `AS${asn} ${organisation}`.trim()
  const all = concentrated.find(({ service }) => service === 'all')
  const shown = concentrated.slice(0, mostServices)
  return [
    h('h3', {}, words.concentration),
    ...(all === undefined
      ? []
      : [
          h(
            'p',
            {},
            words.concentrationAll(
              whole(all.half),
              whole(all.networks),
              largest(all.largest),
              percent(all.largest.share),
            ),
          ),
        ]),
    table(
      words.concentrationCaption,
      [words.chooseService, words.networkCount, words.networkHalf, words.largestShare, words.herfindahl, words.largest],
      shown.map((each) => [
        nameOf(words, view, each.service),
        whole(each.networks),
        whole(each.half),
        percent(each.largest.share),
        decimal(each.herfindahl),
        largest(each.largest),
      ]),
    ),
  ]
}

/** Ranks of all services by each denominator. */
function denominatorTable(words: Messages, denominated: readonly Denominated[]): Element[] {
  const names = denominators.filter((name) => denominated.some(({ denominator }) => denominator === name))
  if (names.length < 2) return []
  const of = (name: string): readonly Denominated[] => denominated.filter(({ denominator }) => denominator === name)
  const by = new Map(names.map((name) => [name, new Map(of(name).map((each) => [each.row.region, each]))]))
  const agreements = names.slice(1).map((name) => {
    const agreement = of(name)[0]?.agreement
    return words.agreement(words.denominators[name], agreement === undefined ? none : agreement.toFixed(2))
  })
  return [
    h('h3', {}, words.denominatorTitle),
    h(
      'p',
      {},
      [...agreements, ...(names.includes('addresses') ? [words.addressBias] : [])].join(words.code === 'ja' ? '' : ' '),
    ),
    table(
      words.denominatorCaption,
      [words.region, ...names.map((name) => words.rankBy(words.denominators[name])), words.survives],
      of('people').map((each) => [
        placeOf(words, each.row),
        ...names.map((name) => whole(by.get(name)?.get(each.row.region)?.rank)),
        each.survival === undefined ? none : words.survivals[each.survival],
      ]),
    ),
  ]
}

/** What each two sources saw and missed in the country. */
function recaptureTable(words: Messages, view: PageView, recaptured: readonly Recaptured[]): Element[] {
  if (recaptured.length === 0) return []
  return [
    h('h3', {}, words.recapture),
    h('p', { class: 'note' }, words.recaptureNote),
    table(
      words.recaptureCaption,
      [words.chooseService, words.seenByEach, words.seenByBoth, words.estimate, words.interval, words.notes],
      recaptured
        .slice(0, mostServices)
        .map(({ service, firstSource, secondSource, seenByFirst, seenBySecond, seenByBoth, abundance, refused }) => [
          nameOf(words, view, service),
          `${firstSource} ${whole(seenByFirst)}, ${secondSource} ${whole(seenBySecond)}`,
          whole(seenByBoth),
          abundance === undefined ? none : whole(Math.round(abundance.estimate)),
          abundance === undefined ? none : `${whole(Math.round(abundance.low))} – ${whole(Math.round(abundance.high))}`,
          refused === undefined ? '' : words.refusals[refused],
        ]),
    ),
  ]
}

/** A table whose first column names its rows; cells that are no figures stand at the left. */
function table(caption: string, heads: readonly string[], rows: readonly (readonly string[])[]): Element {
  const isText = heads.map(
    (_, column) =>
      column === 0 || rows.some((row) => !/^[\d–]/.test(row[column] ?? '') || /[a-z]/i.test(row[column] ?? '')),
  )
  return scrolled(
    caption,
    h(
      'table',
      {},
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, ...heads.map((head, column) => heading(head, isText[column] === true)))),
      h(
        'tbody',
        {},
        ...rows.map(([name = '', ...cells]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, name),
            ...cells.map((cell, column) => h('td', { class: isText[column + 1] === true ? 'text' : undefined }, cell)),
          ),
        ),
      ),
    ),
  )
}
