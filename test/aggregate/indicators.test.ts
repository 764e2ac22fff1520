import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { indicators } from '../../src/aggregate/indicators.ts'
import { funnelPlaces, type Indicators } from '../../src/model/indicators.ts'
import type { ReportRow } from '../../src/model/report-row.ts'
import { funnel } from '../../src/statistics/funnel.ts'
import { ranks, rateRatio } from '../../src/statistics/rates.ts'
import { reportRow } from '../helpers/report-row.ts'

interface Counts {
  readonly service: string
  readonly regions: readonly number[]
  readonly unplaced: number
}

/** Rows of a country as a report has them. */
function rowsOf(populations: readonly number[], counted: readonly Counts[], country = 'JP'): ReportRow[] {
  return counted.flatMap(({ service, regions, unplaced }) => {
    const cells = regions.map((count, index) => ({ count, population: populations[index] ?? 0 }))
    const all = {
      count: cells.reduce((sum, { count }) => sum + count, 0),
      population: cells.reduce((sum, { population }) => sum + population, 0),
    }
    const placed = ranks(cells)
    const row = (region: string, count: number, population?: number, index = -1): ReportRow =>
      reportRow({
        country,
        region,
        service,
        count,
        population,
        rateRatio: population === undefined ? undefined : rateRatio({ count, population }, all),
        rank: placed[index],
      })
    return [
      row(country, all.count + unplaced, all.population),
      ...cells.map(({ count, population }, index) =>
        row(`${country}-${String(index).padStart(2, '0')}`, count, population === 0 ? undefined : population, index),
      ),
      row('unknown', unplaced),
    ]
  })
}

const of = (found: readonly Indicators[], service: string, region: string): Indicators | undefined =>
  found.find(({ row }) => row.service === service && row.region === region)

