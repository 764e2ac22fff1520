import { gzipSync } from 'node:zlib'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { lockStore } from '../../src/store/lock.ts'
import { prepareStore } from '../../src/store/snapshots.ts'
import { withFolder } from '../helpers/census.ts'
import { census, ended, startCensus, type Ran } from '../helpers/cli.ts'
import { banner, ndjson } from '../helpers/shodan.ts'
import { ipv4Bits, mmdb } from '../locate/mmdb-fixture.ts'

/**
 * Three inputs that share endpoints, times and exact repeats, with codes that only their file's other records decide,
 * odd names and rejects: everything by which the order of files could show.
 */
const places = [
  { country_code: 'JP', region_code: '40', city: 'Tokyo', latitude: 35.69, longitude: 139.69 },
  { country_code: 'JP', region_code: '13', city: null },
  { country_code: 'JP', region_code: '40', city: null },
  { country_code: 'US', region_code: 'CA', city: null },
  {},
]
const records = Array.from({ length: 120 }, (_, index) =>
  banner({
    ip_str: `198.18.0.${index % 40}`,
    port: [25, 80, 123, 8080][index % 4],
    timestamp: `2016-0${1 + (index % 3)}-01T00:00:00`,
    data: `220 host ${index % 7} ESMTP Postfix`,
    product: ['Postfix', 'ｗｅｂ', 'İstanbul', 'ısı', '=1+1', undefined][index % 6],
    org: ['Example Net', 'Ärger', 'i', 'I'][index % 4],
    asn: `AS${64_496 + (index % 3)}`,
    _shodan: { module: ['smtp', 'http', 'ntp', 'http-simple-new'][index % 4] },
    location: places[index % 5],
  }),
)
const files = {
  'a.ndjson': ndjson(...records.slice(0, 80)) + '{"broken\n{"ip_str":"no address","port":1}\n',
  'b.ndjson.gz': gzipSync(
    ndjson(...records.slice(40), ...records.slice(0, 10)) + '{"ip_str":"198.18.0.1","port":99999}\n',
  ),
  'c.csv':
    'ip,port,product,observed_at\n198.18.0.3,80,nginx,2016-02-01\n198.18.0.3,80,Apache,2016-02-01\n198.18.0.9,80,,\n',
}

/** Runs a census of those files with the configuration in a folder of its own. */
async function run(
  folder: string,
  names: readonly string[],
  {
    config = '',
    report = '',
    args = [],
    env = {},
  }: { config?: string; report?: string; args?: string[]; env?: Record<string, string> } = {},
): Promise<Ran> {
  await mkdir(folder, { recursive: true })
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  const inputs = names.map((name) => `  - file: ${name}\n`).join('')
  await writeFile(
    join(folder, 'census.yaml'),
    `store: store\nid: fixed\ninputs:\n${inputs}${config}report:\n  out: out\n${report}`,
  )
  // The paths of a configuration are relative to it, wherever cron starts.
  return census(['run', join(folder, 'census.yaml'), ...args], { cwd: '/', env })
}

const outputs = async (folder: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(join(folder, 'out'))).map(
        async (name) => [name, (await readFile(join(folder, 'out', name))).toString('latin1')] as const,
      ),
    ),
  )

