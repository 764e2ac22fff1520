import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lines } from '../../../src/sources/files/lines.ts'
import { chunks, collect } from './scan-readings.ts'

const read = (input: string | Uint8Array, size?: number, max = 1000) => collect(lines(chunks(input, size), max))
const texts = async (input: string, size?: number): Promise<string[]> =>
  (await read(input, size)).map(({ bytes }) => bytes.toString('utf8'))

test.each([1, 2, 3, 100])('LF, CRLF, blank lines and a byte order mark, in pieces of %i', async (size) => {
  const input = `\ufeffone\r\n\r\ntwo\n\nthr\ree`
  expect(await texts(input, size)).toEqual(['one', '', 'two', '', 'thr\ree'])
  const found = await read(input, size)
  expect(found.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
  expect(found.map(({ last }) => last)).toEqual([false, false, false, false, true])
})

test('a line over the limit comes with its beginning, the others are whole', async () => {
  const found = await read(`${'a'.repeat(1000)}\n${'b'.repeat(5000)}\nc`, 300)
  expect(found.map(({ tooLong, bytes }) => [tooLong, bytes.length])).toEqual([
    [false, 1000],
    [true, 1000],
    [false, 1],
  ])
})

/** A byte order mark, what begins like one, and nothing. */
const beginning = fc.constantFrom([0xef, 0xbb, 0xbf], [0xef, 0xbb], [0xef], [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], [])

test('how the input comes in pieces changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      beginning,
      fc.uint8Array({ maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      async (mark, rest, size) => {
        const bytes = Uint8Array.from([...mark, ...rest.map((byte) => (byte % 4 === 0 ? 0x0a : byte))])
        const seen = async (pieces: number) =>
          // Of a line that is too long only its beginning is held, and of that as much as had come.
          (await read(bytes, pieces, 5)).map((line) => (line.tooLong ? { ...line, bytes: undefined } : line))
        expect(await seen(size)).toEqual(await seen(1000))
      },
    ),
  )
})
