import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shrunkenRates } from '../../src/statistics/shrinkage.ts'

const cells = fc.array(
  fc.record({
    count: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 3_000_000 })),
    population: fc.constantFrom(0, 1, 3, 1_000, 87_654, 1_400_000_000),
  }),
  { maxLength: 30 },
)

describe('shrunkenRates', () => {
  // No worked example with its data is at hand. This is Marshall's estimator worked by hand, in fractions.
  it('are Marshall’s for two regions', () => {
    // m = 40 / 400 = 1/10; s² = (100 · (1/5 − 1/10)² + 300 · (1/15 − 1/10)²) / 400 = (1 + 1/3) / 400 = 1/300;
    // the mean population is 200: A = 1/300 − 1/2000 = 17/6000; weights A / (A + m/100) = 17/23, A / (A + m/300) = 17/19.
    const found = shrunkenRates([
      { count: 20, population: 100 },
      { count: 20, population: 300 },
    ])
    expect(found?.mean).toBeCloseTo(1 / 10, 14)
    expect(found?.variance).toBeCloseTo(17 / 6000, 14)
    expect(found?.rates[0]).toBeCloseTo(1 / 10 + (17 / 23) * (1 / 10), 14)
    expect(found?.rates[1]).toBeCloseTo(1 / 10 - (17 / 19) * (1 / 30), 14)
  })

  it('are all the mean where chance explains all there is', () => {
    const found = shrunkenRates([
      { count: 9, population: 100 },
      { count: 11, population: 100 },
      { count: 10, population: 100 },
    ])
    expect(found).toEqual({ mean: 0.1, variance: 0, rates: [0.1, 0.1, 0.1] })
  })

  it('lie between the own rate and the mean, the nearer to the mean the fewer people there are', () => {
    fc.assert(
      fc.property(cells, (all) => {
        const found = shrunkenRates(all)
        if (found === undefined) {
          expect(all.every((cell) => cell.population === 0)).toBe(true)
          return
        }
        const { mean, variance, rates } = found
        expect(Number.isFinite(mean) && Number.isFinite(variance) && variance >= 0).toBe(true)
        for (const [index, { count, population }] of all.entries()) {
          const rate = rates[index]
          expect(rate === undefined).toBe(population === 0)
          if (rate === undefined) continue
          const own = count / population
          const slack = 1e-12 * (mean + own)
          expect(rate >= Math.min(own, mean) - slack && rate <= Math.max(own, mean) + slack).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('draws a small region further than a large one of the same rate', () => {
    const { mean, rates } = shrunkenRates([
      { count: 10, population: 1_000 },
      { count: 10_000, population: 1_000_000 },
      { count: 500, population: 1_000_000 },
    ]) ?? { mean: NaN, rates: [] }
    expect((rates[0] ?? NaN) - mean).toBeLessThan(((rates[1] ?? NaN) - mean) * 0.9)
    expect(rates[1]).toBeCloseTo(0.01, 4)
  })

  it('has nothing of nothing', () => {
    expect(shrunkenRates([])).toBeUndefined()
    expect(shrunkenRates([{ count: 3, population: 0 }])).toBeUndefined()
    expect(shrunkenRates([{ count: 0, population: 5 }])).toEqual({ mean: 0, variance: 0, rates: [0] })
    expect(shrunkenRates([{ count: 4, population: 5 }])).toEqual({ mean: 0.8, variance: 0, rates: [0.8] })
  })

  it.each([-1, 0.5, NaN, Infinity])('throws for %d', (value) => {
    expect(() => shrunkenRates([{ count: value, population: 1 }])).toThrow(RangeError)
    expect(() => shrunkenRates([{ count: 1, population: value }])).toThrow(RangeError)
  })
})
