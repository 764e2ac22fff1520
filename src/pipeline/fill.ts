import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { accountFor, type Accounting } from '../store/accounting.ts'
import { openDatabase } from '../store/duckdb.ts'
import { openIngest, type Ingest } from '../store/ingest.ts'
import type { Draft } from '../store/snapshots.ts'

/** A draft filled: what taking it in told, and what is in it now. */
export interface Filled<T> {
  readonly taken: T
  readonly rejectedByReason: ReturnType<Ingest['rejectedByReason']>
  readonly accounting: Accounting
}

/**
 * The one door into the store: hands `take` an ingest for a draft's observations, and counts what came in.
 * @param files that DuckDB itself is to read
 */
export async function fill<T>(
  draft: Draft,
  files: readonly string[],
  take: (ingest: Ingest) => Promise<T>,
): Promise<Filled<T>> {
  const work = join(draft.folder, 'work')
  await mkdir(work, { mode: 0o700 })
  const database = await openDatabase({ folders: [draft.folder], files, temporary: work })
  try {
    const ingest = await openIngest(database, draft.folder)
    const taken = await take(ingest).catch(async (error: unknown) => {
      await ingest.abandon()
      throw error
    })
    const accounting = await accountFor(database.connection, draft.folder)
    database.close()
    await rm(work, { recursive: true })
    return { taken, rejectedByReason: ingest.rejectedByReason(), accounting }
  } finally {
    database.close()
  }
}
