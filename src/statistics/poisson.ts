import gammaQuantile from '@stdlib/stats-base-dists-gamma-quantile'
import { requireWhole } from './domain.ts'

/** A two-sided interval. */
export interface Interval {
  readonly low: number
  readonly high: number
}

const usualTail = 0.025
const known = new Map<number, Interval>()

/**
 * The exact interval for the mean of a Poisson count (Garwood, Biometrika 28, 1936): quantiles of the gamma
 * distribution. It covers chance only, not what the source failed to see.
 * @param count observed events, a whole number from 0
 * @param tail probability left out on either side, from 1e-5: 0.025 for the interval of 95 %
 * @throws RangeError for a count that is none, and a tail outside of these bounds
 */
export function poissonInterval(count: number, tail = usualTail): Interval {
  const found = tail === usualTail ? known.get(count) : undefined
  if (found) return found
  requireWhole('a count', count)
  if (!(tail >= 1e-5 && tail < 0.5)) throw new RangeError(`a tail of ${tail} is not from 1e-5 to 0.5`)
  const interval = {
    low: count === 0 ? 0 : gammaQuantile(tail, count, 1),
    high: upperLimit(count, tail),
  }
  // Small counts make up nearly every cell of a report; a bound keeps the table small all the same.
  if (tail === usualTail && known.size < 100_000) known.set(count, interval)
  return interval
}

/** The mean at which so few events or fewer come with the tail's probability. */
function upperLimit(count: number, tail: number): number {
  let mean = gammaQuantile(1 - tail, count + 1, 1)
  // From shapes of about 900 on the library's upper quantile (stdlib 0.2.3) is up to 0.16 too high; its lower one is right.
  for (let step = 0; count >= 500 && step < 3; step++) mean += (atMost(count, mean) - tail) / mass(count, mean)
  return mean
}

/** Probability of at most `count` events, less than `mean`: the sum of a Poisson distribution's mass, largest term first. */
function atMost(count: number, mean: number): number {
  let sum = 0
  let term = mass(count, mean)
  for (let events = count; term > sum * Number.EPSILON; events--) {
    sum += term
    term *= events / mean
  }
  return sum
}

/** Probability of exactly `count` events, of many, by the saddle-point expansion of Loader (2000). */
function mass(count: number, mean: number): number {
  const excess = (mean - count) / count
  const logFactorialError = 1 / (12 * count) - 1 / (360 * count ** 3)
  return Math.exp(count * (Math.log1p(excess) - excess) - logFactorialError) / Math.sqrt(2 * Math.PI * count)
}
