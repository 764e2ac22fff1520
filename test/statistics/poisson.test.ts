import { describe, expect, it } from 'vitest'
import { poissonInterval } from '../../src/statistics/poisson.ts'

/** Probability of at most `count` events at this mean, by summing the mass in logarithms. */
function atMost(count: number, mean: number): number {
  let sum = 0
  let logFactorial = 0
  for (let k = 0; k <= count; k++) {
    if (k > 0) logFactorial += Math.log(k)
    sum += Math.exp(k * Math.log(mean) - mean - logFactorial)
  }
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

  it('covers the true mean in at least 95 of 100 counts, whatever the mean', () => {
    for (const mean of [0.5, 1, 2, 3.7, 5, 10, 20, 50, 100, 333.3, 1000]) {
      let covered = 0
      let logMass = -mean
      for (let count = 0; count <= mean + 20 * Math.sqrt(mean) + 30; count++) {
        if (count > 0) logMass += Math.log(mean / count)
        const { low, high } = poissonInterval(count)
        if (low <= mean && mean <= high) covered += Math.exp(logMass)
      }
      expect(covered, `mean ${mean}`).toBeGreaterThanOrEqual(0.95)
      // Nor is it wastefully wide.
      expect(covered, `mean ${mean}`).toBeLessThan(mean < 3 ? 1 : 0.985)
    }
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
