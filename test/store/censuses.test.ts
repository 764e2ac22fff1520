import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadRegions } from '../../src/locate/regions.ts'
import { censusOfSnapshot } from '../../src/pipeline/census.ts'
import type { TableOptions } from '../../src/pipeline/deciders.ts'
import { accountFor } from '../../src/store/accounting.ts'
import { openDatabase } from '../../src/store/duckdb.ts'
import type { RecordsSnapshot as Snapshot } from '../../src/store/snapshots.ts'
import { makeSnapshot, withFolder } from '../helpers/census.ts'
import { census as run, censusCommand, ended, inNamespace, quoted, startCensus } from '../helpers/cli.ts'
import { banner, ndjson } from '../helpers/shodan.ts'
import { imported, temporaryFolder } from '../helpers/store.ts'
import { ipv4Bits, mmdb } from '../locate/mmdb-fixture.ts'

const silent = { a: ndjson(banner({ ip_str: '192.0.2.1', location: null })) }
const censusOf = async (snapshot: Snapshot, tables: TableOptions = {}) =>
  censusOfSnapshot(snapshot, await loadRegions(), tables)
const kept = (snapshot: Snapshot): string => join(snapshot.folder, '../../census', snapshot.id)
const files = async (folder: string): Promise<string[]> => (await readdir(folder)).toSorted()

/** An address database that puts 192.0.2.0/24 into a region of Japan. */
async function databaseOf(region: string): Promise<TableOptions> {
  const path = join(await temporaryFolder(), 'city.mmdb')
  const record = { country: { iso_code: 'JP' }, subdivisions: [{ iso_code: region }] }
  await writeFile(path, mmdb({ [ipv4Bits('192.0.2.0/24')]: record }, { ipVersion: 4, databaseType: 'Test-City' }))
  return { addressDatabase: path }
}

describe('a census', () => {
  test('is made once, and again for other tables; what no table of today decided goes after a day', async () => {
    const snapshot = await imported(silent)
    const first = await censusOf(snapshot)
    const made = (await stat(join(first.folder, 'census.json'))).mtimeMs
    expect((await censusOf(snapshot)).folder).toBe(first.folder)
    expect((await stat(join(first.folder, 'census.json'))).mtimeMs).toBe(made)
    expect(first.facts).toMatchObject({ snapshot: snapshot.id, placedAddresses: { none: 1 } })

    const second = await censusOf(snapshot, await databaseOf('13'))
    expect(second.facts.placedAddresses).toEqual({ 'address-database': 1 })
    expect(await files(kept(snapshot))).toHaveLength(2)
    const old = new Date(Date.now() - 2 * 86_400_000)
    await utimes(first.folder, old, old)
    const third = await censusOf(snapshot, await databaseOf('27'))
    expect(await files(kept(snapshot))).toEqual(
      [second, third]
        .map(({ folder }) => folder.split('/').at(-1))
        .toSorted((a, b) => (String(a) < String(b) ? -1 : 1)),
    )
  })

  test('is not that of another snapshot of the same name', async () => {
    const snapshot = await imported(silent, { id: 'name' })
    expect((await censusOf(snapshot)).facts.placedAddresses).toEqual({ none: 1 })
    await rm(snapshot.folder, { recursive: true })
    const store = join(snapshot.folder, '../..')
    const other = await imported(
      { a: ndjson(banner({ location: { country_code: 'US', region_code: 'NY' } })) },
      { id: 'name', store },
    )
    expect((await censusOf(other)).facts.placedAddresses).toEqual({ 'region-code': 1 })
  })

  test('that is broken, or was never finished, is made again', async () => {
    const snapshot = await imported(silent)
    const { folder } = await censusOf(snapshot)
    for (const text of ['{', '{}', '']) {
      await writeFile(join(folder, 'census.json'), text)
      expect((await censusOf(snapshot)).facts.placedAddresses).toEqual({ none: 1 })
      expect(await files(kept(snapshot))).toHaveLength(1)
    }
  })

  test('made by several at once stays one', async () => {
    const snapshot = await imported(silent)
    const made = await Promise.all([censusOf(snapshot), censusOf(snapshot), censusOf(snapshot)])
    expect(new Set(made.map(({ folder }) => folder)).size).toBe(1)
    expect(await files(kept(snapshot))).toHaveLength(1)
    expect(await files(made[0].folder)).toEqual(['census', 'census.json', 'names'])
    // Readable by its owner alone.
    for (const name of ['', 'census', 'census.json', 'names/places.parquet'])
      expect((await stat(join(made[0].folder, name))).mode & 0o077).toBe(0)
  })

  test('that cannot be made leaves nothing', async () => {
    const snapshot = await imported(silent)
    const path = join(await temporaryFolder(), 'broken.mmdb')
    await writeFile(path, 'no database')
    for (const addressDatabase of [path, join(path, 'missing')])
      await expect(censusOf(snapshot, { addressDatabase })).rejects.toMatchObject({ exit: 2 })
    const failing = censusOfSnapshot(snapshot, await loadRegions(), {}, () => Promise.reject(new Error('no tables')))
    await expect(failing).rejects.toMatchObject({
      exit: 1,
      message: expect.stringContaining('the census cannot be made: no tables') as string,
    })
    expect(await files(kept(snapshot))).toEqual([])
  })

  test('killed half-way is no census, and the next report makes it', async () => {
    const snapshot = await imported({
      a: ndjson(...Array.from({ length: 20_000 }, (_, index) => banner({ port: index + 1 }))),
    })
    const folder = await temporaryFolder()
    const store = join(snapshot.folder, '../..')
    const report = ['report', '--store', store, '--quiet', '--out']
    for (const after of [700, 1000, 1300]) {
      const child = startCensus([...report, join(folder, 'killed')])
      await setTimeout(after)
      child.kill('SIGKILL')
      await ended(child)
      const finished = (await readdir(kept(snapshot)).catch(() => [])).filter((name) => !name.startsWith('.'))
      for (const name of finished)
        expect(await files(join(kept(snapshot), name))).toEqual(['census', 'census.json', 'names'])
    }
    const whole = await run([...report, join(folder, 'whole')])
    expect(whole).toMatchObject({ code: 0 })
    const again = await run([...report, join(folder, 'again')])
    expect(again).toMatchObject({ code: 0 })
    const csv = (name: string): Promise<string> => readFile(join(folder, name, 'exposure-by-region.csv'), 'utf8')
    expect(await csv('again')).toBe(await csv('whole'))
  })

  test('of a store that cannot be written to is made elsewhere; on a full disk it is exit 1', async ({ skip }) => {
    const snapshot = await imported(silent)
    const store = join(snapshot.folder, '../..')
    const folder = await temporaryFolder()
    const readOnly = `mount --bind ${quoted([store])} ${quoted([store])} && mount -o remount,bind,ro ${quoted([store])}`
    const possible = inNamespace(readOnly)
    skip(possible.status !== 0, `no read-only file system can be mounted here: ${possible.stderr}`)
    const report = (out: string): string =>
      quoted([...censusCommand, 'report', '--store', store, '--quiet', '--out', join(folder, out)])
    // A folder for temporary files of its own shows what is left in it.
    const scratch = await temporaryFolder()
    const elsewhere = inNamespace(`${readOnly} && TMPDIR=${quoted([scratch])} ${report('elsewhere')}`)
    expect(elsewhere).toMatchObject({ status: 0, stderr: '' })
    expect((await readdir(scratch)).filter((name) => name.startsWith('census-'))).toEqual([])
    expect(await readdir(store)).not.toContain('census')

    const full = `mkdir ${quoted([join(store, 'census')])} && mount -t tmpfs -o size=4k,nr_inodes=3 none ${quoted([join(store, 'census')])}`
    const refused = inNamespace(`${full} && ${report('refused')}; echo "exit $?"`)
    expect(refused.stderr).toMatch(/^census: the census cannot be made: .*disk is full.*\n$/)
    expect(refused.stdout).toBe('exit 1\n')
    expect(await readdir(folder)).not.toContain('refused')

    const stored = await run(['report', '--store', store, '--quiet', '--out', join(folder, 'stored')])
    expect(stored).toMatchObject({ code: 0 })
    const csv = (name: string): Promise<string> => readFile(join(folder, name, 'exposure-by-region.csv'), 'utf8')
    expect(await csv('elsewhere')).toBe(await csv('stored'))
  })
})

