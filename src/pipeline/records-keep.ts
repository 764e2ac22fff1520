import { open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CensusError, exitCodes, failed } from '../model/errors.ts'
import { formatIds } from '../model/reader.ts'
import type { Journal } from '../store/journal.ts'
import { lineBatches } from '../store/lines.ts'
import type { RecordsManifest } from '../store/manifest.ts'
import { beginSnapshot, type RecordsSnapshot } from '../store/snapshots.ts'
import { importFiles } from './import.ts'

export interface RecordsToKeep {
  readonly store: string
  readonly id: string
  readonly journal: Journal
  /** The engine whose records they are, which is the name of their format. */
  readonly engine: string
  readonly survey: NonNullable<RecordsManifest['survey']>
  /** What is missing, one sentence each. */
  readonly missing: readonly string[]
}

/** Not to be reached by our own pages: a bomb is what others send. */
const maxExpansion = 2000
const maxRecordBytes = 16 * 2 ** 20

/**
 * Makes a snapshot of the pages of a journal: they are imported as a file of the engine's records would be, into a store of
 * their own inside the journal's folder, and what comes of it becomes the snapshot, together with what is known of the
 * download. The store's lock is held all the while.
 */
export async function publishRecords(keep: RecordsToKeep): Promise<RecordsSnapshot> {
  const { store, id, journal, survey } = keep
  const file = join(journal.folder, `${keep.engine}-${survey.country}.ndjson`)
  const aside = join(journal.folder, 'import')
  try {
    const imported = await importPages(keep, file, aside)
    const { manifest } = imported
    const missing = [...keep.missing, ...manifest.missing]
    const draft = await beginSnapshot(store, id)
    try {
      await rmdir(join(draft.folder, 'observations'))
      if (imported.manifest.accounting.rejected > 0) await keepRejected(join(imported.folder, 'rejects.ndjson'), file)
      for (const name of await readdir(imported.folder)) {
        if (name !== 'manifest.json') await rename(join(imported.folder, name), join(draft.folder, name))
      }
      await journal.publishing(id, missing.length === 0)
      return await draft.publish<RecordsManifest>({
        ...manifest,
        inputs: manifest.inputs.map((input) => ({ ...input, name: basename(input.name) })),
        complete: missing.length === 0,
        missing,
        survey,
      })
    } catch (error) {
      await draft.discard()
      throw error
    }
  } finally {
    await rm(file, { force: true })
    await rm(aside, { recursive: true, force: true })
  }
}

async function importPages(
  { id, engine, journal }: RecordsToKeep,
  file: string,
  store: string,
): Promise<RecordsSnapshot> {
  const format = formatIds.find((each) => each === engine)
  if (format === undefined) throw new Error(`no format is called ${engine}`)
  await journal.join(file)
  try {
    return await importFiles({ store, id, files: [{ name: file, format }], maxRecordBytes, maxExpansion })
  } catch (error) {
    if (!(error instanceof CensusError) || error.exit !== exitCodes.wrongInput) throw error
    // No file of the user's is wrong.
    throw failed(`the records received are of no use: ${error.message}`, 'is the endpoint that of the engine?', error)
  }
}

/**
 * Writes rejects anew, each with the whole of its record: there is no file to look it up in, and it was paid for.
 * @param pages the records, one a line, in whose order the rejects are
 */
async function keepRejected(rejects: string, pages: string): Promise<void> {
  const kept = `${rejects}.whole`
  const target = await open(kept, 'wx', 0o600)
  try {
    const records = linesOf(pages)
    let number = 0
    let record = ''
    for await (const line of linesOf(rejects)) {
      const reject = JSON.parse(line) as { readonly line: number }
      while (number < reject.line) {
        record = String((await records.next()).value ?? '')
        number++
      }
      await target.writeFile(
        `${JSON.stringify({ ...reject, file: basename(pages), ...(number === reject.line ? { text: record } : {}) })}\n`,
      )
    }
    await target.sync()
  } finally {
    await target.close()
  }
  await rename(kept, rejects)
}

async function* linesOf(path: string): AsyncGenerator<string> {
  for await (const batch of lineBatches(path)) for (const { bytes } of batch) yield bytes.toString('utf8')
}
