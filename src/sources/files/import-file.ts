import type { BulkMapping, ReadOptions, Reader, Reading } from '../../model/reader.ts'
import { blankStub, type SpareLine } from './chunks.ts'
import type { Input, InputOptions } from './input.ts'
import { spool, type NextFile, type Spool } from './spool.ts'
import { spoolInThread } from './spool-thread.ts'

/** Where a file's readings go: the store's door, as far as reading a file needs it. */
export interface Sink {
  reading(reading: Reading): Promise<void>
  /** Waits for a file that is free for lines on their way to `spool`. */
  readonly nextFile: NextFile
  /** Reads a file of lines, which is free again then, and tells of those that are left. */
  spool(
    spool: Pick<Spool, 'path' | 'lines'>,
    mapping: BulkMapping,
    onUnsound: (row: number, line: Buffer) => Promise<void>,
  ): Promise<void>
  /** Reads the whole of a plain file by its name, and is told of the lines that are left; false when it cannot. */
  file(
    path: string,
    mapping: BulkMapping,
    onUnsound: (line: { readonly number: number; readonly bytes: Buffer; readonly openEnd: boolean }) => Promise<void>,
  ): Promise<boolean>
  drain(): Promise<void>
}

/** Limits of the lines DuckDB is given, and how an input is opened again by its name. */
export interface BulkOptions extends InputOptions {
  /** The longest line in a file of lines. */
  readonly longestSpooled: number
  /** None of a whole file that is longer than this gets through. */
  readonly longestWhole: number
  /** Bytes of a file of lines: planning its statement takes as long as reading two megabytes. */
  readonly spoolBytes: number
  /** A compressed file of so many bytes is read in a thread of its own, which takes a while to start. */
  readonly threadBytes: number
}

/**
 * Reads a whole input into the sink.
 * @returns why the input ended early, if it did
 */
export async function importFile(
  input: Input,
  reader: Reader,
  options: ReadOptions,
  bulk: BulkOptions,
  sink: Sink,
): Promise<string | undefined> {
  let cut: string | undefined
  const take = async (reading: Reading): Promise<void> => {
    if (reading.kind === 'cut') cut ??= `line ${reading.line}: ${reading.detail}`
    await sink.reading(reading)
  }
  if (reader.bulk?.applies(input.head)) {
    await importLines(input, reader, dated(reader.bulk, options.observedAt), options, bulk, {
      ...sink,
      reading: take,
    })
  } else {
    for await (const reading of reader.read(input.bytes, options)) await take(reading)
  }
  await sink.drain()
  return input.cut() ?? cut
}

/** The fast way: DuckDB reads what it can, of the whole file or of chunks of lines, and the reader the rest, line by line. */
async function importLines(
  input: Input,
  reader: Reader,
  mapping: BulkMapping,
  options: ReadOptions,
  bulk: BulkOptions,
  sink: Sink,
): Promise<void> {
  const { maxRecordBytes } = options
  const readLine = async (line: number, bytes: Buffer, isOpenEnd: boolean): Promise<void> => {
    let isRejected = false
    for await (const reading of reader.read(oneLine(bytes), options)) {
      // A line inside the file that ends early is a broken line, which is one reject; only the file's last can be a file cut off.
      if (reading.kind === 'cut' && !isOpenEnd) {
        if (isRejected) continue
        const text = bytes.toString('utf8').slice(0, 1000)
        await sink.reading({ kind: 'reject', line, reason: 'not-json', detail: reading.detail, text })
      } else {
        isRejected ||= reading.kind === 'reject'
        await sink.reading({ ...reading, line })
      }
    }
  }
  const isTakenWhole =
    input.plain &&
    bulk.longestWhole <= maxRecordBytes &&
    (await sink.file(input.name, mapping, ({ number, bytes, openEnd }) => readLine(number, bytes, openEnd)))
  if (isTakenWhole) {
    await input.readBy({ bytesRead: () => input.size ?? 0, cut: () => undefined })
    return
  }
  const cutting = {
    spoolBytes: bulk.spoolBytes,
    maxBulkLine: Math.min(bulk.longestSpooled, maxRecordBytes),
    maxRecordBytes,
  }
  const isThreaded = !input.plain && input.size !== undefined && input.size >= bulk.threadBytes
  const spools = isThreaded
    ? spoolInThread(input, { input: bulk, spool: cutting }, sink.nextFile)
    : spool(input.bytes, cutting, sink.nextFile)
  for await (const { path, spare: spared, firstLine, lines, openEnd } of spools) {
    await sink.spool({ path, lines }, mapping, async (row, bulkLine) => {
      const spare: SpareLine = spared.get(row) ?? { row, bytes: bulkLine }
      if (spare.bytes === bulkLine && bulkLine.equals(blankStub)) return
      const line = firstLine + row
      if (spare.tooLong) {
        await sink.reading({
          kind: 'reject',
          line,
          reason: 'line-too-long',
          text: spare.bytes.toString('utf8'),
        })
      } else await readLine(line, spare.bytes, openEnd && row === lines - 1)
    })
  }
}

/** Records without a time take the one the user gave, as `read()` does it. */
const dated = (mapping: BulkMapping, observedAt: string | undefined): BulkMapping =>
  observedAt === undefined
    ? mapping
    : {
        ...mapping,
        fields: { ...mapping.fields, observedAt: `coalesce(${mapping.fields.observedAt}, '${observedAt}')` },
      }

async function* oneLine(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}
