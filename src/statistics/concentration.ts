import { requireWhole } from './domain.ts'

export interface Concentration {
  /** Networks that hold anything. */
  readonly holders: number
  /** The smallest number of networks that together hold at least half. */
  readonly half: number
  /**
   * Herfindahl–Hirschman index: the sum of squared shares, from 1 / holders to 1. Times 10,000 it is in the points of
   * the U.S. Department of Justice's merger guidelines.
   */
  readonly herfindahl: number
}

/**
 * In how few hands a count is. Undefined when nobody holds anything.
 * @param counts of each network (or organisation, or product), none counted twice
 * @throws RangeError for counts, or a sum, that are no whole numbers from 0
 */
export function concentration(counts: readonly number[]): Concentration | undefined {
  for (const count of counts) requireWhole('a count', count)
  const held = counts.filter((count) => count > 0).toSorted((a, b) => b - a)
  const total = held.reduce((sum, count) => sum + count, 0)
  requireWhole('a sum', total)
  if (total === 0) return undefined
  let half = 0
  for (let sum = 0; sum < total - sum; half++) sum += held[half] ?? 0
  return { holders: held.length, half, herfindahl: held.reduce((sum, count) => sum + (count / total) ** 2, 0) }
}
