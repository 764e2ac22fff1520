import { createReadStream } from 'node:fs'
import { isBlank } from '../model/line.ts'

/** A line that DuckDB could not take. */
export interface UnsoundLine {
  /** Its number among the lines of its file, from 1. */
  readonly number: number
  /** Its number among the lines that are not blank, from 0. */
  readonly row: number
  readonly bytes: Buffer
  /** Whether it is the last and has no line end. */
  readonly openEnd: boolean
}

/**
 * Hands the lines of a file over whose row (see UnsoundLine) is wanted, given in order; all of them when `wanted` is
 * undefined. Rows are numbered as DuckDB does it, which skips blank lines.
 */
export async function eachLine(
  path: string,
  wanted: AsyncGenerator<number> | undefined,
  take: (line: UnsoundLine) => Promise<void>,
): Promise<void> {
  let next = wanted && (await wanted.next())
  for await (const batch of lineBatches(path)) {
    for (const line of batch) {
      if (next?.done === true) return
      if (next !== undefined && next.value !== line.row) continue
      await take(line)
      next = wanted && (await wanted.next())
    }
  }
}

/** Lines of a file that are not blank. */
export async function countLines(path: string): Promise<number> {
  let count = 0
  for await (const batch of lineBatches(path)) count += batch.length
  return count
}

/** The lines of a file that are not blank, in batches. A line ends at a line feed and nowhere else. */
export async function* lineBatches(path: string): AsyncGenerator<UnsoundLine[]> {
  let number = 1
  let row = 0
  let held: Buffer[] = []
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    const batch: UnsoundLine[] = []
    let start = 0
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      const bytes =
        held.length === 0 ? chunk.subarray(start, end) : Buffer.concat([...held, chunk.subarray(start, end)])
      if (!isBlank(bytes)) batch.push({ number, row: row++, bytes, openEnd: false })
      held = []
      number++
      start = end + 1
    }
    if (start < chunk.length) held.push(chunk.subarray(start))
    yield batch
  }
  const bytes = Buffer.concat(held)
  if (!isBlank(bytes)) yield [{ number, row, bytes, openEnd: true }]
}
