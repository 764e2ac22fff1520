import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { denominated } from '../../src/aggregate/denominated.ts'
import type { ReportRow } from '../../src/model/report-row.ts'
import { kendallTauB } from '../../src/statistics/kendall.ts'
import { poissonInterval } from '../../src/statistics/poisson.ts'
import { reportRow } from '../helpers/report-row.ts'

const row = (region: string, count: number, population: number | undefined, service = 'all'): ReportRow =>
  reportRow({ region, count, population, service })

describe('denominated', () => {
  const rows = [
    row('JP', 620, 3_000_000),
    row('JP-01', 100, 1_000_000),
    row('JP-02', 200, 1_000_000),
    row('JP-03', 300, 1_000_000),
    row('unknown', 20, undefined),
  ]
  const households = new Map([
    ['JP-01', 500_000],
    ['JP-02', 300_000],
    ['JP-03', 500_000],
  ])

  test('give rates, intervals and ranks by each denominator, and say which ranks survive', () => {
    const found = [...denominated(rows, [{ name: 'households', value: (region) => households.get(region) }])]
    expect(found.map((each) => [each.row.region, each.denominator, each.rank, each.survival])).toEqual([
      ['JP-01', 'people', 3, 'same'],
      ['JP-01', 'households', 3, 'same'],
      ['JP-02', 'people', 2, 'no'],
      ['JP-02', 'households', 1, 'no'],
      ['JP-03', 'people', 1, 'no'],
      ['JP-03', 'households', 2, 'no'],
    ])
    expect(found[1]?.value).toBe(500_000)
    expect(found[1]?.per100k).toBeCloseTo(20, 12)
    expect(found[1]?.low).toBeCloseTo(poissonInterval(100).low / 5, 12)
    expect(found[1]?.high).toBeCloseTo(poissonInterval(100).high / 5, 12)
    expect(found[0]?.agreement).toBe(1)
    // Of three pairs two keep their order.
    expect(found[1]?.agreement).toBeCloseTo(1 / 3, 12)
  })

  test('tell a rank that moves no further than chance might have moved it', () => {
    const close = [row('JP-01', 100, 1_000_000), row('JP-02', 101, 1_000_000), row('JP-03', 900, 1_000_000)]
    const value = (region: string): number => (region === 'JP-01' ? 900_000 : 1_000_000)
    const found = [...denominated(close, [{ name: 'slash24', value }])]
    expect(found.filter(({ denominator }) => denominator === 'people').map(({ survival }) => survival)).toEqual([
      'within-interval',
      'within-interval',
      'same',
    ])
  })

  test('rank only regions that every denominator is known of, and keep the rates of the others', () => {
    const found = [
      ...denominated(rows, [
        { name: 'households', value: (region) => (region === 'JP-03' ? undefined : households.get(region)) },
      ]),
    ]
    expect(found.map((each) => [each.row.region, each.denominator, each.rank])).toEqual([
      ['JP-01', 'people', 2],
      ['JP-01', 'households', 2],
      ['JP-02', 'people', 1],
      ['JP-02', 'households', 1],
      ['JP-03', 'people', undefined],
    ])
  })

  test('have the agreement of the ranks themselves, for any counts', () => {
    const region = fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 1000 }), fc.nat(1000))
    fc.assert(
      fc.property(fc.array(region, { minLength: 1, maxLength: 10 }), (regions) => {
        const told = regions.map(([count, people], index) => row(`JP-${10 + index}`, count, people))
        const found = [
          ...denominated(told, [{ name: 'addresses', value: (code) => regions[Number(code.slice(3)) - 10]?.[2] }]),
        ]
        const by = (name: string) => found.filter((each) => each.denominator === name && each.rank !== undefined)
        const rates = (name: string): number[] => by(name).map((each) => -each.per100k)
        const expected = kendallTauB(rates('people'), rates('addresses'))
        for (const each of found.filter(({ denominator }) => denominator === 'addresses'))
          if (expected === undefined) expect(each.agreement).toBeUndefined()
          else expect(each.agreement).toBeCloseTo(expected, 9)
        for (const each of found) {
          expect(each.rank === undefined).toBe(each.survival === undefined)
          expect(each.low <= each.per100k && each.per100k <= each.high).toBe(true)
        }
      }),
    )
  })
})
