import type { FunnelLimit, PageCell, PageFacts, PageService, PageTop, PageView } from '../../model/page.ts'
import { shortName, topColumns } from './chart.ts'
import { isRated, mostBars, rankedBars, rankedOrder } from './drawn.ts'
import { funnelEnd, funnelSentence, lines } from './funnel.ts'
import { colourNames, hasMap, legendTexts } from './map.ts'
import { none, quarters, rounded, whole } from './numbers.ts'
import { regionName, serviceName, viewName, type Messages } from './words.ts'

/** Stands for the service in titles that the page's script writes. */
const service = '{service}'

/**
 * What the page's script draws other services from: figures as the charts and tables show them, and every text. Cells are
 * columns in the order of the view's regions, then `unknown` and the total.
 */
export const pageData = (words: Messages, { views }: PageFacts): object => ({
  none,
  rowsShown: words.rowsShown('{shown}', '{all}'),
  others: words.others,
  views: views.map((view) => viewData(words, view)),
})

function viewData(words: Messages, view: PageView): object {
  const flagLists = [...new Set(view.services.flatMap((each) => cellsOf(each).map((cell) => notesOf(words, cell))))]
  const rated = isRated(view)
  return {
    rated,
    scoped: view.isScopeLimited,
    names: view.regions.map((region) => regionName(words, region)),
    short: view.regions.map((region) => shortName(regionName(words, region))),
    notes: flagLists,
    titles: {
      map: words.map(service),
      bars: rated ? words.bars(service) : words.barsCount(service),
      products: words.products(service, topUnit(words, view, 'products')),
      networks: words.networks(service, topUnit(words, view, 'networks')),
      detail: words.detail(service),
      funnel: words.funnel(service),
    },
    services: view.services.map((each) => serviceData(words, view, each, flagLists)),
  }
}

function serviceData(words: Messages, view: PageView, each: PageService, flagLists: readonly string[]): object {
  const cells = cellsOf(each)
  const { end } = rankedBars(view, each, () => '')
  const column = (value: (cell: PageCell) => number | undefined): (number | null)[] =>
    cells.map((cell) => {
      const found = value(cell)
      return found === undefined ? null : rounded(found)
    })
  return {
    id: each.id,
    name: serviceName(words, each),
    sentence: sentence(words, view, each),
    order: rankedOrder(view, each).slice(0, mostBars),
    end,
    ticks: quarters(end),
    ...(hasMap(view) ? { colours: colourNames(each), legend: legendTexts(each) } : {}),
    count: cells.map((cell) => cell.count ?? null),
    ...(view.isScopeLimited ? { asked: cells.map((cell) => cell.asked ?? null) } : {}),
    ...(isRated(view)
      ? {
          rate: column((cell) => cell.rate),
          low: column((cell) => cell.low),
          high: column((cell) => cell.high),
          ratio: column((cell) => cell.ratio),
          rank: cells.map((cell) => cell.rank ?? null),
        }
      : {}),
    notes: cells.map((cell) => flagLists.indexOf(notesOf(words, cell))),
    small: cells.map((cell) => (cell.flags.includes('small-count') ? 1 : 0)).join(''),
    ...topsOf(words, each),
    ...(each.funnel === undefined ? {} : { funnel: funnelData(words, view, each, each.funnel) }),
  }
}

const funnelData = (words: Messages, view: PageView, each: PageService, limits: readonly FunnelLimit[]): object => {
  const end = funnelEnd(each, limits)
  return {
    end,
    ticks: quarters(end),
    outside: funnelSentence(words, view, each, limits),
    lines: lines.map((line) => limits.map((limit) => rounded(limit[line]))),
  }
}

const topsOf = (words: Messages, { products, networks }: PageService): object => ({
  ...(products === undefined ? {} : { products: drawnRows(words, products) }),
  ...(networks === undefined ? {} : { networks: drawnRows(words, networks) }),
})

const drawnRows = (words: Messages, top: PageTop): object[] =>
  topRows(words, top).map((row) => ({ ...row, name: shortName(row.name, topColumns) }))

/** Rows of a chart of products or networks: the most frequent, and the others. */
export const topRows = (words: Messages, { items, rest }: PageTop): { name: string; count: number }[] => [
  ...items.map(({ name, count }) => ({ name: name === '' ? words.notTold : name, count })),
  ...(rest > 0 ? [{ name: words.others, count: rest }] : []),
]

export const topUnit = (words: Messages, view: PageView, kind: 'products' | 'networks'): string =>
  words.units[view.services.find((each) => each[kind] !== undefined)?.[kind]?.unit ?? view.unit]

const cellsOf = ({ cells, unknown, total }: PageService): PageCell[] => [...cells, unknown, total]

const notesOf = (words: Messages, cell: PageCell): string =>
  cell.flags.map((flag) => words.flags[flag]).join(words.join)

export const sentence = (words: Messages, view: PageView, each: PageService): string =>
  words.sentence({
    service: serviceName(words, each),
    count: whole(each.total.count),
    unit: words.units[view.unit],
    name: viewName(words, view),
    unknown: whole(each.unknown.count),
  })
