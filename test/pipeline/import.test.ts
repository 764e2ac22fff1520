import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { detectReader } from '../../src/sources/files/index.ts'
import { importFiles, type Progress } from '../../src/pipeline/import.ts'
import { listSnapshots } from '../../src/store/snapshots.ts'
import { banner, ndjson } from '../helpers/shodan.ts'
import { censusRows, imported, observationRows, readRejects, temporaryFolder } from '../helpers/store.ts'
import {
  censysLegacy,
  censysV2,
  fofaRows,
  httpxLine,
  onyphePage,
  readAll,
  shodanHost,
  zgrabLine,
  zoomeyeV1,
} from '../sources/files/json-fixtures.ts'
import {
  head,
  masscanJson,
  masscanList,
  masscanNdjson,
  masscanXml,
  nmapXml,
  plainCsv,
  scanNtp,
  zmapCsv,
} from '../sources/files/scan-readings.ts'

test('progress through a file that DuckDB reads whole is told in bytes, and in records as far as can be reckoned; never too much', async () => {
  const folder = await temporaryFolder()
  const file = join(folder, 'large')
  const line = ndjson(banner({ data: 'x'.repeat(2000) }))
  await writeFile(file, line.repeat(60_000))
  const seen: Progress[] = []
  await importFiles({
    store: join(folder, 'store'),
    files: [{ name: file, format: 'auto' }],
    maxRecordBytes: 2 ** 24,
    maxExpansion: 10,
    onProgress: (progress) => seen.push(progress),
  })
  // How often DuckDB tells how far it is depends on how its threads run: not at all in a short file, maybe.
  expect(seen.length).toBeGreaterThan(1)
  for (const { records, bytesRead, bytesTotal, isReckoned } of seen.slice(0, -1)) {
    expect(bytesTotal).toBe(line.length * 60_000)
    expect(bytesRead).toBeLessThanOrEqual(bytesTotal ?? 0)
    expect(records).toBeLessThanOrEqual(60_000)
    expect(records > 0).toBe(isReckoned && bytesRead > 0)
  }
  expect(seen.at(-1)).toMatchObject({ records: 60_000, isReckoned: false, bytesRead: line.length * 60_000 })
})

/** A file of each format and shape, some with records that cannot be read. */
const everyFormat: Readonly<Record<string, string>> = {
  'shodan.ndjson': `${ndjson(banner(), banner({ version: 5 }), banner())}nonsense\n${ndjson({ port: 80 }, banner({ port: 'x' }))}`,
  'host.json': JSON.stringify({ ...shodanHost, data: [...shodanHost.data, { port: 70_000 }] }, undefined, 2),
  'search.json': JSON.stringify({ matches: [banner({ port: 26 })], total: 1 }),
  'censys.json': JSON.stringify(censysV2),
  'legacy.ndjson': ndjson(censysLegacy),
  'zoomeye.json': JSON.stringify(zoomeyeV1),
  'fofa.json': JSON.stringify(fofaRows),
  'onyphe.json': JSON.stringify(onyphePage),
  'nmap.xml': nmapXml,
  'masscan.json': masscanJson,
  'masscan.ndjson': masscanNdjson,
  'masscan.xml': masscanXml,
  'masscan.txt': masscanList,
  'zmap.csv': zmapCsv,
  'zgrab2.ndjson': ndjson(zgrabLine),
  '2024-05-01-scan_ntp-example.csv': scanNtp,
  'httpx.ndjson': ndjson(httpxLine),
  'plain.csv': `${plainCsv}192.0.2.999;80;;;;;;;\n`,
}

