import { describe, expect, it } from 'vitest'
import { censusRows, type Regions } from '../../src/aggregate/census-rows.ts'
import { serviceRows } from '../../src/aggregate/service-rows.ts'
import type { ReportRow } from '../../src/model/report-row.ts'
import { units, type Tally } from '../../src/model/tally.ts'
import { loadServices } from '../../src/recognise/service.ts'

/** Four regions, 1,000 people each but for one of whom nobody knows. */
const regions: Regions = {
  region: (code) => ({ code, country: 'XY', name: code, otherNames: [], population: new Map() }),
  regionsOf: () =>
    ['XY-1', 'XY-2', 'XY-3', 'XY-4'].map((code) => ({
      code,
      country: 'XY',
      name: code,
      otherNames: [],
      population: new Map(),
    })),
  population: (code) => (code === 'XY-4' ? undefined : { population: code === 'XY' ? 3000 : 1000, year: 2016 }),
  knownPopulation: () => 3000,
}

const tally = (region: string, addresses: number, more: Partial<Tally> = {}): Tally => ({
  source: 'shodan',
  country: 'XY',
  region,
  service: 'smtp',
  keys: [],
  counts: { addresses, endpoints: addresses, banners: addresses },
  flags: 0,
  speakingFlags: 0,
  ...more,
})

async function rowsOf(source: AsyncIterable<Tally> | Iterable<Tally>, zeros = true): Promise<ReportRow[]> {
  const found: ReportRow[] = []
  for await (const row of censusRows(source, regions, { units: () => units, per: 100_000, zeros, flags: () => [] }))
    if (row.unit === 'addresses') found.push(row)
  return found
}

describe('censusRows', () => {
  it('compare a region with the rest: placed counts and known populations only', async () => {
    const rows = await rowsOf([tally('', 500), tally('XY-1', 30), tally('XY-2', 10), tally('XY-4', 70)])
    expect(rows.map(({ region, count }) => [region, count])).toEqual([
      ['XY', 610],
      ['XY-1', 30],
      ['XY-2', 10],
      ['XY-3', 0],
      ['XY-4', 70],
      ['unknown', 500],
    ])
    // 30 per 1,000 against 10 per 2,000; the 500 of unknown place and the 70 of unknown people are in neither.
    expect(rows.map(({ rateRatio }) => rateRatio)).toEqual([
      undefined,
      6,
      10 / 1000 / (30 / 2000),
      0,
      undefined,
      undefined,
    ])
    expect(rows.map(({ rank }) => rank)).toEqual([undefined, 1, 2, undefined, undefined, undefined])
    expect(rows[4]).toMatchObject({ per100k: undefined, per100kLow: undefined, population: undefined })
  })

  it('leave out regions without a finding when zeros are not wanted', async () => {
    expect((await rowsOf([tally('XY-1', 30)], false)).map(({ region }) => region)).toEqual(['XY', 'XY-1'])
  })

  it('hold one group of tallies at a time, however many there are', async () => {
    let given = 0
    async function* many(): AsyncGenerator<Tally> {
      for (; given < 100_000; given++) {
        yield tally('XY-1', 1, { keys: [String(given), `Organisation ${given}`] })
        if (given % 1000 === 0) await Promise.resolve()
      }
    }
    let taken = 0
    let furthest = 0
    for await (const row of censusRows(many(), regions, {
      units: () => units,
      per: 100_000,
      zeros: false,
      flags: () => [],
    })) {
      furthest = Math.max(furthest, given - Number(row.keys[0]))
      taken++
    }
    expect(taken).toBe(100_000 * 2 * 3)
    expect(furthest).toBeLessThanOrEqual(1)
  })
})

describe('serviceRows', () => {
  const services = loadServices()
  const ids = (found: readonly string[], asked?: readonly string[]): string[] =>
    serviceRows(services, found, asked).map(({ id }) => id)

  it('are all, categories with their services found, then services of no category', () => {
    const rows = ids(['weird', 'ntp', 'imap', 'smtp'])
    expect(rows[0]).toBe('all')
    expect(rows.at(-1)).toBe('weird')
    expect(rows.slice(rows.indexOf('mail'), rows.indexOf('mail') + 3).toSorted()).toEqual(['imap', 'mail', 'smtp'])
    expect(rows.indexOf('time')).toBe(rows.indexOf('ntp') - 1)
    expect(rows).not.toContain('pop3')
  })

  it('count a category over all its services, whichever were asked for', () => {
    const mail = serviceRows(services, ['smtp'], ['mail']).find(({ id }) => id === 'mail')
    expect(mail?.services).toEqual(services.categories.get('mail'))
  })

  it('are what was asked for, found or not, each once', () => {
    expect(ids([], ['ntp', 'all', 'ntp'])).toEqual(['all', 'ntp'])
    expect(ids(['weird'], ['weird'])).toEqual(['all', 'weird'])
    expect(() => ids(['weird'], ['strange'])).toThrow(/strange/)
  })
})
