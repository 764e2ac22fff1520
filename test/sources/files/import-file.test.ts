import { createWriteStream } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createGzip, gzipSync } from 'node:zlib'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { importFile } from '../../../src/sources/files/import-file.ts'
import { openInput } from '../../../src/sources/files/input.ts'
import { shodan } from '../../../src/sources/files/shodan.ts'
import type { Row } from '../../../src/store/duckdb.ts'
import { census } from '../../helpers/cli.ts'
import { banner, ndjson } from '../../helpers/shodan.ts'
import { imported, ingested, readRejects, temporaryFolder } from '../../helpers/store.ts'

const at = (port: number, change: object = {}): string => JSON.stringify(banner({ port, data: 'x', ...change }))

const ports = (rows: readonly Row[]): number[] => rows.map((row) => Number(row['port'])).toSorted((a, b) => a - b)

describe('line numbers of the fast way', () => {
  // Each record's port is its line.
  const awkward = Buffer.concat([
    Buffer.from(`\ufeff${at(1)}\r\n\r\n   \t\n${' '.repeat(40)}\n${at(5)}\nnot json\n`),
    Buffer.from(at(7, { org: '#' }).replace('#', '~')).map((byte) => (byte === 0x7e ? 0xff : byte)),
    Buffer.from(
      `\r\n${at(8, { data: 'y'.repeat(3000) })}\n${at(9, { data: 'z'.repeat(9000) })}\n${at(10, { version: 5 })}\n`,
    ),
    Buffer.from(`${at(11, { ip_str: null })}\n{}\n[]\nnull\n"x"\n${at(16)} ${at(16)}\n\n${at(18)}{\n\v\n${at(20)}`),
  ])

  test.each<[string, { maxBulkLine?: number; maxRecordBytes?: number; isThreaded?: boolean }]>([
    ['long lines go to the reader', { maxBulkLine: 2000, maxRecordBytes: 5000 }],
    ['all lines go to DuckDB in files of lines', { maxBulkLine: 100_000, maxRecordBytes: 5000 }],
    ['a thread makes files of lines', { isThreaded: true, maxBulkLine: 2000, maxRecordBytes: 5000 }],
    ['the whole file goes to DuckDB', {}],
  ])('%s', async (_, limits) => {
    const bytes = limits.isThreaded === true ? gzipSync(awkward) : awkward
    const { rows, rejects, cut } = await ingested(bytes, shodan, limits)
    const isShort = limits.maxRecordBytes !== undefined
    expect(ports(rows)).toEqual([1, 5, 7, 8, ...(isShort ? [] : [9]), 10, 16, 16, 18, 20])
    const reasons = rejects.toSorted((a, b) => a.line - b.line).map(({ line, reason }) => `${line} ${reason}`)
    expect(reasons).toEqual([
      '6 not-json',
      ...(isShort ? ['9 line-too-long'] : []),
      '11 no-address',
      '12 not-a-record',
      '14 not-a-record',
      '15 not-a-record',
      '18 not-json',
    ])
    expect(rows.find((row) => row['port'] === '7')?.['organisation']).toBe('\ufffd')
    // The last line has no line end, and is whole.
    expect(cut).toBeUndefined()
  })

  test('a last line without a line end is read; cut off, it is no reject but an early end', async () => {
    const whole = await ingested(`${at(1)}\n${at(2)}`, shodan)
    expect(whole).toMatchObject({ rejects: [], cut: undefined })
    expect(whole.rows).toHaveLength(2)
    for (const length of [1, 20, at(2).length - 1]) {
      const cut = await ingested(`${at(1)}\n${at(2).slice(0, length)}`, shodan)
      expect(cut.rows).toHaveLength(1)
      expect(cut).toMatchObject({ rejects: [], cut: expect.stringMatching(/^line 2: /) as string })
    }
  })

  test('what only JSON readers more lenient than JSON take does not count lines wrong', async () => {
    const { rows } = await ingested(`${at(1)}\n${'\f'.repeat(30)}\n${at(3)}\n${at(4)}\n`, shodan)
    expect(ports(rows)).toEqual([1, 3, 4])
  })
})

