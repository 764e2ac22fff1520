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
    expect(strongestPart({ count: 580, base: 1000 }, networks)).toEqual({
      name: 'AS64496',
      value: 0.58,
      without: 120 / 520,
    })
  })

  it('names what a rate comes of, whether parts are all there is or not', () => {
    const networks = [
      { name: 'b', count: 30, base: 0 },
      { name: 'a', count: 70, base: 0 },
    ]
    expect(strongestPart({ count: 100, base: 1_000 }, networks)).toEqual({ name: 'a', value: 0.1, without: 0.03 })
    expect(strongestPart({ count: 200, base: 1_000 }, networks)).toEqual({ name: 'a', value: 0.2, without: 0.13 })
  })

  it('sees that a part can hold a share down', () => {
    const networks = [
      { name: 'a', count: 50, base: 50 },
      { name: 'b', count: 0, base: 450 },
    ]
    expect(strongestPart({ count: 50, base: 500 }, networks)).toEqual({ name: 'b', value: 0.1, without: 1 })
  })

  it('has no figure left without the only part, and none without any', () => {
    const only = { name: 'z', count: 3, base: 4 }
    expect(strongestPart({ count: 3, base: 4 }, [only])).toEqual({ name: 'z', value: 0.75, without: undefined })
    expect(strongestPart({ count: 3, base: 4 }, [{ name: 'a', count: 0, base: 0 }, only])?.name).toBe('z')
    expect(strongestPart({ count: 3, base: 4 }, [])).toBeUndefined()
    expect(strongestPart({ count: 0, base: 0 }, [{ name: 'a', count: 0, base: 0 }])).toBeUndefined()
  })

  it('takes the first by name of equals, whatever their order', () => {
    const parts = ['c', 'a', 'b'].map((name) => ({ name, count: 5, base: 10 }))
    expect(strongestPart({ count: 15, base: 30 }, parts)?.name).toBe('a')
    expect(strongestPart({ count: 15, base: 30 }, parts.toReversed())?.name).toBe('a')
  })

  it('moves the figure at least as much as any other, for any parts', () => {
    const part = fc
      .tuple(fc.string({ maxLength: 3 }), fc.nat(50), fc.nat(50))
      .map(([name, count, rest]) => ({ name, count, base: count + rest }))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.nat(100), fc.nat(100), (parts, count, base) => {
        const most = (key: 'count' | 'base'): number => parts.reduce((so, each) => so + each[key], 0)
        const whole = { count: most('count') + count, base: most('base') + base }
        const found = strongestPart(whole, parts)
        if (whole.base === 0 || parts.length === 0) {
          expect(found).toBeUndefined()
          return
        }
        expect(found?.value).toBe(whole.count / whole.base)
        if (found?.without === undefined) return
        const moved = Math.abs(found.without - found.value)
        for (const each of parts) {
          const without = (whole.count - each.count) / (whole.base - each.base)
          expect(Number.isNaN(without) || Math.abs(without - found.value) <= moved).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('throws for a part above its whole, and for what is no whole number from 0', () => {
    const whole = { count: 4, base: 4 }
    expect(() => strongestPart(whole, [{ name: 'a', count: 5, base: 4 }])).toThrow(RangeError)
    expect(() => strongestPart(whole, [{ name: 'a', count: 4, base: 5 }])).toThrow(RangeError)
    for (const value of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
      expect(() => strongestPart(whole, [{ name: 'a', count: value, base: 4 }])).toThrow(RangeError)
      expect(() => strongestPart(whole, [{ name: 'a', count: 0, base: value }])).toThrow(RangeError)
      expect(() => strongestPart({ count: value, base: 4 }, [])).toThrow(RangeError)
      expect(() => strongestPart({ count: 4, base: value }, [])).toThrow(RangeError)
    }
  })
})
