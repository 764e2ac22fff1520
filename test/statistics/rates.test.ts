import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rankedFrom, ranks, rateRatio, sixDigits } from '../../src/statistics/rates.ts'

const cells = fc.array(
  fc.record({ count: fc.integer({ min: 0, max: 40 }), population: fc.constantFrom(0, 1, 3, 7, 10, 100, 1_000_003) }),
  { maxLength: 12 },
)

describe('rateRatio', () => {
  it('compares with the rest, not with the whole', () => {
    expect(rateRatio({ count: 20, population: 100 }, { count: 30, population: 200 })).toBe(2)
  })

  it('is 0 where nothing is here but something elsewhere', () => {
    expect(rateRatio({ count: 0, population: 100 }, { count: 30, population: 200 })).toBe(0)
  })

  it.each([
    ['the rest has nothing', { count: 5, population: 10 }, { count: 5, population: 20 }],
    ['nobody lives elsewhere', { count: 5, population: 20 }, { count: 9, population: 20 }],
    ['nobody lives here', { count: 5, population: 0 }, { count: 9, population: 20 }],
    ['there is nothing anywhere', { count: 0, population: 10 }, { count: 0, population: 20 }],
  ])('is undefined where %s', (_, cell, all) => {
    expect(rateRatio(cell, all)).toBeUndefined()
  })

  it('is never NaN, infinite or negative', () => {
    fc.assert(
      fc.property(cells, (all) => {
        const known = all.filter((cell) => cell.population > 0)
        const sum = (key: 'count' | 'population'): number => known.reduce((so, cell) => so + cell[key], 0)
        for (const cell of all) {
          const ratio = rateRatio(cell, { count: sum('count'), population: sum('population') })
          if (ratio !== undefined) expect(Number.isFinite(ratio) && ratio >= 0).toBe(true)
        }
      }),
    )
  })
})

describe('ranks', () => {
  it('give equal rates one rank and skip the next: 1, 2, 2, 4', () => {
    const all = [
      { count: 10, population: 100 },
      { count: 20, population: 100 },
      { count: 40, population: 200 },
      { count: 30, population: 100 },
    ]
    expect(ranks(all)).toEqual([4, 2, 2, 1])
  })

  it('compare exact fractions where floating point cannot', () => {
    // Neighbouring rates that differ in the 16th digit: as doubles they are one.
    const a = { count: 94_906_267, population: 94_906_266 }
    const b = { count: 94_906_266, population: 94_906_265 }
    expect(a.count / a.population).toBe(b.count / b.population)
    expect(ranks([a, b])).toEqual([2, 1])
    // And a tie that 10/3 and 20/6 and 30/9 are in any notation.
    expect(ranks([10, 20, 30].map((count) => ({ count, population: (count * 3) / 10 })))).toEqual([1, 1, 1])
  })

  it('leave out fewer than ten events, and regions of unknown population', () => {
    expect(rankedFrom).toBe(10)
    expect(
      ranks([
        { count: 9, population: 1 },
        { count: 10, population: 1_000_000 },
        { count: 500, population: 0 },
      ]),
    ).toEqual([undefined, 1, undefined])
  })

  it('of a cell is one more than the number of higher rates, for any cells', () => {
    fc.assert(
      fc.property(cells, (all) => {
        const found = ranks(all)
        const higher = (a: (typeof all)[number], b: (typeof all)[number]): boolean =>
          BigInt(a.count) * BigInt(b.population) > BigInt(b.count) * BigInt(a.population)
        const ranked = all.filter((cell) => cell.count >= 10 && cell.population > 0)
        for (const [index, cell] of all.entries())
          expect(found[index]).toBe(
            ranked.includes(cell) ? 1 + ranked.filter((other) => higher(other, cell)).length : undefined,
          )
      }),
    )
  })
})

describe('sixDigits', () => {
  it.each([
    [0, '0'],
    [1, '1'],
    [11.09854, '11.0985'],
    [0.000123456789, '0.000123457'],
    [123_456_789, '123457000'],
    [999_999.5, '1000000'],
    [99_999.96, '100000'],
    [9.999996, '10'],
    [1 / 3, '0.333333'],
    [1e-12, '0.000000000001'],
    [100_000, '100000'],
    [1.5e20, '150000000000000000000'],
  ])('writes %d as %s', (value, text) => {
    expect(sixDigits(value)).toBe(text)
  })

  it('reads back to six digits, without exponent or trailing zeros, for any positive number', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-30, max: 1e20, noNaN: true }), (value) => {
        const text = sixDigits(value)
        expect(text).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/)
        expect(Math.abs(Number(text) / value - 1)).toBeLessThanOrEqual(5.000001e-6)
        expect(Number(text)).toBe(Number(value.toPrecision(6)))
      }),
      { numRuns: 2000 },
    )
  })
})
