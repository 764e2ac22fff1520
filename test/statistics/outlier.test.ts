import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { strongestPart } from '../../src/statistics/outlier.ts'

describe('strongestPart', () => {
  it('names the network that a share comes of, with the share without it', () => {
    const networks = [
      { name: 'AS64496', count: 460, base: 480 },
      { name: 'AS64497', count: 100, base: 300 },
      { name: 'AS64498', count: 20, base: 220 },
    ]
    expect(strongestPart(networks)).toEqual({ name: 'AS64496', value: 0.58, without: 120 / 520 })
  })

  it('names what a rate comes of', () => {
    const networks = [
      { name: 'b', count: 30, base: 0 },
      { name: 'a', count: 70, base: 0 },
    ]
    expect(strongestPart(networks, 1_000)).toEqual({ name: 'a', value: 0.1, without: 0.03 })
  })

  it('sees that a part can hold a share down', () => {
    const networks = [
      { name: 'a', count: 50, base: 50 },
      { name: 'b', count: 0, base: 450 },
    ]
    expect(strongestPart(networks)).toEqual({ name: 'b', value: 0.1, without: 1 })
  })

  it('has no figure left without the only part, and none without any', () => {
    expect(strongestPart([{ name: 'a', count: 3, base: 4 }])).toEqual({ name: 'a', value: 0.75, without: undefined })
    const alone = [
      { name: 'a', count: 0, base: 0 },
      { name: 'z', count: 3, base: 4 },
    ]
    expect(strongestPart(alone)).toEqual({ name: 'z', value: 0.75, without: undefined })
    expect(strongestPart([])).toBeUndefined()
    expect(strongestPart([{ name: 'a', count: 0, base: 0 }])).toBeUndefined()
    expect(strongestPart([], 100)).toBeUndefined()
  })

  it('takes the first by name of equals, whatever their order', () => {
    const parts = ['c', 'a', 'b'].map((name) => ({ name, count: 5, base: 10 }))
    expect(strongestPart(parts)?.name).toBe('a')
    expect(strongestPart(parts.toReversed())?.name).toBe('a')
  })

  it('moves the figure at least as much as any other, for any parts', () => {
    const part = fc
      .tuple(fc.string({ maxLength: 3 }), fc.nat(50), fc.nat(50))
      .map(([name, count, rest]) => ({ name, count, base: count + rest }))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.constantFrom(0, 100), (parts, population) => {
        const found = strongestPart(parts, population)
        const sum = (key: 'count' | 'base'): number => parts.reduce((so, each) => so + each[key], 0)
        const base = sum('base') + population
        if (base === 0 || parts.length === 0) {
          expect(found).toBeUndefined()
          return
        }
        expect(found?.value).toBe(sum('count') / base)
        if (found?.without === undefined) return
        const moved = Math.abs(found.without - found.value)
        for (const each of parts) {
          const without = (sum('count') - each.count) / (base - each.base)
          expect(Number.isNaN(without) || Math.abs(without - found.value) <= moved).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('throws for a part above its whole, and for what is no whole number from 0', () => {
    expect(() => strongestPart([{ name: 'a', count: 5, base: 4 }])).toThrow(RangeError)
    for (const value of [-1, 0.5, NaN, Infinity]) {
      expect(() => strongestPart([{ name: 'a', count: value, base: 100 }])).toThrow(RangeError)
      expect(() => strongestPart([{ name: 'a', count: 0, base: value }])).toThrow(RangeError)
      expect(() => strongestPart([{ name: 'a', count: 0, base: 1 }], value)).toThrow(RangeError)
    }
    const half = Number.MAX_SAFE_INTEGER
    expect(() => strongestPart(['a', 'b'].map((name) => ({ name, count: half, base: half })))).toThrow(RangeError)
  })
})
