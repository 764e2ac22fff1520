import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ranks, type Cell } from '../../src/statistics/rates.ts'
import { unknownsBounds } from '../../src/statistics/unknowns.ts'

/** Every way to share up to so many events among so many regions. */
function* shares(regions: number, events: number): Generator<number[]> {
  if (regions === 0) yield []
  else
    for (let here = 0; here <= events; here++)
      for (const rest of shares(regions - 1, events - here)) yield [here, ...rest]
}

describe('unknownsBounds', () => {
  it('gives a region all that is unplaced, or nothing', () => {
    const [first, second] = unknownsBounds(
      [
        { count: 20, population: 100 },
        { count: 30, population: 100 },
      ],
      15,
    )
    expect(first).toEqual({ count: { low: 20, high: 35 }, rate: { low: 0.2, high: 0.35 }, rank: { low: 1, high: 2 } })
    expect(second).toEqual({ count: { low: 30, high: 45 }, rate: { low: 0.3, high: 0.45 }, rank: { low: 1, high: 2 } })
  })

  it('is what was placed where nothing is unplaced', () => {
    const cells = [5, 10, 40, 40, 90].map((count) => ({ count, population: 7 }))
    const place = ranks(cells)
    for (const [index, { count, rank }] of unknownsBounds(cells, 0).entries()) {
      expect(count.low).toBe(count.high)
      const own = place[index]
      expect(rank).toEqual(own === undefined ? undefined : { low: own, high: own })
    }
  })

  it('has the best and the worst rank of all the ways to share what is unplaced', () => {
    const cell = fc.record({
      count: fc.integer({ min: 6, max: 16 }),
      population: fc.constantFrom(0, 1, 2, 3, 5),
    })
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 6 }), (cells, unplaced) => {
        const seen = cells.map(() => new Set<number>())
        for (const share of shares(cells.length, unplaced)) {
          const shared: Cell[] = cells.map((each, index) => ({ ...each, count: each.count + (share[index] ?? 0) }))
          for (const [index, rank] of ranks(shared).entries()) if (rank !== undefined) seen[index]?.add(rank)
        }
        for (const [index, { rank }] of unknownsBounds(cells, unplaced).entries()) {
          const { count, population } = cells[index] ?? { count: 0, population: 0 }
          if (count < 10 || population === 0) expect(rank).toBeUndefined()
          else expect(rank).toEqual({ low: Math.min(...(seen[index] ?? [])), high: Math.max(...(seen[index] ?? [])) })
        }
      }),
      { numRuns: 200 },
    )
  })

  it('has no rate where nobody lives, and is exact where floating point is not', () => {
    expect(unknownsBounds([{ count: 50, population: 0 }], 5)).toEqual([
      { count: { low: 50, high: 55 }, rate: undefined, rank: undefined },
    ])
    // Neighbouring rates that differ in the 16th digit: one more event decides.
    const cells = [
      { count: 94_906_267, population: 94_906_266 },
      { count: 94_906_266, population: 94_906_265 },
    ]
    expect(unknownsBounds(cells, 0).map(({ rank }) => rank?.high)).toEqual([2, 1])
    expect(unknownsBounds(cells, 1).map(({ rank }) => rank)).toEqual([
      { low: 1, high: 2 },
      { low: 1, high: 2 },
    ])
  })

  it('has nothing of nothing, and throws for what is no whole number from 0', () => {
    expect(unknownsBounds([], 7)).toEqual([])
    for (const value of [-1, 0.5, NaN, Infinity]) {
      expect(() => unknownsBounds([{ count: value, population: 1 }], 1)).toThrow(RangeError)
      expect(() => unknownsBounds([{ count: 1, population: value }], 1)).toThrow(RangeError)
      expect(() => unknownsBounds([{ count: 1, population: 1 }], value)).toThrow(RangeError)
    }
    expect(() => unknownsBounds([{ count: 2 ** 52, population: 1 }], 2 ** 52)).toThrow(RangeError)
  })
})
