import gammaQuantile from '@stdlib/stats-base-dists-gamma-quantile'

/** A two-sided interval. */
export interface Interval {
  readonly low: number
  readonly high: number
}

const known = new Map<number, Interval>()

/**
 * The exact 95 % interval for the mean of a Poisson count (Garwood, Biometrika 28, 1936): quantiles of the gamma
 * distribution. It covers chance only, not what the source failed to see.
 * @param count observed events, a whole number from 0
 */
export function poissonInterval(count: number): Interval {
  const found = known.get(count)
  if (found) return found
  const interval = {
    low: count === 0 ? 0 : gammaQuantile(0.025, count, 1),
    high: gammaQuantile(0.975, count + 1, 1),
  }
  // Small counts make up nearly every cell of a report; a bound keeps the table small all the same.
  if (known.size < 100_000) known.set(count, interval)
  return interval
}
