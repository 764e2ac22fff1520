import { isBlank } from '../../model/line.ts'
import { withoutMark } from './byte-order-mark.ts'

/** A line that DuckDB is not given: it stands in the chunk as `{}`. */
export interface SpareLine {
  /** Row in the chunk, from 0. */
  readonly row: number
  /** The line's bytes. */
  readonly bytes: Buffer
  readonly tooLong?: true
}

/** A run of whole lines on its way to DuckDB. */
export interface Chunk {
  readonly parts: readonly Uint8Array[]
  /** The number of the first line in the input, from 1. */
  readonly firstLine: number
  readonly lines: number
  readonly spare: ReadonlyMap<number, SpareLine>
  /** How many of the lines are blank. */
  readonly blank: number
  /** Whether the last line of the chunk is the input's last and has no line end. */
  readonly openEnd: boolean
}

export interface ChunkOptions {
  /** Bytes a chunk holds, about. */
  readonly chunkBytes: number
  /** Lines longer than this are spared: DuckDB ends a whole statement over one. */
  readonly maxBulkLine: number
  /** Lines longer than this are `tooLong`. */
  readonly maxRecordBytes: number
}

const stub = Buffer.from('{}\n')
/** What stands in a chunk for a blank line: DuckDB skips blank lines, and rows would no longer be lines. */
export const blankStub = Buffer.from('{"":0}')
const blankLine = Buffer.concat([blankStub, Buffer.from('\n')])
/** No record fits in fewer bytes; so short a line, or one that begins with white space, is looked at, in case it is blank. */
const shortLine = 24

/**
 * Cuts bytes into chunks of whole lines. Every line of the input is a row of exactly one chunk, in order; lines that
 * are too long are replaced by `{}` and kept aside, blank ones by `blankStub`. Holds about two chunks and one line.
 */
export async function* chunks(input: AsyncIterable<Uint8Array>, options: ChunkOptions): AsyncGenerator<Chunk> {
  let parts: Uint8Array[] = []
  let partBytes = 0
  let spare = new Map<number, SpareLine>()
  let blanks = 0
  let firstLine = 1
  let rows = 0
  let carry: Buffer[] = []
  let carryBytes = 0

  const add = (block: Buffer): void => {
    let kept = 0
    let start = 0
    for (let end = block.indexOf(0x0a); end !== -1; end = block.indexOf(0x0a, start)) {
      const length = end - start
      if (length < shortLine || (block[start] ?? 0) <= 0x20 || length > options.maxBulkLine) {
        const line = block.subarray(start, end)
        const blank = isBlank(line)
        if (blank || length > options.maxBulkLine || line.equals(blankStub)) {
          if (start > kept) parts.push(block.subarray(kept, start))
          parts.push(blank ? blankLine : stub)
          // Copied, so that a spared line does not hold its whole block.
          if (blank) blanks++
          else spare.set(rows, { row: rows, bytes: Buffer.from(line) })
          kept = end + 1
        }
      }
      rows++
      start = end + 1
    }
    if (block.length > kept) parts.push(block.subarray(kept))
    partBytes += block.length
  }
  const flush = (openEnd: boolean): Chunk => {
    const chunk = { parts, firstLine, lines: rows, spare, blank: blanks, openEnd }
    firstLine += rows
    parts = []
    partBytes = 0
    spare = new Map()
    blanks = 0
    rows = 0
    return chunk
  }
  const finishTooLong = (): void => {
    parts.push(stub)
    spare.set(rows, { row: rows, bytes: Buffer.concat(carry).subarray(0, 1000), tooLong: true })
    rows++
    carry = []
    carryBytes = 0
  }

  for await (const bytes of withoutMark(input)) {
    let rest: Buffer = bytes
    if (carryBytes > options.maxRecordBytes) {
      // The line is given up already: only its end matters.
      const end = rest.indexOf(0x0a)
      if (end === -1) continue
      finishTooLong()
      rest = rest.subarray(end + 1)
    }
    const lineEnd = rest.lastIndexOf(0x0a) + 1
    if (lineEnd > 0) {
      let start = 0
      if (carryBytes > 0) {
        // Only the line that spans two reads is copied together.
        start = rest.indexOf(0x0a) + 1
        add(Buffer.concat([...carry, rest.subarray(0, start)]))
        carry = []
        carryBytes = 0
      }
      if (start < lineEnd) add(rest.subarray(start, lineEnd))
      rest = rest.subarray(lineEnd)
    }
    if (rest.length > 0) {
      carry.push(rest)
      carryBytes += rest.length
      if (carryBytes > options.maxRecordBytes) carry = [Buffer.from(Buffer.concat(carry).subarray(0, 1000))]
    }
    if (partBytes >= options.chunkBytes) yield flush(false)
  }
  const openEnd = carryBytes > 0
  if (carryBytes > options.maxRecordBytes) finishTooLong()
  else if (openEnd) add(Buffer.concat([...carry, Buffer.from('\n')]))
  if (rows > 0) yield flush(openEnd)
}
