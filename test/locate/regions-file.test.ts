import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRegionTable, regionColumns } from '../../src/locate/region-file.ts'
import { CensusError } from '../../src/model/errors.ts'

const header = regionColumns.join(',')
const tokyo = 'JP-13,JP,Tokyo,東京都,,14195730,2024,estimate'

/** The number of rows, or that the table is refused as it should be. */
const read = (bytes: Uint8Array): number | 'fault' => {
  try {
    return parseRegionTable(bytes, 'f.csv').length
  } catch (error) {
    if (error instanceof CensusError && error.exit === 2 && error.message.startsWith('f.csv')) return 'fault'
    throw error
  }
}

describe('parseRegionTable', () => {
  it('reads or refuses a table that is cut at any byte', () => {
    const whole = Buffer.from(
      `\uFEFF${header}\r\n"JP-13",JP,"To""kyo",東京都,a|b,14195730,2024,x\r\n${tokyo.replace('13', '14')}\r\n`,
    )
    expect(read(whole)).toBe(2)
    const results = Array.from({ length: whole.length }, (_, end) => read(whole.subarray(0, end)))
    expect(results.filter((result) => result === 'fault').length).toBeGreaterThan(100)
    expect(new Set(results)).toEqual(new Set(['fault', 0, 1, 2]))
  })

  it('reads or refuses any bytes', () => {
    const cell = fc.oneof(
      fc.constantFrom('JP-13', 'JP', '2024', '5', '"', '""', '__proto__', '\0', '\r', ''),
      fc.string(),
    )
    const line = fc.array(cell, { maxLength: 10 }).map((cells) => cells.join(','))
    const text = fc.array(line, { maxLength: 5 }).map((lines) => Buffer.from(`${header}\n${lines.join('\n')}`))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), text), (bytes) => {
        const result = read(bytes)
        expect(result === 'fault' || result >= 0).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('reads a table alike with and without quotes', () => {
    const plain = `${header}\n${tokyo}\n\nJP-14,JP,Kanagawa,神奈川県,x|y,9,2024,\n`
    const quoted = plain.replace(/[^,\n]+/g, '"$&"')
    expect(parseRegionTable(Buffer.from(quoted), 'f')).toEqual(parseRegionTable(Buffer.from(plain), 'f'))
  })

  it('refuses what is deep, wide or long', () => {
    expect(read(Buffer.from('['.repeat(100_000)))).toBe('fault')
    expect(read(Buffer.from(','.repeat(10_000_000)))).toBe('fault')
    expect(read(Buffer.from(`${header}\n${'x'.repeat(10_000_000)}`))).toBe('fault')
    expect(read(Buffer.from(`${header}\n"${'x'.repeat(10_000_000)}`))).toBe('fault')
  })
})
