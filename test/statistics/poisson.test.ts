import { describe, expect, it } from 'vitest'
import { poissonInterval } from '../../src/statistics/poisson.ts'

const logFactorials = [0]
for (let k = 1; k <= 6_000; k++) logFactorials.push((logFactorials[k - 1] ?? 0) + Math.log(k))

/** Probability of at most `count` events at this mean, by summing the mass in logarithms. */
function atMost(count: number, mean: number): number {
  const logMean = Math.log(mean)
  let sum = 0
  // Below twelve standard deviations there is less than 1e-30.
  for (let k = Math.max(0, Math.floor(mean - 12 * Math.sqrt(mean) - 12)); k <= count; k++)
    sum += Math.exp(k * logMean - mean - (logFactorials[k] ?? NaN))
  return sum
}

describe('poissonInterval', () => {
  // Garwood 1936, table of 95 % limits; also Ulm 1990 (Am J Epidemiol 131:373) and WHO, and R's poisson.test.
  it.each([
    [0, 0, 3.689],
    [1, 0.0253, 5.572],
    [2, 0.2422, 7.225],
    [3, 0.6187, 8.767],
    [4, 1.09, 10.242],
    [5, 1.623, 11.668],
    [10, 4.795, 18.39],
    [15, 8.395, 24.74],
    [20, 12.217, 30.888],
    [30, 20.241, 42.827],
    [50, 37.111, 65.919],
    [100, 81.364, 121.627],
  ])('is the published one for %i events', (count, low, high) => {
    const interval = poissonInterval(count)
    expect(Math.abs(interval.low - low)).toBeLessThan(0.0006)
    expect(Math.abs(interval.high - high)).toBeLessThan(0.0006)
  })

  it('leaves 2.5 % on either side, exactly', () => {
    for (const count of [1, 2, 7, 33, 150, 600, 899, 900, 999, 1000, 5000]) {
      const { low, high } = poissonInterval(count)
      expect(1 - atMost(count - 1, low)).toBeCloseTo(0.025, 8)
      expect(atMost(count, high)).toBeCloseTo(0.025, 8)
    }
  })

  it('leaves any tail on either side, exactly', () => {
    for (const tail of [0.1, 0.005, 0.001, 0.0005, 1e-5]) {
      for (const count of [1, 10, 499, 500, 501, 898, 899, 950, 1000, 3000]) {
        const { low, high } = poissonInterval(count, tail)
        expect((1 - atMost(count - 1, low)) / tail).toBeCloseTo(1, 4)
        expect(atMost(count, high) / tail).toBeCloseTo(1, 6)
      }
    }
  })

  it('covers the true mean in at least 95 of 100 counts, at every mean from 0.5 to 1,000', () => {
    const intervals = Array.from({ length: 1_400 }, (_, count) => poissonInterval(count))
    // Coverage is least beside the ends of intervals, where one more count stops or starts to cover.
    const means = intervals
      .flatMap(({ low, high }) => [low, high].flatMap((end) => [end * (1 - 1e-9), end, end * (1 + 1e-9)]))
      .concat(Array.from({ length: 19_991 }, (_, step) => 0.5 + step / 20))
      .filter((mean) => mean >= 0.5 && mean <= 1000)
    expect(means.length).toBeGreaterThan(25_000)
    let least = 1
    for (const mean of means) {
      const first = intervals.findIndex(({ high }) => high >= mean)
      const last = intervals.findLastIndex(({ low }) => low <= mean)
      const covered = atMost(last, mean) - (first > 0 ? atMost(first - 1, mean) : 0)
      // The mass of a thousand events is summed from logarithms: twelve digits are left.
      if (covered < 0.95 - 1e-10) expect.fail(`${covered} at mean ${mean}`)
      least = Math.min(least, covered)
    }
    // Nor is it wastefully wide.
    expect(least).toBeLessThan(0.9505)
  })

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('has none for a count of %d', (count) => {
    expect(() => poissonInterval(count)).toThrow(RangeError)
  })

  it.each([0, -0.1, 0.5, NaN, 1e-6])('has none for a tail of %d', (tail) => {
    expect(() => poissonInterval(5, tail)).toThrow(RangeError)
  })

  // Wilson and Hilferty's approximation (1931) errs by about one part in a million at 1,000, and less with more.
  it.each([
    [1_000, 2e-6],
    [10_000, 3e-8],
    [1_000_000, 1e-10],
    [100_000_000, 1e-12],
  ])('is accurate for %i events', (count, tolerance) => {
    const z = 1.959963984540054
    const near = (shape: number, sign: number): number =>
      shape * (1 - 1 / (9 * shape) + (sign * z) / (3 * Math.sqrt(shape))) ** 3
    const { low, high } = poissonInterval(count)
    expect(Math.abs(low / near(count, -1) - 1)).toBeLessThan(tolerance)
    expect(Math.abs(high / near(count + 1, 1) - 1)).toBeLessThan(tolerance)
  })

  it('grows with the count and holds it', () => {
    const counts = [...Array.from({ length: 400 }, (_, index) => index), 10_000, 123_456, 1e6, 1e6 + 1, 1e7, 1e8, 3e9]
    for (const [index, count] of counts.entries()) {
      const { low, high } = poissonInterval(count)
      expect(Number.isFinite(low) && Number.isFinite(high)).toBe(true)
      expect(low <= count && count < high, String(count)).toBe(true)
      const before = poissonInterval(counts[index - 1] ?? 0)
      if (index > 0) expect(low > before.low && high > before.high, String(count)).toBe(true)
    }
  })
})
