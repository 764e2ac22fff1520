import { constants, open, type FileHandle } from 'node:fs/promises'
import { chunks, type ChunkOptions, type SpareLine } from './chunks.ts'

/** A run of whole lines in a file of its own, for DuckDB to read in one statement. */
export interface Spool {
  readonly path: string
  /** The number of the first line in the input, from 1. */
  readonly firstLine: number
  readonly lines: number
  readonly spare: ReadonlyMap<number, SpareLine>
  /** Whether the last line is the input's last and has no line end. */
  readonly openEnd: boolean
}

export interface SpoolOptions extends Omit<ChunkOptions, 'chunkBytes'> {
  /** Bytes of a file, about. */
  readonly spoolBytes: number
}

/** Gives a file to write to, when one is free; what it holds is overwritten, which costs less than a new file. */
export type NextFile = () => Promise<string>

/** Lines kept aside are held in memory until the file is read. */
const maxSpareBytes = 2 ** 24
/** What a blank line costs, which DuckDB cannot take either, and of which a file may have nothing but. */
const blankBytes = 16
/** What is held in memory; buffers that are gone soon cost the collection of garbage least. */
const chunkBytes = 4 * 2 ** 20

/** Cuts bytes into files of whole lines, as `chunks` does it. */
export async function* spool(
  bytes: AsyncIterable<Uint8Array>,
  options: SpoolOptions,
  nextFile: NextFile,
): AsyncGenerator<Spool> {
  let handle: FileHandle | undefined
  let path = ''
  let firstLine = 1
  let lines = 0
  let written = 0
  let spare = new Map<number, SpareLine>()
  let spareBytes = 0
  const finish = async (openEnd: boolean): Promise<Spool> => {
    await handle?.truncate(written)
    await handle?.close()
    handle = undefined
    const whole = { path, firstLine, lines, spare, openEnd }
    firstLine += lines
    lines = 0
    written = 0
    spare = new Map()
    spareBytes = 0
    return whole
  }
  try {
    for await (const chunk of chunks(bytes, { ...options, chunkBytes })) {
      if (handle === undefined) {
        path = await nextFile()
        handle = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o600)
      }
      await writeAll(handle, chunk.parts)
      for (const [row, line] of chunk.spare) {
        spare.set(lines + row, { ...line, row: lines + row })
        spareBytes += line.bytes.length
      }
      spareBytes += blankBytes * chunk.blank
      lines += chunk.lines
      written += chunk.parts.reduce((sum, part) => sum + part.length, 0)
      if (written >= options.spoolBytes || spareBytes >= maxSpareBytes || chunk.openEnd)
        yield await finish(chunk.openEnd)
    }
    if (lines > 0) yield await finish(false)
  } finally {
    await handle?.close()
  }
}

/** writev takes 1024 buffers at most and may write less than it was given. */
async function writeAll(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  for (let at = 0; at < parts.length; at += 512) {
    const batch = parts.slice(at, at + 512)
    const size = batch.reduce((sum, part) => sum + part.length, 0)
    const { bytesWritten } = await handle.writev(batch)
    if (bytesWritten < size) await handle.writeFile(Buffer.concat(batch).subarray(bytesWritten))
  }
}