describe('accounting', () => {
  test('in = kept + repeats + rejected over every format, as the readers tell it one by one', async () => {
    const snapshot = await imported(everyFormat)
    const { accounting, inputs } = snapshot.manifest
    expect(accounting.in).toBe(accounting.kept + accounting.repeats + accounting.rejected)
    const told = await Promise.all(
      Object.entries(everyFormat).map(async ([name, text]) => {
        const reader = detectReader(head(text, name))!
        const readings = await readAll(reader, text, { fileName: name })
        const count = (kind: string): number => readings.filter((reading) => reading.kind === kind).length
        return { format: reader.id, records: count('record'), rejected: count('reject') }
      }),
    )
    expect(inputs.map(({ format, records, rejected }) => ({ format, records, rejected }))).toEqual(told)
    expect(told.every(({ records }) => records > 0)).toBe(true)
    expect(accounting.in).toBe(told.reduce((sum, { records, rejected }) => sum + records + rejected, 0))
    expect(accounting.rejected).toBe(told.reduce((sum, { rejected }) => sum + rejected, 0))
    // The third banner of shodan.ndjson repeats the first; masscan's four shapes tell the same three records each.
    expect(accounting.repeats).toBeGreaterThanOrEqual(1)
    const byOutcome = Object.values(accounting.keptByOutcome).reduce((sum, count) => sum + count, 0)
    expect(byOutcome).toBe(accounting.kept)
    expect(snapshot.manifest.complete).toBe(false)
  })

  test('rejects.ndjson says file, line and reason', async () => {
    const snapshot = await imported({
      'shodan.ndjson': everyFormat['shodan.ndjson']!,
      'plain.csv': everyFormat['plain.csv']!,
    })
    const found = (await readRejects(snapshot.folder)).map(({ file, line, reason }) => [
      file.split('/').at(-1),
      line,
      reason,
    ])
    expect(found).toEqual([
      ['shodan.ndjson', 4, 'not-json'],
      ['shodan.ndjson', 5, 'no-address'],
      ['shodan.ndjson', 6, 'bad-port'],
      ['plain.csv', 4, 'bad-address'],
    ])
    expect(snapshot.manifest.accounting.rejectedByReason).toEqual({
      'not-json': 1,
      'no-address': 1,
      'bad-port': 1,
      'bad-address': 1,
    })
  })

  test('a record that stands in two files, or spelled otherwise, counts once', async () => {
    const spelled = banner({
      ip_str: '::ffff:192.0.2.25',
      location: { ...(banner()['location'] as object), latitude: '35.020' },
    })
    const snapshot = await imported({
      a: ndjson(banner(), banner({ port: 26 })),
      b: ndjson(banner()),
      c: ndjson(spelled),
    })
    expect(snapshot.manifest.accounting).toMatchObject({ in: 4, kept: 2, repeats: 2, rejected: 0 })
    expect(await censusRows(snapshot)).toHaveLength(2)
  })

  test('more than 1 % rejected makes a snapshot partial, 1 % does not', async () => {
    const records = Array.from({ length: 99 }, (_, at) => banner({ port: at + 1 }))
    const whole = await imported({ a: ndjson(...records, { port: 1 }) })
    expect(whole.manifest).toMatchObject({ complete: true, missing: [], accounting: { in: 100, rejected: 1 } })
    const partial = await imported({ a: ndjson(...records.slice(1), { port: 1 }) })
    expect(partial.manifest.complete).toBe(false)
    expect(partial.manifest.missing.join()).toContain('1 of 99 records could not be read')
  })

  test('a file cut off is partial and keeps what is whole', async () => {
    const cut = await imported({ a: ndjson(banner(), banner({ port: 26 })).slice(0, -30) })
    expect(cut.manifest).toMatchObject({ complete: false, accounting: { in: 1, kept: 1 } })
    expect(cut.manifest.missing.join()).toContain('ends early')
    const whole = await imported({ a: ndjson(banner()).trimEnd() })
    expect(whole.manifest).toMatchObject({ complete: true, accounting: { in: 1 } })
  })
})

