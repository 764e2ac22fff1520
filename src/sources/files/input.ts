import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import zlib from 'node:zlib'
import { Decompress } from 'fzstd'
import { failed, wrongInput } from '../../model/errors.ts'
import type { Head } from '../../model/reader.ts'

/** A file (or standard input) being read, decompressed. */
export interface Input {
  /** As the user named it; `-` for standard input. */
  readonly name: string
  /** Bytes on disk, undefined for standard input and pipes. */
  readonly size: number | undefined
  /** Whether it is a file on disk that is not compressed: others can read it by its name. */
  readonly plain: boolean
  /** The beginning, for format detection; reading it does not use it up. */
  readonly head: Head
  /** The decompressed bytes, once. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Bytes read from disk so far. */
  readonly bytesRead: () => number
  /** Why the bytes ended before they should (a compressed stream cut off or broken), once they have ended. */
  readonly cut: () => string | undefined
  /** Another reads the file by its name, and answers for it from now on; `bytes` is given up. */
  readBy(other: Pick<Input, 'bytesRead' | 'cut'>): Promise<void>
  /** Gives up reading. */
  close(): Promise<void>
}

export interface InputOptions {
  /** A compressed input that expands to more than this many times its size is refused as a bomb. */
  readonly maxExpansion: number
}

const headBytes = 65_536
/** Small inputs compress as far as they like: a bomb is only one when it is large. */
const expansionAllowance = 64 * 2 ** 20
/** The largest window zstd itself accepts without being asked (`--long`): 128 MiB. */
const maxZstdWindowLog = 27

/**
 * Opens a file, or standard input for `-`; gzip and zstd are recognised by their first bytes, whatever the name.
 * @throws CensusError exit 2 when it cannot be opened
 */
export async function openInput(name: string, options: InputOptions): Promise<Input> {
  const size = name === '-' ? undefined : await fileSize(name)
  let bytesRead = 0
  let cut: string | undefined
  let other: Pick<Input, 'bytesRead' | 'cut'> | undefined
  let compressed = false
  const raw = counted(name === '-' ? process.stdin : createReadStream(name, { highWaterMark: 2 ** 22 }), (count) => {
    bytesRead += count
  })
  const decompressed = decompress(raw, {
    name,
    limit: () => expansionAllowance + options.maxExpansion * bytesRead,
    maxExpansion: options.maxExpansion,
    onCut: (why) => {
      cut = why
    },
    onCompressed: () => {
      compressed = true
    },
  })
  const iterator = decompressed[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let held = 0
  let whole = false
  while (held < headBytes) {
    const next = await iterator.next()
    if (next.done) {
      whole = true
      break
    }
    first.push(next.value)
    held += next.value.length
  }
  const headText = new TextDecoder('utf-8').decode(Buffer.concat(first).subarray(0, headBytes))
  return {
    name,
    size,
    plain: size !== undefined && !compressed,
    head: {
      text: headText,
      fileName: name === '-' ? '-' : basename(name).replace(/\.(gz|zst)$/i, ''),
      whole: whole && held <= headBytes,
    },
    bytes: (async function* () {
      try {
        yield* first
        while (!whole) {
          const next = await iterator.next()
          if (next.done) return
          yield next.value
        }
      } finally {
        await iterator.return?.(undefined)
      }
    })(),
    bytesRead: () => other?.bytesRead() ?? bytesRead,
    cut: () => (other === undefined ? cut : other.cut()),
    readBy: async (reader) => {
      other = reader
      await iterator.return?.(undefined)
    },
    close: async () => {
      await iterator.return?.(undefined)
    },
  }
}

async function fileSize(name: string): Promise<number | undefined> {
  try {
    const found = await stat(name)
    if (found.isDirectory()) throw wrongInput(`${name} is a folder`, 'name the files in it')
    return found.isFile() ? found.size : undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      throw wrongInput(`${name} cannot be read (${String(error.code)})`, 'check the name and its permissions')
    }
    throw error
  }
}

async function* counted(stream: Readable, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array)
      count(bytes.length)
      yield bytes
    }
  } catch (error) {
    throw failed(`reading failed: ${(error as Error).message}`, 'check the file and the disk', error)
  }
}

interface Expansion {
  readonly name: string
  readonly limit: () => number
  readonly maxExpansion: number
  readonly onCut: (why: string) => void
  readonly onCompressed: () => void
}

