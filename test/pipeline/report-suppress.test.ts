import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exitCodes } from '../../src/model/errors.ts'
import { makeReport, type Report, type ReportRequest } from '../../src/pipeline/report.ts'
import { checkSuppression } from '../../src/pipeline/report-suppress.ts'
import { exposureFiles } from '../../src/reports/exposure-table.ts'
import { attacked } from '../helpers/attack.ts'
import { addresses, makeSnapshot, withFolder, type Seen } from '../helpers/census.ts'

const services = ['smtp', 'imap', 'ntp', 'own-thing'] as const
/** What stands for others, and for which. */
const unions = [
  { id: 'mail', parts: ['smtp', 'imap'] },
  { id: 'all', parts: [...services] },
  { id: 'all', parts: ['mail', 'ntp', 'own-thing'] },
]

/** Records of hosts of regions, each with some of the services. */
function seenOf(regions: Readonly<Record<string, readonly number[]>>): Seen[] {
  const ips = addresses(Object.values(regions).flat().length)[Symbol.iterator]()
  return Object.entries(regions).flatMap(([region, hosts]) =>
    hosts.flatMap((mask) => {
      const ip = ips.next().value ?? ''
      return services
        .filter((_, bit) => ((mask >> bit) & 1) === 1)
        .map((service, port): Seen => ({
          ip,
          service,
          port: port + 1,
          ...(region === 'unknown' ? {} : { region }),
          country: 'JP',
          product: `product of ${region}`,
          asn: 64_500,
          observedAt: '2016-05-01T00:00:00Z',
        }))
    }),
  )
}

const many = (count: number, mask: number): number[] => Array.from({ length: count }, () => mask)
/** Three small counts of NTP, of which one region has nothing else. */
const japan = {
  'JP-13': many(40, 1),
  'JP-27': [...many(20, 3), 4, 4, 4],
  'JP-01': [...many(12, 9), 4],
  'JP-47': [4],
  unknown: many(7, 1),
}

type Line = Readonly<Record<string, string>>
const lines = async (out: string, file: string): Promise<Line[]> =>
  parse(await readFile(join(out, file), 'utf8'), { columns: true })
const cells = (out: string): Promise<Line[]> => lines(out, exposureFiles.region)
const keyOf = ({ country, region, service }: Line): string => [country, region, service].join(' ')

/** Runs reports of a snapshot, each into a folder of its name. */
const withReports = (
  seen: readonly Seen[],
  work: (report: (out: string, options?: Partial<ReportRequest>) => Promise<Report>, folder: string) => Promise<void>,
): Promise<void> =>
  withFolder(async (folder) => {
    const store = join(folder, 'store')
    await makeSnapshot(store, 'test', seen)
    await work((out, options) => makeReport({ store, per: 100_000, out: join(folder, out), ...options }), folder)
  })