test('the accounting tells records from repeats, however many are looked at together', async () => {
  const record = fc.record({
    ip: fc.constantFrom('198.18.0.1', '198.18.0.2', '2001:db8::1'),
    port: fc.constantFrom(25, 80),
    outcome: fc.constantFrom('answered' as const, 'open' as const, 'closed' as const),
    product: fc.constantFrom('a', 'b'),
    source: fc.constantFrom('shodan' as const, 'nmap' as const),
    time: fc.constantFrom('2020-01-01T00:00:00.5Z', '2021-12-31T23:59:59Z', undefined),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 60 }), fc.constantFrom(3, 20, 1000), (records, rowsAtATime) =>
      withFolder(async (folder) => {
        const seen = records.map(({ time, ...rest }) => (time === undefined ? rest : { ...rest, observedAt: time }))
        const snapshot = await makeSnapshot(folder, 'test', seen)
        const database = await openDatabase({ folders: [snapshot.folder], temporary: folder })
        const found = await accountFor(database.connection, snapshot.folder, rowsAtATime)
        database.close()
        const distinct = [...new Map(records.map((each) => [JSON.stringify(each), each])).values()]
        const times = records.flatMap(({ time }) => (time === undefined ? [] : [Date.parse(time)]))
        const outcomes: Record<string, number> = {}
        for (const { outcome } of distinct) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
        expect(found).toEqual({
          observed: found.observed,
          sources: [...new Set(records.map(({ source }) => source))].toSorted((a, b) => (a < b ? -1 : 1)),
          kept: distinct.length,
          repeats: records.length - distinct.length,
          keptByOutcome: outcomes,
          undated: distinct.filter(({ time }) => time === undefined).length,
        })
        const range = [found.observed.from, found.observed.to].map((each) => (each === '' ? NaN : Date.parse(each)))
        expect(range).toEqual(times.length === 0 ? [NaN, NaN] : [Math.min(...times), Math.max(...times)])
      }),
    ),
    { numRuns: 20 },
  )
})
