import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { historyRows } from '../../src/aggregate/history.ts'
import type { ReportRow } from '../../src/model/report-row.ts'

const row = (region: string, count: number, more: Partial<ReportRow> = {}): ReportRow => ({
  source: 'shodan',
  country: 'JP',
  region,
  regionName: '',
  regionNameLocal: '',
  service: 'smtp',
  keys: [],
  unit: 'addresses',
  asked: undefined,
  count,
  population: 1000,
  populationYear: 2020,
  per100k: count * 100,
  per100kLow: undefined,
  per100kHigh: undefined,
  rateRatio: undefined,
  rank: undefined,
  flags: [],
  ...more,
})
const records = (...rows: ReportRow[]): { basis: string; rows: ReportRow[] } => ({ basis: 'records', rows })

describe('rows of several snapshots', () => {
  test('stand series by series in the order of the newest, each oldest first; what it lacks comes last', () => {
    const told = historyRows([
      records(row('JP-27', 1), row('JP-01', 2), row('JP-13', 3)),
      records(row('JP-13', 4), row('JP-27', 5)),
    ])
    expect(told.map(({ period, row: { region, count } }) => [region, period, count])).toEqual([
      ['JP-13', 0, 3],
      ['JP-13', 1, 4],
      ['JP-27', 0, 1],
      ['JP-27', 1, 5],
      ['JP-01', 0, 2],
    ])
  })

  test.each<[string, Partial<ReportRow>, string]>([
    ['source', { source: 'censys' }, 'records'],
    ['unit', { unit: 'banners' }, 'records'],
    ['basis', {}, 'facets'],
  ])('of another %s are no series', (_, more, basis) => {
    const told = historyRows([records(row('JP-13', 3)), { basis, rows: [row('JP-13', 30, more)] }])
    expect(told.map(({ ratio }) => ratio)).toEqual([undefined, undefined])
  })

  test('each is held against the first that there is; of nothing there is no ratio', () => {
    const [first, second, third] = historyRows([
      records(),
      records(row('JP-13', 20)),
      records(row('JP-13', 0)),
      records(row('JP-13', 30)),
    ])
    expect(first?.ratio).toBeUndefined()
    expect(second?.ratio).toMatchObject({ ratio: 0, low: 0 })
    expect(third?.ratio?.ratio).toBe(1.5)
    for (const counts of [
      [0, 3],
      [1e9, 3],
    ]) {
      const told = historyRows(counts.map((count) => records(row('JP-13', count))))
      expect(told.map(({ ratio }) => ratio)).toEqual([undefined, undefined])
    }
  })

  test('a ratio’s interval leaves 1 out exactly where a binomial of one half makes such a share rare', () => {
    const half = (most: number, of: number): number => {
      let [sum, term] = [0, 0.5 ** of]
      for (let hits = 0; hits <= most; hits++) {
        sum += term
        term *= (of - hits) / (hits + 1)
      }
      return sum
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 60 }), (old, now) => {
        const told = historyRows([records(row('JP-13', old)), records(row('JP-13', now))])
        const { low = 0, high = 0 } = told[1]?.ratio ?? {}
        const isRare = 2 * half(Math.min(old, now), old + now) < 0.05
        expect(low > 1 || high < 1).toBe(isRare)
      }),
    )
  })

  test('from eight on the last one tells how well counts and time go the same way', () => {
    const taus = (counts: readonly number[]): (number | undefined)[] =>
      historyRows(counts.map((count) => records(row('JP-13', count)))).map(({ tau }) => tau)
    expect(taus([1, 2, 3, 4, 5, 6, 7])).toEqual(Array(7).fill(undefined))
    expect(taus([1, 2, 3, 4, 5, 6, 7, 8]).slice(-2)).toEqual([undefined, 1])
    expect(taus([8, 7, 6, 5, 4, 3, 2, 1]).at(-1)).toBe(-1)
    // One of the 28 pairs the other way round: 26 more the one way than the other.
    expect(taus([1, 2, 3, 4, 5, 6, 8, 7]).at(-1)).toBeCloseTo(26 / 28, 12)
    expect(taus(Array<number>(8).fill(5)).at(-1)).toBeUndefined()
  })
})
