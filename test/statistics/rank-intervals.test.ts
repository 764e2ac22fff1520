import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { poissonInterval } from '../../src/statistics/poisson.ts'
import { rankIntervals } from '../../src/statistics/rank-intervals.ts'
import { ranks } from '../../src/statistics/rates.ts'

const cells = fc.array(
  fc.record({ count: fc.integer({ min: 0, max: 400 }), population: fc.constantFrom(0, 1, 3, 50, 1_000, 1_000_003) }),
  { maxLength: 30 },
)

describe('rankIntervals', () => {
  it('holds the rank of every ranked region, and of no other', () => {
    fc.assert(
      fc.property(cells, (all) => {
        const place = ranks(all)
        const ranked = place.filter((rank) => rank !== undefined).length
        for (const [index, interval] of rankIntervals(all).entries()) {
          const rank = place[index]
          expect(interval === undefined).toBe(rank === undefined)
          if (interval === undefined || rank === undefined) continue
          expect(interval.low <= rank && rank <= interval.high).toBe(true)
          expect(interval.low >= 1 && interval.high <= ranked).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('is what true rates anywhere in their intervals can make of the rank', () => {
    const few = fc.array(
      fc.record({ count: fc.integer({ min: 10, max: 300 }), population: fc.constantFrom(10, 15, 100) }),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(few, (all) => {
        // 0.95^(1/K) each, together 95 %.
        const tail = (1 - 0.95 ** (1 / all.length)) / 2
        const ends = all.map(({ count, population }) => {
          const { low, high } = poissonInterval(count, tail)
          return [low / population, high / population]
        })
        // Every region at either end of its interval: no rate between gives another extreme.
        const seen = all.map(() => new Set<number>())
        for (let corner = 0; corner < 2 ** all.length; corner++) {
          const rates = ends.map((end, index) => end[(corner >> index) & 1] ?? NaN)
          for (const [index, rate] of rates.entries())
            seen[index]?.add(1 + rates.filter((other) => other > rate).length)
        }
        for (const [index, interval] of rankIntervals(all).entries()) {
          expect(interval?.low).toBe(Math.min(...(seen[index] ?? [])))
          expect(interval?.high).toBe(Math.max(...(seen[index] ?? [])))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('is wide for equals and one rank for what is far apart', () => {
    const equal = Array.from({ length: 47 }, () => ({ count: 100, population: 1_000 }))
    expect(rankIntervals(equal)).toEqual(equal.map(() => ({ low: 1, high: 47 })))
    const apart = [10_000, 100, 1_000].map((count) => ({ count, population: 1_000 }))
    expect(rankIntervals(apart)).toEqual([1, 3, 2].map((rank) => ({ low: rank, high: rank })))
  })

  it('holds every true rank at once in at least 95 of 100 counts', () => {
    // Three regions of true rates 16, 22 and 30: every outcome that is not negligible, weighed by its
    // probability. Those in which a region is not ranked count against it.
    const means = [16, 22, 30]
    const masses = means.map((mean) => {
      let mass = Math.exp(-mean)
      return Array.from({ length: 60 }, (_, count) => (count === 0 ? mass : (mass *= mean / count)))
    })
    let held = 0
    for (let a = 10; a < 36; a++)
      for (let b = 10; b < 46; b++)
        for (let c = 12; c < 58; c++) {
          const found = rankIntervals([a, b, c].map((count) => ({ count, population: 1 })))
          const isHeld = [3, 2, 1].every((rank, index) => {
            const interval = found[index]
            return interval !== undefined && interval.low <= rank && rank <= interval.high
          })
          if (isHeld) held += (masses[0]?.[a] ?? 0) * (masses[1]?.[b] ?? 0) * (masses[2]?.[c] ?? 0)
        }
    expect(held).toBeGreaterThan(0.95)
  })

  it('has one region first, and nothing of nothing', () => {
    expect(rankIntervals([{ count: 10, population: 1 }])).toEqual([{ low: 1, high: 1 }])
    expect(rankIntervals([{ count: 9, population: 1 }])).toEqual([undefined])
    expect(rankIntervals([])).toEqual([])
  })

  it.each([-1, 0.5, NaN, Infinity])('throws for %d', (value) => {
    expect(() => rankIntervals([{ count: value, population: 1 }])).toThrow(RangeError)
    expect(() => rankIntervals([{ count: 1, population: value }])).toThrow(RangeError)
  })

  it('throws for more regions than its intervals can be exact for', () => {
    expect(() => rankIntervals(Array.from({ length: 2_600 }, () => ({ count: 10, population: 1 })))).toThrow(RangeError)
  })
})