describe('census report --suppress', () => {
  test('what it writes withstands an attack by linear programming', async () => {
    const host = fc.oneof(fc.constantFrom(1, 2, 4, 8), fc.integer({ min: 1, max: 15 }))
    const hosts = fc.oneof(fc.array(host, { maxLength: 6 }), fc.array(host, { minLength: 20, maxLength: 60 }))
    const shape = fc.record({ 'JP-13': hosts, 'JP-27': hosts, 'JP-01': hosts, 'JP-47': hosts, unknown: hosts })
    const least = 5
    let attacks = 0
    await fc.assert(
      fc.asyncProperty(shape, async (regions) => {
        const seen = seenOf(regions)
        fc.pre(seen.length > 0)
        await withReports(seen, async (report, folder) => {
          await report('plain')
          await report('hidden', { suppress: least })
          const counts = new Map(
            (await cells(join(folder, 'plain')))
              .filter(({ unit }) => unit === 'addresses')
              .map((line) => [keyOf(line), Number(line['count'])]),
          )
          const told = new Map((await cells(join(folder, 'hidden'))).map((line) => [keyOf(line), line]))
          const places = [...new Set([...told.values()].map(({ region = '' }) => region))]
          const rowsOf = [...places.filter((region) => region !== 'JP'), 'JP']
          const columns = [...new Set([...told.values()].map(({ service = '' }) => service))]
          const at = (region: string, service: string): string => `JP ${region} ${service}`
          const rows = rowsOf.map((region) => columns.map((service) => counts.get(at(region, service)) ?? 0))
          const hidden = rowsOf.map((region) =>
            columns.map((service) => told.get(at(region, service))?.['count'] === ''),
          )
          for (const [row, line] of rows.entries())
            for (const [column, count] of line.entries())
              if (hidden[row]?.[column] !== true)
                expect(Number(told.get(at(rowsOf[row] ?? '', columns[column] ?? ''))?.['count'] ?? 0)).toBe(count)
          const known = unions
            .filter(({ id }) => columns.includes(id))
            .map(({ id, parts }) => ({
              union: columns.indexOf(id),
              parts: parts.map((part) => columns.indexOf(part)).filter((part) => part >= 0),
            }))
          // Of a country all of which is hidden nothing is known, and the attack would take minutes to find that.
          if (hidden.flat().every((each) => each)) return
          for (const [low, high] of attacked({ rows, unions: known }, hidden, least)) {
            attacks++
            expect(low).toBeLessThanOrEqual(1 + 1e-6)
            expect(high).toBeGreaterThanOrEqual(least - 1 - 1e-6)
          }
        })
      }),
      { numRuns: 4 },
    )
    expect(attacks).toBeGreaterThan(5)
  })

  test('nothing else that it writes tells of what is hidden', async () => {
    await withReports(seenOf(japan), async (report, folder) => {
      const formats = ['csv', 'html', 'md', 'geojson'] as const
      const { shown, files } = await report('out', { suppress: 5, formats })
      const out = join(folder, 'out')
      const rows = await cells(out)
      expect(new Set(rows.map(({ unit, source }) => `${source} ${unit}`))).toEqual(new Set(['shodan addresses']))
      const hidden = rows.filter(({ count }) => count === '')
      expect(hidden.map(keyOf)).toEqual(
        expect.arrayContaining(['JP JP-01 ntp', 'JP JP-47 ntp', 'JP JP-47 all', 'JP JP-27 ntp']),
      )
      for (const { flags, per_100k, per_100k_low, per_100k_high } of hidden)
        expect([flags, per_100k, per_100k_low, per_100k_high]).toEqual(['suppressed', '', '', ''])
      const touched = new Set(hidden.map(({ service }) => service))
      expect(touched).not.toContain('smtp')
      for (const { service, rank, rate_ratio } of rows)
        if (touched.has(service)) expect([rank, rate_ratio]).toEqual(['', ''])
      expect(rows.some(({ service, rank }) => service === 'smtp' && rank !== '')).toBe(true)
      // The others are of countries alone, of services whose total is told.
      const isTold = (service: string | undefined): boolean =>
        rows.some((row) => row['region'] === 'JP' && row['service'] === service && row['count'] !== '')
      for (const file of [exposureFiles.product, exposureFiles.device, exposureFiles.network]) {
        const others = await lines(out, file)
        expect(others.length).toBeGreaterThan(0)
        expect(others.filter(({ region, service }) => region !== 'JP' || !isTold(service))).toEqual([])
      }
      expect(files.map(({ name }) => name).toSorted()).toEqual(
        [
          'datapackage.json',
          ...Object.values(exposureFiles),
          'exposure-by-region.geojson',
          'report.html',
          'report.md',
        ].toSorted(),
      )
      expect(JSON.parse(await readFile(join(out, 'datapackage.json'), 'utf8'))).toMatchObject({
        snapshot: { suppressed: { below: 5 } },
      })
      const geojson = JSON.parse(await readFile(join(out, 'exposure-by-region.geojson'), 'utf8')) as {
        features: readonly { properties: Readonly<Record<string, unknown>> }[]
      }
      const okinawa = geojson.features.find(({ properties }) => properties['region'] === 'JP-47')?.properties
      expect([okinawa?.['count_ntp'], okinawa?.['count_smtp']]).toEqual([null, 0])
      expect(
        shown[0]?.rows.find(({ region, service }) => region === 'JP-47' && service === 'ntp')?.count,
      ).toBeUndefined()
    })
  })

  test('where the total of a service is hidden, no other table tells it of a union it is part of', async () => {
    // One region has the three there are: their total is as small as their count.
    const seen = seenOf({
      'JP-13': [...many(40, 1), ...many(30, 2), 4, 4, 4],
      'JP-27': [...many(20, 1), ...many(20, 2)],
    })
    const named = seen.map((each) => ({ ...each, product: `product of ${each.service ?? ''}` }))
    await withReports(named, async (report, folder) => {
      await report('out', { suppress: 5 })
      const out = join(folder, 'out')
      const totals = (await cells(out)).filter(({ region }) => region === 'JP')
      const hidden = totals.filter(({ count }) => count === '').map(({ service }) => service)
      expect(hidden).toContain('ntp')
      for (const file of [exposureFiles.product, exposureFiles.device, exposureFiles.network]) {
        const told = new Set((await lines(out, file)).map(({ service }) => service))
        expect(told).toContain('mail')
        expect([...told].filter((service) => service === 'all' || service === 'ntp')).toEqual([])
      }
    })
  })

  test('a report of a part hides what one of all hides', async () => {
    await withReports(seenOf(japan), async (report, folder) => {
      await report('all', { suppress: 5 })
      await report('part', { suppress: 5, services: ['ntp'], regions: ['Okinawa', 'Tokyo'] })
      const of = async (out: string): Promise<Map<string, string | undefined>> =>
        new Map((await cells(join(folder, out))).map((line) => [keyOf(line), line['count']]))
      const [all, part] = [await of('all'), await of('part')]
      expect(part.size).toBe(8)
      for (const [key, count] of part) expect(count, key).toBe(all.get(key))
    })
  })

  test.each([
    ['a smaller one after it', { suppress: 5 }, { suppress: 2 }],
    ['none after it', { suppress: 5 }, {}],
    ['one after none', {}, { suppress: 5 }],
  ])('refuses, beside the report in the same folder, %s: exit 5, that report stands', async (_, first, second) => {
    await withReports(seenOf(japan), async (report, folder) => {
      const out = join(folder, 'out')
      const contents = async (): Promise<string[]> =>
        Promise.all(
          (await readdir(out)).toSorted().map(async (name) => name + (await readFile(join(out, name), 'utf8'))),
        )
      await report('out', first)
      const before = await contents()
      await expect(report('out', second)).rejects.toMatchObject({
        exit: exitCodes.gateRefused,
        message: expect.stringMatching(/would tell a count that one of them hides: \S+ in JP/) as string,
        hint: expect.stringContaining(`${out}.refused`) as string,
      })
      expect(await contents()).toEqual(before)
      expect((await readdir(`${out}.refused`)).toSorted()).toContain(exposureFiles.region)
      expect((await stat(join(`${out}.refused`, exposureFiles.region))).mode & 0o077).toBe(0)
      // Elsewhere it may stand, and the same once more.
      await report('elsewhere', second)
      await report('out', first)
      expect(await contents()).toEqual(before)
    })
  })

  test('a report that hides something, and whose figures are gone, is not replaced', async () => {
    await withReports(seenOf(japan), async (report, folder) => {
      await report('out', { suppress: 5 })
      await rm(join(folder, 'out', exposureFiles.region))
      await expect(report('out')).rejects.toMatchObject({ exit: 2 })
      await expect(report('out', { formats: ['html'] })).rejects.toMatchObject({ exit: 2 })
    })
  })

  test('a report that cannot be read is named', async () => {
    await withReports(seenOf(japan), async (report, folder) => {
      await report('out', { suppress: 5 })
      await writeFile(join(folder, 'out', exposureFiles.region), 'snapshot,"unit\n1,2')
      await expect(report('out', { suppress: 5 })).rejects.toMatchObject({
        exit: 2,
        message: expect.stringContaining(exposureFiles.region) as string,
      })
    })
  })

  test('of a search engine’s counts, or with figures that would tell, it is refused', () => {
    expect(() => checkSuppression({ suppress: 5 }, ['csv'], 'facets', {})).toThrow(/anybody can ask/)
    expect(() => checkSuppression({ suppress: 5 }, ['csv'], 'records', { a: false, '--denominator': true })).toThrow(
      /--denominator/,
    )
    expect(() => checkSuppression({ suppress: 5 }, ['html', 'md'], 'records', {})).toThrow(/csv/)
    expect(() => checkSuppression({}, ['html'], 'facets', { '--denominator': true })).not.toThrow()
  })
})
