import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concentration } from '../../src/statistics/concentration.ts'

describe('concentration', () => {
  // The U.S. Department of Justice's own example: four firms with shares of 30, 30, 20 and 20 percent, 2,600 points.
  it('has the published index of four firms', () => {
    const found = concentration([20, 30, 20, 30])
    expect(((found?.herfindahl ?? NaN) * 10_000).toFixed(0)).toBe('2600')
    expect(found).toMatchObject({ holders: 4, half: 2 })
  })

  it.each([
    [[5], 1],
    [[1, 1], 1],
    [[1, 1, 1], 2],
    [[50, 49, 1], 1],
    [[49, 49, 2], 2],
    [[0, 0, 7, 0], 1],
    [Array.from({ length: 1_001 }, () => 1), 501],
  ])('of %j finds half in %i', (counts, half) => {
    expect(concentration(counts)?.half).toBe(half)
  })

  it('is undefined where nobody holds anything', () => {
    expect(concentration([])).toBeUndefined()
    expect(concentration([0, 0])).toBeUndefined()
  })

  it('finds the smallest number whose sum is at least half, for any counts in any order', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(counts, (all) => {
        const total = all.reduce((sum, count) => sum + count, 0)
        const found = concentration(all)
        if (total === 0) return
        // Every subset there is.
        let least = Infinity
        for (let subset = 0; subset < 2 ** all.length; subset++) {
          const members = all.filter((_, index) => (subset >> index) & 1)
          if (2 * members.reduce((sum, count) => sum + count, 0) >= total) least = Math.min(least, members.length)
        }
        expect(found?.half).toBe(least)
        const { holders, herfindahl } = found ?? { holders: NaN, herfindahl: NaN }
        expect(herfindahl).toBeGreaterThanOrEqual(1 / holders - 1e-12)
        expect(herfindahl).toBeLessThanOrEqual(1 + 1e-12)
      }),
      { numRuns: 60 },
    )
  })

  it.each([-1, 0.5, NaN, Infinity])('throws for %d', (value) => {
    expect(() => concentration([3, value])).toThrow(RangeError)
  })

  it('throws for a sum that a double does not hold', () => {
    expect(() => concentration([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER])).toThrow(RangeError)
  })
})
