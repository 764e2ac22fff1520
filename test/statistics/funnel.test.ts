import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { funnel, funnelLimits } from '../../src/statistics/funnel.ts'
import { poissonInterval } from '../../src/statistics/poisson.ts'

const cells = fc.array(
  fc.record({
    count: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 1_000_000 })),
    population: fc.constantFrom(0, 1, 3, 1_000, 87_654, 14_000_000, 1_400_000_000),
  }),
  { maxLength: 60 },
)

/** Probability of at most `count` events, by summing the mass in logarithms, and of exactly so many. */
function poisson(count: number, mean: number): { readonly upTo: number; readonly exactly: number } {
  let logMass = -mean
  let upTo = count >= 0 ? Math.exp(logMass) : 0
  for (let k = 1; k <= count; k++) {
    logMass += Math.log(mean / k)
    upTo += Math.exp(logMass)
  }
  return { upTo, exactly: count < 0 ? 0 : Math.exp(logMass) }
}

describe('funnelLimits', () => {
  // No table of the paper's is at hand. This holds the limits against their definition, mass by mass.
  it('pass through the whole counts of which a tail is as improbable as they say', () => {
    for (const count of [0, 1, 2, 5, 17, 60, 500, 1_200]) {
      // The mean at which so many or more, and so few or fewer, come with the tail's probability: by bisection.
      const mean = (isBelow: (mean: number) => boolean): number => {
        let [low, high] = [1e-9, 2 * count + 20]
        for (let step = 0; step < 60; step++) {
          const middle = (low + high) / 2
          if (isBelow(middle)) low = middle
          else high = middle
        }
        return low
      }
      for (const [tail, key] of [
        [0.025, 'inner'],
        [0.001, 'outer'],
      ] as const) {
        const many = mean((at) => 1 - poisson(count - 1, at).upTo < tail)
        const few = mean((at) => poisson(count, at).upTo > tail)
        if (count > 0) expect(funnelLimits(many / 1_000, 1_000, 1)[key].high * 1_000).toBeCloseTo(count, 6)
        expect(funnelLimits(few / 1_000, 1_000, 1)[key].low * 1_000).toBeCloseTo(count, 6)
      }
    }
  })

  it('are straight between whole counts, and 0 where even none at all is likely enough', () => {
    for (const count of [0, 1, 2, 5, 17, 60, 500, 1_200]) {
      const [here, next] = [poissonInterval(count), poissonInterval(count + 1)]
      for (const part of [0.1, 0.5, 0.9]) {
        const at = (end: 'low' | 'high'): number => (here[end] + part * (next[end] - here[end])) / 1_000
        expect(funnelLimits(at('low'), 1_000, 1).inner.high * 1_000).toBeCloseTo(count + part, 9)
        expect(funnelLimits(at('high'), 1_000, 1).inner.low * 1_000).toBeCloseTo(count + part, 9)
      }
    }
    expect(funnelLimits(0.003, 1_000, 1).inner.low).toBe(0)
    expect(funnelLimits(0.003, 1_000, 2).inner.low).toBe(0)
  })

  it('without dispersion leave out exactly the counts whose interval leaves out what is expected', () => {
    for (const population of [1, 30, 1_000, 5_000, 80_000, 1_100_000]) {
      const expected = 0.001 * population
      const { inner } = funnelLimits(0.001, population, 1)
      for (let count = 0; count < 1.5 * expected + 20; count++) {
        const { low, high } = poissonInterval(count)
        const rate = count / population
        expect([rate < inner.low, rate > inner.high], `${count} of ${population}`).toEqual([
          high < expected,
          low > expected,
        ])
      }
    }
  })

  it('approach those of the normal distribution where much is expected', () => {
    const expected = 1e8
    const { inner, outer } = funnelLimits(0.1, expected / 0.1, 1)
    const deviations = (limit: number): number => ((limit / 0.1 - 1) * expected) / Math.sqrt(expected)
    expect(deviations(inner.low)).toBeCloseTo(-1.96, 3)
    expect(deviations(inner.high)).toBeCloseTo(1.96, 3)
    expect(deviations(outer.low)).toBeCloseTo(-3.09, 3)
    expect(deviations(outer.high)).toBeCloseTo(3.09, 3)
  })

  it('widen by the square root of the dispersion, down to 0', () => {
    const plain = funnelLimits(0.01, 10_000, 1)
    const wide = funnelLimits(0.01, 10_000, 4)
    expect(wide.inner.high - 0.01).toBeCloseTo(2 * (plain.inner.high - 0.01), 12)
    expect(wide.inner.low - 0.01).toBeCloseTo(2 * (plain.inner.low - 0.01), 12)
    expect(funnelLimits(0.01, 10_000, 400).outer.low).toBe(0)
  })

  it('narrow with the population, and are ordered', () => {
    const populations = fc.integer({ min: 1, max: 1_000_000_000 })
    fc.assert(
      fc.property(populations, fc.double({ min: 1e-9, max: 0.01, noNaN: true }), (population, rate) => {
        const { inner, outer } = funnelLimits(rate, population, 1)
        expect(0 <= outer.low && outer.low <= inner.low && inner.low <= rate).toBe(true)
        expect(inner.high <= outer.high && outer.high > rate).toBe(true)
        const larger = funnelLimits(rate, population * 4, 1)
        expect(larger.outer.high <= outer.high * (1 + 1e-12)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  it('are 0 where the rate is', () => {
    const { inner, outer } = funnelLimits(0, 1_000, 1)
    expect([inner, outer]).toEqual([
      { low: 0, high: 0 },
      { low: 0, high: 0 },
    ])
  })

  it.each([
    [-0.1, 10, 1],
    [NaN, 10, 1],
    [Infinity, 10, 1],
    [0.1, 0, 1],
    [0.1, -1, 1],
    [0.1, NaN, 1],
    [0.1, Infinity, 1],
    [0.1, 10, 0.5],
    [0.1, 10, NaN],
    [0.1, 10, Infinity],
  ])('throw for rate %d, population %d, dispersion %d', (rate, population, dispersion) => {
    expect(() => funnelLimits(rate, population, dispersion)).toThrow(RangeError)
  })
})

describe('funnel', () => {
  it('calls few regions outliers where chance alone is at work', () => {
    // 2,000 regions whose counts are spread as a Poisson distribution of mean 40 spreads them.
    const regions = Array.from({ length: 110 }, (_, count) => count).flatMap((count) =>
      Array.from({ length: Math.round(2_000 * poisson(count, 40).exactly) }, () => ({ count, population: 1_000 })),
    )
    const found = funnel(regions)
    expect(found?.dispersion).toBe(1)
    const beyond = (key: 'ofInner' | 'ofOuter'): number =>
      (found?.cells.filter((cell) => cell?.[key] !== 'inside').length ?? 0) / regions.length
    expect(beyond('ofInner')).toBeGreaterThan(0.03)
    expect(beyond('ofInner')).toBeLessThan(0.06)
    expect(beyond('ofOuter')).toBeLessThan(0.004)
  })

  it('estimates the dispersion from z-scores whose outer tenths are set to the next', () => {
    // Ten regions that expect 100 each: the z-scores are −9, −3, −2, −1, 0, 0, 1, 2, 3, 9; winsorised, ±9 become ±3.
    const counts = [10, 70, 80, 90, 100, 100, 110, 120, 130, 190]
    const found = funnel(counts.map((count) => ({ count, population: 50 })))
    expect(found?.rate).toBe(2)
    expect(found?.dispersion).toBeCloseTo((4 * 9 + 2 * 4 + 2 * 1) / 10, 12)
    // √4.6 = 2.14: limits of ±4.2 and ±6.6 standard deviations.
    expect(found?.cells.map((cell) => cell?.ofOuter)).toEqual([
      'below',
      ...counts.slice(2).map(() => 'inside'),
      'above',
    ])
    expect(found?.cells.map((cell) => cell?.ofInner)).toEqual(found?.cells.map((cell) => cell?.ofOuter))
  })

  it('does not shame the small: the same rate is an outlier only where many people stand behind it', () => {
    const found = funnel([
      { count: 1_000, population: 1_000_000 },
      { count: 2_000, population: 1_000_000 },
      ...Array.from({ length: 20 }, () => ({ count: 10_000, population: 10_000_000 })),
      { count: 2, population: 1_000 },
    ])
    expect(found?.cells.map((cell) => cell?.ofOuter)).toEqual([
      'inside',
      'above',
      ...Array.from({ length: 21 }, () => 'inside'),
    ])
  })

  it('leaves out regions where nobody lives', () => {
    const found = funnel([
      { count: 5, population: 100 },
      { count: 500, population: 0 },
    ])
    expect(found?.rate).toBe(0.05)
    expect(found?.cells[1]).toBeUndefined()
    expect(funnel([{ count: 5, population: 0 }])).toBeUndefined()
    expect(funnel([])).toBeUndefined()
  })

  it('has one region inside, and all where there is nothing', () => {
    expect(funnel([{ count: 7, population: 9 }])?.cells[0]?.ofInner).toBe('inside')
    expect(funnel([{ count: 0, population: 9 }])).toMatchObject({
      rate: 0,
      dispersion: 1,
      cells: [{ ofInner: 'inside' }],
    })
  })

  it('is finite for any cells', () => {
    fc.assert(
      fc.property(cells, (all) => {
        const found = funnel(all)
        if (found === undefined) return
        expect(Number.isFinite(found.rate) && found.dispersion >= 1 && Number.isFinite(found.dispersion)).toBe(true)
        for (const cell of found.cells)
          if (cell !== undefined) {
            const ends = [cell.outer.low, cell.inner.low, cell.inner.high, cell.outer.high]
            expect(ends.every((end) => Number.isFinite(end) && end >= 0)).toBe(true)
            expect(ends).toEqual(ends.toSorted((a, b) => a - b))
          }
      }),
    )
  })

  it.each([-1, 0.5, NaN, Infinity])('throws for %d', (value) => {
    expect(() => funnel([{ count: value, population: 1 }])).toThrow(RangeError)
    expect(() => funnel([{ count: 1, population: value }])).toThrow(RangeError)
  })
})