describe('indicators', () => {
  const populations = [1_000_000, 2_000_000, 4_000_000, 500_000]
  const counted = [
    { service: 'all', regions: [100, 150, 300, 40], unplaced: 30 },
    { service: 'ntp', regions: [60, 20, 40, 5], unplaced: 12 },
  ]
  const found = [...indicators(rowsOf(populations, counted))]

  test('are of every region with a population, and of nothing else', () => {
    expect(found.map(({ row }) => `${row.service} ${row.region}`)).toEqual(
      ['all', 'ntp'].flatMap((service) => [0, 1, 2, 3].map((index) => `${service} JP-0${index}`)),
    )
    const fewer = [...indicators(rowsOf([1_000_000, 0, 4_000_000, 500_000], counted))]
    expect(fewer.map(({ row }) => row.region)).not.toContain('JP-01')
    expect(fewer).toHaveLength(6)
  })

  test('hold a region against all others, those without their own share', () => {
    const ntp = of(found, 'ntp', 'JP-00')
    // 60 of 125 against 100 of 590.
    expect(ntp?.locationQuotient).toBeCloseTo(60 / 100 / (125 / 590), 12)
    expect(of(found, 'all', 'JP-00')?.locationQuotient).toBe(1)
    expect(ntp?.rateWithUnplaced).toBeCloseTo(((60 + 12) / 1_000_000) * 100_000, 12)
    expect(ntp?.rateRatio?.low).toBeLessThan(ntp?.row.rateRatio ?? 0)
    expect(ntp?.rateRatio?.high).toBeGreaterThan(ntp?.row.rateRatio ?? Infinity)
    expect([ntp?.rank, ntp?.row.rank]).toEqual([{ low: 1, high: 1 }, 1])
    // 5 events have no rank, and none with what is unplaced.
    expect(of(found, 'ntp', 'JP-03')).toMatchObject({ rank: undefined, rankWithUnplaced: undefined })
  })

  test('say on which side of the funnel a region lies', () => {
    const regions = Array.from({ length: 20 }, (_, index) => 100 + (index % 2) * 3)
    const many = { service: 'all', regions: [400, ...regions, 140, 60, 2], unplaced: 0 }
    const sides = [
      ...indicators(
        rowsOf(
          many.regions.map(() => 1_000_000),
          [many],
        ),
      ),
    ].map((each) => each.funnel)
    expect([sides[0], sides[1], sides.at(-1)]).toEqual(['above-99.8', 'inside', 'below-99.8'])
    const cells = many.regions.map((count) => ({ count, population: 1_000_000 }))
    const expected = funnel(cells)?.cells.map((cell) => [cell?.ofInner, cell?.ofOuter])
    expect(sides.map((side) => side?.split('-')[0])).toEqual(expected?.map(([inner]) => inner))
    expect(sides.map((side) => side?.endsWith('99.8'))).toEqual(expected?.map(([, outer]) => outer !== 'inside'))
  })

  test('are each country’s own', () => {
    const both = [...indicators([...rowsOf(populations, counted), ...rowsOf([9_000_000, 10_000_000], counted, 'DE')])]
    expect(both.filter(({ row }) => row.country === 'JP')).toEqual(found)
    const quotients = both.flatMap(({ row, locationQuotient }) => (row.service === 'all' ? [locationQuotient] : []))
    expect(quotients).toEqual([1, 1, 1, 1, 1, 1])
  })

  test('say nothing of services beside which `all` is not told, or has less', () => {
    const bare = [...indicators(rowsOf(populations, counted.slice(1)))]
    expect(bare.map(({ locationQuotient }) => locationQuotient)).toEqual([undefined, undefined, undefined, undefined])
    const less = [{ service: 'all', regions: [10, 150, 300, 40], unplaced: 0 }, ...counted.slice(1)]
    expect(of([...indicators(rowsOf(populations, less))], 'ntp', 'JP-00')?.locationQuotient).toBeUndefined()
  })

  test('are numbers, or nothing, whatever is counted', () => {
    const count = fc.oneof(fc.nat(30), fc.nat(100_000), fc.constant(0))
    const people = fc.oneof(fc.integer({ min: 1, max: 20_000_000 }), fc.constant(0))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(people, count, count), { minLength: 1, maxLength: 12 }),
        count,
        (regions, unplaced) => {
          const rows = rowsOf(
            regions.map(([population]) => population),
            [
              { service: 'all', regions: regions.map(([, one, other]) => one + other), unplaced },
              { service: 'smtp', regions: regions.map(([, one]) => one), unplaced: Math.floor(unplaced / 2) },
            ],
          )
          for (const each of indicators(rows)) {
            const { row, rateRatio: ratio, rank, rankWithUnplaced, shrunkenRate, locationQuotient } = each
            const numbers = [
              ratio?.low,
              ratio?.high,
              rank?.low,
              rank?.high,
              shrunkenRate,
              locationQuotient,
              each.rateWithUnplaced,
            ]
            for (const number of numbers.filter((told) => told !== undefined)) expect(number).toSatisfy(Number.isFinite)
            if (each.funnel !== undefined) expect(funnelPlaces).toContain(each.funnel)
            expect(rank === undefined).toBe(row.rank === undefined)
            for (const range of [rank, rankWithUnplaced])
              if (range !== undefined && row.rank !== undefined) {
                expect(range.low).toBeLessThanOrEqual(row.rank)
                expect(range.high).toBeGreaterThanOrEqual(row.rank)
              }
            expect(each.rateWithUnplaced ?? 0).toBeGreaterThanOrEqual(row.per100k ?? 0)
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  test('are left out where an engine says what cannot be', () => {
    const much = [counted[0], { service: 'ntp', regions: [2 ** 53 - 1, 1, 1, 1], unplaced: 0 }].flatMap(
      (each) => each ?? [],
    )
    const left = [...indicators(rowsOf(populations, much))]
    expect([...new Set(left.map(({ row }) => row.service))]).toEqual(['all'])
  })
})