describe.each([{ isThreaded: false }, { isThreaded: true }])('a compressed file ($isThreaded: in a thread)', (how) => {
  const lines = Array.from({ length: 1000 }, (_, index) =>
    index % 50 === 7 ? 'not json' : at(index + 1, { data: 'x'.repeat(30_000), version: index % 20 === 0 ? 5 : '5' }),
  )
  const whole = lines.join('\n')

  // The chunks cut are of 4 MiB: eight times a file of lines, so that files are written again, the last with less.
  const options = { ...how, spoolBytes: 2 ** 22, maxBulkLine: 2 ** 20 }

  test('is read whole, in several files of lines', async () => {
    const { rows, rejects, cut } = await ingested(gzipSync(whole), shodan, options)
    const isBroken = (port: number): boolean => (port - 1) % 50 === 7
    const all = lines.map((_, index) => index + 1)
    expect(ports(rows)).toEqual(all.filter((port) => !isBroken(port)))
    expect(rejects.map(({ line }) => line)).toEqual(all.filter(isBroken))
    expect(cut).toBeUndefined()
  })

  test('that is cut off is read as far as it goes', async () => {
    const packed = gzipSync(whole, { level: 0 })
    const { rows, cut } = await ingested(packed.subarray(0, packed.length / 2), shodan, options)
    expect(rows.length).toBeGreaterThan(400)
    expect(rows.length).toBeLessThan(600)
    expect(cut).toMatch(/the compressed stream is broken or cut off/)
  })

  test('that expands beyond all measure is refused', async () => {
    // The first 64 MiB are allowed to anything.
    const bomb = gzipSync(`${at(1)}\n${' '.repeat(2 ** 20)}\n`.repeat(100))
    await expect(ingested(bomb, shodan, { ...options, maxExpansion: 2 })).rejects.toMatchObject({
      exit: 2,
      message: expect.stringMatching(/expands to more than 2 times its size/) as string,
      hint: expect.stringMatching(/--max-expansion/) as string,
    })
  })

  test('that cannot be stored ends the reading', async () => {
    const full = new Error('no space left on device')
    const path = join(await temporaryFolder(), 'input.gz')
    await writeFile(path, gzipSync(whole))
    const input = await openInput(path, { maxExpansion: 1000 })
    const bulk = { maxExpansion: 1000, longestSpooled: 2 ** 20, longestWhole: 0, spoolBytes: 2 ** 22 }
    const reading = importFile(
      input,
      shodan,
      { fileName: 'input', maxRecordBytes: 2 ** 24 },
      { ...bulk, threadBytes: how.isThreaded ? 0 : Infinity },
      {
        nextFile: async () => join(await temporaryFolder(), 'lines'),
        spool: () => Promise.reject(full),
        file: async () => false,
        reading: async () => undefined,
        drain: async () => undefined,
      },
    )
    await expect(reading).rejects.toBe(full)
  })
})

test('host objects, pages and odd banners among banner lines go to the reader', async () => {
  const host = { ip_str: '192.0.2.9', data: [banner({ port: 30 }), { port: 31 }] }
  const input = `${at(1)}\n${ndjson(host, { matches: [banner({ port: 40 })], total: 1 }, [banner({ port: 50 })])}${at(5)}\n`
  const { rows, rejects } = await ingested(input, shodan)
  expect(rejects).toEqual([])
  expect(ports(rows)).toEqual([1, 5, 30, 31, 40, 50])
})

