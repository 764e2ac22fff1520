import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chapman } from '../../src/statistics/capture-recapture.ts'

describe('chapman', () => {
  // The example of the vignette of M. Tyers' recapr (CRAN, 2021): 100 marked, 150 caught, 20 of them marked.
  it('has the published estimate, variance and standard error', () => {
    const found = chapman(100, 150, 20)
    expect(found?.estimate.toFixed(4)).toBe('725.2381')
    expect(found?.variance.toFixed(2)).toBe('16348.22')
    expect(Math.sqrt(found?.variance ?? NaN).toFixed(4)).toBe('127.8601')
    expect(found?.seen).toBe(230)
  })

  it('has an interval that is even on the logarithm of what was missed, as wide as its variance says', () => {
    const found = chapman(100, 150, 20)
    const { low, high } = found?.interval ?? { low: NaN, high: NaN }
    const missed = found?.missed ?? NaN
    expect((low - 230) * (high - 230)).toBeCloseTo(missed ** 2, 6)
    // Of a log-normal variable, ln(1 + variance / mean²) is the variance of the logarithm.
    const deviation = Math.log((high - 230) / missed) / 1.959964
    expect(Math.expm1(deviation ** 2) * missed ** 2).toBeCloseTo(16348.22, 1)
  })

  it('has no bias, and its variance none, where the sources together saw as many as there are', () => {
    // Chapman 1951 and Seber 1970: exactly so when first + second is at least the population. Here 40, of which 25 and
    // 20 are seen: the hypergeometric distribution of what both see.
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k)
    let [mean, square, variance] = [0, 0, 0]
    for (let both = 5; both <= 20; both++) {
      const mass = (choose(25, both) * choose(15, 20 - both)) / choose(40, 20)
      const found = chapman(25, 20, both)
      mean += mass * (found?.estimate ?? NaN)
      square += mass * (found?.estimate ?? NaN) ** 2
      variance += mass * (found?.variance ?? NaN)
    }
    expect(mean).toBeCloseTo(40, 9)
    expect(variance).toBeCloseTo(square - mean ** 2, 9)
  })

  it('is what was seen where one source saw all of the other, and undefined where they share nothing', () => {
    expect(chapman(7, 30, 7)).toMatchObject({ estimate: 30, missed: 0, variance: 0, interval: { low: 30, high: 30 } })
    expect(chapman(5, 5, 0)).toBeUndefined()
    expect(chapman(0, 0, 0)).toBeUndefined()
  })

  it('is symmetric, finite and never below what was seen, for any counts', () => {
    const count = fc.oneof(fc.nat(30), fc.nat(5_000_000), fc.constant(Number.MAX_SAFE_INTEGER / 4))
    fc.assert(
      fc.property(count, count, count, (a, b, c) => {
        const [both = 0, first = 0, second = 0] = [a, b, c].map(Math.floor).toSorted((x, y) => x - y)
        const found = chapman(first, second, both)
        if (found === undefined) return
        expect(chapman(second, first, both)?.estimate).toBe(found.estimate)
        const { low, high } = found.interval
        expect(found.seen <= low && low <= found.estimate && found.estimate <= high && high < Infinity).toBe(true)
        expect(found.variance >= 0).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    [3, 9, 4],
    [9, 3, 4],
    [-1, 9, 0],
    [9, 0.5, 0],
    [9, 9, NaN],
    [Infinity, 9, 3],
  ])('throws for %d, %d and %d', (first, second, both) => {
    expect(() => chapman(first, second, both)).toThrow(RangeError)
  })
})
