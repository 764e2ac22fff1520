import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatIds } from '../../../src/model/reader.ts'
import { detectReader, readerOf, readers } from '../../../src/sources/files/index.ts'
import { head } from './scan-readings.ts'

test('every format has its reader, every reader its file', () => {
  expect(readers.map(({ id }) => id).toSorted()).toEqual([...formatIds].toSorted())
  const files = readdirSync(new URL('../../../src/sources/files/', import.meta.url))
  for (const { id } of readers) {
    expect(files).toContain(`${id}.ts`)
    expect(readerOf(id).id).toBe(id)
  }
})

test('a format nobody knows is exit 2 and names those there are', () => {
  expect(() => readerOf('x' as 'csv')).toThrow(
    expect.objectContaining({ exit: 2, hint: expect.stringContaining('masscan') as string }) as Error,
  )
})

test('detection never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.json()),
      fc.string({ maxLength: 20 }),
      fc.boolean(),
      (text, name, whole) => {
        const found = detectReader(head(text, name, whole))
        if (found) expect(formatIds).toContain(found.id)
      },
    ),
    { numRuns: 500 },
  )
  for (const open of ['[', '{"a":', '<a>', '"', ',', '(('])
    detectReader(head(open.repeat(65_536 / open.length), 'input', false))
})
