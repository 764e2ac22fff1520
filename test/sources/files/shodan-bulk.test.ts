import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Reader } from '../../../src/model/reader.ts'
import { shodan } from '../../../src/sources/files/shodan.ts'
import { anyBanner, banner, jsonLine, likelyBanner } from '../../helpers/shodan.ts'
import { ingested } from '../../helpers/store.ts'

/** `FUZZ_RUNS=1000 npx vitest run shodan-bulk` looks longer. */
const runs = (few: number): number => Number(process.env['FUZZ_RUNS'] ?? few)

/** Texts that DuckDB takes for times and coordinates, and the reader for others or none. */
const trickyTimes = [
  '.1+0900',
  '.123+09',
  '.123-09',
  '.+00:00',
  '.+09:00',
  '.1+09  ',
  '.Z     ',
  '.      ',
  '. UTC  ',
  '.95079Z',
  'Z',
  '+09',
]
  .map((end) => banner({ timestamp: `2024-05-01T01:02:03${end}` }))
  .concat(
    [
      '2024-05-01T 1:02:03',
      '2024-05-01T01:02:3 ',
      '2024-05-01T01:02:3Z',
      '1970-01-01T00:00:00.123+09',
      '2024-05-01T24:00:00',
    ].map((timestamp) => banner({ timestamp })),
  )
const trickyPlaces = [
  '35\u00a0',
  '35\u3000',
  ' 35',
  '.5',
  '1_0',
  '-.5',
  '-inf',
  '5.',
  '1e1',
  '0x10',
  false,
  true,
].flatMap((odd) => [
  banner({ location: { country_code: 'JP', latitude: odd, longitude: 135 } }),
  banner({ location: { country_code: 'JP', latitude: 35, longitude: odd } }),
])

const { bulk: _, ...rest } = shodan
const slowShodan: Reader = rest

test('a banner line read by DuckDB gives the very row that read() gives', async () => {
  // The first line makes the input one for the fast way; the empty path would hold vacuously.
  const first = jsonLine({ ip_str: '192.0.2.1', port: 80 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(likelyBanner, likelyBanner, anyBanner), { minLength: 1, maxLength: 100 }),
      async (banners) => {
        const input = [first, ...banners.map(jsonLine)].map((line) => `${line}\n`).join('')
        const slow = await ingested(input, slowShodan)
        for (const isSpooled of [true, false]) {
          const fast = await ingested(input, shodan, { isSpooled })
          expect(fast.rows).toEqual(slow.rows)
          expect(fast.rejects.toSorted(byLine)).toEqual(slow.rejects.toSorted(byLine))
        }
      },
    ),
    { numRuns: runs(30), endOnFailure: true, examples: [[trickyTimes], [trickyPlaces]] },
  )
}, 600_000)

/** Lines of all kinds, good and bad, as bytes. */
const anyLine: fc.Arbitrary<Buffer> = fc.oneof(
  likelyBanner.map((value) => Buffer.from(jsonLine(value))),
  fc
    .record({ value: likelyBanner, at: fc.nat(), bytes: fc.uint8Array({ maxLength: 3 }) })
    .map(({ value, at, bytes }) => {
      const line = Buffer.from(jsonLine(value))
      const cut = at % (line.length + 1)
      return Buffer.concat([line.subarray(0, cut), Buffer.from(bytes), line.subarray(cut + (at % 3))])
    }),
  fc
    .constantFrom(
      '',
      ' ',
      '\t',
      '\r',
      '\v',
      '\f',
      '\0',
      '\ufeff',
      '{}',
      '[]',
      'null',
      '{',
      '}',
      '"x',
      '{}{}',
      ',',
      '\u2028',
    )
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
)

test('a whole file of any lines gives what the same file in chunks gives, line by line', async () => {
  const first = Buffer.from(jsonLine({ ip_str: '192.0.2.1', port: 80 }))
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(anyLine, fc.constantFrom('\n', '\n', '\r\n', '\n\n')), { maxLength: 60 }),
      fc.boolean(),
      async (lines, isEnded) => {
        const all = Buffer.concat([
          first,
          Buffer.from('\n'),
          ...lines.flatMap(([line, end]) => [line, Buffer.from(end)]),
        ])
        const input = isEnded ? all : all.subarray(0, -1)
        const whole = await ingested(input, shodan)
        const chunked = await ingested(input, shodan, { isSpooled: true })
        expect(whole.rows).toEqual(chunked.rows)
        expect(whole.rejects.toSorted(byLine)).toEqual(chunked.rejects.toSorted(byLine))
        expect(whole.cut).toEqual(chunked.cut)
      },
    ),
    {
      numRuns: runs(60),
      endOnFailure: true,
      // DuckDB ends the whole statement over two such lines.
      examples: [
        [
          [
            [Buffer.from('{'), '\n'],
            [Buffer.from('}'), '\n'],
          ],
          false,
        ],
      ],
    },
  )
}, 600_000)

const byLine = (a: { line: number }, b: { line: number }): number => a.line - b.line
