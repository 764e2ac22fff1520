import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { switchDenominators } from '../../src/statistics/denominators.ts'
import { kendallTauB } from '../../src/statistics/kendall.ts'
import { ranks } from '../../src/statistics/rates.ts'

describe('kendallTauB', () => {
  // The example of the documentation of SciPy's `kendalltau`.
  it('is the published one of two lists with ties', () => {
    expect(kendallTauB([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])).toBeCloseTo(-0.47140452079103173, 15)
  })

  it('is 1 for one order, −1 for the opposite, and undefined where there is none', () => {
    expect(kendallTauB([1, 2, 3], [10, 20, 300])).toBe(1)
    expect(kendallTauB([1, 2, 3], [3, 2, 1])).toBe(-1)
    expect(kendallTauB([1, 1, 1], [1, 2, 3])).toBeUndefined()
    expect(kendallTauB([1, 2, 3], [5, 5, 5])).toBeUndefined()
    expect(kendallTauB([1], [1])).toBeUndefined()
    expect(kendallTauB([], [])).toBeUndefined()
  })

  it('lies from −1 to 1, is symmetric, and turns its sign with an order', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 })), {
      maxLength: 15,
    })
    fc.assert(
      fc.property(pairs, (all) => {
        const [first, second] = [all.map(([a]) => a), all.map(([, b]) => b)]
        const tau = kendallTauB(first, second)
        if (tau === undefined) return
        expect(Math.abs(tau)).toBeLessThanOrEqual(1)
        expect(kendallTauB(second, first)).toBe(tau)
        expect(
          kendallTauB(
            first,
            second.map((value) => -value),
          ) ?? NaN,
        ).toBeCloseTo(-tau, 15)
      }),
    )
  })

  it('throws for lists of different lengths, and for NaN', () => {
    expect(() => kendallTauB([1, 2], [1])).toThrow(RangeError)
    expect(() => kendallTauB([1, NaN], [1, 2])).toThrow(RangeError)
    expect(() => kendallTauB([1, 2], [NaN, 2])).toThrow(RangeError)
  })
})

describe('switchDenominators', () => {
  it('says which ranks and pairs survive', () => {
    // By people: third, second, first. By households the last two change places.
    const found = switchDenominators(
      [100, 200, 300],
      [
        [1_000, 1_000, 1_000],
        [500, 300, 500],
      ],
    )
    expect(found).toEqual({
      ranks: [
        [3, 2, 1],
        [3, 1, 2],
      ],
      agreement: [1, expect.closeTo(1 / 3, 12)],
      isSteady: [true, false, false],
      steadyPairs: [
        [1, 0],
        [2, 0],
      ],
      pairs: 3,
    })
  })

  it('ranks only regions that every denominator knows, and that have ten events', () => {
    const found = switchDenominators(
      [100, 200, 300, 9],
      [
        [1, 1, 1, 1],
        [1, 0, 1, 1],
      ],
    )
    expect(found.ranks).toEqual([
      [2, undefined, 1, undefined],
      [2, undefined, 1, undefined],
    ])
    expect(found).toMatchObject({ isSteady: [true, undefined, true, undefined], steadyPairs: [[2, 0]], pairs: 1 })
  })

  it('of one denominator changes nothing, and of none has nothing', () => {
    const counts = [10, 30, 30, 500, 3]
    const people = [7, 10, 10, 1_000, 2]
    const found = switchDenominators(counts, [people])
    expect(found.ranks[0]).toEqual(ranks(counts.map((count, index) => ({ count, population: people[index] ?? 0 }))))
    expect(found.isSteady).toEqual([true, true, true, true, undefined])
    // The pair that ties has no order to keep.
    expect(found.steadyPairs).toHaveLength(5)
    expect(found.pairs).toBe(6)
    expect(switchDenominators(counts, [])).toMatchObject({ ranks: [], agreement: [], steadyPairs: [], pairs: 0 })
    expect(switchDenominators([], [[], []])).toMatchObject({ agreement: [undefined, undefined], pairs: 0 })
  })

  it('keeps exactly the pairs whose rates keep their order, for any values', () => {
    const value = fc.constantFrom(0, 1, 2, 3, 10, 100)
    const region = fc.tuple(fc.integer({ min: 0, max: 40 }), value, value, value)
    fc.assert(
      fc.property(fc.array(region, { maxLength: 10 }), (all) => {
        const found = switchDenominators(
          all.map(([count]) => count),
          [all.map(([, a]) => a), all.map(([, , b]) => b), all.map(([, , , c]) => c)],
        )
        const kept: [number, number][] = []
        for (const [i, [count, ...own]] of all.entries())
          for (const [j, [other, ...theirs]] of all.entries()) {
            const isRanked = count >= 10 && other >= 10 && [...own, ...theirs].every((people) => people > 0)
            if (isRanked && own.every((people, which) => count * (theirs[which] ?? 0) > other * people))
              kept.push([i, j])
          }
        expect(found.steadyPairs).toEqual(kept)
        for (const tau of found.agreement) if (tau !== undefined) expect(Math.abs(tau)).toBeLessThanOrEqual(1)
      }),
      { numRuns: 300 },
    )
  })

  it('throws for lengths that differ, and values that are no whole numbers from 0', () => {
    expect(() => switchDenominators([1, 2], [[1]])).toThrow(RangeError)
    for (const value of [-1, 0.5, NaN, Infinity]) {
      expect(() => switchDenominators([value], [[1]])).toThrow(RangeError)
      expect(() => switchDenominators([1], [[value]])).toThrow(RangeError)
    }
  })
})
