import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { holmAdjusted, rateRatioInterval, sameRateProbability } from '../../src/statistics/rate-ratio.ts'
import { rateRatio } from '../../src/statistics/rates.ts'

const cell = fc.record({
  count: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 10_000_000 })),
  population: fc.oneof(fc.constantFrom(0, 1, 2, 1_000), fc.integer({ min: 1, max: 1_500_000_000 })),
})

const notWhole = [-1, 0.5, NaN, Infinity, 2 ** 53]

/** Probability of at least `count` of `trials`, by summing the binomial mass in logarithms. */
function atLeast(count: number, trials: number, share: number): number {
  let logMass = trials * Math.log1p(-share)
  let sum = count === 0 ? Math.exp(logMass) : 0
  for (let k = 1; k <= trials; k++) {
    logMass += Math.log((trials - k + 1) / k) + Math.log(share) - Math.log1p(-share)
    if (k >= count) sum += Math.exp(logMass)
  }
  return sum
}

describe('rateRatioInterval', () => {
  // Rothman's breast cancers after fluoroscopy, 41 in 28,010 and 15 in 19,017 woman-years, as Stata's manual prints its
  // `iri 41 15 28010 19017`.
  it('is the published one of the fluoroscopy study', () => {
    const exposed = { count: 41, population: 28_010 }
    const others = { count: 15, population: 19_017 }
    const { low, high } = rateRatioInterval(exposed, others) ?? { low: NaN, high: NaN }
    expect(low.toFixed(6)).toBe('1.005684')
    expect(high.toFixed(4)).toBe('3.6093')
    expect(rateRatio(exposed, { count: 56, population: 47_027 })?.toFixed(6)).toBe('1.855759')
  })

  // Lung cancer in Fredericia and three other cities (eba1977 in Dalgaard's ISwR), as R prints the example of its
  // `poisson.test`.
  it('is the published one of the Danish cities', () => {
    const interval = rateRatioInterval({ count: 11, population: 800 }, { count: 21, population: 3_011 })
    expect(interval?.low.toFixed(7)).toBe('0.8584264')
    expect(interval?.high.toFixed(7)).toBe('4.2772659')
  })

  // As R's `binom.test` prints them: 9 of 24 and 10 of 20.
  it.each([
    [9, 15, '0.1879929', '0.5940636'],
    [10, 10, '0.2719578', '0.7280422'],
  ])('as odds of %i to %i is the published Clopper–Pearson interval', (count, others, low, high) => {
    const odds = rateRatioInterval({ count, population: 1 }, { count: others, population: 1 })
    const share = (ratio = NaN): string => (ratio / (1 + ratio)).toFixed(7)
    expect([share(odds?.low), share(odds?.high)]).toEqual([low, high])
  })

  it('leaves 2.5 % on either side, exactly', () => {
    for (const [here, there] of [
      [1, 1],
      [3, 17],
      [40, 2],
      [500, 700],
      [1, 3_000],
      [3_000, 1],
    ] as const) {
      const interval = rateRatioInterval({ count: here, population: 30 }, { count: there, population: 70 })
      const share = (ratio = NaN): number => (ratio * 30) / (ratio * 30 + 70)
      const trials = here + there
      expect(atLeast(here, trials, share(interval?.low))).toBeCloseTo(0.025, 8)
      expect(1 - atLeast(here + 1, trials, share(interval?.high))).toBeCloseTo(0.025, 8)
    }
  })

  it('turned over is that of the two changed about, and it holds the ratio', () => {
    fc.assert(
      fc.property(cell, cell, (a, b) => {
        const one = rateRatioInterval(a, b)
        const other = rateRatioInterval(b, a)
        if (one === undefined) {
          expect(b.count === 0 || a.population === 0 || b.population === 0).toBe(true)
          return
        }
        const ratio = a.count / a.population / (b.count / b.population)
        expect(one.low <= ratio && ratio < one.high && one.low >= 0 && one.high < Infinity).toBe(true)
        if (other !== undefined) {
          expect(Math.abs(one.low * other.high - 1)).toBeLessThan(1e-12)
          expect(Math.abs(one.high * other.low - 1)).toBeLessThan(1e-12)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('is undefined where the ratio is, and starts at 0 where nothing is here', () => {
    const some = { count: 5, population: 10 }
    expect(rateRatioInterval(some, { count: 0, population: 10 })).toBeUndefined()
    expect(rateRatioInterval(some, { count: 5, population: 0 })).toBeUndefined()
    expect(rateRatioInterval({ count: 5, population: 0 }, some)).toBeUndefined()
    expect(rateRatioInterval({ count: 0, population: 10 }, some)?.low).toBe(0)
  })

  it.each(notWhole)('throws for %d', (value) => {
    const some = { count: 5, population: 10 }
    for (const bad of [
      { count: value, population: 10 },
      { count: 5, population: value },
    ]) {
      expect(() => rateRatioInterval(bad, some)).toThrow(RangeError)
      expect(() => rateRatioInterval(some, bad)).toThrow(RangeError)
      expect(() => sameRateProbability(bad, some)).toThrow(RangeError)
      expect(() => sameRateProbability(some, bad)).toThrow(RangeError)
    }
  })
})

describe('sameRateProbability', () => {
  it('is twice the smaller tail of the binomial distribution', () => {
    const found = sameRateProbability({ count: 3, population: 30 }, { count: 17, population: 70 })
    const [upper, lower] = [atLeast(3, 20, 0.3), 1 - atLeast(4, 20, 0.3)]
    expect(lower).toBeLessThan(upper)
    expect(found).toBeCloseTo(2 * lower, 12)
    // A coin that falls on one side ten times of ten: 2 / 1,024.
    const coin = sameRateProbability({ count: 10, population: 1 }, { count: 0, population: 1 })
    expect(coin).toBeCloseTo(2 / 1024, 15)
  })

  // The example of the vignette of M. Fay's rateratio.test (CRAN), made to be "barely non-significant at the 0.05 level".
  it('is barely above 0.05 in the published example that is', () => {
    const found = sameRateProbability({ count: 2, population: 17_877 }, { count: 9, population: 16_660 })
    expect(found).toBeGreaterThan(0.05)
    expect(found).toBeLessThan(0.051)
  })

  it('is below 0.05 exactly where the interval of the ratio leaves out 1', () => {
    const near = fc.integer({ min: 1, max: 80 })
    fc.assert(
      fc.property(near, near, near, near, (a, b, n, m) => {
        const one = { count: a, population: n }
        const other = { count: b, population: m }
        const interval = rateRatioInterval(one, other)
        const isOutside = interval !== undefined && (interval.low > 1 || interval.high < 1)
        expect((sameRateProbability(one, other) ?? NaN) < 0.05).toBe(isOutside)
      }),
      { numRuns: 2000 },
    )
  })

  it('raises a false alarm in no more than 5 of 100 cases', () => {
    for (const mean of [0.5, 3, 10, 40]) {
      let alarms = 0
      const masses: number[] = []
      let mass = Math.exp(-mean)
      for (let count = 0; count < mean + 12 * Math.sqrt(mean) + 12; count++) {
        masses.push(mass)
        mass *= mean / (count + 1)
      }
      for (const [a, massOfA] of masses.entries())
        for (const [b, massOfB] of masses.entries()) {
          const found = sameRateProbability({ count: a, population: 7 }, { count: b, population: 7 })
          if ((found ?? NaN) < 0.05) alarms += massOfA * massOfB
        }
      expect(alarms).toBeLessThan(0.05)
      if (mean >= 10) expect(alarms).toBeGreaterThan(0.025)
    }
  })

  it('is a probability, the same both ways, for any cells', () => {
    fc.assert(
      fc.property(cell, cell, (a, b) => {
        const found = sameRateProbability(a, b)
        expect(found).toBe(sameRateProbability(b, a))
        if (a.population === 0 || b.population === 0) expect(found).toBeUndefined()
        else expect(found !== undefined && found >= 0 && found <= 1).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('is 1 for two counts of nothing, and for equal ones', () => {
    expect(sameRateProbability({ count: 0, population: 4 }, { count: 0, population: 9 })).toBe(1)
    expect(sameRateProbability({ count: 1_000_000, population: 9 }, { count: 1_000_000, population: 9 })).toBe(1)
  })
})

describe('holmAdjusted', () => {
  // The example of Wikipedia's and GeeksforGeeks' pages on the Holm–Bonferroni method: the fourth and the first are rejected.
  it('rejects what the published example rejects', () => {
    const adjusted = holmAdjusted([0.01, 0.04, 0.03, 0.005])
    expect(adjusted.map((value) => Number(value.toFixed(12)))).toEqual([0.03, 0.06, 0.06, 0.02])
    expect(adjusted.map((value) => value < 0.05)).toEqual([true, false, false, true])
  })

  it('rejects what the step-down procedure rejects, for any probabilities', () => {
    const probabilities = fc.array(
      fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value ** 4),
      {
        maxLength: 12,
      },
    )
    fc.assert(
      fc.property(probabilities, fc.constantFrom(0.01, 0.05, 0.2), (values, level) => {
        const rejected = new Set<number>()
        const order = values.map((_, index) => index).toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0))
        for (const [step, index] of order.entries()) {
          if ((values[index] ?? 1) * (values.length - step) > level) break
          rejected.add(index)
        }
        const adjusted = holmAdjusted(values)
        for (const [index, value] of adjusted.entries()) {
          expect(value <= level).toBe(rejected.has(index))
          expect(value >= (values[index] ?? NaN) && value <= 1).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('has nothing to say of nothing, and throws for what is no probability', () => {
    expect(holmAdjusted([])).toEqual([])
    for (const value of [-0.1, 1.1, NaN, Infinity]) expect(() => holmAdjusted([0.5, value])).toThrow(RangeError)
  })
})