describe('order', () => {
  const files = (): Record<string, string> => ({
    a: ndjson(
      ...Array.from({ length: 60 }, (_, at) =>
        banner({
          ip_str: `192.0.2.${at % 7}`,
          port: 20 + (at % 5),
          timestamp: `2016-05-${String(1 + (at % 3)).padStart(2, '0')}T00:00:00`,
          data: `banner ${at % 11}`,
          version: at % 4 === 0 ? 1.5 : undefined,
          location: { country_code: 'US', region_code: ['CA', 'NY', 'TX'][at % 3] },
        }),
      ),
    ),
    b: ndjson(
      ...Array.from({ length: 9 }, (_, at) =>
        banner({ ip_str: `192.0.2.${at}`, timestamp: undefined, data: `b ${at % 2}` }),
      ),
    ),
    'nmap.xml': nmapXml,
    'masscan.txt': masscanList,
  })

  test('files in any order and lines in any order give the same rows to count', async () => {
    const expected = await censusRows(await imported(files(), { id: 'a' }))
    expect(expected.length).toBeGreaterThan(60)
    const reversed = Object.fromEntries(Object.entries(files()).toReversed())
    expect(await censusRows(await imported(reversed, { id: 'a' }))).toEqual(expected)
    for (const step of [7, 23]) {
      const shuffled = Object.fromEntries(
        Object.entries(files()).map(([name, text]) => {
          const lines = text.trimEnd().split('\n')
          const moved = lines.map((_, at) => lines[(at * step) % lines.length]!)
          return [
            name,
            new Set(moved).size === new Set(lines).size && name.length === 1 ? `${moved.join('\n')}\n` : text,
          ]
        }),
      )
      expect(shuffled['a']).not.toBe(files()['a'])
      expect(await censusRows(await imported(shuffled, { id: 'a' }))).toEqual(expected)
    }
  })

  test('a repeat whose files decide its place differently has the same place in any order', async () => {
    const open = banner({ ip_str: '192.0.2.99', location: { country_code: 'JP', region_code: '13' } })
    const iso = { country_code: 'JP', region_code: '13', city: 'Tokyo', latitude: 35.6895, longitude: 139.6917 }
    const old = { country_code: 'JP', region_code: '13', city: 'Kobe', latitude: 34.6913, longitude: 135.183 }
    const one = ndjson(open, ...[1, 2, 3].map((last) => banner({ ip_str: `192.0.2.${last}`, location: iso })))
    const two = ndjson(open, ...[4, 5, 6].map((last) => banner({ ip_str: `192.0.2.${last}`, location: old })))
    const forth = await censusRows(await imported({ one, two }))
    const back = await censusRows(await imported({ two, one }))
    expect(new Set(forth.map((row) => row['region']))).toEqual(new Set(['JP-13', 'JP-28']))
    expect(back).toEqual(forth)
  })
})

describe('what cannot be imported leaves no trace', () => {
  test.each([
    ['of no known format', 'nothing that anybody knows\n'],
    ['empty', ''],
    ['empty but for white space', ' \n\r\n'],
    ['empty but for a byte order mark', '\ufeff'],
  ])('a file %s', async (_, content) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'good'), ndjson(banner()))
    await writeFile(join(folder, 'bad'), content)
    await expect(attempt(folder, ['good', 'bad'])).rejects.toMatchObject({
      exit: 2,
      message: expect.stringContaining('bad') as string,
    })
    expect(await readdir(folder)).toEqual(['bad', 'good'])
  })

  test.each([['missing'], ['.']])('%s', async (name) => {
    const folder = await temporaryFolder()
    await expect(attempt(folder, [name])).rejects.toMatchObject({ exit: 2 })
    expect(await readdir(folder)).toEqual([])
  })

  test.each([['../x'], [''], ['a\0b'], ['x'.repeat(65)], ['.draft-x'], ['-x'], ['a/b'], ['京都'], ['..']])(
    'the id %j',
    async (id) => {
      const folder = await temporaryFolder()
      await writeFile(join(folder, 'good'), ndjson(banner()))
      await expect(attempt(folder, ['good'], id)).rejects.toMatchObject({ exit: 2 })
      expect(await readdir(folder)).toEqual(['good'])
    },
  )

  test.each([
    ['an empty file whose format is named', ''],
    ['a page of HTML whose format is named', '<html>\n<body>\nlogin\n</body>\n</html>\n'],
  ])('%s', async (_, content) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'bad'), content)
    const work = importFiles({
      store: join(folder, 'store'),
      files: [{ name: join(folder, 'bad'), format: 'shodan' }],
      maxRecordBytes: 2 ** 24,
      maxExpansion: 300,
    })
    await expect(work).rejects.toMatchObject({ exit: 2, message: expect.stringContaining('bad') as string })
    expect(await listSnapshots(join(folder, 'store'))).toEqual([])
  })

  test('an id that is taken', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'good'), ndjson(banner()))
    const first = await attempt(folder, ['good'], 'x'.repeat(64))
    const before = (await stat(join(first.folder, 'manifest.json'))).mtimeMs
    await expect(attempt(folder, ['good'], first.id)).rejects.toMatchObject({ exit: 2 })
    expect((await stat(join(first.folder, 'manifest.json'))).mtimeMs).toBe(before)
    expect(await readdir(join(folder, 'store', 'snapshots'))).toEqual([first.id])
  })

  test('a bomb behind a sound file', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'good'), ndjson(banner()))
    const { gzipSync } = await import('node:zlib')
    await writeFile(
      join(folder, 'bomb.gz'),
      gzipSync(Buffer.concat([Buffer.from(ndjson(banner())), Buffer.alloc(80 * 2 ** 20, 0x20)])),
    )
    await expect(attempt(folder, ['good', 'bomb.gz'], 'a', 10)).rejects.toMatchObject({
      exit: 2,
      message: expect.stringContaining('bomb.gz') as string,
    })
    expect((await readdir(folder)).toSorted()).toEqual(['bomb.gz', 'good'])
    expect((await attempt(folder, ['good', 'bomb.gz'], 'a', 100_000)).manifest.accounting).toMatchObject({
      in: 3,
      kept: 1,
      repeats: 1,
      rejectedByReason: { 'line-too-long': 1 },
    })
  })

  const attempt = (folder: string, names: readonly string[], id?: string, maxExpansion = 300) =>
    importFiles({
      store: join(folder, 'store'),
      files: names.map((name) => ({ name: join(folder, name), format: 'auto' })),
      maxRecordBytes: 2 ** 24,
      maxExpansion,
      ...(id === undefined ? {} : { id }),
    })
})

