import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import { planFor, writeBanners } from '../../bench/generate-shodan.ts'
import { importFiles } from '../../src/pipeline/import.ts'
import { makeReport, type ReportRequest } from '../../src/pipeline/report.ts'
import { addresses, reportAgain, reportOn, withFolder, type CsvRow, type Seen } from '../helpers/census.ts'
import { hostileTexts } from '../helpers/hostile-texts.ts'

const read = async (path: string): Promise<CsvRow[]> =>
  parse<CsvRow>(await readFile(path, 'utf8'), { columns: true, record_delimiter: '\r\n' })
const hostsOf = (folder: string): Promise<CsvRow[]> => read(join(folder, 'hosts.csv'))

test('it has all that is counted and nothing else: read as a report of Shadowserver’s, it makes the same figures', async () => {
  await withFolder(async (folder) => {
    const figures = async (name: string, file: string, request: Partial<ReportRequest>): Promise<CsvRow[]> => {
      const [store, out] = [join(folder, name), join(folder, `${name}-report`)]
      await importFiles({
        store,
        files: [{ name: file, format: 'auto' }],
        id: name,
        maxRecordBytes: 2 ** 20,
        maxExpansion: 1000,
      })
      await makeReport({ store, out, per: 100_000, by: ['region'], formats: ['csv'], ...request })
      return (await read(join(out, 'exposure-by-region.csv'))).filter(({ unit }) => unit !== 'banners')
    }
    const cells = (rows: readonly CsvRow[]): string[] =>
      rows.map((row) => [row['country'], row['region'], row['service'], row['unit'], row['count']].join(' '))
    const file = join(folder, 'export.ndjson')
    writeBanners(file, 3000, { ...planFor(3000, 7), hosts: 1500 })
    const told = await figures('told', file, { includeHosts: true })
    const again = await figures('again', join(folder, 'told-report', 'hosts.csv'), {})
    expect(told.some(({ region, count }) => region === 'JP-13' && Number(count) > 50)).toBe(true)
    expect(cells(again)).toEqual(cells(told))
  })
})

const at = '2016-05-01T00:00:00Z'
const seen = addresses(6).map((ip, index): Seen => ({
  ip,
  service: index < 3 ? 'smtp' : 'ntp',
  region: index % 2 === 0 ? 'JP-13' : 'JP-27',
  observedAt: at,
}))

test('it tells of the country, regions and services asked for, and of an endpoint once, by its newest record', async () => {
  await withFolder(async (folder) => {
    const [first] = seen
    if (first === undefined) throw new Error('nothing seen')
    const records: Seen[] = [
      ...seen,
      first,
      { ...first, product: 'old', observedAt: '2015-01-01T00:00:00Z' },
      { ...first, source: 'censys', product: 'new', observedAt: '2016-06-01T00:00:00Z' },
      { ip: '2001:db8::1', service: 'ntp', region: 'DE-BE', transport: 'udp', port: 123, asn: 64_500 },
      { ip: '192.0.2.1', service: 'smtp', region: 'JP-13', outcome: 'closed' },
    ]
    const told = async (request: Partial<ReportRequest>): Promise<readonly (string | undefined)[]> => {
      const { folder: out } = await reportAgain(folder, { includeHosts: true, formats: ['csv'], ...request })
      return (await hostsOf(out)).map(({ ip }) => ip)
    }
    const made = await reportOn(folder, records, { includeHosts: true, formats: ['csv'] })
    const rows = await hostsOf(made.folder)
    const ips = seen.map(({ ip }) => ip)
    expect(rows.map(({ ip }) => ip)).toEqual([...ips, '2001:db8::1'])
    expect(rows[0]).toMatchObject({
      timestamp: '2016-06-01T00:00:00Z',
      device_model: 'new',
      seen_by: 'censys',
      geo: 'JP',
      region: 'Tokyo',
      region_code: 'JP-13',
      tag: 'smtp',
      tlp: 'TLP:AMBER',
    })
    expect(rows.at(-1)).toMatchObject({ timestamp: '', protocol: 'udp', port: '123', asn: '64500', flags: 'undated' })
    expect(await told({ country: 'JP' })).toEqual(ips)
    expect(await told({ regions: ['Osaka'] })).toEqual(ips.filter((_, index) => index % 2 === 1))
    expect(await told({ services: ['mail'] })).toEqual(ips.slice(0, 3))
    expect(await told({ services: ['mail', 'all'] })).toEqual([...ips, '2001:db8::1'])
  })
})

test('it is its owner’s alone, marked in the description, in no other format, and gone with the next report without it', async () => {
  await withFolder(async (folder) => {
    const { folder: out, report } = await reportOn(folder, seen, {
      includeHosts: true,
      formats: ['csv', 'html', 'xlsx', 'parquet'],
    })
    expect(report.files.filter(({ marking }) => marking !== undefined)).toEqual([
      { name: 'hosts.csv', rows: seen.length, marking: 'TLP:AMBER' },
    ])
    expect((await stat(join(out, 'hosts.csv'))).mode & 0o777).toBe(0o600)
    expect((await readdir(out)).filter((name) => name.startsWith('hosts'))).toEqual(['hosts.csv'])
    const description = JSON.parse(await readFile(join(out, 'datapackage.json'), 'utf8')) as {
      resources: { path: string; tlp?: string }[]
    }
    expect(description.resources.flatMap(({ path, tlp }) => (tlp === undefined ? [] : [[path, tlp]]))).toEqual([
      ['hosts.csv', 'TLP:AMBER'],
    ])
    const ip = seen[0]?.ip ?? ''
    for (const name of await readdir(out))
      expect((await readFile(join(out, name))).includes(ip), name).toBe(name === 'hosts.csv')
    await reportAgain(folder)
    expect(await readdir(out)).not.toContain('hosts.csv')
  })
})

test('hostile names are cells and nothing else', async () => {
  await withFolder(async (folder) => {
    const hostile = hostileTexts.map((each, index): Seen => {
      const text = each.toWellFormed()
      return {
        ip: `192.0.2.${index + 1}`,
        observedAt: at,
        hostnames: text,
        organisation: text,
        product: text,
      }
    })
    const { folder: out } = await reportOn(folder, hostile, { includeHosts: true, formats: ['csv'] })
    const rows = await hostsOf(out)
    expect(rows.map(({ ip }) => ip)).toEqual(hostile.map(({ ip }) => ip))
    for (const [index, row] of rows.entries())
      for (const name of ['hostname', 'organisation', 'device_model'])
        expect(row[name], hostileTexts[index]).not.toMatch(/^[=+\-@\t\r]/)
  })
})

test('there are none of what an engine counted, beside figures that hide, or without CSV', async () => {
  await withFolder(async (folder) => {
    await reportOn(folder, seen)
    for (const [request, message] of [
      [{ suppress: 5 }, /--suppress and --include-hosts are both given/],
      [{ formats: ['html'] }, /--include-hosts is given without csv/],
    ] as const)
      await expect(reportAgain(folder, { includeHosts: true, ...request })).rejects.toMatchObject({
        exit: 2,
        message: expect.stringMatching(message) as string,
      })
  })
})
