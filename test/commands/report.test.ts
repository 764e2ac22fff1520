import { chmod, mkdir, readFile, readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBTimestampTZValue } from '@duckdb/node-api'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { loadRegions } from '../../src/locate/regions.ts'
import { reportCommand, type ReportOptions } from '../../src/commands/report.ts'
import { CensusError } from '../../src/model/errors.ts'
import { reportFormats } from '../../src/model/report-format.ts'
import { columnBatches, openDatabase, parquetFile } from '../../src/store/duckdb.ts'
import { addresses, makeSnapshot, withFolder, type Seen } from '../helpers/census.ts'
import { globals, recorded } from '../helpers/cli.ts'

const seen = addresses(30).map((ip, index): Seen => ({
  ip,
  service: index % 2 === 0 ? 'smtp' : 'own-thing',
  region: 'JP-13',
  product: `product ${index}`,
  observedAt: '2016-05-01T00:00:00Z',
}))

/** Runs `census report` on a store with the snapshot `test`. */
const withStore = <T>(
  work: (report: (options?: Partial<ReportOptions>) => Promise<number>, folder: string) => Promise<T>,
  missing: string[] = [],
): Promise<T> =>
  withFolder(async (folder) => {
    const store = join(folder, 'store')
    await makeSnapshot(store, 'test', seen, { missing })
    const report = (options: Partial<ReportOptions> = {}): Promise<number> =>
      reportCommand(
        { per: 100_000, out: join(folder, 'out'), format: 'csv,html', lang: 'en', ...options },
        globals(store),
        recorded(),
      )
    return work(report, folder)
  })

const errorOf = async (work: Promise<unknown>): Promise<CensusError> => {
  const error: unknown = await work.catch((reason: unknown) => reason)
  if (!(error instanceof CensusError)) throw new Error(`no CensusError but ${String(error)}`)
  return error
}

const contents = async (folder: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(folder)).map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const),
    ),
  )