describe('the store', () => {
  test('is readable by its owner alone, even where the user made the folder', async () => {
    const snapshot = await imported(everyFormat)
    const store = join(snapshot.folder, '..', '..')
    const modes = await Promise.all(
      (await readdir(store, { recursive: true })).map(async (name) => {
        const found = await stat(join(store, name))
        return found.isDirectory()
          ? `folder ${(found.mode & 0o777).toString(8)}`
          : `file ${(found.mode & 0o777).toString(8)}`
      }),
    )
    expect(new Set(modes)).toEqual(new Set(['folder 700', 'file 600']))
    expect((await stat(store)).mode & 0o777).toBe(0o700)
    expect((await readdir(snapshot.folder)).toSorted()).toEqual(['manifest.json', 'observations', 'rejects.ndjson'])
    expect((await listSnapshots(store)).map(({ id }) => id)).toEqual([snapshot.id])
  })

  test.each(["it's [x]*?{a,b}#=1", '**', 'new\nline "%20" 京都', 'back\\slash', 'country=US'])(
    'may stand in a folder called %j, and its input too',
    async (name) => {
      const folder = await temporaryFolder()
      // A folder on the way, too: some readers take `country=US` for a column.
      await mkdir(join(folder, name, 'data=x'), { recursive: true })
      const input = join(folder, name, 'data=x', `${name}.ndjson`)
      await writeFile(input, ndjson(banner(), banner({ version: 5.5 })))
      const store = join(folder, name, 'store')
      const request = {
        store,
        files: [{ name: input, format: 'auto' as const }],
        maxRecordBytes: 2 ** 24,
        maxExpansion: 10,
      }
      // A pattern would find the other snapshot's files too.
      await importFiles({ ...request, id: 'one' })
      const snapshot = await importFiles({ ...request, id: 'two' })
      expect(snapshot.manifest).toMatchObject({ inputs: [{ name: input }], accounting: { in: 2, kept: 2, repeats: 0 } })
      const observed = await observationRows(snapshot)
      expect(observed.map((row) => row['banner'])).toEqual(Array.from({ length: 2 }, () => banner()['data']))
      expect((await censusRows(snapshot)).map((row) => row['country'])).toEqual(['JP', 'JP'])
    },
  )
})
