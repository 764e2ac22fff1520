import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Reader } from '../../../src/model/reader.ts'
import { shodan } from '../../../src/sources/files/shodan.ts'
import { anyBanner, jsonLine, likelyBanner } from '../../helpers/shodan.ts'
import { ingested } from '../../helpers/store.ts'

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
        const fast = await ingested(input, shodan)
        const slow = await ingested(input, slowShodan)
        expect(fast.rows).toEqual(slow.rows)
        expect(fast.rejects.toSorted(byLine)).toEqual(slow.rejects.toSorted(byLine))
      },
    ),
    { numRuns: 30 },
  )
})

const byLine = (a: { line: number }, b: { line: number }): number => a.line - b.line
