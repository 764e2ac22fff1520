import { parse } from 'csv-parse/sync'
import { wrongInput } from '../model/errors.ts'

/** One row of a region table: what is said of one region (or country) in one year. */
export interface RegionRow {
  readonly line: number
  readonly code: string
  readonly country: string
  readonly name: string
  readonly nameLocal: string
  readonly otherNames: readonly string[]
  readonly population: number
  readonly year: number
}

export const regionColumns = [
  'code',
  'country',
  'name',
  'name_local',
  'other_names',
  'population',
  'year',
  'quality',
] as const
type Column = (typeof regionColumns)[number]

const isColumn = (name: string): name is Column => (regionColumns as readonly string[]).includes(name)

const maxBytes = 16 * 1024 * 1024
const header = regionColumns.join(',')

/**
 * Reads a region table: CSV (RFC 4180; LF or CRLF, with or without BOM, UTF-8) whose columns are `regionColumns` in
 * any order. Checks the shape of every cell, and that no code has two rows of one year; whether a code exists is the
 * caller's to check.
 * @throws CensusError (exit 2) naming file, line and field at the first fault.
 */
export function parseRegionTable(bytes: Uint8Array, file: string): readonly RegionRow[] {
  const [first, ...rest] = cells(bytes, file)
  if (first === undefined) throw wrongInput(`${file}: the table is empty`, `Its first line must be ${header}`)
  const columns = columnsOf(first.cells, file)
  const seen = new Map<string, number>()
  return rest.map(({ cells: row, line }) => {
    const where = `${file}, line ${line}`
    if (row.length !== columns.length) {
      const hint = 'Put a cell that contains a comma into double quotes'
      throw wrongInput(`${where}: ${row.length} cells, but the header has ${columns.length}`, hint)
    }
    const parsed = parseRow(new Map(columns.map((column, index) => [column, row[index]?.trim() ?? ''])), line, where)
    const key = `${parsed.code} ${parsed.year}`
    const before = seen.get(key)
    if (before !== undefined) {
      const hint = `Leave one of the two rows out`
      throw wrongInput(
        `${where}, field code: ${parsed.code} has a row for ${parsed.year} already, line ${before}`,
        hint,
      )
    }
    seen.set(key, line)
    return parsed
  })
}

function parseRow(row: ReadonlyMap<Column, string>, line: number, where: string): RegionRow {
  const cell = (column: Column): string => row.get(column) ?? ''
  const fault = (column: Column, what: string, hint: string): never => {
    throw wrongInput(`${where}, field ${column}: "${cell(column).slice(0, 60)}" ${what}`, hint)
  }
  for (const column of regionColumns) {
    if (/\p{Cc}/u.test(cell(column))) fault(column, 'contains a control character', 'Remove it')
  }
  const [code, country] = [cell('code'), cell('country')]
  if (!/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(code)) {
    fault('code', 'is not an ISO 3166-2 code', 'Write it like JP-13, or like JP for a whole country')
  }
  if (!/^[A-Z]{2}$/.test(country)) fault('country', 'is not an ISO 3166-1 alpha-2 code', 'Write it like JP')
  if (code.slice(0, 2) !== country) fault('country', `is not the country of ${code}`, `Write ${code.slice(0, 2)}`)
  if (/^\d+\/\d+$|[.,\s']/.test(cell('population'))) {
    fault('population', 'is not a plain whole number', 'Write it without separators, decimals and units: 13515271')
  }
  if (!/^[1-9]\d{0,9}$/.test(cell('population'))) {
    const hint = 'Write a whole number of people from 1 to 9999999999; leave the row out if it is not known'
    fault('population', 'is not a number of people', hint)
  }
  const year = Number(cell('year'))
  if (!/^\d{4}$/.test(cell('year')) || year < 1900 || year > 2200) {
    fault('year', 'is not a year', 'Write four digits between 1900 and 2200')
  }
  return {
    line,
    code,
    country,
    name: cell('name'),
    nameLocal: cell('name_local'),
    otherNames: list(cell('other_names')),
    population: Number(cell('population')),
    year,
  }
}

/** The names in an `other_names` cell. */
export const list = (cell: string): readonly string[] =>
  cell
    .split('|')
    .map((name) => name.trim())
    .filter((name) => name !== '')

function columnsOf(names: readonly string[], file: string): readonly Column[] {
  const hint = `The first line must be ${header}`
  const columns = names.map((name) => name.trim())
  if (!columns.some((name) => isColumn(name))) throw wrongInput(`${file}, line 1: there is no header row`, hint)
  for (const [index, name] of columns.entries()) {
    const shown = `"${name.slice(0, 60)}"`
    if (!isColumn(name)) throw wrongInput(`${file}, line 1: unknown column ${shown}`, hint)
    if (columns.indexOf(name) !== index) throw wrongInput(`${file}, line 1: column ${shown} is there twice`, hint)
  }
  const missing = regionColumns.filter((name) => !columns.includes(name))
  if (missing.length > 0) throw wrongInput(`${file}, line 1: column ${missing.join(', ')} is missing`, hint)
  return columns.filter(isColumn)
}

/** The cells of a CSV file with the line each row ends on. @throws CensusError (exit 2) when it is not CSV in UTF-8. */
export function cells(bytes: Uint8Array, file: string): readonly { cells: readonly string[]; line: number }[] {
  if (bytes.length > maxBytes) throw wrongInput(`${file}: a region table may have 16 MiB at most`)
  const text = decode(bytes, file)
  // Without a quote there is nothing to unquote, and splitting is several times quicker at every start.
  if (!text.includes('"')) return unquoted(text)
  const rows: { cells: readonly string[]; line: number }[] = []
  try {
    parse(text, {
      record_delimiter: ['\r\n', '\n', '\r'],
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (record: readonly string[], { lines }) => {
        rows.push({ cells: record, line: lines })
        return null
      },
    })
    return rows
  } catch (error) {
    const line = typeof error === 'object' && error !== null && 'lines' in error ? `, line ${String(error.lines)}` : ''
    const hint = 'A cell with a double quote in it is written "so ""quoted"" here"; every opening quote needs its end'
    throw wrongInput(`${file}${line}: not valid CSV, a double quote is out of place`, hint)
  }
}

function unquoted(text: string): readonly { cells: readonly string[]; line: number }[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ cells: line.split(','), line: index + 1 }))
    .filter(({ cells: row }) => row.length > 1 || row[0] !== '')
}

function decode(bytes: Uint8Array, file: string): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    return decoder.decode(bytes)
  } catch {
    const valid = Buffer.from(bytes).toString('utf8').split('\n')
    const line = valid.findIndex((text) => text.includes('\uFFFD')) + 1
    const hint = 'Save it as "CSV UTF-8"; spreadsheets in Japan write Shift_JIS otherwise'
    throw wrongInput(`${file}, line ${line}: not UTF-8 text`, hint)
  }
}
