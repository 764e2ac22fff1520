import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openInput } from '../../../src/sources/files/input.ts'
import { census } from '../../helpers/cli.ts'
import { banner, ndjson } from '../../helpers/shodan.ts'
import { imported, temporaryFolder } from '../../helpers/store.ts'
import { zstdLine, zstdRepeated, zstdSample, zstdStored } from '../../helpers/zstd.ts'

const plain = ndjson(banner(), banner({ port: 26 }))
const compressions = {
  plain: (text: string) => Buffer.from(text),
  gzip: (text: string) => gzipSync(text),
  'gzip of two members': (text: string) => Buffer.concat([gzipSync(text.slice(0, 50)), gzipSync(text.slice(50))]),
  zstd: (text: string) => zstdStored(Buffer.from(text)),
  'zstd of two frames': (text: string) =>
    Buffer.concat([zstdStored(Buffer.from(text.slice(0, 50))), zstdStored(Buffer.from(text.slice(50)))]),
  'zstd behind a skippable frame': (text: string) =>
    Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]), zstdStored(Buffer.from(text))]),
}

async function read(
  content: Uint8Array,
  maxExpansion = 300,
  name = 'input',
): Promise<{ text: string; cut: string | undefined; head: string; fileName: string; whole: boolean }> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  const input = await openInput(path, { maxExpansion })
  expect(input.size).toBe(content.length)
  const parts: Uint8Array[] = []
  for await (const part of input.bytes) parts.push(part)
  expect(input.bytesRead()).toBe(content.length)
  return {
    text: Buffer.concat(parts).toString('utf8'),
    cut: input.cut(),
    head: input.head.text,
    fileName: input.head.fileName,
    whole: input.head.whole,
  }
}

describe.each(Object.entries(compressions))('%s', (name, compress) => {
  test('gives the bytes, whatever the name says', async () => {
    expect(await read(compress(plain))).toEqual({
      text: plain,
      cut: undefined,
      head: plain,
      fileName: 'input',
      whole: true,
    })
    expect(await read(compress(plain), 300, 'a.ndjson.gz')).toMatchObject({ text: plain, fileName: 'a.ndjson' })
    const long = plain.repeat(2000)
    const { text, head, whole } = await read(compress(long), 1000, 'b.zst')
    expect(text === long).toBe(true)
    expect(head === long.slice(0, 65_536)).toBe(true)
    expect(whole).toBe(false)
  })

  test('from standard input', async () => {
    const store = join(await temporaryFolder(), 'store')
    const ran = await census(['import', '-', '--store', store, '--json'], { stdin: compress(plain) })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(ran.stdout)).toMatchObject({
      inputs: [{ name: '-', format: 'shodan' }],
      accounting: { in: 2, kept: 2 },
    })
  })

  test('cut off anywhere keeps what came before, and never throws', async () => {
    const bytes = compress(plain)
    if (bytes.equals(Buffer.from(plain))) return
    for (let end = 5; end < bytes.length - 1; end += Math.ceil(bytes.length / 23)) {
      const { text, cut } = await read(bytes.subarray(0, end))
      expect(plain.startsWith(text)).toBe(true)
      // The end of a member or frame is an end like any other.
      if (text !== plain.slice(0, 50) && text !== '') expect(cut).toMatch(/cut off/)
    }
  })

  test('with any byte changed gives an end or other bytes, and never throws', async () => {
    const bytes = compress(plain)
    for (let at = 4; at < bytes.length; at += Math.ceil(bytes.length / 40)) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 0x55
      const { text, cut } = await read(changed)
      expect(text === plain || cut !== undefined || text.length <= plain.length + 2 ** 17).toBe(true)
    }
  })
})

test('what zstd itself compressed', async () => {
  expect(await read(zstdSample)).toMatchObject({ text: zstdLine.repeat(40), cut: undefined })
})

test.each([
  ['.gz', (bytes: Buffer) => gzipSync(bytes, { level: 0 })],
  ['.zst', (bytes: Buffer) => zstdStored(bytes)],
])('a %s cut off: what is whole is kept and the snapshot is partial', async (ending, compress) => {
  const text = ndjson(...Array.from({ length: 2000 }, (_, at) => banner({ port: at + 1 })))
  const bytes = compress(Buffer.from(text))
  const snapshot = await imported({ [`a${ending}`]: bytes.subarray(0, bytes.length - 100_000) })
  const { kept } = snapshot.manifest.accounting
  expect(kept).toBeGreaterThan(500)
  expect(kept).toBeLessThan(2000)
  expect(snapshot.manifest.complete).toBe(false)
  expect(snapshot.manifest.missing.join()).toMatch(/ends early: .*cut off/)
})

describe('a bomb', () => {
  const gigabyte = 2 ** 30
  test.each([
    ['gzip', gzipSync(Buffer.alloc(2 ** 27, 0x20))],
    ['zstd', zstdRepeated(0x20, gigabyte / 2 ** 17)],
  ])('of %s is refused unless it is allowed', async (_, bytes) => {
    const path = join(await temporaryFolder(), 'bomb')
    await writeFile(path, bytes)
    const input = await openInput(path, { maxExpansion: 10 })
    let most = 0
    const drain = async (): Promise<void> => {
      for await (const part of input.bytes) most += part.length
    }
    await expect(drain()).rejects.toMatchObject({ exit: 2, hint: expect.stringContaining('--max-expansion') as string })
    expect(most).toBeLessThan(70 * 2 ** 20)
  })

  test('that is allowed is read', async () => {
    const { text } = await read(zstdRepeated(0x20, 800), 1_000_000)
    expect(text.length).toBe(800 * 2 ** 17)
  })

  test('that asks for a window of gigabytes is not given it', async () => {
    // Window descriptor 0xf8: 2^41 bytes.
    const { text, cut } = await read(
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0x00, 0x00, ...Buffer.alloc(20)]),
    )
    expect(text).toBe('')
    expect(cut).toBeDefined()
  })
})

test.each([['missing'], ['a/b'], ['.'], ['nul\0']])('%j cannot be opened: exit 2', async (name) => {
  const folder = await temporaryFolder()
  await expect(openInput(`${folder}/${name}`, { maxExpansion: 1 })).rejects.toMatchObject({ exit: 2 })
})

test('nothing is nothing', async () => {
  expect(await read(Buffer.alloc(0))).toEqual({ text: '', cut: undefined, head: '', fileName: 'input', whole: true })
})
