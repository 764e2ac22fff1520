import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { facets as facetNames } from '../../src/api/query.ts'
import { makeReport } from '../../src/pipeline/report.ts'
import { loadServices } from '../../src/recognise/service.ts'
import { exposureFiles } from '../../src/reports/exposure-table.ts'
import type { CsvRow } from '../helpers/census.ts'
import { quickstart, served, type Served } from './served.ts'

const { services, categories } = loadServices()

let api: Served
/** Region → banners, by service: what `census report` says of Japan. */
const reported = new Map<string, Map<string, number>>()

beforeAll(async () => {
  api = await served([quickstart])
  const out = join(api.folder, 'report')
  await makeReport({ store: api.store, out, per: 100_000, country: 'JP', by: ['region'] })
  const rows = parse<CsvRow>(await readFile(join(out, exposureFiles.region), 'utf8'), {
    columns: true,
    record_delimiter: '\r\n',
  })
  for (const row of rows.filter(({ unit }) => unit === 'banners')) {
    const regions = reported.get(row['service'] ?? '') ?? new Map<string, number>()
    regions.set(row['region'] ?? '', Number(row['count']))
    reported.set(row['service'] ?? '', regions)
  }
})
afterAll(() => api.close())

/** What the API says of a query, as the report has it: every region that has any, the country, and what is unknown. */
async function counted(query: string): Promise<Map<string, number>> {
  const { total, facets } = await api.ok('/shodan/host/count', { query, facets: 'region:1000' })
  const buckets = (facets.region as { value: string; count: number }[]).map(
    ({ value, count }) => [`JP-${value}`, count] as const,
  )
  const known = buckets.reduce((sum, [, count]) => sum + count, 0)
  return new Map([...buckets, ['JP', total], ['unknown', total - known]])
}

const withoutZeros = (counts: ReadonlyMap<string, number> = new Map()): Record<string, number> =>
  Object.fromEntries([...counts].filter(([, count]) => count > 0).toSorted(([a], [b]) => (a < b ? -1 : 1)))

const queryOf = (service: string): string => {
  const names = services.find(({ id }) => id === service)?.names.shodan ?? [service]
  return `country:JP shodan.module:${names.join(',')}`
}

describe('the API counts what the report counts', () => {
  test('all of Japan, by region', async () => {
    expect(withoutZeros(await counted('country:JP'))).toEqual(withoutZeros(reported.get('all')))
    expect(reported.get('all')?.get('JP')).toBe(7222)
  })

  test('every service of the catalogue, by region', async () => {
    let found = 0
    for (const { id } of services) {
      const expected = withoutZeros(reported.get(id))
      expect(withoutZeros(await counted(queryOf(id))), id).toEqual(expected)
      found += expected['JP'] ?? 0
    }
    expect(found).toBeGreaterThan(7000)
  })

  test('every service that no catalogue names', async () => {
    const others = [...reported.keys()].filter(
      (id) => id !== 'all' && !categories.has(id) && !services.some((service) => service.id === id),
    )
    for (const id of others) {
      expect(withoutZeros(await counted(queryOf(id))), id).toEqual(withoutZeros(reported.get(id)))
    }
  })

  test('a region filter finds what the facet counts, by suffix, code and name', async () => {
    const tokyo = reported.get('all')?.get('JP-13')
    for (const region of ['13', 'JP-13', 'jp-13', 'Tokyo', '東京都', '"Tokyo"'])
      expect(await api.count(`country:JP region:${region}`), region).toBe(tokyo)
    expect(await api.count('country:JP -region:13')).toBe((reported.get('all')?.get('JP') ?? 0) - (tokyo ?? 0))
    expect(await api.count('country:Japan')).toBe(7222)
    expect(await api.count('country:JP region:13,14')).toBe((tokyo ?? 0) + (reported.get('all')?.get('JP-14') ?? 0))
  })
})

describe('a facet and the filter of the same name agree', () => {
  test.each(facetNames)('%s', async (facet) => {
    const { total, facets } = await api.ok('/shodan/host/count', {
      query: 'has_screenshot:false',
      facets: `${facet}:1000`,
    })
    const buckets = facets[facet] as { value: string | number; count: number }[]
    const counts = buckets.map(({ count }) => count)
    expect(counts).toEqual(counts.toSorted((a, b) => b - a))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(total)
    expect(buckets.map(({ value }) => value)).not.toContain('')
    for (const { value, count } of [...buckets.slice(0, 5), ...buckets.slice(-2)]) {
      expect(await api.count(`${facet}:"${value}"`), String(value)).toBe(count)
      expect(await api.count(`-${facet}:"${value}"`), String(value)).toBe(total - count)
    }
    const few = await api.ok('/shodan/host/count', { query: 'has_screenshot:false', facets: `${facet}:2` })
    expect(few.facets[facet]).toEqual(buckets.slice(0, 2))
  })

  test('a banner counts as what its fields say', async () => {
    const query = 'country:JP shodan.module:smtp product:Postfix'
    const { total, matches } = await api.ok('/shodan/host/search', { query, limit: 1000 })
    expect(matches).toHaveLength(total)
    for (const banner of matches) {
      expect(banner).toMatchObject({
        product: 'Postfix',
        _shodan: { module: 'smtp' },
        location: { country_code: 'JP' },
      })
    }
  })
})

test('pages of a search are all of it, each record once, in one order', async () => {
  const query = 'shodan.module:ntp,ntp-monlist'
  const found: string[] = []
  const first = await api.ok('/shodan/host/search', { query })
  expect(first.matches).toHaveLength(100)
  for (let page = 1; ; page++) {
    const { matches, total } = await api.ok('/shodan/host/search', { query, page, minify: 'True' })
    expect(total).toBe(first.total)
    if (matches.length === 0) break
    found.push(...(matches as unknown[]).map((banner) => JSON.stringify(banner)))
  }
  expect(found).toHaveLength(first.total)
  expect(new Set(found).size).toBe(first.total)
  const times = found.map((banner) => String(JSON.parse(banner).timestamp))
  expect(times).toEqual(times.toSorted().toReversed())
  const some = await api.ok('/shodan/host/search', { query, limit: 7, offset: 90 })
  expect((some.matches as unknown[]).map((banner) => JSON.stringify(banner))).toEqual(found.slice(90, 97))
})
