import { requireCell, requireWhole } from './domain.ts'
import type { Interval } from './poisson.ts'
import { rankedFrom, type Cell } from './rates.ts'

/** What a region's figures may be, wherever the unplaced records belong. */
export interface UnknownsBounds {
  /** `low` is what was placed here, `high` that and all that is unplaced. */
  readonly count: Interval
  /** Events per head; undefined where nobody lives. */
  readonly rate: Interval | undefined
  /** Competition ranks; undefined for a region that is not ranked by what was placed. */
  readonly rank: Interval | undefined
}

/**
 * Best and worst case of every region: the bounds of what is not known, without any assumption of where it belongs
 * (Manski, Partial Identification of Probability Distributions, 2003, chapter 1). A region's rank is best when all that
 * is unplaced belongs to it, and worst when none does and it lifts as many others above it as it can, cheapest first.
 * @param unplaced records of the country that have no region
 * @returns in the order given
 * @throws RangeError for counts or populations that are no whole numbers from 0
 */
export function unknownsBounds(cells: readonly Cell[], unplaced: number): UnknownsBounds[] {
  for (const cell of cells) requireCell(cell)
  requireWhole('a count of what is unplaced', unplaced)
  return cells.map((cell, index) => {
    const { count, population } = cell
    const highest = { count: count + unplaced, population }
    requireCell(highest)
    const others = cells.filter((other, place) => place !== index && other.population > 0)
    const isRanked = count >= rankedFrom && population > 0
    return {
      count: { low: count, high: highest.count },
      rate: population === 0 ? undefined : { low: count / population, high: highest.count / population },
      rank: isRanked
        ? { low: 1 + liftable(others, highest, 0n), high: 1 + liftable(others, cell, BigInt(unplaced)) }
        : undefined,
    }
  })
}

/** How many cells can have a rank and a higher rate than this one, if so many more events are shared among them. */
function liftable(cells: readonly Cell[], than: Cell, events: bigint): number {
  const needs = cells.map((cell) => needed(cell, than)).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  let left = events
  const short = needs.findIndex((need) => (left -= need) < 0n)
  return short < 0 ? needs.length : short
}

/** Events a cell lacks to have a rank, and a higher rate than the other. */
function needed(cell: Cell, than: Cell): bigint {
  const above = (BigInt(than.count) * BigInt(cell.population)) / BigInt(than.population) + 1n
  const least = above > BigInt(rankedFrom) ? above : BigInt(rankedFrom)
  return least > BigInt(cell.count) ? least - BigInt(cell.count) : 0n
}
