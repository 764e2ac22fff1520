import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { censys } from '../../../src/sources/files/censys.ts'
import { fofa } from '../../../src/sources/files/fofa.ts'
import { httpx } from '../../../src/sources/files/httpx.ts'
import { onyphe } from '../../../src/sources/files/onyphe.ts'
import { shodan } from '../../../src/sources/files/shodan.ts'
import { zgrab2 } from '../../../src/sources/files/zgrab2.ts'
import { zoomeye } from '../../../src/sources/files/zoomeye.ts'
import * as fixtures from './json-fixtures.ts'

const { headOf, readAll } = fixtures
const readers = [shodan, censys, zoomeye, fofa, onyphe, zgrab2, httpx]

const inputs = {
  shodan: [fixtures.banner, { matches: [fixtures.banner], total: 1 }, fixtures.shodanHost, [fixtures.banner]],
  censys: [fixtures.censysV2, fixtures.censysLegacy],
  zoomeye: [fixtures.zoomeyeV1, fixtures.zoomeyeV2],
  fofa: [fixtures.fofaRows],
  onyphe: [fixtures.onyphePage],
  zgrab2: [fixtures.zgrabLine],
  httpx: [fixtures.httpxLine],
}
const documents = Object.entries(inputs).flatMap(([id, values]) =>
  values.flatMap((value) =>
    [`${JSON.stringify(value)}\n`, JSON.stringify(value, undefined, 2)].map((text) => ({ id, text })),
  ),
)

test.each(documents)('$id is detected as nothing else', ({ id, text }) => {
  expect(readers.filter((reader) => reader.detect(headOf(text))).map((reader) => reader.id)).toEqual([id])
})

test('the beginning of a document is enough', () => {
  for (const { id, text } of documents) {
    const enough = headOf(text, Math.ceil(text.length * 0.8))
    expect(readers.filter((reader) => reader.detect(enough)).map((reader) => reader.id)).toEqual([id])
  }
})

describe.each(readers)('$id', (reader) => {
  const own = documents.filter(({ id }) => id === reader.id).map(({ text }) => text)

  test('byte by byte gives the same', async () => {
    for (const text of own) expect(await readAll(reader, text, {}, 1)).toEqual(await readAll(reader, text))
  })

  test('cut at every byte it keeps what is whole and says that it was cut', async () => {
    for (const text of own) {
      const whole = await readAll(reader, text)
      for (let end = 1; end < text.trimEnd().length; end += 7) {
        const readings = await readAll(reader, text.slice(0, end))
        expect(readings.at(-1)?.kind).toBe('cut')
        expect(whole).toEqual(expect.arrayContaining(readings.slice(0, -1)))
        reader.detect(headOf(text, end))
      }
    }
  })

  test('no bytes make it throw, and chunking changes nothing', async () => {
    const text = fc.constantFrom(...own.map((one) => Buffer.from(one)))
    const spliced = fc
      .tuple(text, fc.nat(), fc.nat(40), fc.uint8Array({ maxLength: 12 }))
      .map(([bytes, at, drop, put]) => {
        const from = at % bytes.length
        return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + drop)])
      })
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.uint8Array({ maxLength: 200 }), spliced),
        fc.integer({ min: 1, max: 50 }),
        async (bytes, size) => {
          reader.detect(headOf(Buffer.from(bytes).toString('utf8')))
          expect(await readAll(reader, bytes, {}, size)).toEqual(await readAll(reader, bytes))
        },
      ),
      { numRuns: 150 },
    )
  })

  test('no types make it throw: every member of a record replaced by every kind of value', async () => {
    const odd = [null, true, -1, 1e308, '', '\0', [], [[]], {}, { a: { b: null } }, ['x', 1, null], 'x'.repeat(70_000)]
    for (const { text } of documents) {
      const value: unknown = JSON.parse(text)
      for (const changed of replaced(value, odd)) {
        for (const reading of await readAll(reader, JSON.stringify(changed)))
          expect(['record', 'reject']).toContain(reading.kind)
      }
    }
  })

  test('foreign formats give rejects only', async () => {
    const strangers = [
      '<?xml version="1.0"?>\n<nmaprun/>\n',
      'ip,port\n192.0.2.1,80\n',
      '#masscan\nopen tcp 80 192.0.2.1 1\n',
      '{"a":1}\n[]\n7\n',
    ]
    for (const text of strangers) {
      const readings = await readAll(reader, text)
      expect(readings.length).toBeGreaterThan(0)
      expect(readings.every((reading) => reading.kind === 'reject')).toBe(true)
      expect(reader.detect(headOf(text))).toBe(false)
    }
    expect(await readAll(reader, '')).toEqual([])
  })
})

/** The value with each of its members, at any depth, replaced in turn. */
function* replaced(value: unknown, odd: readonly unknown[]): Generator {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    const put = (other: unknown): unknown =>
      Array.isArray(value)
        ? value.map((one: unknown, index) => (String(index) === key ? other : one))
        : { ...value, [key]: other }
    yield put(odd[key.length % odd.length])
    for (const inner of replaced(member, odd)) yield put(inner)
  }
}