describe('census run', () => {
  it('with an address database that is missing or none is exit 2 before anything is written', async () => {
    await withFolder(async (folder) => {
      for (const name of ['missing.mmdb', 'c.csv']) {
        const ran = await run(folder, ['a.ndjson'], { config: `address_database: ${name}\n` })
        expect(ran).toMatchObject({ code: 2, stdout: '' })
        expect(ran.stderr).toContain(name)
        expect((await readdir(folder)).toSorted()).toEqual([...Object.keys(files), 'census.yaml'].toSorted())
      }
    })
  })

  it('places by the address database that the configuration names, and anew when it names another', async () => {
    await withFolder(async (folder) => {
      const placed = async (region: string): Promise<string[]> => {
        const record = { country: { iso_code: 'JP' }, subdivisions: [{ iso_code: region }] }
        const tree = { [ipv4Bits('198.18.0.0/16')]: record }
        await writeFile(join(folder, 'city.mmdb'), mmdb(tree, { ipVersion: 4, databaseType: 'Test-City' }))
        const ran = await run(folder, ['c.csv'], { config: 'address_database: city.mmdb\n' })
        expect(ran).toMatchObject({ code: 0 })
        const rows = ((await outputs(folder))['exposure-by-region.csv'] ?? '')
          .split('\r\n')
          .map((row) => row.split(','))
        return rows
          .filter((row) => row[9] === 'all' && row[10] === 'addresses' && Number(row[12]) > 0)
          .map((row) => String(row[6]))
      }
      expect(await placed('27')).toEqual(['JP', 'JP-27'])
      expect(await placed('13')).toEqual(['JP', 'JP-13'])
    })
  })

  it('gives the same bytes whatever the order of files, time zone and locale, and is silent', async () => {
    const [a, b, c] = Object.keys(files) as [string, string, string]
    await withFolder(async (folder) => {
      const ways = [
        { names: [a, b, c], env: { TZ: 'UTC', LC_ALL: 'C' } },
        { names: [c, b, a], env: { TZ: 'Asia/Tokyo', LC_ALL: 'ja_JP.UTF-8' } },
        { names: [b, a, c], env: { TZ: 'America/St_Johns', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' } },
        { names: [a, b, c], env: { TZ: 'UTC', LC_ALL: 'C' } },
      ]
      const made: Record<string, string>[] = []
      for (const [index, { names, env }] of ways.entries()) {
        const home = join(folder, String(index))
        // Three rejects of 176 are more than one in a hundred: partial.
        const ran = await run(home, names, { env })
        expect(ran.stdout).toBe('')
        expect(ran.code).toBe(3)
        expect(ran.stderr.split('\n').every((line) => line === '' || line.startsWith('census: '))).toBe(true)
        made.push(await outputs(home))
      }
      expect(Object.keys(made[0] ?? {}).toSorted()).toEqual([
        'concentration-by-region.csv',
        'datapackage.json',
        ...['device', 'network', 'product', 'region'].map((name) => `exposure-by-${name}.csv`),
        'indicators-by-region.csv',
        'outliers-by-region.csv',
        'report.html',
      ])
      for (const each of made.slice(1)) expect(each).toEqual(made[0])
    })
  }, 180_000)

  it('is silent on success, prints with --print, and says everything as one document with --json', async () => {
    await withFolder(async (folder) => {
      expect(await run(join(folder, '1'), ['c.csv'])).toEqual({ code: 0, stdout: '', stderr: '' })
      const printed = await run(join(folder, '2'), ['c.csv'], { args: ['--print'] })
      expect(printed).toMatchObject({ code: 0, stderr: '' })
      expect(printed.stdout).toMatch(/3 in = 3 kept \+ 0 repeats \+ 0 rejected/)
      expect(printed.stdout).toMatch(/Written to/)
      const json = await run(join(folder, '3'), ['c.csv'], { args: ['--json'] })
      expect(JSON.parse(json.stdout)).toMatchObject({ snapshot: 'fixed' })
    })
  }, 120_000)

  it('goes on from its own snapshot when it was stopped after the import, and from no other', async () => {
    await withFolder(async (folder) => {
      await run(folder, ['c.csv'])
      const before = await outputs(folder)
      await rm(join(folder, 'out'), { recursive: true })
      expect(await run(folder, ['c.csv'])).toMatchObject({ code: 0, stdout: '' })
      expect(await outputs(folder)).toEqual(before)
      const other = await run(folder, ['b.ndjson.gz'])
      expect(other).toMatchObject({ code: 2, stdout: '' })
      expect(other.stderr).toContain('already holds a snapshot')
    })
  }, 120_000)

  it('checks everything before it imports: exit 2 and nothing written', async () => {
    await withFolder(async (folder) => {
      for (const [index, [config, message, report = '']] of (
        [
          ['services: [smpt]\n', /smtp/],
          ['regions: [Tokyoo]\n', /Tokyo/],
          ['country: JX\n', /nearest/],
          ['country: JP\npopulation_year: 1999\n', /2015/],
          ['observed_at: noon\n', /noon/],
          ['region_tables: none\n', /none/],
          ['colour: red\n', /line 5, field colour/],
          ['', /--include-hosts are both given/, '  suppress: 5\n  include_hosts: true\n'],
          ['', /a series of snapshots are both given/, '  suppress: 5\n  history: 3\n'],
        ] as const
      ).entries()) {
        const home = join(folder, String(index))
        const ran = await run(home, ['c.csv'], { config, report })
        expect(ran).toMatchObject({ code: 2, stdout: '' })
        expect(ran.stderr).toMatch(message)
        expect((await readdir(home)).toSorted()).toEqual([...Object.keys(files), 'census.yaml'].toSorted())
      }
    })
  }, 120_000)

  it('night after night, tells a history of the newest snapshots made in the same way', async () => {
    await withFolder(async (folder) => {
      const history = async (night: number, of: number): Promise<string[]> => {
        const rows = `ip,port,product,observed_at\n198.18.0.3,80,nginx,2016-02-0${night}\n`
        await writeFile(join(folder, 'night.csv'), rows)
        const config = `store: store\nid: night-${night}\ninputs: [{ file: night.csv }]\nreport: { out: out, history: ${of} }\n`
        await writeFile(join(folder, 'census.yaml'), config)
        expect(await census(['run', join(folder, 'census.yaml')])).toEqual({ code: 0, stdout: '', stderr: '' })
        const [, ...lines] = ((await outputs(folder))['history-by-region.csv'] ?? '').split('\r\n').slice(0, -1)
        return [...new Set(lines.map((line) => line.split(',')[0] ?? ''))]
      }
      expect(await history(1, 3)).toEqual([])
      expect(await history(2, 3)).toEqual(['night-1', 'night-2'])
      expect(await history(3, 2)).toEqual(['night-2', 'night-3'])
      // A night that was made up for later is of its own time.
      expect(await history(1, 3)).toEqual([])
    })
  }, 120_000)

  it('is 4 while another writer holds the store, and the old report stands', async () => {
    await withFolder(async (folder) => {
      const store = join(folder, 'store')
      await prepareStore(store)
      const lock = await lockStore(store)
      const ran = await run(folder, ['c.csv'])
      lock.release()
      expect(ran).toMatchObject({ code: 4, stdout: '' })
      expect(ran.stderr).toMatch(/another census command is writing/)
      expect(await readdir(join(store, 'snapshots'))).toEqual([])
    })
  }, 60_000)

  it('writes CSV for Excel where the configuration says so: the same cells, as the locale writes them', async () => {
    await withFolder(async (folder) => {
      const cells = async (csvExcel: boolean): Promise<string[][]> => {
        const path = join(folder, 'census.yaml')
        const report = `{ out: out, format: [csv], by: [region], csv_excel: ${csvExcel} }`
        await writeFile(path, `store: store-${csvExcel}\nid: fixed\ninputs: [{ file: a.ndjson }]\nreport: ${report}\n`)
        expect(await census(['run', path], { env: { LC_ALL: 'de_DE.UTF-8' } })).toMatchObject({ stdout: '' })
        const text = await readFile(join(folder, 'out', 'exposure-by-region.csv'), 'utf8')
        expect(text.startsWith('\ufeff')).toBe(csvExcel)
        return parse(text, { bom: true, delimiter: csvExcel ? ';' : ',' })
      }
      await writeFile(join(folder, 'a.ndjson'), files['a.ndjson'])
      const plain = await cells(false)
      expect(plain.flat().some((cell) => /^\d+\.\d+$/.test(cell))).toBe(true)
      const written = plain.map((row) => row.map((cell) => cell.replace(/^(\d+)\.(\d+(e-\d+)?)$/, '$1,$2')))
      expect(await cells(true)).toEqual(written)
    })
  }, 180_000)
})

describe('census check', () => {
  it('names every fault as run would, and writes nothing', async () => {
    await withFolder(async (folder) => {
      for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
      const path = join(folder, 'census.yaml')
      const check = async (inputs: string, more = ''): Promise<Ran> => {
        await writeFile(path, `inputs:\n${inputs}${more}report: { out: out }\n`)
        return census(['check', path], { cwd: folder })
      }
      const before = [...Object.keys(files), 'census.yaml', 'text'].toSorted()
      await writeFile(join(folder, 'text'), 'just text\n')
      const sound = await check('  - file: a.ndjson\n  - file: c.csv\n')
      expect(sound).toMatchObject({ code: 0, stderr: '' })
      expect(sound.stdout).toMatch(/input .*a\.ndjson: shodan\ninput .*c\.csv: csv\nNothing to complain of\./)
      for (const [inputs, more, message] of [
        ['  - file: none\n', '', /none/],
        ['  - file: text\n', '', /no known format/],
        ['  - file: c.csv\n    format: csv\n    columns: { ip: nowhere }\n', '', /c\.csv: no column "nowhere"/],
        ['  - file: c.csv\n    format: nmap\n', '', /nothing in .*c\.csv could be read as nmap: /],
        ['  - file: c.csv\n', 'regions: [Nowhere]\n', /no region "Nowhere"/],
        ['  - file: c.csv\n', 'id: ".."\n', /".." cannot be used/],
      ] as const) {
        const ran = await check(inputs, more)
        expect(ran).toMatchObject({ code: 2, stdout: '' })
        expect(ran.stderr).toMatch(message)
      }
      expect((await readdir(folder)).toSorted()).toEqual(before)
    })
  }, 120_000)
})

describe('an interrupted import', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'by %s is exit %i; the same command goes on',
    async (signal, code) => {
      await withFolder(async (folder) => {
        const args = ['import', '-', '--id', 'x', '--store', join(folder, 'store'), '--quiet']
        const snapshots = join(folder, 'store/snapshots')
        const child = startCensus(args, { stdin: 'open' })
        const over = ended(child)
        // The pipe stays open after so much: the import waits for more, its draft begun.
        child.stdin?.write(ndjson(...records).repeat(5))
        await expect.poll(() => readdir(snapshots).catch(() => []), { timeout: 30_000 }).toContain('.draft-x')
        child.kill(signal)
        expect(await over).toEqual({ code, stdout: '', stderr: '' })
        const again = await census(args, { stdin: ndjson(...records) })
        expect(again).toMatchObject({ code: 0, stdout: '' })
        expect(await readdir(snapshots)).toEqual(['x'])
      })
    },
    60_000,
  )
})
