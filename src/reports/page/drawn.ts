import type { PageCell, PageRegion, PageService, PageView } from '../../model/page.ts'
import { axisEnd, decimal, rounded, whole } from './numbers.ts'

/** Colours of a map. */
export const classes = 5
/** Rows of a bar chart of regions. */
export const mostBars = 60

/** One bar: its length and the ends of its interval as parts of the axis, and its figure. */
export interface Bar {
  readonly name: string
  readonly length: number
  readonly low: number
  readonly high: number
  readonly text: string
  readonly isSmall: boolean
}

/** Whether a view has rates at all. */
export const isRated = ({ isScopeLimited, regions }: PageView): boolean =>
  !isScopeLimited && regions.some((region) => (region.population ?? 0) > 0)

export const isSmall = (cell: PageCell): boolean => cell.flags.includes('small-count')

/** What is compared: the rate, where the view has rates. */
const measure = (view: PageView, cell: PageCell): number | undefined => (isRated(view) ? cell.rate : cell.count)

/** Indexes of a view's regions, highest first, those without a figure last; equal ones in the view's order. */
export const rankedOrder = (view: PageView, service: PageService): number[] =>
  service.cells
    .map((cell, index) => ({ index, value: measure(view, cell) ?? -1 }))
    .toSorted((a, b) => b.value - a.value || a.index - b.index)
    .map(({ index }) => index)

/** The bars of a service's regions, and where their axis ends. */
export function rankedBars(
  view: PageView,
  service: PageService,
  nameOf: (region: PageRegion) => string,
): { readonly bars: Bar[]; readonly end: number } {
  const order = rankedOrder(view, service).slice(0, mostBars)
  const cells = order.map((index) => at(service.cells, index))
  const end = axisEnd(Math.max(0, ...cells.map((cell) => (isRated(view) ? cell.high : cell.count) ?? 0)))
  // As rounded as in the page's JSON, so that a chosen service looks as if the page had begun with it.
  const part = (value: number | undefined): number => Number((rounded(value ?? 0) / end).toFixed(4))
  const bars = cells.map((cell, row) => ({
    name: nameOf(at(view.regions, at(order, row))),
    length: part(measure(view, cell)),
    low: isRated(view) ? part(cell.low) : 0,
    high: isRated(view) ? part(cell.high) : 0,
    text: (isRated(view) ? decimal(cell.rate) : whole(cell.count)) + (isSmall(cell) ? '*' : ''),
    isSmall: isSmall(cell),
  }))
  return { bars, end }
}

/** Bars of counts, the longest as long as the axis. */
export function countBars(rows: readonly { readonly name: string; readonly count: number }[]): Bar[] {
  const most = Math.max(1, ...rows.map(({ count }) => count))
  return rows.map(({ name, count }) => ({
    name,
    length: Number((count / most).toFixed(4)),
    low: 0,
    high: 0,
    text: whole(count),
    isSmall: false,
  }))
}

export interface Colouring {
  /** For each region its colour from 0, or `none`. */
  readonly classOf: readonly (number | undefined)[]
  /** For each colour the lowest and highest rate it has; undefined where no region has it. */
  readonly ranges: readonly (readonly [number, number] | undefined)[]
}

/** Colours of a map: fifths of the regions by rate; equal rates, as printed, have one colour. */
export function colouring(service: PageService): Colouring {
  const rates = service.cells.map(({ rate }) => (rate === undefined ? undefined : rounded(rate)))
  const sorted = rates.filter((rate) => rate !== undefined).toSorted((a, b) => a - b)
  const classOf = rates.map((rate) =>
    rate === undefined ? undefined : Math.floor((sorted.indexOf(rate) * classes) / sorted.length),
  )
  const ranges = Array.from({ length: classes }, (_, each) => {
    const of = sorted.filter((rate) => Math.floor((sorted.indexOf(rate) * classes) / sorted.length) === each)
    const [low, high] = [of[0], of.at(-1)]
    return low === undefined || high === undefined ? undefined : ([low, high] as const)
  })
  return { classOf, ranges }
}

/** An element that is there. */
export function at<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw new RangeError(`no element ${index} of ${list.length}`)
  return found
}
