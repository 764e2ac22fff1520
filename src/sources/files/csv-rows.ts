import { parse } from 'csv-parse/sync'
import type { Reading } from '../../model/reader.ts'
import type { Line } from './lines.ts'
import { lines } from './lines.ts'

/** One row: its cells, the line it begins on, the beginning of its text, and whether the input ends in it. */
export interface Row {
  readonly kind: 'row'
  readonly line: number
  readonly cells: readonly string[]
  readonly excerpt: string
  readonly last: boolean
}

type Broken = Exclude<Reading, { kind: 'record' }>
interface RawRow {
  readonly kind: 'raw'
  readonly line: number
  readonly bytes: Buffer
  readonly delimiter: string
  readonly last: boolean
}

const maxColumns = 10_000
const batchBytes = 65_536
/** What holding a line costs besides its bytes: a cell of a million empty lines is not small. */
const lineOverheadBytes = 64
const quote = 0x22

/**
 * Streams the rows of a CSV input (RFC 4180; LF or CRLF; a BOM is dropped; invalid UTF-8 is replaced; blank lines are
 * skipped; CRLF within a quoted cell becomes LF). The separator is comma, semicolon or tab, whichever the first line
 * has most of outside quotes. A row of more than `maxRecordBytes` or 10,000 columns is a reject and reading goes on.
 * A quote that is never closed costs its own line: the lines after it are read again, each as a row. At the end of the
 * input it is a `cut`.
 */
export async function* csvRows(input: AsyncIterable<Uint8Array>, maxRecordBytes: number): AsyncGenerator<Row | Broken> {
  // csv-parse is asked for many rows at once: setting it up costs more than a row.
  let batch: RawRow[] = []
  let held = 0
  const flush = function* (): Generator<Row | Broken> {
    yield* parsed(batch)
    batch = []
    held = 0
  }
  for await (const row of rawRows(input, maxRecordBytes)) {
    if (row.kind !== 'raw') {
      yield* flush()
      yield row
      continue
    }
    batch.push(row)
    held += row.bytes.length + lineOverheadBytes
    if (held > batchBytes) yield* flush()
  }
  yield* flush()
}

function* parsed(batch: readonly RawRow[]): Generator<Row | Broken> {
  const rows = cellsOf(batch)
  for (const [index, raw] of batch.entries()) {
    const excerpt = raw.bytes.toString('utf8', 0, 1000)
    const cells = rows?.[index] ?? cellsOf([raw])?.[0]
    if (cells) yield { kind: 'row', line: raw.line, cells, excerpt, last: raw.last }
    else yield { kind: 'reject', line: raw.line, reason: 'bad-row', detail: 'quotes that fit no cell', text: excerpt }
  }
}

/** The cells of each row, or undefined when csv-parse does not see the same rows as `rawRows`. */
function cellsOf(batch: readonly RawRow[]): string[][] | undefined {
  const [first] = batch
  if (!first) return []
  const newline = Buffer.from('\n')
  try {
    const rows = parse(Buffer.concat(batch.flatMap(({ bytes }) => [bytes, newline])), {
      delimiter: first.delimiter,
      record_delimiter: '\n',
      relax_quotes: true,
      relax_column_count: true,
    })
    return rows.length === batch.length ? rows : undefined
  } catch {
    return undefined
  }
}

/** Joins lines to rows: a row ends at a line end outside quotes. Holds one row at most. */
async function* rawRows(input: AsyncIterable<Uint8Array>, maxRecordBytes: number): AsyncGenerator<RawRow | Broken> {
  let delimiter: string | undefined
  let held: Line[] = []
  let heldBytes = 0
  let columns = 1
  const release = (): Line[] => {
    const released = held
    held = []
    heldBytes = 0
    columns = 1
    return released
  }
  for await (const line of lines(input, maxRecordBytes)) {
    if (line.tooLong) {
      if (delimiter !== undefined) yield* unclosed(release(), delimiter)
      yield { kind: 'reject', line: line.number, reason: 'line-too-long', text: line.bytes.toString('utf8') }
      continue
    }
    if (held.length === 0 && line.bytes.every((byte) => byte === 0x20)) continue
    delimiter ??= delimiterOf(line.bytes)
    const end = walk(line.bytes, delimiter, held.length > 0)
    held.push(line)
    heldBytes += line.bytes.length + lineOverheadBytes
    columns += end.delimiters
    if (end.quoted && heldBytes > maxRecordBytes) yield* unclosed(release(), delimiter)
    else if (!end.quoted && columns > maxColumns) yield tooWide(release())
    else if (!end.quoted) yield joined(release(), delimiter)
  }
  const [first, ...rest] = held
  if (first && delimiter !== undefined) {
    yield { kind: 'cut', line: first.number, detail: 'the input ends within a quoted cell that begins here' }
    yield* singly(rest, delimiter)
  }
}

function* unclosed(held: readonly Line[], delimiter: string): Generator<RawRow | Broken> {
  const [first, ...rest] = held
  if (!first) return
  yield brokenQuote(first)
  yield* singly(rest, delimiter)
}

/** Each line as a row of its own: what is left when a quote swallowed them. Linear, so no input can make it slow. */
function* singly(held: readonly Line[], delimiter: string): Generator<RawRow | Broken> {
  for (const line of held) {
    const { quoted, delimiters } = walk(line.bytes, delimiter, false)
    if (line.bytes.length === 0) continue
    if (quoted) yield brokenQuote(line)
    else if (delimiters >= maxColumns) yield tooWide([line])
    else yield joined([line], delimiter)
  }
}

function joined(held: readonly Line[], delimiter: string): RawRow {
  const newline = Buffer.from('\n')
  const parts = held.flatMap(({ bytes }, index) => (index === 0 ? [bytes] : [newline, bytes]))
  const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
  return { kind: 'raw', line: held[0]?.number ?? 0, bytes, delimiter, last: held.at(-1)?.last ?? false }
}

const brokenQuote = (line: Line): Broken => ({
  kind: 'reject',
  line: line.number,
  reason: 'bad-row',
  detail: 'a quote opened here is never closed',
  text: line.bytes.toString('utf8', 0, 1000),
})

const tooWide = (held: readonly Line[]): Broken => ({
  kind: 'reject',
  line: held[0]?.number ?? 0,
  reason: 'bad-row',
  detail: `more than ${maxColumns} columns`,
  text: held[0]?.bytes.toString('utf8', 0, 1000) ?? '',
})

/** Whether a quoted cell is open after this line, and how many separators stood outside quotes. */
function walk(bytes: Buffer, delimiter: string, openBefore: boolean): { quoted: boolean; delimiters: number } {
  const separator = delimiter.charCodeAt(0)
  let quoted = openBefore
  let delimiters = 0
  let cellStart = true
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (quoted) {
      if (byte !== quote) continue
      if (bytes[index + 1] === quote) index++
      else quoted = false
      cellStart = false
    } else if (byte === separator) {
      delimiters++
      cellStart = true
    } else {
      // Only a quote at a cell's beginning opens: `5" disk` is text.
      if (byte === quote && cellStart) quoted = true
      cellStart = false
    }
  }
  return { quoted, delimiters }
}

/** The separator a CSV input uses, from its first line: comma unless semicolons or tabs are more. */
export function delimiterOf(firstLine: Uint8Array): string {
  const bytes = Buffer.from(firstLine.buffer, firstLine.byteOffset, firstLine.byteLength)
  const counted = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: walk(bytes, delimiter, false).delimiters }))
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).delimiter
}
