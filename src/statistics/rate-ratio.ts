import betaQuantile from '@stdlib/stats-base-dists-beta-quantile'
import regularizedBeta from '@stdlib/math-base-special-betainc'
import { requireCell } from './domain.ts'
import type { Interval } from './poisson.ts'
import type { Cell } from './rates.ts'

/**
 * The exact 95 % interval for the ratio of two Poisson rates, the first's to the second's. Given the sum of both
 * counts, the first is binomial (Przyborowski and Wilenski, Biometrika 31, 1940, 313–323); the Clopper–Pearson limits
 * of its share (Biometrika 26, 1934, 404–413), as odds over the ratio of populations, are the ratio's. Undefined, as
 * the ratio is, when the second has no events or either has no people.
 * @throws RangeError for counts or populations that are no whole numbers from 0
 */
export function rateRatioInterval(first: Cell, second: Cell): Interval | undefined {
  requireCell(first)
  requireCell(second)
  if (second.count === 0 || first.population === 0 || second.population === 0) return undefined
  const scale = second.population / first.population
  return { low: scale * lowerOdds(first.count, second.count), high: scale / lowerOdds(second.count, first.count) }
}

/** The lower Clopper–Pearson limit of a share, as odds. The upper one is that of the others' share, turned over. */
function lowerOdds(count: number, others: number): number {
  if (count === 0) return 0
  const share = betaQuantile(0.025, count, others + 1)
  return share / (1 - share)
}

/**
 * How often chance alone makes two Poisson counts of one and the same rate differ as much as these, in either
 * direction: the exact conditional test of Przyborowski and Wilenski (1940), twice the smaller tail. So it is below
 * 0.05 exactly where `rateRatioInterval` leaves out 1 (Fay, The R Journal 2/1, 2010, 53–58). Undefined when either has
 * no people. Of two snapshots' shares, `population` is what each snapshot counted in all.
 * @throws RangeError for counts or populations that are no whole numbers from 0
 */
export function sameRateProbability(first: Cell, second: Cell): number | undefined {
  requireCell(first)
  requireCell(second)
  if (first.population === 0 || second.population === 0) return undefined
  const people = first.population + second.population
  const tail = (here: Cell, there: Cell): number =>
    here.count === 0 ? 1 : regularizedBeta(here.population / people, here.count, there.count + 1)
  return Math.min(1, 2 * Math.min(tail(first, second), tail(second, first)))
}

/**
 * Probabilities adjusted for being several (Holm, Scandinavian Journal of Statistics 6, 1979, 65–70), in the order
 * given: those below 0.05 hold one false alarm or more in at most 5 of 100 such families, whatever depends on what.
 * @throws RangeError for a probability outside of 0 to 1
 */
export function holmAdjusted(probabilities: readonly number[]): number[] {
  for (const probability of probabilities)
    if (!(probability >= 0 && probability <= 1)) throw new RangeError(`${probability} is no probability`)
  const adjusted = probabilities.map(() => 1)
  const order = probabilities.map((probability, index) => ({ probability, index }))
  let least = 0
  for (const [position, { probability, index }] of order.toSorted((a, b) => a.probability - b.probability).entries()) {
    least = Math.max(least, Math.min(1, (order.length - position) * probability))
    adjusted[index] = least
  }
  return adjusted
}
