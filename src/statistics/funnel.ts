import { requireCell } from './domain.ts'
import { poissonInterval, type Interval } from './poisson.ts'
import type { Cell } from './rates.ts'

/** Limits around a country's rate, in events per head, for one population. */
export interface FunnelLimits {
  /** Within these lie 95 of 100 regions that differ from their country by chance alone. */
  readonly inner: Interval
  /** Within these lie 99.8 of 100. */
  readonly outer: Interval
}

type Side = 'below' | 'inside' | 'above'

/** A region's limits, and on which side of them its rate lies. */
export interface FunnelCell extends FunnelLimits {
  readonly ofInner: Side
  readonly ofOuter: Side
}

export interface Funnel {
  /** The country's rate: all events by all people of the cells whose population is known. */
  readonly rate: number
  /** By how much the regions' variance exceeds that of chance; at least 1. */
  readonly dispersion: number
  /** In the order given; undefined where nobody lives. */
  readonly cells: readonly (FunnelCell | undefined)[]
}

/**
 * A funnel plot's figures (Spiegelhalter, Statistics in Medicine 24, 2005, 1185–1202): which regions differ from their
 * country by more than chance. Regions differ for more reasons than chance, so the limits are widened by the square
 * root of the dispersion: the mean square of the regions' z-scores after the lowest and the highest tenth are set to
 * the next, never below 1. Undefined when nobody lives anywhere.
 * @throws RangeError for counts or populations that are no whole numbers from 0
 */
export function funnel(cells: readonly Cell[]): Funnel | undefined {
  for (const cell of cells) requireCell(cell)
  const peopled = cells.filter((cell) => cell.population > 0)
  const people = peopled.reduce((sum, cell) => sum + cell.population, 0)
  if (people === 0) return undefined
  const rate = peopled.reduce((sum, cell) => sum + cell.count, 0) / people
  const dispersion = rate === 0 ? 1 : winsorisedDispersion(peopled.map((cell) => zScore(cell, rate)))
  return {
    rate,
    dispersion,
    cells: cells.map((cell) => {
      if (cell.population === 0) return undefined
      const limits = funnelLimits(rate, cell.population, dispersion)
      const own = cell.count / cell.population
      return { ...limits, ofInner: sideOf(limits.inner, own), ofOuter: sideOf(limits.outer, own) }
    }),
  }
}

/**
 * The limits for one population, to draw the funnel. A whole count lies on a limit when the country's rate lies on the
 * end of its exact interval (Garwood 1936), so that without dispersion a region is outside of the inner limits exactly
 * where its interval of 95 % leaves out the country's rate; between whole counts the limits are straight lines.
 * @param rate the country's events per head, from 0
 * @param population above 0
 * @param dispersion from 1
 * @throws RangeError outside of these bounds
 */
export function funnelLimits(rate: number, population: number, dispersion: number): FunnelLimits {
  const isSound = rate >= 0 && population > 0 && dispersion >= 1 && Number.isFinite(rate * population * dispersion)
  if (!isSound) throw new RangeError(`no funnel for rate ${rate}, population ${population}, dispersion ${dispersion}`)
  const expected = rate * population
  const widened = (count: number): number =>
    Math.max(0, expected + Math.sqrt(dispersion) * (count - expected)) / population
  const limits = (tail: number): Interval => ({
    low: widened(countWhere(expected, (count) => poissonInterval(count, tail).high)),
    high: widened(countWhere(expected, (count) => poissonInterval(count, tail).low)),
  })
  return { inner: limits(0.025), outer: limits(0.001) }
}

/** The count whose interval ends at `mean`, between whole counts by proportion; below 0 when even that of 0 ends above. */
function countWhere(mean: number, end: (count: number) => number): number {
  let count = Math.floor(mean)
  // One more event moves an end by about one.
  for (let leap = 0; leap < 3; leap++) count = Math.max(0, count + Math.trunc(mean - end(count)))
  while (count > 0 && end(count) > mean) count--
  while (end(count + 1) <= mean) count++
  return count + (mean - end(count)) / (end(count + 1) - end(count))
}

/** Standard deviations of a Poisson count from what its country's rate makes expected. */
function zScore(cell: Cell, rate: number): number {
  const expected = rate * cell.population
  return (cell.count - expected) / Math.sqrt(expected)
}

function winsorisedDispersion(scores: readonly number[]): number {
  const sorted = scores.toSorted((a, b) => a - b)
  const cut = Math.floor(sorted.length / 10)
  const lowest = sorted[cut] ?? 0
  const highest = sorted[sorted.length - 1 - cut] ?? 0
  const squares = sorted.reduce((sum, score) => sum + Math.min(Math.max(score, lowest), highest) ** 2, 0)
  return Math.max(1, squares / sorted.length)
}

const sideOf = (interval: Interval, value: number): Side =>
  value < interval.low ? 'below' : value > interval.high ? 'above' : 'inside'
