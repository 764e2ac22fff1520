import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blankStub, chunks, type Chunk } from '../../../src/sources/files/chunks.ts'
import { lines } from '../../../src/sources/files/lines.ts'
import { chunks as pieces, collect } from './scan-readings.ts'

const options = { chunkBytes: 200, maxBulkLine: 60, maxRecordBytes: 100 }
const read = (bytes: Buffer, size: number, limits = options): Promise<Chunk[]> =>
  collect(chunks(pieces(bytes, size), limits))
const rowsOf = (chunk: Chunk): Buffer[] => {
  const bytes = Buffer.concat(chunk.parts)
  const rows: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
    rows.push(bytes.subarray(start, end))
    start = end + 1
  }
  expect(start).toBe(bytes.length)
  return rows
}

const line = fc.oneof(
  fc
    .constantFrom('', ' ', '\r', ' '.repeat(30), '\t'.repeat(70), '{"a":1}', '{}', '{"":0}', '\v', '\u00a0', '\u0000')
    .map((text) => Buffer.from(text)),
  fc.string({ maxLength: 40 }).map((text) => Buffer.from(text.replaceAll('\n', ''))),
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a))),
  fc.constantFrom(59, 60, 61, 99, 100, 101, 250, 1500).map((length) => Buffer.alloc(length, 0x61)),
  fc.constantFrom(59, 61, 101).map((length) => Buffer.alloc(length, 0xff)),
)

test('every line is one row, in order: as it is, or spared', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 40 }),
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom(1, 2, 3, 7, 50, 100_000),
      async (given, closed, marked, size) => {
        const bytes = Buffer.from([
          ...(marked ? [0xef, 0xbb, 0xbf] : []),
          ...Buffer.concat(
            given.map((each, at) =>
              at < given.length - 1 || closed ? Buffer.concat([each, Buffer.from('\n')]) : each,
            ),
          ),
        ])
        const found = await read(bytes, size)
        const expected = await collect(lines(pieces(bytes, size), 10_000))
        expect(found.reduce((sum, chunk) => sum + chunk.lines, 0)).toBe(expected.length)
        let number = 1
        for (const chunk of found) {
          expect(chunk.firstLine).toBe(number)
          const rows = rowsOf(chunk)
          expect(rows).toHaveLength(chunk.lines)
          for (const [row, text] of rows.entries()) {
            const whole = expected[number - 1]!.bytes
            const withoutReturn = (part: Buffer): Buffer => (part.at(-1) === 0x0d ? part.subarray(0, -1) : part)
            const spare = chunk.spare.get(row)
            const blank = /^[ \t\r\v\f]*$/.test(whole.toString('latin1'))
            if (spare !== undefined) {
              expect(text.toString()).toBe('{}')
              if (spare.tooLong) expect(whole.length).toBeGreaterThan(options.maxRecordBytes - 1)
              else expect(withoutReturn(spare.bytes)).toEqual(whole)
            } else if (blank) expect(text).toEqual(blankStub)
            else {
              expect(withoutReturn(text)).toEqual(whole)
              expect(text).not.toEqual(blankStub)
              expect(text.length).toBeLessThanOrEqual(options.maxBulkLine)
            }
            number++
          }
        }
        expect(found.map((chunk) => chunk.openEnd)).toEqual(
          found.map((_, at) => at === found.length - 1 && given.length > 0 && !closed && given.at(-1)!.length > 0),
        )
      },
    ),
    { numRuns: 300 },
  )
})

test('a line of any length is held no longer than its limit', async () => {
  const piece = Buffer.alloc(2 ** 20, 0x61)
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{"a":1}\n')
    for (let count = 0; count < 300; count++) yield piece
    yield Buffer.from('\n{"a":2}\n')
  }
  const before = process.memoryUsage().arrayBuffers
  const found = await collect(chunks(endless(), { chunkBytes: 2 ** 25, maxBulkLine: 2 ** 20, maxRecordBytes: 2 ** 22 }))
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20)
  expect(
    found.map(({ lines: count, spare }) => [
      count,
      [...spare.values()].map(({ row, tooLong, bytes }) => [row, tooLong, bytes?.length]),
    ]),
  ).toEqual([[3, [[1, true, 1000]]]])
})

test('nothing gives nothing', async () => {
  expect(await read(Buffer.alloc(0), 1)).toEqual([])
})