describe('census report', () => {
  it('refuses what there is not with exit 2, names the nearest, and writes nothing', async () => {
    await withStore(async (report, folder) => {
      const cases: [Partial<ReportOptions>, RegExp][] = [
        [{ services: 'smpt' }, /smtp/],
        [{ services: 'mial' }, /mail/],
        [{ regions: 'Tokyoo' }, /Tokyo/],
        [{ regions: '大坂府' }, /大阪府/],
        [{ regions: 'JP-99' }, /JP-\d\d/],
        [{ country: 'JX' }, /J[MOPE]/],
        [{ country: 'DE', regions: 'Tokyo' }, /"Tokyo" is JP-13, which is not in DE; nearest: .*DE-/],
        [{ country: 'Japn' }, /nearest: Japan \(JP\)/],
        [{ populationYear: 1999 }, /2015/],
        [{ country: 'JP', populationYear: 2200 }, /202\d/],
        [{ by: 'colour' }, /region, service, product, device, network/],
        [{ format: 'pdf' }, /csv/],
        [{ format: ' , ' }, /csv, html/],
        [{ format: 'html', csvExcel: true }, /--csv-excel/],
        [{ denominatorTable: '/nowhere/table.csv' }, /without --denominator; name/],
        [{ denominator: 'cars' }, /people, households, addresses, slash24/],
        [{ denominator: ',' }, /people, households/],
        [{ denominator: 'people,households' }, /--denominator-table/],
        [{ denominator: 'addresses', regions: 'Tokyo' }, /leave out the regions/],
        [{ denominator: 'households', denominatorTable: '/nowhere/table.csv' }, /code,households,slash24/],
        [{ snapshot: 'tset' }, /test/],
      ]
      for (const [options, nearest] of cases) {
        const error = await errorOf(report(options))
        expect(error.exit, JSON.stringify(options)).toBe(2)
        expect(`${error.message}; ${error.hint ?? ''}`).toMatch(nearest)
      }
      expect(await readdir(folder)).toEqual(['store'])
    })
  })

  it('refuses an --out that is a file, or lies in one', async () => {
    await withStore(async (report, folder) => {
      await writeFile(join(folder, 'file'), 'a file')
      for (const out of [join(folder, 'file'), join(folder, 'file', 'deeper')])
        expect(await errorOf(report({ out }))).toMatchObject({
          exit: 2,
          message: expect.stringMatching(/is a file$/) as string,
        })
      expect(await readFile(join(folder, 'file'), 'utf8')).toBe('a file')
    })
  })

  it('asks which of several regions of one name is meant', async () => {
    await withStore(async (report) => {
      const error = await errorOf(report({ regions: 'Amazonas' }))
      expect(error.exit).toBe(2)
      expect(error.message).toMatch(/BR-AM, CO-AMA/)
    })
  })

  it('counts a service reported as itself when asked by its own name', async () => {
    await withStore(async (report, folder) => {
      expect(await report({ services: 'own-thing,mail' })).toBe(0)
      const text = await readFile(join(folder, 'out/exposure-by-region.csv'), 'utf8')
      expect(text).toMatch(/,JP-13,Tokyo,東京都,own-thing,addresses,,15,/)
    })
  })

  it('writes what --by names, and is 3 when the snapshot is partial', async () => {
    await withStore(
      async (report, folder) => {
        expect(await report({ by: 'device' })).toBe(3)
        expect((await readdir(join(folder, 'out'))).toSorted()).toEqual([
          'datapackage.json',
          'exposure-by-device.csv',
          'exposure-by-region.csv',
          'indicators-by-region.csv',
          'outliers-by-region.csv',
          'report.html',
        ])
      },
      ['half of it'],
    )
  })

  it('refuses an address database that is none with exit 2, and writes nothing', async () => {
    await withStore(async (report, folder) => {
      const missing = await errorOf(report({ addressDatabase: join(folder, 'missing') }))
      expect(missing).toMatchObject({ exit: 2, message: expect.stringContaining('missing') as string })
      // Records that all have a place would not need it; it is refused all the same.
      await writeFile(join(folder, 'garbage'), 'garbage')
      expect((await errorOf(report({ addressDatabase: join(folder, 'garbage') }))).exit).toBe(2)
      expect((await readdir(folder)).toSorted()).toEqual(['garbage', 'store'])
    })
  })

  it('leaves no file of an earlier report that it does not write itself', async () => {
    await withStore(async (report, folder) => {
      await report()
      await report({ by: 'region', format: 'csv' })
      expect((await readdir(join(folder, 'out'))).toSorted()).toEqual([
        'datapackage.json',
        'exposure-by-region.csv',
        'indicators-by-region.csv',
        'outliers-by-region.csv',
      ])
    })
  })

  it('draws the outlines that are installed where it runs, or says why not', async () => {
    await withFolder(async (folder) => {
      const store = join(folder, 'store')
      await makeSnapshot(store, 'test', [{ ip: '198.18.0.1', region: 'AT-9', service: 'ntp' }])
      const installed = join(folder, 'node_modules', '@svg-maps', 'austria')
      await mkdir(installed, { recursive: true })
      await writeFile(join(installed, 'package.json'), '{ "version": "7.0.0", "license": "CC0-1.0" }')
      const regions = (await loadRegions()).regionsOf('AT')
      const made = async (from: number) => {
        const locations = regions.slice(from).map(({ name }, id) => ({ id: `outline-${id}`, name, path: 'm0 0z' }))
        const map = { label: 'Map of Austria', viewBox: '0 0 9 9', locations }
        await writeFile(join(installed, 'index.js'), `export default ${JSON.stringify(map)}`)
        const console = recorded()
        const options = { per: 100_000, out: join(folder, 'out'), format: 'csv,html', lang: 'en' } as const
        await reportCommand(options, globals(store), console)
        return { ...(await contents(join(folder, 'out'))), stderr: console.stderr() } as Record<string, string>
      }
      const before = process.cwd()
      process.chdir(folder)
      try {
        const [drawn, refused] = [await made(0), await made(1)]
        expect(drawn['report.html']?.match(/<path d="m0 0z"/g)).toHaveLength(9)
        expect(drawn['report.html']).toContain('Map of Austria: @svg-maps/austria 7.0.0, CC0-1.0; coloured by rate.')
        expect(drawn['datapackage.json']).toContain('Map of Austria: @svg-maps/austria 7.0.0, CC0-1.0')
        const reason = `no map is drawn of Austria: @svg-maps/austria 7.0.0 has no outline of ${regions[0]?.name}`
        expect(drawn['stderr']).not.toContain('no map is drawn')
        expect(refused['stderr']).toContain(reason)
        expect(refused['report.html']).toContain(reason)
        expect(refused['report.html']).not.toContain('class="map"')
        expect(refused['datapackage.json']).not.toContain('@svg-maps')
        expect(refused['exposure-by-region.csv']).toBe(drawn['exposure-by-region.csv'])
      } finally {
        process.chdir(before)
      }
    })
  })

  it('writes the formats named, and the page in the language named', async () => {
    await withStore(async (report, folder) => {
      const out = join(folder, 'out')
      await report({ format: 'html', lang: 'ja' })
      expect((await readdir(out)).toSorted()).toEqual(['datapackage.json', 'report.html'])
      expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('<html lang="ja">')
      const described = JSON.parse(await readFile(join(out, 'datapackage.json'), 'utf8')) as {
        profile: string
        resources: { path: string; profile: string; sources?: object[] }[]
      }
      expect(described.profile).toBe('data-package')
      expect(described.resources.map(({ path, profile }) => [path, profile])).toEqual([
        ['report.html', 'data-resource'],
      ])
      expect(described.resources[0]?.sources).toEqual([{ title: 'Map of Japan: @svg-maps/japan 2.0.0, CC-BY-4.0' }])
      await report({ format: 'csv' })
      expect(await readdir(out)).not.toContain('report.html')
    })
  })

  it('writes Parquet with the figures of the CSV', async () => {
    await withStore(async (report, folder) => {
      const out = join(folder, 'out')
      await report({ format: 'csv,parquet' })
      const names = (await readdir(out)).filter((name) => name.endsWith('.csv'))
      expect(names).toHaveLength(7)
      const database = await openDatabase({ folders: [out], temporary: folder })
      for (const name of names) {
        const [csv, typed] = [join(out, name), join(out, name.replace(/csv$/, 'parquet'))]
        const rows: string[][] = parse(await readFile(csv, 'utf8'), { record_delimiter: '\r\n' })
        const found: unknown[][] = []
        for await (const columns of columnBatches(database.connection, `SELECT * FROM ${parquetFile(typed)}`))
          for (const index of columns[0]?.keys() ?? []) found.push(columns.map((column) => column[index]))
        const plain = (value: unknown): string =>
          value instanceof DuckDBTimestampTZValue
            ? new Date(Number(value.micros / 1000n)).toISOString().replace('.000Z', 'Z')
            : typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
              ? String(value)
              : ''
        // No text of this store is a formula.
        expect(found.map((row) => row.map(plain))).toEqual(rows.slice(1))
      }
      database.close()
      await report({ format: 'csv' })
      expect((await readdir(out)).filter((name) => name.endsWith('.parquet'))).toEqual([])
    })
  })

  it('has one population year for a country, and refuses one that its regions have not', async () => {
    const { message } = await withStore(async (report) => errorOf(report({ country: 'JP', populationYear: 2019 })))
    expect(message).toContain('2019')
    await withStore(async (report, folder) => {
      const tables = join(folder, 'tables')
      await mkdir(tables)
      await writeFile(
        join(tables, 'JP.csv'),
        'code,country,name,name_local,other_names,population,year,quality\nJP-99,JP,Atlantis,,,5,2024,invented\n',
      )
      await report({ country: 'JP', by: 'region', regionTables: tables })
      const rows = (await readFile(join(folder, 'out', 'exposure-by-region.csv'), 'utf8')).trimEnd().split('\r\n')
      const years = new Set(rows.slice(1).map((row) => row.split(',')[14]))
      expect([...years].filter((year) => year !== '')).toHaveLength(1)
    })
  })

  it('leaves old reports and no draft when it fails', async () => {
    await withStore(async (report, folder) => {
      const out = join(folder, 'out')
      await report()
      const before = await contents(out)
      expect(Object.keys(before)).toHaveLength(9)
      const ofSnapshot = join(folder, 'store/census/test')
      const [key] = await readdir(ofSnapshot)
      const census = join(ofSnapshot, key ?? '', 'census')
      const [part] = await readdir(census)
      await chmod(join(census, part ?? ''), 0o600)
      const sound = await readFile(join(census, part ?? ''))
      await truncate(join(census, part ?? ''), 500)
      const broken = await errorOf(report())
      expect(broken.exit).toBe(1)
      expect(broken.hint).toContain('reports written before stand untouched')
      expect(broken.hint).toContain(`${join(ofSnapshot, key ?? '')} is damaged: remove it, and it is made again`)
      expect(await contents(out)).toEqual(before)
      // Damage inside a page is found only when it is read, after the draft was begun.
      const damaged = Buffer.from(sound)
      damaged.fill(0xff, 4, 60)
      await writeFile(join(census, part ?? ''), damaged)
      await report().catch((error: unknown) => expect(error).toMatchObject({ exit: 1 }))
      expect((await readdir(out)).toSorted()).toEqual(Object.keys(before).toSorted())
    })
  })

  it('replaces all of the old files or none', async () => {
    await withStore(async (report, folder) => {
      const out = join(folder, 'out')
      await mkdir(join(out, 'exposure-by-network.csv'), { recursive: true })
      await writeFile(join(out, 'exposure-by-region.csv'), 'old')
      expect((await errorOf(report())).exit).toBe(1)
      expect(await readFile(join(out, 'exposure-by-region.csv'), 'utf8')).toBe('old')
      expect((await readdir(out)).toSorted()).toEqual(['exposure-by-network.csv', 'exposure-by-region.csv'])
    })
  })

  it('may run twice into one folder at once', async () => {
    await withStore(async (report, folder) => {
      await report({ out: join(folder, 'alone') })
      expect(await Promise.all([report(), report(), report()])).toEqual([0, 0, 0])
      expect(await contents(join(folder, 'out'))).toEqual(await contents(join(folder, 'alone')))
    })
  })

  it('gives the same bytes again', async () => {
    await withStore(async (report, folder) => {
      const format = reportFormats.join(',')
      await report({ out: join(folder, 'first'), format })
      await report({ out: join(folder, 'second'), format })
      expect(await contents(join(folder, 'second'))).toEqual(await contents(join(folder, 'first')))
    })
  })
})
