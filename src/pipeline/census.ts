import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { addressDatabaseEdition } from '../locate/address-database.ts'
import type { RegionTable } from '../locate/regions.ts'
import { recogniseHash } from '../recognise/fingerprints.ts'
import { loadServices } from '../recognise/service.ts'
import { beginCensus, findCensus, type Census } from '../store/censuses.ts'
import { derive } from '../store/derive.ts'
import { openDatabase, storageError } from '../store/duckdb.ts'
import type { RecordsSnapshot } from '../store/snapshots.ts'
import { version } from '../version.ts'
import type { TableOptions, loadDeciders } from './deciders.ts'

/** To be raised when the same tables decide something else, or what is written changes its shape. */
const censusFormat = 2

export interface CensusRequest extends TableOptions {
  /** Told before a census is made, which takes a while. */
  readonly onCounting?: (records: number) => void
}

/** A census to count. `close()` when it is done with. */
export interface OpenCensus extends Census {
  close(): Promise<void>
}

/**
 * The census of a snapshot: what its places, services and products are as the tables of this version, and those the user
 * names, decide it. Made when first asked for, and kept in the store; other tables make another.
 * @param load what decides instead, for tests of what is counted
 * @throws CensusError exit 2 for a broken table, exit 1 for a full disk
 */
export async function censusOfSnapshot(
  snapshot: RecordsSnapshot,
  regions: RegionTable,
  request: CensusRequest,
  load?: typeof loadDeciders,
): Promise<OpenCensus> {
  const edition = await addressDatabaseEdition(request.addressDatabase)
  // When it was made, as a snapshot may be removed and another made of the same name.
  const deciding = [
    snapshot.manifest.createdAt,
    censusFormat,
    version,
    regions.hash,
    loadServices().hash,
    recogniseHash(),
    edition,
  ]
  const key = createHash('sha256').update(JSON.stringify(deciding)).digest('hex').slice(0, 16)
  const found = await findCensus(snapshot, key)
  if (found) return { ...found, close: async () => undefined }
  request.onCounting?.(snapshot.manifest.accounting.kept)
  const draft = await beginCensus(snapshot, key).catch((error: unknown) => {
    throw storageError(error, 'the census cannot be made', standing)
  })
  try {
    // Loaded only now: most reports find their census made.
    const deciders = await (load ?? (await import('./deciders.ts')).loadDeciders)(regions, request)
    const work = join(draft.folder, 'work')
    await mkdir(work, { mode: 0o700 })
    const database = await openDatabase({ folders: [snapshot.folder, draft.folder], temporary: work })
    try {
      const derived = await derive(database, { snapshot: snapshot.folder, folder: draft.folder, work }, deciders)
      database.close()
      await rm(work, { recursive: true })
      const made = await draft.publish({
        snapshot: snapshot.id,
        tool: { name: 'exposure-census', version },
        ...derived,
        tables: deciders.hashes(),
      })
      return { ...made, close: () => (made.folder === draft.folder ? draft.discard() : Promise.resolve()) }
    } finally {
      database.close()
    }
  } catch (error) {
    await draft.discard()
    throw storageError(error, 'the census cannot be made', standing)
  }
}

const standing = 'the snapshot and reports written before stand untouched'
