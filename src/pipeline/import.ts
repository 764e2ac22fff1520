import { basename } from 'node:path'
import { importFile } from '../sources/files/import-file.ts'
import { openInput, type Input } from '../sources/files/input.ts'
import type { Accounting } from '../store/accounting.ts'
import { storageError } from '../store/duckdb.ts'
import type { Ingest } from '../store/ingest.ts'
import { storeFormat, type RecordsManifest } from '../store/manifest.ts'
import { longestLineTaken, maxBulkLineBytes } from '../store/observations.ts'
import { beginSnapshot, unusedId, type Draft, type RecordsSnapshot } from '../store/snapshots.ts'
import { writingTo } from '../store/writing.ts'
import { version } from '../version.ts'
import { fill } from './fill.ts'
import { detectAll, refuseUnreadable, type DetectedInput, type InputFile } from './inputs.ts'

export interface ImportRequest {
  readonly store: string
  readonly files: readonly InputFile[]
  readonly id?: string
  /** ISO 8601: when formats that carry no time were observed. */
  readonly observedAt?: string
  readonly maxRecordBytes: number
  readonly maxExpansion: number
  readonly onProgress?: (progress: Progress) => void
}

export interface Progress {
  readonly file: string
  readonly records: number
  /** Whether `records` is reckoned from the length of the first lines: DuckDB tells how far it is, not how many it has seen. */
  readonly isReckoned: boolean
  readonly bytesRead: number
  /** Undefined when an input's size is not known. */
  readonly bytesTotal: number | undefined
}

/** More rejects than this share of what came in make a snapshot partial. */
const tolerableRejects = 0.01

/**
 * Files → observations → snapshot: reads every file and publishes an immutable snapshot of what they say. What that means
 * (places, services, products) is decided when it is counted, so that better tables read old snapshots anew. Whatever
 * fails, the store is left as it was.
 * @throws CensusError exit 2 for an unusable file, exit 4 when another writer holds the store, exit 1 for a full disk
 */
export async function importFiles(request: ImportRequest): Promise<RecordsSnapshot> {
  const id = await unusedId(request.store, request.id)
  const inputs = await detectAll(request)
  return await writingTo(request.store, async () => {
    const draft = await beginSnapshot(request.store, id)
    try {
      return await fillDraft(draft, inputs, request)
    } catch (error) {
      await draft.discard()
      throw storageError(error, 'the import failed')
    }
  })
}

async function fillDraft(
  draft: Draft,
  inputs: readonly DetectedInput[],
  request: ImportRequest,
): Promise<RecordsSnapshot> {
  const names = inputs.map(({ file }) => file.name)
  const { taken, rejectedByReason, accounting } = await fill(draft, names, (ingest) =>
    readInputs(ingest, inputs, request),
  )
  refuseUnreadable(taken, rejectedByReason)
  return draft.publish(describe(draft.id, request, taken, rejectedByReason, accounting))
}

/** Reads every input into the draft, and tells of each what came of it. */
async function readInputs(
  ingest: Ingest,
  inputs: readonly DetectedInput[],
  request: ImportRequest,
): Promise<RecordsManifest['inputs']> {
  const bytesTotal = inputs.reduce<number | undefined>(
    (sum, { size }) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  )
  const reports: RecordsManifest['inputs'] = []
  let bytesBefore = 0
  let recordsBefore = 0
  for (const [index, { file, reader, ...opened }] of inputs.entries()) {
    const input = opened.input ?? (await openInput(file.name, request))
    const report = (): void => {
      const bytesInside = ingest.progress() * (input.size ?? 0)
      request.onProgress?.({
        file: file.name,
        records: recordsBefore + ingest.counts(index).records + Math.round(bytesInside / lineBytes(input)),
        isReckoned: bytesInside > 0,
        bytesRead: bytesBefore + Math.max(input.bytesRead(), bytesInside),
        bytesTotal,
      })
    }
    const timer = setInterval(report, 200)
    const options = {
      fileName: input.head.fileName,
      maxRecordBytes: request.maxRecordBytes,
      ...(request.observedAt === undefined ? {} : { observedAt: request.observedAt }),
      ...(file.columns === undefined ? {} : { columns: file.columns }),
    }
    const cut = await importFile(
      input,
      reader,
      options,
      {
        longestSpooled: maxBulkLineBytes,
        longestWhole: longestLineTaken,
        spoolBytes: 2 ** 27,
        threadBytes: 2 ** 24,
        maxExpansion: request.maxExpansion,
      },
      {
        reading: (reading) => ingest.reading(index, file.name, reading),
        nextFile: () => ingest.nextFile(),
        spool: (spool, mapping, onUnsound) => ingest.spool(index, spool, mapping, onUnsound),
        file: (path, mapping, onUnsound) => ingest.file(index, path, mapping, onUnsound),
        drain: () => ingest.drain(),
      },
    ).finally(() => clearInterval(timer))
    bytesBefore += input.bytesRead()
    recordsBefore += ingest.counts(index).records
    const { records, rejected } = ingest.counts(index)
    reports.push({
      name: file.name,
      format: reader.id,
      bytes: input.bytesRead(),
      records,
      rejected,
      ...(cut === undefined ? {} : { cut }),
    })
  }
  await ingest.finish()
  request.onProgress?.({ file: '', records: recordsBefore, isReckoned: false, bytesRead: bytesBefore, bytesTotal })
  return reports
}

/** How long a line of the input is on average, as far as its head shows. */
const lineBytes = ({ head }: Input): number =>
  Math.max(1, Buffer.byteLength(head.text) / Math.max(1, head.text.split('\n').length - 1))

function describe(
  id: string,
  request: ImportRequest,
  inputs: RecordsManifest['inputs'],
  rejectedByReason: RecordsManifest['accounting']['rejectedByReason'],
  accounting: Accounting,
): RecordsManifest {
  const rejected = inputs.reduce((sum, input) => sum + input.rejected, 0)
  const records = inputs.reduce((sum, input) => sum + input.records, 0)
  const missing = [
    ...inputs.flatMap((input) => (input.cut === undefined ? [] : [`${basename(input.name)} ends early: ${input.cut}`])),
    ...(rejected > tolerableRejects * (records + rejected)
      ? [`${rejected} of ${records + rejected} records could not be read (rejects.ndjson says why)`]
      : []),
  ]
  const { kept, repeats, keptByOutcome, undated } = accounting
  return {
    storeFormat,
    id,
    tool: { name: 'exposure-census', version },
    createdAt: new Date().toISOString(),
    basis: 'records',
    sources: accounting.sources as RecordsManifest['sources'],
    inputs: [...inputs],
    ...(request.observedAt === undefined ? {} : { observedAtOption: request.observedAt }),
    observed: accounting.observed,
    complete: missing.length === 0,
    missing,
    accounting: { in: records + rejected, kept, repeats, rejected, rejectedByReason, keptByOutcome, undated },
  }
}
