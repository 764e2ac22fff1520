import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { revealed } from '../../src/aggregate/editions.ts'
import { serviceRows } from '../../src/aggregate/service-rows.ts'
import { hiddenCells, publishedRow } from '../../src/aggregate/suppressed-rows.ts'
import type { EditionCell } from '../../src/model/published.ts'
import type { ReportRow } from '../../src/model/report-row.ts'
import { loadServices } from '../../src/recognise/service.ts'
import { reportRow } from '../helpers/report-row.ts'

const services = ['smtp', 'imap', 'ntp', 'tcp-4321'] as const
const rowsOfServices = serviceRows(loadServices(), services, undefined)

/** Rows of a country's addresses, each with some of the services, as a report has them. @param regions the last one is `unknown` */
function rowsOf(regions: readonly (readonly number[])[], country = 'XY'): ReportRow[] {
  const names = regions.map((_, index) =>
    country !== '' && index < regions.length - 1 ? `${country}-${index}` : 'unknown',
  )
  return rowsOfServices.flatMap(({ id, services: members }) => {
    const wanted = (mask: number): boolean =>
      services.some((service, bit) => ((mask >> bit) & 1) === 1 && members?.includes(service) !== false)
    const counts = regions.map((addresses) => addresses.filter(wanted).length)
    const row = (region: string, count: number, population: number | undefined): ReportRow =>
      reportRow({
        country,
        region,
        regionName: region,
        service: id,
        count,
        population,
        per100kLow: 0,
        per100kHigh: 1e9,
        rateRatio: 1,
        rank: 1,
        flags: ['region-inferred', 'partial'],
      })
    const total = counts.reduce((sum, count) => sum + count, 0)
    return [
      ...(country === '' ? [] : [row(country, total, 100_000)]),
      ...counts.map((count, index) => row(names[index] ?? '', count, names[index] === 'unknown' ? undefined : 10_000)),
    ]
  })
}

const address = fc.oneof(fc.constantFrom(1, 2, 4, 8), fc.integer({ min: 1, max: 15 }))
const someAddresses = fc.oneof(
  fc.array(address, { maxLength: 8 }),
  fc.array(address, { minLength: 20, maxLength: 100 }),
)
const countries = fc.array(someAddresses, { minLength: 2, maxLength: 7 })

describe('rows with hidden counts', () => {
  test('hide what is small, and tell nothing else of it', () => {
    let shown = 0
    fc.assert(
      fc.property(countries, fc.constantFrom(2, 5, 10), (regions, least) => {
        const rows = rowsOf(regions)
        const hidden = hiddenCells(rows, rowsOfServices, least)
        const told = rows.map((row) => publishedRow(row, hidden))
        for (const [index, row] of told.entries()) {
          const { count } = rows[index]!
          if (count > 0 && count < least) expect(row.count).toBeUndefined()
          if (row.count !== undefined) {
            expect(row).toEqual(
              hidden.touches(row) ? { ...rows[index], rank: undefined, rateRatio: undefined } : rows[index],
            )
            shown++
            continue
          }
          const { per100k, per100kLow, per100kHigh, rateRatio, rank, flags } = row
          expect([per100k, per100kLow, per100kHigh, rateRatio, rank]).toEqual(
            Array.from({ length: 5 }, () => undefined),
          )
          expect(flags).toEqual(['partial', 'suppressed'])
        }
        if (rows.every(({ count }) => count === 0 || count >= least)) expect(hidden.size).toBe(0)
      }),
    )
    expect(shown).toBeGreaterThan(1000)
  })

  test('where a small count cannot be hidden among others, the whole country is', () => {
    // What `suppress` cannot protect depends on all counts: among random ones there are such.
    const tried = fc.sample(countries, { numRuns: 300, seed: 1 }).map((regions) => rowsOf(regions))
    const whole = tried.filter((rows) => hiddenCells(rows, rowsOfServices, 5).size === rows.length)
    expect(whole.length).toBeGreaterThan(0)
    expect(whole.some((rows) => rows.some(({ count }) => count === 0))).toBe(true)
    const nowhere = rowsOf([[1, 1, 2]], '')
    expect(hiddenCells(nowhere, rowsOfServices, 3).size).toBe(nowhere.length)
    expect(hiddenCells(nowhere, rowsOfServices, 1).size).toBe(0)
  })

  test('one country’s say nothing of another’s', () => {
    const [small, large] = [rowsOf([[1], []], 'XA'), rowsOf([Array.from({ length: 50 }, () => 1), []], 'XB')]
    const hidden = hiddenCells([...small, ...large], rowsOfServices, 5)
    expect(large.some((row) => hidden.has(row) || hidden.touches(row))).toBe(false)
    expect(small.some((row) => hidden.has(row))).toBe(true)
  })
})

describe('editions', () => {
  const cell = (region: string, count: number | undefined, service = 'smtp'): EditionCell => ({
    source: 'shodan',
    country: 'XY',
    region,
    service,
    count,
  })
  const edition = (...counts: readonly (number | undefined)[]): EditionCell[] =>
    counts.map((count, index) => cell(index === 0 ? 'XY' : `XY-${index}`, count))

  test.each([
    ['the same', edition(113, undefined, undefined, 10, 100), edition(113, undefined, undefined, 10, 100)],
    [
      'what changed elsewhere alone',
      edition(113, undefined, undefined, 10, 100),
      edition(123, undefined, undefined, 20, 100),
    ],
    [
      'another sum of what differs',
      edition(113, undefined, undefined, 10, 100),
      edition(120, undefined, 7, undefined, 103),
    ],
    ['other cells', edition(10, 10), [cell('XY', undefined, 'ntp'), cell('XY-1', undefined, 'ntp')]],
  ])('reveal nothing: %s', (_, old, now) => {
    expect(revealed(old, now, false)).toBeUndefined()
  })

  test.each([
    ['what was shown', edition(113, 3, 10, 100), edition(113, undefined, undefined, 100), 'XY-1'],
    ['what was hidden', edition(113, undefined, undefined, 100), edition(113, 3, 10, 100), 'XY-1'],
    ['another partner', edition(113, undefined, undefined, 100), edition(113, undefined, 10, undefined), 'XY-2'],
    [
      'another partner, while others changed',
      edition(113, undefined, undefined, 50, 50),
      edition(114, undefined, 10, undefined, 51),
      'XY-2',
    ],
  ])('reveal %s', (_, old, now, region) => {
    expect(revealed(old, now, false)?.region).toBe(region)
  })

  test('of one snapshot, whatever else they show', () => {
    const [old, now] = [edition(undefined, 3, undefined), edition(undefined, undefined, undefined)]
    expect(revealed(old, now, true)?.region).toBe('XY-1')
    expect(revealed(old, now, false)).toBeUndefined()
  })
})