async function* decompress(raw: AsyncGenerator<Buffer>, expansion: Expansion): AsyncGenerator<Uint8Array> {
  const first = await raw.next()
  if (first.done) return
  const magic = first.value.length >= 4 ? first.value.readUInt32BE(0) : 0
  const all = (async function* () {
    yield first.value
    yield* raw
  })()
  const gzip = magic >>> 16 === 0x1f8b
  if (!gzip && magic !== 0x28b52ffd && (magic & 0xf0ffffff) >>> 0 !== 0x502a4d18) {
    yield* all
    return
  }
  expansion.onCompressed()
  // Where the stream is broken, what has come out since the last piece is lost: hence pieces no larger than speed wants.
  if (gzip) yield* bounded(throughNode(all, zlib.createGunzip({ chunkSize: 2 ** 20 }), expansion), expansion)
  else yield* bounded(zstd(all, first.value, expansion), expansion)
}

async function* bounded(bytes: AsyncIterable<Uint8Array>, expansion: Expansion): AsyncGenerator<Uint8Array> {
  let expanded = 0
  for await (const chunk of bytes) {
    expanded += chunk.length
    if (expanded > expansion.limit()) {
      throw wrongInput(
        `${expansion.name} expands to more than ${expansion.maxExpansion} times its size`,
        'if that is meant, allow it with --max-expansion',
      )
    }
    yield chunk
  }
}

/** Runs bytes through one of Node's decompressors; a broken or cut-off stream ends the bytes and is reported as a cut. */
async function* throughNode(
  bytes: AsyncGenerator<Buffer>,
  engine: zlib.Gunzip,
  expansion: Expansion,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(bytes)
  let readFailure: unknown
  source.once('error', (error) => {
    readFailure = error
    engine.destroy(error)
  })
  try {
    yield* source.pipe(engine) as AsyncIterable<Uint8Array>
  } catch (error) {
    if (readFailure !== undefined) throw readFailure
    expansion.onCut(`the compressed stream is broken or cut off (${(error as Error).message})`)
  } finally {
    source.destroy()
  }
}

async function* zstd(bytes: AsyncGenerator<Buffer>, first: Buffer, expansion: Expansion): AsyncGenerator<Uint8Array> {
  // Node has zstd from 22.15 on; its types for Node 20 do not know it.
  const node = zlib as typeof zlib & { createZstdDecompress?: (options: object) => zlib.Gunzip }
  if (node.createZstdDecompress) {
    const ZSTD_d_windowLogMax = 100
    yield* throughNode(
      bytes,
      node.createZstdDecompress({ params: { [ZSTD_d_windowLogMax]: maxZstdWindowLog } }),
      expansion,
    )
    return
  }
  const window = zstdWindow(first)
  if (window > 2 ** maxZstdWindowLog) {
    expansion.onCut(
      `the zstd stream asks for a window of ${window} bytes, more than the ${2 ** maxZstdWindowLog} allowed`,
    )
    return
  }
  let ready: Uint8Array[] = []
  let ended = false
  const engine = new Decompress((chunk, last) => {
    if (chunk.length > 0) ready.push(chunk)
    ended = last ?? false
  })
  try {
    for await (const chunk of bytes) {
      // Small pushes keep what a bomb can expand to between two looks at the limit small.
      for (let at = 0; at < chunk.length; at += 16_384) {
        engine.push(chunk.subarray(at, at + 16_384), false)
        yield* ready
        ready = []
      }
    }
    engine.push(new Uint8Array(0), true)
    yield* ready
    if (!ended) expansion.onCut('the compressed stream is cut off')
  } catch (error) {
    if (error instanceof Error && 'exit' in error) throw error
    yield* ready
    expansion.onCut(`the compressed stream is broken or cut off (${(error as Error).message})`)
  }
}

/** Window size a zstd frame header declares, in bytes (RFC 8878 §3.1.1.1); 0 when this is no frame header. */
function zstdWindow(bytes: Buffer): number {
  if (bytes.length < 14 || bytes.readUInt32BE(0) !== 0x28b52ffd) return 0
  const descriptor = bytes.readUInt8(4)
  const singleSegment = (descriptor & 0x20) !== 0
  if (!singleSegment) {
    const window = bytes.readUInt8(5)
    const base = 2 ** (10 + (window >> 3))
    return base + (base / 8) * (window & 7)
  }
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0
  const at = 5 + dictionary
  switch (descriptor >> 6) {
    case 0:
      return bytes.readUInt8(at)
    case 1:
      return bytes.readUInt16LE(at) + 256
    case 2:
      return bytes.length >= at + 4 ? bytes.readUInt32LE(at) : 0
    default:
      return bytes.length >= at + 8 ? Number(bytes.readBigUInt64LE(at)) : 0
  }
}
