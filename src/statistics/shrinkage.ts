import { requireCell } from './domain.ts'
import type { Cell } from './rates.ts'

export interface Shrinkage {
  /** Events per head of all regions together: what rates are drawn to. */
  readonly mean: number
  /** Variance of the true rates between regions; 0 when chance explains all there is. */
  readonly variance: number
  /** Events per head, in the order given; undefined where nobody lives. */
  readonly rates: readonly (number | undefined)[]
}

/**
 * Empirical-Bayes rates: each region's own, drawn to the mean of all the more, the fewer people stand behind it
 * (Marshall, Applied Statistics 40, 1991, 283–294, the global estimator by moments: it needs neither a shape for the
 * distribution of rates nor an iteration that may not end, as maximum likelihood does). With a variance of 0 or less
 * they are all the mean. Undefined when nobody lives anywhere.
 * @throws RangeError for counts or populations that are no whole numbers from 0
 */
export function shrunkenRates(cells: readonly Cell[]): Shrinkage | undefined {
  for (const cell of cells) requireCell(cell)
  const peopled = cells.filter((cell) => cell.population > 0)
  const people = peopled.reduce((sum, cell) => sum + cell.population, 0)
  if (people === 0) return undefined
  const mean = peopled.reduce((sum, cell) => sum + cell.count, 0) / people
  const spread = peopled.reduce((sum, { count, population }) => {
    return sum + population * (count / population - mean) ** 2
  }, 0)
  const variance = Math.max(0, (spread - mean * peopled.length) / people)
  return {
    mean,
    variance,
    rates: cells.map(({ count, population }) => {
      if (population === 0) return undefined
      const weight = variance === 0 ? 0 : variance / (variance + mean / population)
      return mean + weight * (count / population - mean)
    }),
  }
}
