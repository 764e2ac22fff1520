import { wrongInput } from '../model/errors.ts'
import type { FormatId, Reader, RejectReason } from '../model/reader.ts'
import { detectReader, readerOf } from '../sources/files/index.ts'
import { openInput, type Input } from '../sources/files/input.ts'
import type { RecordsManifest } from '../store/manifest.ts'

/** A file to read; `-` is standard input. */
export interface InputFile {
  readonly name: string
  readonly format: FormatId | 'auto'
  /** For the generic CSV: observation field → the file's column. */
  readonly columns?: Readonly<Record<string, string>>
}

interface InputRequest {
  readonly files: readonly InputFile[]
  readonly maxExpansion: number
}

export interface DetectedInput {
  readonly file: InputFile
  readonly reader: Reader
  /** Opened already where it can be read only once. */
  readonly input?: Input
  readonly size: number | undefined
}

/** Opens every input and settles its format before anything is written. */
export async function detectAll(request: InputRequest): Promise<DetectedInput[]> {
  const found: DetectedInput[] = []
  for (const file of request.files) {
    if (file.name === '-' && found.some((other) => other.file.name === '-')) {
      throw wrongInput('standard input is named twice', 'name it once: its bytes can be read once only')
    }
    const input = await openInput(file.name, request)
    // Nothing at all is no answer: a download that failed must not take the place of yesterday's figures.
    if (input.head.whole && input.head.text.trim() === '') {
      const cut = input.cut()
      throw wrongInput(cut === undefined ? `${file.name} is empty` : `${file.name}: ${cut}`, 'get the file again')
    }
    const reader = file.format === 'auto' ? detectReader(input.head) : readerOf(file.format)
    if (!reader) {
      throw wrongInput(
        `${file.name} is of no known format`,
        'name its format with --format; `census list formats` shows which there are',
      )
    }
    // What is no regular file (standard input, a pipe) can be opened once only.
    if (input.size === undefined) found.push({ file, reader, input, size: undefined })
    else {
      await input.close()
      found.push({ file, reader, size: input.size })
    }
  }
  return found
}

/**
 * Reads the beginning of inputs, as `census check` does before any import.
 * @throws CensusError exit 2 when none of the first records of one can be read: another file, or columns that it has not
 */
export async function tryInputs(request: InputRequest & { readonly maxRecordBytes: number }): Promise<DetectedInput[]> {
  const detected = await detectAll(request)
  for (const { file, reader } of detected) {
    const input = await openInput(file.name, request)
    const { head } = input
    await input.close()
    const options = {
      fileName: head.fileName,
      maxRecordBytes: request.maxRecordBytes,
      ...(file.columns === undefined ? {} : { columns: file.columns }),
    }
    const reasons: Partial<Record<RejectReason, number>> = {}
    let records = 0
    let cut: string | undefined
    for await (const reading of reader.read(once(Buffer.from(head.text)), options)) {
      if (reading.kind === 'record') records++
      else if (reading.kind === 'reject') reasons[reading.reason] = (reasons[reading.reason] ?? 0) + 1
      // Only what was seen whole can end too early.
      else if (head.whole) cut = reading.detail
    }
    const name = file.name
    const rejected = Object.values(reasons).reduce((sum, count) => sum + count, 0)
    refuseUnreadable(
      [{ name, format: reader.id, bytes: 0, records, rejected, ...(cut === undefined ? {} : { cut }) }],
      reasons,
    )
  }
  return detected
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

/** Inputs of which not one record could be read are wrong inputs, and no snapshot of nothing. */
export function refuseUnreadable(
  inputs: RecordsManifest['inputs'],
  reasons: Partial<Record<RejectReason, number>>,
): void {
  if (inputs.some((input) => input.records > 0)) return
  const wrong = inputs.find((input) => input.rejected > 0 || input.cut !== undefined)
  if (wrong === undefined) return
  const why = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`)
  throw wrongInput(
    `nothing in ${wrong.name} could be read as ${wrong.format}: ${[...why, ...(wrong.cut === undefined ? [] : [wrong.cut])].join(', ')}`,
    'check that it is the file you mean, and its --format',
  )
}
