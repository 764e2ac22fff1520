import { requireWhole } from './domain.ts'
import type { Interval } from './poisson.ts'

export interface Abundance {
  /** How many there are, seen or not. */
  readonly estimate: number
  readonly variance: number
  /** What at least one source saw. */
  readonly seen: number
  /** What both missed, as estimated. */
  readonly missed: number
  /** Of `estimate`, 95 %; never below `seen`. */
  readonly interval: Interval
}

/**
 * How many there are, from two sources that looked at the same ranges in the same time: Chapman's estimator (Univ.
 * California Publ. Statist. 1, 1951, 131–160) with Seber's variance (Biometrics 26, 1970, 13–22), and the interval that takes
 * the number missed as log-normal (Chao, Biometrics 43, 1987, 783–791).
 *
 * It assumes that nothing came or went between, that what both saw was recognised as one, and that a source sees what
 * the other saw no more and no less often than the rest. Sources that favour the same hosts make the estimate too low;
 * sources that avoid each other's, too high. Undefined when they have nothing in common.
 * @throws RangeError for counts that are no whole numbers from 0, and for more in both than in either
 */
export function chapman(first: number, second: number, both: number): Abundance | undefined {
  for (const count of [first, second, both]) requireWhole('a count', count)
  if (both > Math.min(first, second)) throw new RangeError(`both saw ${both}, more than one of them`)
  if (both === 0) return undefined
  const seen = first + second - both
  // (first + 1)(second + 1) / (both + 1) − 1 less what was seen, in the form that loses no digits.
  const missed = ((first - both) * (second - both)) / (both + 1)
  const variance = (missed * ((first + 1) / (both + 1)) * (second + 1)) / (both + 2)
  const factor = missed === 0 ? 1 : Math.exp(1.959963984540054 * Math.sqrt(Math.log1p(variance / missed ** 2)))
  return {
    estimate: seen + missed,
    variance,
    seen,
    missed,
    interval: { low: seen + missed / factor, high: seen + missed * factor },
  }
}