test('keys that would reach into prototypes are data', async () => {
  const line = at(1).replace('{', '{"__proto__":{"port":9,"polluted":1},"constructor":{"prototype":{"polluted":1}},')
  const { rows } = await ingested(`${line}\n${line.replace('"data":"x"', '"data":5.0')}\n`, shodan)
  expect(rows.map((row) => row['port'])).toEqual(['1', '1'])
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

/** Prints the most memory the process had, in KiB, when it ends. */
const measuring = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent("process.on('exit',()=>process.stderr.write('\\npeak '+process.resourceUsage().maxRSS+'\\n'))")}`,
}
const peakMiB = (stderr: string): number => Number(/^peak (\d+)$/m.exec(stderr)?.[1]) / 1024

/** Writes a large file piece by piece. */
async function write(path: string, pieces: Iterable<string | Buffer>): Promise<void> {
  const stream = createWriteStream(path)
  for (const piece of pieces) if (!stream.write(piece)) await once(stream, 'drain')
  stream.end()
  await once(stream, 'finish')
}
function* repeated(text: string, times: number): Generator<string> {
  for (let count = 0; count < times; count++) yield text
}

describe('hostile files, in memory bounded', () => {
  const files: Readonly<Record<string, () => Iterable<string | Buffer>>> = {
    'a line of 100 MB.ndjson': function* () {
      yield `${at(1)}\n{"ip_str":"192.0.2.1","port":2,"data":"`
      yield* repeated('x'.repeat(1_000_000), 100)
      yield `"}\n${at(3)}\n`
    },
    'deep.ndjson': function* () {
      yield `${at(1)}\n`
      yield `${at(2).slice(0, -1)},"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`
      yield `${at(3).slice(0, -1)},"deep":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}\n`
      yield `${'['.repeat(100_000)}\n${at(5)}\n`
    },
    'columns.csv': function* () {
      yield 'ip,port'
      for (let count = 0; count < 1000; count++)
        yield Array.from({ length: 10_000 }, (_, column) => `,c${count * 10_000 + column}`).join('')
      yield '\n192.0.2.1,80\n'
    },
    'cells.csv': function* () {
      yield 'ip,port,banner\n192.0.2.1,80,x\n192.0.2.2,80'
      yield* repeated(',x'.repeat(10_000), 1000)
      yield '\n192.0.2.3,80,"open quote '
      yield* repeated('y'.repeat(200).concat('\n').repeat(100), 1000)
    },
    'deep.xml': function* () {
      yield '<?xml version="1.0"?><nmaprun scanner="nmap" start="1714521600">'
      yield* repeated('<a>', 1_000_000)
    },
  }

  const expectedRejects: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    'a line of 100 MB.ndjson': { 'line-too-long': 1 },
    // What is deep in a key that nobody reads does no harm; a line that is nothing else is no record.
    'deep.ndjson': { 'not-json': 1 },
    'cells.csv': { 'line-too-long': 1 },
    'columns.csv': {},
  }

  test.each(Object.keys(files))('%s', async (name) => {
    const folder = await temporaryFolder()
    await write(join(folder, name), files[name]!())
    const ran = await census(['import', join(folder, name), '--store', join(folder, 'store'), '--id', 'a', '--json'], {
      env: measuring,
    })
    expect([2, 3]).toContain(ran.code)
    expect(ran.stderr).not.toMatch(/^\s+at /m)
    expect(peakMiB(ran.stderr)).toBeLessThan(600)
    if (ran.code === 3) {
      expect(JSON.parse(ran.stdout)).toMatchObject({ complete: false })
      const rejectedByReason = expectedRejects[name]
      if (rejectedByReason) expect(JSON.parse(ran.stdout)).toMatchObject({ accounting: { rejectedByReason } })
    } else expect(await readdir(folder)).toEqual([name])
  })
})

test('lines too long for DuckDB do not pile up in memory', async () => {
  const folder = await temporaryFolder()
  const lines = 120
  const packed = createGzip({ level: 1 })
  const file = createWriteStream(join(folder, 'in.gz'))
  packed.pipe(file)
  for (let index = 0; index < lines; index++)
    if (!packed.write(`${at(index + 1, { data: 'x'.repeat(index === 0 ? 1 : 5_000_000) })}\n`))
      await once(packed, 'drain')
  packed.end()
  await once(file, 'finish')
  const options = ['--store', join(folder, 'store'), '--max-expansion', '1000', '--json']
  const ran = await census(['import', join(folder, 'in.gz'), ...options], { env: measuring })
  expect(JSON.parse(ran.stdout)).toMatchObject({ accounting: { in: lines, kept: lines } })
  expect(peakMiB(ran.stderr)).toBeLessThan(600)
})

test.each(["it's [a-z]*{a,b}", 'new\nline "%20" 京都', '--help', 'back\\slash'])(
  'an input called %j is read and named in its rejects',
  async (name) => {
    const snapshot = await imported({ [name]: `${at(1)}\nnonsense\n` })
    expect(snapshot.manifest.accounting).toMatchObject({ in: 2, kept: 1, rejected: 1 })
    expect((await readRejects(snapshot.folder)).map(({ file, line }) => [file.endsWith(`/${name}`), line])).toEqual([
      [true, 2],
    ])
  },
)

test('a folder is no input', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'in'))
  await writeFile(join(folder, 'in', 'a'), `${at(1)}\n`)
  const ran = await census(['import', join(folder, 'in'), '--store', join(folder, 'store')])
  expect(ran.code).toBe(2)
  expect(ran.stderr).toMatch(/is a folder; name the files in it\n$/)
  expect(await readdir(folder)).toEqual(['in'])
})
