import type { BulkMapping, ReadOptions, Reader, Reading } from '../../model/reader.ts'
import { chunks, type SpareLine } from './chunks.ts'
import type { Input } from './input.ts'

/** Where a file's readings go: the store's door, as far as reading a file needs it. */
export interface Sink {
  reading(reading: Reading): Promise<void>
  chunk(
    chunk: { readonly parts: readonly Uint8Array[]; readonly firstLine: number; readonly lines: number },
    mapping: BulkMapping,
    onUnsound: (row: number, line: Buffer) => Promise<void>,
  ): Promise<void>
  drain(): Promise<void>
}

const chunkBytes = 16 * 2 ** 20

/**
 * Reads a whole input into the sink.
 * @param maxBulkLine longest line DuckDB is given
 * @returns why the input ended early, if it did
 */
export async function importFile(
  input: Input,
  reader: Reader,
  options: ReadOptions,
  maxBulkLine: number,
  sink: Sink,
): Promise<string | undefined> {
  let cut: string | undefined
  const take = async (reading: Reading): Promise<void> => {
    if (reading.kind === 'cut') cut ??= `line ${reading.line}: ${reading.detail}`
    await sink.reading(reading)
  }
  if (reader.bulk?.applies(input.head)) {
    await importLines(input, reader, dated(reader.bulk, options.observedAt), options, maxBulkLine, {
      ...sink,
      reading: take,
    })
  } else {
    for await (const reading of reader.read(input.bytes, options)) await take(reading)
  }
  await sink.drain()
  return input.cut() ?? cut
}

/** The fast way: DuckDB reads what it can of every chunk of lines, the reader the rest, line by line. */
async function importLines(
  input: Input,
  reader: Reader,
  mapping: BulkMapping,
  options: ReadOptions,
  maxBulkLine: number,
  sink: Sink,
): Promise<void> {
  const limits = { chunkBytes, maxBulkLine, maxRecordBytes: options.maxRecordBytes }
  for await (const chunk of chunks(input.bytes, limits)) {
    // The chunk's bytes must not live as long as what is asked about its lines later: hence no `chunk` in there.
    const { spare: spared, firstLine, lines, openEnd } = chunk
    await sink.chunk(chunk, mapping, async (row, bulkLine) => {
      const spare: SpareLine = spared.get(row) ?? { row, bytes: bulkLine }
      if (spare.bytes === undefined) return
      const line = firstLine + row
      if (spare.tooLong) {
        await sink.reading({
          kind: 'reject',
          line,
          reason: 'line-too-long',
          detail: `over ${options.maxRecordBytes} bytes`,
          text: spare.bytes.toString('utf8'),
        })
        return
      }
      const isOpenEnd = openEnd && row === lines - 1
      let isRejected = false
      for await (const reading of reader.read(oneLine(spare.bytes), options)) {
        // A line inside the file that ends early is a broken line, which is one reject; only the file's last can be a file cut off.
        if (reading.kind === 'cut' && !isOpenEnd) {
          if (isRejected) continue
          await sink.reading({
            kind: 'reject',
            line,
            reason: 'not-json',
            detail: reading.detail,
            text: spare.bytes.toString('utf8').slice(0, 1000),
          })
        } else {
          isRejected ||= reading.kind === 'reject'
          await sink.reading({ ...reading, line })
        }
      }
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
