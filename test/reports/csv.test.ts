import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvCell, csvLine } from '../../src/reports/csv.ts'

const read = (text: string): string[][] => parse(text, { record_delimiter: '\r\n' })

describe('csvCell', () => {
  it.each(['=cmd|" /C calc"!A0', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', ' +1', '＝1', '＋1', '－1', '＠x'])(
    'neutralises %j',
    (text) => {
      expect(read(csvLine([csvCell(text), 'end']))).toEqual([[`'${text}`, 'end']])
    },
  )

  it('leaves other text as it is', () => {
    for (const text of ['Postfix', '例示通信', '1.4.3', '64496', "O'Brien", ' x', 'a=b', '🦊', 'ä'])
      expect(csvCell(text)).toBe(text)
  })

  it('quotes a line feed and a carriage return alone, which other readers take for the end of a row', () => {
    for (const text of ['a\nb', 'a\rb', 'a\r\nb', '\nb']) expect(csvCell(text)).toBe(`"${text}"`)
  })

  it('keeps any text in one cell of one row, line breaks of any kind too', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '=', '-', "'", ';', '例', '\0'), maxLength: 8 }),
        (text) => {
          const cell = text.replaceAll('\0', '\ufffd')
          const [row, ...others] = read(csvLine(['before', csvCell(text), 'after']))
          expect(others).toEqual([])
          expect(row?.[0]).toBe('before')
          expect(row?.[1]).toBe(/^(\s*[=+\-@]|[\t\r])/.test(cell) ? `'${cell}` : cell)
          expect(row?.[2]).toBe('after')
        },
      ),
    )
  })
})
