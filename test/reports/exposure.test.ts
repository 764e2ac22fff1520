import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { breakdowns } from '../../src/model/tally.ts'
import { exposureFiles } from '../../src/reports/exposure-table.ts'
import { addresses, reportAgain, reportOn, withFolder, type CsvRow, type Seen } from '../helpers/census.ts'
import { records } from '../aggregate/records.ts'

/** So many hosts with a mail server in a region. */
const hosts = (region: string | undefined, count: number, from: number, more: Partial<Seen> = {}): Seen[] =>
  addresses(count, from).map((ip) => ({
    ip,
    service: 'smtp',
    observedAt: '2016-05-01T12:00:00Z',
    country: 'JP',
    ...(region === undefined ? {} : { region }),
    ...more,
  }))

const cell = (rows: readonly CsvRow[], where: Partial<Record<string, string>>): CsvRow => {
  const found = rows.filter((row) => Object.entries(where).every(([key, value]) => row[key] === value))
  expect(found, JSON.stringify(where)).toHaveLength(1)
  return found[0] ?? {}
}
const tokyo = { country: 'JP', region: 'JP-13', service: 'smtp', unit: 'addresses' }

describe('report files', () => {
  // Word for word as CONTRACT.md has them.
  const lead = 'snapshot,observed_from,observed_to,source,basis,country,region,region_name,region_name_local,service'
  const figures =
    'unit,asked,count,population,population_year,per_100k,per_100k_low,per_100k_high,rate_ratio,rank,flags'
  it.each([
    ['exposure-by-region.csv', `${lead},${figures}`],
    ['exposure-by-product.csv', `${lead},vendor,product,version,${figures}`],
    ['exposure-by-device.csv', `${lead},device_type,${figures}`],
    ['exposure-by-network.csv', `${lead},asn,organisation,${figures}`],
  ])('%s has its columns in order, CRLF, UTF-8 without BOM', async (name, header) => {
    await withFolder(async (folder) => {
      const made = await reportOn(folder, hosts('JP-13', 2, 0, { organisation: '例示通信', product: 'a\nb' }))
      const bytes = await readFile(join(made.folder, name))
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
      expect(text.startsWith(`${header}\r\n`)).toBe(true)
      expect(text.endsWith('\r\n')).toBe(true)
      // Every line feed outside quotes follows a carriage return.
      expect(text.replaceAll(/"[^"]*"/g, '').replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    })
  })

  it('have unique keys; regions and unknown make the total; numbers are numbers — for any records', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (seen) => {
        await withFolder(async (folder) => {
          const made = await reportOn(folder, seen)
          for (const breakdown of breakdowns) {
            const rows = await made.rows(breakdown)
            const names = Object.keys(rows[0] ?? {})
            const keyed = names
              .slice(0, names.indexOf('unit') + 1)
              .filter((name) => !/^(observed|region_name)/.test(name))
            const keys = rows.map((row) => JSON.stringify(keyed.map((name) => row[name])))
            expect(new Set(keys).size).toBe(keys.length)
            const sums = new Map<string, number>()
            const totals = new Map<string, number>()
            for (const row of rows) {
              const where = JSON.stringify(keyed.filter((name) => name !== 'region').map((name) => row[name]))
              if (row['country'] === '') expect(row['region']).toBe('unknown')
              else if (row['region'] === row['country']) totals.set(where, Number(row['count']))
              else sums.set(where, (sums.get(where) ?? 0) + Number(row['count']))
              for (const name of ['per_100k', 'per_100k_low', 'per_100k_high', 'rate_ratio', 'population'])
                expect(row[name]).toMatch(/^(\d+(\.\d+)?)?$/)
              expect(row['rank']).toMatch(/^(\d+)?$/)
            }
            expect(Object.fromEntries(sums)).toEqual(Object.fromEntries(totals))
          }
        })
      }),
      { numRuns: 8 },
    )
  })

  it('give a region without a finding a row with count 0, by region only', async () => {
    await withFolder(async (folder) => {
      const made = await reportOn(folder, hosts('JP-13', 12, 0, { product: 'Postfix' }))
      const rows = await made.rows('region')
      const of = rows.filter((row) => row['service'] === 'smtp' && row['unit'] === 'addresses')
      expect(of).toHaveLength(47 + 2)
      const hokkaido = cell(rows, { ...tokyo, region: 'JP-01' })
      expect(hokkaido).toMatchObject({ count: '0', per_100k: '0', per_100k_low: '0', rate_ratio: '0', rank: '' })
      expect(Number(hokkaido['per_100k_high'])).toBeCloseTo((3.68888 / 5_381_733) * 100_000, 6)
      expect(hokkaido['flags']).toBe('small-count')
      expect(cell(rows, tokyo)).toMatchObject({ count: '12', rate_ratio: '', rank: '1', flags: '' })
      expect(cell(rows, { ...tokyo, region: 'unknown' })).toMatchObject({ count: '0', population: '', per_100k: '' })
      const products = (await made.rows('product')).filter((row) => row['unit'] === 'addresses')
      expect(new Set(products.map((row) => row['region']))).toEqual(new Set(['JP', 'JP-13']))
    })
  })

  it('rate by the census year nearest to the observations, with its interval, ratio and rank', async () => {
    await withFolder(async (folder) => {
      const seen = [
        ...hosts('JP-13', 40, 0),
        ...hosts('JP-27', 30, 100),
        ...hosts('JP-14', 9, 200),
        ...hosts(undefined, 5, 300),
      ]
      const rows = await (await reportOn(folder, seen)).rows('region')
      // 40 in 13,515,271; 39 in the rest of 127,094,745; the five of unknown region are in neither.
      expect(cell(rows, tokyo)).toMatchObject({
        snapshot: 'test',
        observed_from: '2016-05-01T12:00:00Z',
        observed_to: '2016-05-01T12:00:00Z',
        source: 'shodan',
        basis: 'records',
        region_name: 'Tokyo',
        region_name_local: '東京都',
        asked: '',
        count: '40',
        population: '13515271',
        population_year: '2015',
        per_100k: '0.295962',
        rate_ratio: (40 / 13_515_271 / (39 / (127_094_745 - 13_515_271))).toPrecision(6),
        rank: '2',
        flags: '',
      })
      expect(Number(cell(rows, tokyo)['per_100k_low'])).toBeCloseTo((28.5766 / 13_515_271) * 100_000, 5)
      expect(Number(cell(rows, tokyo)['per_100k_high'])).toBeCloseTo((54.4686 / 13_515_271) * 100_000, 5)
      expect(cell(rows, { ...tokyo, region: 'JP-27' })).toMatchObject({ rank: '1', population: '8839469' })
      expect(cell(rows, { ...tokyo, region: 'JP-14' })).toMatchObject({ rank: '', flags: 'small-count' })
      expect(cell(rows, { ...tokyo, region: 'JP' })).toMatchObject({
        count: '84',
        population: '127094745',
        rank: '',
        rate_ratio: '',
      })
      expect(cell(rows, { ...tokyo, region: 'unknown' })).toMatchObject({
        count: '5',
        population: '',
        per_100k: '',
        rank: '',
      })
      const later = await reportAgain(folder, { populationYear: 2020 })
      expect(cell(await later.rows('region'), tokyo)).toMatchObject({ population: '14047594', population_year: '2020' })
      expect(later.report.populationYear).toBe(2020)
    })
  })

  it('rate undated records by the newest population, not by the time of the report', async () => {
    await withFolder(async (folder) => {
      const made = await reportOn(folder, [{ ip: '198.18.0.1', service: 'smtp', region: 'JP-13' }])
      const newest = String(made.report.regions.years('JP').at(-1))
      expect(cell(await made.rows('region'), tokyo)).toMatchObject({ observed_from: '', population_year: newest })
    })
  })

  it('rank equal rates alike', async () => {
    await withFolder(async (folder) => {
      // No two populations shipped are equal: equal rates come of a table of one's own.
      const seen = [
        ...hosts('JP-13', 12, 0),
        ...hosts('JP-14', 12, 20),
        ...hosts('JP-27', 24, 40),
        ...hosts('JP-01', 11, 80),
      ]
      const tables = join(folder, 'tables')
      await mkdir(tables)
      const populations = { 'JP-13': 1000, 'JP-14': 1000, 'JP-27': 1000, 'JP-01': 1000 }
      await writeFile(
        join(tables, 'JP.csv'),
        [
          'code,country,name,name_local,other_names,population,year,quality',
          ...Object.entries(populations).map(([code, people]) => `${code},JP,,,,${people},2016,estimate`),
        ].join('\n'),
      )
      const rows = await (await reportOn(folder, seen, { regionTables: tables, populationYear: 2016 })).rows('region')
      const rank = (region: string): string | undefined => cell(rows, { ...tokyo, region })['rank']
      expect(['JP-27', 'JP-13', 'JP-14', 'JP-01'].map(rank)).toEqual(['1', '2', '2', '4'])
      // Without a population of that year a region is counted, its rates empty.
      expect(cell(rows, { ...tokyo, region: 'JP-02' })).toMatchObject({
        count: '0',
        population: '',
        per_100k: '',
        rate_ratio: '',
      })
    })
  })

  it('count regions without known population, their rates empty; every country seen; nowhere as unknown', async () => {
    await withFolder(async (folder) => {
      const seen = [
        ...hosts('FR-IDF', 11, 0, { country: 'FR' }),
        ...hosts('JP-13', 1, 20),
        { ip: '203.0.113.9', service: 'smtp', observedAt: '2016-01-01T00:00:00Z' },
      ]
      const rows = await (await reportOn(folder, seen)).rows('region')
      expect(new Set(rows.map((row) => row['country']))).toEqual(new Set(['', 'FR', 'JP']))
      expect(cell(rows, { region: 'FR-IDF', service: 'smtp', unit: 'addresses' })).toMatchObject({
        count: '11',
        population: '',
        population_year: '',
        per_100k: '',
        per_100k_high: '',
        rate_ratio: '',
        rank: '',
      })
      expect(Number(cell(rows, { region: 'FR', service: 'smtp', unit: 'addresses' })['population'])).toBeGreaterThan(
        6e7,
      )
      expect(cell(rows, { country: '', service: 'smtp', unit: 'addresses' })).toMatchObject({
        region: 'unknown',
        count: '1',
      })
    })
  })

  it('flag what the records are, and a partial snapshot everywhere', async () => {
    await withFolder(async (folder) => {
      const { observedAt: _, ...undated } = hosts('JP-13', 1, 0)[0] ?? { ip: '' }
      const seen: Seen[] = [
        { ...undated, outcome: 'open', tags: 'honeypot' },
        ...hosts('JP-14', 10, 20, { defaultGeolocation: true }),
      ]
      const made = await reportOn(folder, seen, { missing: ['the second half'] })
      const rows = await made.rows('region')
      expect(cell(rows, tokyo)['flags']).toBe('port-only;undated;suspect;small-count;partial')
      expect(cell(rows, { ...tokyo, region: 'JP-14' })['flags']).toBe('default-geolocation;partial')
      expect(cell(rows, { ...tokyo, region: 'JP' })['flags']).toBe(
        'default-geolocation;port-only;undated;suspect;partial',
      )
      expect(rows.every((row) => row['flags']?.endsWith('partial'))).toBe(true)
      expect(made.report.warnings.join()).toContain('the second half')
    })
  })

  it('neutralise formulas of foreign names, and leave numbers alone', async () => {
    await withFolder(async (folder) => {
      const seen = ['=HYPERLINK("x")', '+1', '-1', '@x', '\tx', '\rx', '＝x'].flatMap((text, index) =>
        hosts('JP-13', 1, index, { product: text, organisation: text, vendor: 'V', asn: 64_496 }),
      )
      const made = await reportOn(folder, seen)
      for (const breakdown of ['product', 'network'] as const) {
        const rows = await made.rows(breakdown)
        expect(rows.length).toBeGreaterThan(20)
        for (const row of rows) for (const value of Object.values(row)) expect(value).not.toMatch(/^[=+\-@\t\r＝]/)
        expect(rows.every((row) => /^\d+$/.test(row['count'] ?? ''))).toBe(true)
      }
      expect(new Set((await made.rows('network')).map((row) => row['asn']))).toEqual(new Set(['64496']))
    })
  })

  it('say zero of services that were asked for and not found', async () => {
    await withFolder(async (folder) => {
      const made = await reportOn(folder, hosts('JP-13', 3, 0), { services: ['ntp', 'mail'], country: 'JP' })
      const rows = await made.rows('region')
      const order = [...new Set(rows.map((row) => row['service']))]
      expect(order[0]).toBe('all')
      expect(order).toEqual(expect.arrayContaining(['mail', 'smtp', 'imap', 'pop3', 'ntp']))
      expect(order).not.toContain('http')
      expect(cell(rows, { ...tokyo, service: 'ntp' })).toMatchObject({ count: '0', per_100k: '0' })
      expect(cell(rows, { ...tokyo, service: 'ntp', region: 'JP' })['count']).toBe('0')
      expect(cell(rows, { ...tokyo, service: 'mail' })['count']).toBe('3')
    })
  })

  it('of a country with nothing found say zero', async () => {
    await withFolder(async (folder) => {
      const rows = await (await reportOn(folder, hosts('JP-13', 3, 0), { country: 'DE' })).rows('region')
      expect(cell(rows, { region: 'DE', service: 'all', unit: 'addresses' })['count']).toBe('0')
      expect(new Set(rows.map((row) => row['country']))).toEqual(new Set(['DE']))
    })
  })

  it('say zero of a service that no catalogue names only in countries where it was found, or when it is asked for', async () => {
    await withFolder(async (folder) => {
      const seen: Seen[] = [
        ...hosts('JP-13', 3, 0),
        { ip: '203.0.113.200', service: 'tcp-4321', country: 'JP', region: 'JP-27' },
        { ip: '203.0.113.201', service: 'smtp', country: 'DE', region: 'DE-BE' },
      ]
      const countries = (rows: readonly Record<string, string>[], service: string): Set<string | undefined> =>
        new Set(rows.filter((row) => row['service'] === service).map((row) => row['country']))
      const rows = await (await reportOn(folder, seen)).rows('region')
      expect(countries(rows, 'tcp-4321')).toEqual(new Set(['JP']))
      expect(countries(rows, 'smtp')).toEqual(new Set(['JP', 'DE']))
      expect(cell(rows, { region: 'JP-13', service: 'tcp-4321', unit: 'addresses' })['count']).toBe('0')
      const asked = await (await reportAgain(folder, { services: ['tcp-4321'] })).rows('region')
      expect(countries(asked, 'tcp-4321')).toEqual(new Set(['JP', 'DE']))
    })
  })

  it('show only the regions asked for, in whatever language; totals, ratios and ranks stay', async () => {
    await withFolder(async (folder) => {
      const seen = [
        ...hosts('JP-13', 40, 0),
        ...hosts('JP-27', 30, 100),
        ...hosts('JP-01', 20, 200),
        ...hosts(undefined, 2, 300),
      ]
      const whole = await (await reportOn(folder, seen)).rows('region')
      const made = await reportAgain(folder, { regions: ['Osaka', '北海道', 'JP-13'], out: join(folder, 'some') })
      for (const breakdown of breakdowns) {
        const shown = new Set((await made.rows(breakdown)).map((row) => row['region']))
        expect(shown).toEqual(new Set(['JP', 'JP-01', 'JP-13', 'JP-27', 'unknown']))
      }
      const rows = await made.rows('region')
      for (const row of rows) {
        const where = { country: row['country'], region: row['region'], service: row['service'], unit: row['unit'] }
        expect(row).toEqual(cell(whole, where as Record<string, string>))
      }
      const wide = await reportAgain(folder, { regions: ['Tokyo', 'Bavaria'], out: join(folder, 'wide') })
      expect(new Set((await wide.rows('region')).map((row) => row['region']))).toEqual(
        new Set(['JP', 'JP-13', 'unknown']),
      )
    })
  })

  it('add source=all where several sources saw', async () => {
    await withFolder(async (folder) => {
      const seen = [...hosts('JP-13', 3, 0), ...hosts('JP-13', 3, 2, { source: 'censys' })]
      const made = await reportOn(folder, seen)
      const rows = await made.rows('region')
      const count = (source: string): string | undefined => cell(rows, { ...tokyo, source })['count']
      expect(['all', 'shodan', 'censys'].map(count)).toEqual(['5', '3', '3'])
      expect(new Set(made.report.shown.flatMap(({ rows: told }) => told.map((row) => row.source)))).toEqual(
        new Set(['all']),
      )
    })
  })

  it('have indicators of all regions, or none', async () => {
    await withFolder(async (folder) => {
      const made = await reportOn(folder, [...hosts('JP-13', 30, 0), ...hosts('JP-27', 12, 100)])
      const told = made.report.files.find(({ name }) => name === 'indicators-by-region.csv')
      // 47 prefectures, for `all`, its category and the service.
      expect(told?.rows).toBe(3 * 47)
      const [head = '', ...lines] = (await readFile(join(made.folder, 'indicators-by-region.csv'), 'utf8'))
        .trim()
        .split('\r\n')
      const row = Object.fromEntries(
        lines
          .map((line) => line.split(','))
          .find((texts) => texts.includes('JP-13') && texts.includes('all'))
          ?.map((text, index) => [head.split(',')[index], text]) ?? [],
      )
      expect(row).toMatchObject({ count: '30', rank_low: '1', rank_high: '2', location_quotient: '1' })
      const exposed = (await made.rows('region')).find(
        (each) => each['region'] === 'JP-13' && each['service'] === 'all',
      )
      for (const name of ['count', 'population', 'per_100k', 'rate_ratio', 'rank'])
        expect(row[name], name).toBe(exposed?.[name])
      const some = await reportAgain(folder, { regions: ['Tokyo'] })
      expect(some.report.files.map(({ name }) => name)).not.toContain('indicators-by-region.csv')
      expect(await readdir(some.folder)).not.toContain('indicators-by-region.csv')
    })
  })

  it('have other denominators where they are asked for, and are printed by them', async () => {
    await withFolder(async (folder) => {
      const table = join(folder, 'table.csv')
      await writeFile(table, 'code,households,slash24\nJP-13,6000000,650950\nJP-27,1000000,\n')
      const seen = [...hosts('JP-13', 30, 0), ...hosts('JP-27', 12, 100)]
      const made = await reportOn(folder, seen, { denominators: ['households'], denominatorTable: table })
      const [head = '', ...lines] = (await readFile(join(made.folder, 'denominators-by-region.csv'), 'utf8'))
        .trim()
        .split('\r\n')
        .map((line) => line.split(','))
      const rows = lines.map((line) => Object.fromEntries(line.map((text, index) => [head[index], text])))
      const found = rows.filter((row) => row['region'] === 'JP-27' && row['service'] === 'all')
      const people = cell(await made.rows('region'), { region: 'JP-27', service: 'all', unit: 'addresses' })
      expect(
        found.map((row) => [row['denominator'], row['denominator_value'], row['rate_per_100k'], row['rank']]),
      ).toEqual([
        // By people, Tokyo has the higher rate; by these households, Osaka.
        ['people', people['population'], people['per_100k'], '2'],
        ['households', '1000000', '1.2', '1'],
      ])
      expect(found[1]).toMatchObject({ tau_b: '-1', rank_survives: 'within-interval' })
      expect(made.report.measured?.printed).toBe('households')
      const again = await reportAgain(folder)
      expect(await readdir(again.folder)).not.toContain('denominators-by-region.csv')
    })
  })

  it('are described by datapackage.json: fields, size, hash, no time of making', async () => {
    await withFolder(async (folder) => {
      const made = await reportOn(folder, hosts('JP-13', 3, 0))
      const description = JSON.parse(await readFile(join(made.folder, 'datapackage.json'), 'utf8')) as {
        created?: string
        resources: {
          path: string
          bytes: number
          hash: string
          schema?: { fields: { name: string; type?: string; description?: string }[] }
        }[]
      }
      expect(description.created).toBeUndefined()
      expect(JSON.stringify(description)).not.toContain(String(new Date().getUTCFullYear()))
      expect(description.resources.map(({ path }) => path)).toEqual([
        ...breakdowns.map((each) => exposureFiles[each]),
        'indicators-by-region.csv',
        'concentration-by-region.csv',
        'outliers-by-region.csv',
        'report.html',
      ])
      for (const { path, bytes, hash, schema } of description.resources) {
        const content = await readFile(join(made.folder, path))
        expect(content.length).toBe(bytes)
        expect(`sha256:${createHash('sha256').update(content).digest('hex')}`).toBe(hash)
        if (schema === undefined) continue
        expect(schema.fields.map(({ name }) => name).join()).toBe(content.toString().split('\r\n')[0])
        expect(schema.fields.every(({ type, description: text }) => type !== undefined && text !== undefined)).toBe(
          true,
        )
      }
    })
  })
})
