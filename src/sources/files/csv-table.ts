import { parse } from 'csv-parse/sync'
import type { Head, Reading } from '../../model/reader.ts'
import type { Row } from './csv-rows.ts'
import { csvRows, delimiterOf } from './csv-rows.ts'

/** The columns of a CSV table by name. Names are compared in lower case with `_` for blanks, hyphens and dots. */
export interface Header {
  readonly names: readonly string[]
  readonly has: (name: string) => boolean
  /** The row's cell in this column; undefined where the table has no such column or the row's cell is blank. */
  readonly cell: (row: Row, name: string) => string | undefined
}

function header(names: readonly string[]): Header {
  const columns = new Map<string, number>()
  for (const [index, name] of names.entries()) if (!columns.has(columnName(name))) columns.set(columnName(name), index)
  return {
    names,
    has: (name) => columns.has(columnName(name)),
    cell(row, name) {
      const index = columns.get(columnName(name))
      const value = index === undefined ? undefined : row.cells[index]
      return value === undefined || value.trim() === '' ? undefined : value
    },
  }
}

const columnName = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[\s.-]+/g, '_')

/** The header an input seems to begin with, for format detection; undefined when the first line is no CSV header. */
export function headerOf(head: Head): Header | undefined {
  const [line = ''] = head.text
    .replace(/^\uFEFF/, '')
    .trimStart()
    .split(/\r?\n/, 1)
  if (line === '' || line.length > 32_768 || /^[[{<#]/.test(line)) return undefined
  try {
    const [names] = parse(line, { delimiter: delimiterOf(Buffer.from(line)), relax_quotes: true })
    return names && header(names)
  } catch {
    return undefined
  }
}

/** What turns a row into a reading. `headerless`: the first row is one too. */
export interface TableReader {
  readonly read: (row: Row) => Reading
  readonly headerless?: boolean
}

/**
 * Streams a CSV input whose first row names its columns. `open` gets the header and gives what reads the rows, or a
 * reject when the table cannot be read at all: then nothing more of it is. A row with fewer cells than the header, or
 * with more that say something, is a reject: its cells may stand in the wrong columns.
 */
export async function* csvTable(
  input: AsyncIterable<Uint8Array>,
  maxRecordBytes: number,
  open: (columns: Header, first: Row) => TableReader | Extract<Reading, { kind: 'reject' }>,
): AsyncGenerator<Reading> {
  let table: TableReader | undefined
  let width = 0
  for await (const row of csvRows(input, maxRecordBytes)) {
    if (row.kind !== 'row') {
      yield row
      if (table) continue
      yield { kind: 'cut', line: row.line, detail: 'without its header the table cannot be read' }
      return
    } else if (!table) {
      const opened = open(header(row.cells), row)
      if ('kind' in opened) {
        yield opened
        return
      }
      table = opened
      width = row.cells.length
      if (table.headerless === true) yield table.read(row)
    } else if (row.cells.length < width && row.last) {
      yield { kind: 'cut', line: row.line, detail: 'the input ends within a row' }
    } else if (row.cells.length < width || row.cells.slice(width).some((cell) => cell.trim() !== '')) {
      const detail = `${row.cells.length} cells where the header has ${width}`
      yield { kind: 'reject', line: row.line, reason: 'bad-row', detail, text: row.excerpt }
    } else yield table.read(row)
  }
}
