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
    high: upperLimit(count),
  }
  // Small counts make up nearly every cell of a report; a bound keeps the table small all the same.
  if (known.size < 100_000) known.set(count, interval)
  return interval
}

/** The mean at which so few events or fewer come in 2.5 of 100 cases. */
function upperLimit(count: number): number {
  let mean = gammaQuantile(0.975, count + 1, 1)
  // From shapes of 1,000 on the library's upper quantile (stdlib 0.2.3) is 0.16 too high; its lower one is right.
  for (let step = 0; count >= 900 && step < 3; step++) mean += (atMost(count, mean) - 0.025) / mass(count, mean)
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
