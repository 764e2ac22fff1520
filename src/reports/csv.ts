import { stringify } from 'csv-stringify/sync'
import type { CsvDialect } from '../model/report-format.ts'
import { sixDigits } from '../statistics/rates.ts'

/** Cells that are written already, by delimiter. */
const knownBy = { ',': new Map<string, string>(), ';': new Map<string, string>() }

/**
 * A text cell as RFC 4180 writes it, with what a spreadsheet would run as a formula neutralised by a leading
 * apostrophe, and NUL, which no reader of CSV takes, by U+FFFD. The same names come back in thousands of rows, so written cells are remembered.
 */
export const csvCell = (text: string): string => delimitedCell(text, ',')

/** The same between other delimiters. */
export function delimitedCell(text: string, delimiter: CsvDialect['delimiter']): string {
  if (text === '') return ''
  const known = knownBy[delimiter]
  const found = known.get(text)
  if (found !== undefined) return found
  // A formula behind white space is one too in some spreadsheets.
  const plain = text.replaceAll('\0', '\ufffd').replace(/^\s+(?=[=+\-@＝＋－＠])/, "'$&")
  const cell = stringify([[plain]], {
    delimiter,
    escape_formulas: true,
    eof: false,
    record_delimiter: 'windows',
    // A line feed or carriage return alone must be quoted too, or the cell's rest becomes a row of its own.
    quoted_match: /[\r\n]/,
  })
  if (known.size > 200_000) known.clear()
  // What is long does not come back, and would fill the memory.
  if (text.length <= 200) known.set(text, cell)
  return cell
}

/** A line of cells that are written already, with its CRLF. */
export const csvLine = (cells: readonly string[]): string => `${cells.join(',')}\r\n`

/** A number as every file has it. */
export const rounded = (value: number): number => Number(numberCell(value))

/** A number's cell: whole ones as they are, others with six significant digits, nothing for none. */
export const numberCell = (value: number | undefined): string =>
  value === undefined ? '' : Number.isInteger(value) ? String(value) : sixDigits(value)
