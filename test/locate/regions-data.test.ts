import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { iso31662 } from 'iso-3166'
import { beforeAll, describe, expect, it } from 'vitest'
import { isoCountries, regionCodes } from '../../src/locate/region-codes.ts'
import { parseRollups } from '../../src/locate/region-data.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import type { RegionTable } from '../../src/locate/regions.ts'

const directory = new URL('../../data/regions/', import.meta.url)
const rowsOf = async (path: string): Promise<string[][]> => parse(await readFile(new URL(path, directory)))

interface Resource {
  readonly path: string
  readonly bytes: number
  readonly hash: string
  readonly rows: number
  readonly sources: readonly { readonly title: string; readonly path: string }[]
  readonly licenses: readonly { readonly name: string; readonly path: string }[]
  readonly date: string
  readonly refresh: string
  readonly schema: { readonly fields: readonly { readonly name: string }[] }
}

let regions: RegionTable
let resources: readonly Resource[]
beforeAll(async () => {
  regions = await loadRegions()
  const text = await readFile(new URL('datapackage.json', directory), 'utf8')
  const described: { resources: readonly Resource[] } = JSON.parse(text)
  resources = described.resources
})

describe('datapackage.json', () => {
  it('lists every table there is', async () => {
    const files = await readdir(directory, { recursive: true })
    const tables = files.map((file) => file.replaceAll('\\', '/')).filter((file) => file.endsWith('.csv'))
    expect(resources.map((resource) => resource.path).toSorted()).toEqual(tables.toSorted())
  })

  it('agrees with the files: bytes, hash, rows, columns', async () => {
    for (const { path, bytes, hash, rows, schema } of resources) {
      const content = await readFile(new URL(path, directory))
      const [header, ...data] = await rowsOf(path)
      const found = {
        path,
        bytes: content.length,
        hash: `sha256:${createHash('sha256').update(content).digest('hex')}`,
        rows: data.length,
        columns: header,
      }
      expect(found).toEqual({ path, bytes, hash, rows, columns: schema.fields.map((field) => field.name) })
    }
  })

  it('names source, licence, date and how to refresh of every file', () => {
    const lacking = resources.filter(
      ({ sources, licenses, date, refresh }) =>
        sources.length === 0 || licenses.length === 0 || !/\d{4}/.test(date) || refresh === '',
    )
    expect(lacking).toEqual([])
    for (const { sources, licenses } of resources) {
      for (const { path } of [...sources, ...licenses]) expect(path).toMatch(/^https:\/\//)
    }
  })
})

/** Country, year, regions, national total of the source where it is known exactly, tolerance in per cent of the World Bank's figure. */
const sums: readonly (readonly [string, number, number, number | undefined, number | undefined])[] = [
  ['AT', 2020, 9, 8_901_064, 0.5],
  ['AU', 2019, 8, undefined, 1],
  ['BE', 2019, 3, 11_431_406, 1],
  ['BR', 2019, 27, 210_147_125, 1.5],
  ['CA', 2020, 13, undefined, 0.5],
  ['CL', 2017, 16, 17_574_003, 6],
  ['CN', 2018, 31, undefined, 0.5],
  ['CO', 2018, 33, 48_258_494, 2],
  ['DE', 2018, 16, 83_019_213, 0.5],
  ['ES', 2019, 19, 46_937_060, 0.5],
  ['GB', 2018, 4, 66_435_500, 0.5],
  ['IN', 2019, 36, undefined, 1.5],
  ['IT', 2019, 20, 60_359_546, 1.5],
  ['JP', 2015, 47, 127_094_745, 0.5],
  ['JP', 2020, 47, 126_146_099, 0.5],
  ['JP', 2022, 47, 124_946_789, 0.5],
  ['KR', 2020, 17, 51_829_136, 0.5],
  ['MX', 2020, 32, 127_792_286, 1],
  ['NG', 2016, 37, undefined, 1.5],
  ['NL', 2020, 12, 17_407_585, 0.5],
  ['PL', 2019, 16, 38_411_148, 1.5],
  ['SE', 2019, 21, 10_327_589, 0.5],
  ['TW', 2020, 22, 23_561_236, undefined],
  ['US', 2020, 51, 331_449_281, 0.5],
]

describe('region tables', () => {
  it.each(sums)('%s %i: %i regions add up', async (country, year, count, total, tolerance) => {
    const parts = regions.regionsOf(country).map((region) => region.population.get(year))
    expect(parts).toHaveLength(count)
    const sum = parts.reduce<number>((all, part) => all + (part ?? Number.NaN), 0)
    expect(sum).toBe(total ?? sum)
    expect(sum).toBeGreaterThan(0)
    expect(regions.population(country, year, { exact: true })).toEqual({ population: sum, year })
    if (tolerance === undefined) return
    const [header, ...rows] = await rowsOf('countries.csv')
    const worldBank = Number(rows.find(([code]) => code === country)?.[header?.indexOf(String(year)) ?? -1])
    expect((Math.abs(sum - worldBank) / worldBank) * 100).toBeLessThan(tolerance)
  })

  it('has no table that is not checked here', () => {
    const checked = sums.map(([country, year]) => `${country} ${year}`)
    const shipped = regions.countries.flatMap((country) => regions.years(country).map((year) => `${country} ${year}`))
    expect(shipped.toSorted()).toEqual(checked.toSorted())
    expect(new Set(sums.map(([country]) => country)).size).toBeGreaterThan(20)
  })

  it('documents every sum in its README', async () => {
    const readme = await readFile(new URL('README.md', directory), 'utf8')
    for (const [country, year, count] of sums) {
      const sum = regions.population(country, year, { exact: true })?.population.toLocaleString('en')
      expect(readme).toMatch(new RegExp(`\\| ${country} \\| ${year} (census|estimate) \\| ${count} \\| ${sum} \\|`))
    }
  })

  it('say of every figure whether it is a census or an estimate, and name each region alike in every year', async () => {
    for (const { path } of resources.filter((resource) => /^[A-Z]{2}\.csv$/.test(resource.path))) {
      const [, ...rows] = await rowsOf(path)
      const named = new Map(rows.map((row) => [row[0], row.slice(2, 5).join()]))
      const wrong = rows.filter(
        (row) => !['census', 'estimate'].includes(row[7] ?? '') || row.slice(2, 5).join() !== named.get(row[0]),
      )
      expect(wrong).toEqual([])
      const keys = rows.map((row) => `${row[0]} ${row[6]}`)
      expect(keys).toEqual(keys.toSorted())
    }
  })

  it('give Japan its 47 prefectures: JIS number, English and Japanese name, censuses and newest estimate', async () => {
    const japan = regions.regionsOf('JP')
    expect(japan.map((region) => region.code)).toEqual(
      Array.from({ length: 47 }, (_, index) => `JP-${String(index + 1).padStart(2, '0')}`),
    )
    const suffixes = japan.map((region) => region.localName?.slice(-1))
    expect(suffixes.filter((suffix) => suffix === '県')).toHaveLength(43)
    expect(regions.region('JP-13')).toMatchObject({ name: 'Tokyo', localName: '東京都' })
    expect(regions.region('JP-01')).toMatchObject({ name: 'Hokkaido', localName: '北海道' })
    const quality = new Map((await rowsOf('JP.csv')).slice(1).map((row) => [row[6], row[7]]))
    expect(Object.fromEntries(quality)).toEqual({ 2015: 'census', 2020: 'census', 2022: 'estimate' })
  })
})

describe('countries.csv, rollup.csv and the crosswalks', () => {
  it('have every country of ISO 3166-1 and the World Bank figures as whole numbers', async () => {
    const [header, ...rows] = await rowsOf('countries.csv')
    expect(rows.map(([code]) => code)).toEqual([...isoCountries].toSorted())
    expect(header?.slice(5)).toEqual(Array.from({ length: 10 }, (_, index) => String(2015 + index)))
    const known = rows.filter((row) => row.slice(5).every((cell) => /^[1-9]\d*$/.test(cell)))
    const unknown = rows.filter((row) => row.slice(5).every((cell) => cell === ''))
    expect([known.length, unknown.length]).toEqual([215, 35])
    expect(unknown.map(([code]) => code)).toContain('TW')
  })

  it('roll codes up to level 1 only, to codes that exist, for a reason of the list', async () => {
    const file = { name: 'rollup.csv', bytes: await readFile(new URL('rollup.csv', directory)) }
    const rollups = parseRollups(file)
    const codes = regionCodes(rollups)
    const iso = new Set(iso31662.map((entry) => entry.code))
    expect(rollups.size).toBeGreaterThan(500)
    const sound: Readonly<Record<string, (code: string, level1: string) => boolean>> = {
      parent: (code, level1) => iso.has(code) && codes.level1(level1) === level1,
      retired: (_code, level1) => iso.has(level1) && codes.level1(level1) === level1,
      territory: (_code, level1) => isoCountries.has(level1),
      'not-a-region': (code, level1) => level1 === '' && codes.level1(code) === undefined,
    }
    const wrong = [...rollups].filter(([code, { level1, reason }]) => !sound[reason]?.(code, level1))
    expect(wrong).toEqual([])
  })

  it('give every crosswalk row an empty code or one of level 1 of its country', async () => {
    for (const [path, column, count] of [
      ['crosswalk/geonames_admin1.csv', 3, 3955],
      ['crosswalk/dbip_state1.csv', 3, 3677],
    ] as const) {
      const [, ...rows] = await rowsOf(path)
      expect(rows).toHaveLength(count)
      const wrong = rows.filter((row) => {
        const code = row[column] ?? ''
        return code !== '' && !regions.regionsOf(row[0] ?? '').some((region) => region.code === code)
      })
      expect(wrong).toEqual([])
    }
  })

  it('translate every region of the countries that have a table from GeoNames', async () => {
    const geonames = (await rowsOf('crosswalk/geonames_admin1.csv')).slice(1)
    for (const country of regions.countries) {
      if (regions.years(country).length === 0 || country === 'TW') continue // GeoNames has four parts of Taiwan only
      const mapped = new Set(geonames.filter((row) => row[0] === country).map((row) => row[3]))
      expect(regions.regionsOf(country).filter((region) => !mapped.has(region.code))).toEqual([])
    }
  })
})
