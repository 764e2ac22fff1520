import { join } from 'node:path'
import { regionChanges } from '../aggregate/changes.ts'
import type { ServiceRow } from '../aggregate/tallies.ts'
import type { RegionTable } from '../locate/regions.ts'
import type { RegionChange } from '../model/change.ts'
import { censusOf } from '../store/census-sql.ts'
import { openDatabase, parquetFiles } from '../store/duckdb.ts'
import { isOfRecords, type RecordsSnapshot } from '../store/snapshots.ts'
import { censusOfSnapshot, type CensusRequest } from './census.ts'
import type { OpenSide } from './compare-side.ts'
import { differences, methodOf } from './method.ts'

/**
 * What became of the addresses of one snapshot of records in another.
 * @param again tables that decide the old snapshot anew, where its own are others
 * @param temporary a folder that may be made, for what does not fit in memory
 */
export async function changesOf(
  [before, after]: readonly [OpenSide, OpenSide],
  serviceRows: readonly ServiceRow[],
  again: { readonly regions: RegionTable; readonly tables: CensusRequest } | undefined,
  temporary: string,
): Promise<RegionChange[]> {
  const anew = again === undefined ? undefined : await censusOfSnapshot(recordsOf(before), again.regions, again.tables)
  const folders = [before, after].flatMap((side) => [side.folder, side.context.snapshot.folder])
  try {
    const database = await openDatabase({
      folders: anew === undefined ? folders : [...folders, anew.folder],
      temporary,
      memoryLimitMiB: 1024,
    })
    try {
      const question = {
        old: changeSide(before),
        new: changeSide(after),
        serviceRows,
        ...(anew === undefined ? {} : { again: censusOf(anew.folder) }),
      }
      return await regionChanges(database.connection, question)
    } finally {
      database.close()
    }
  } finally {
    await anew?.close()
  }
}

function changeSide(side: OpenSide): Parameters<typeof regionChanges>[1]['old'] {
  const { folder, manifest } = recordsOf(side)
  return {
    census: censusOf(side.folder),
    observations: parquetFiles(join(folder, 'observations')),
    ...(side.source === 'all' ? {} : { source: side.source }),
    // What a download lacks was not looked for.
    ...(manifest.survey === undefined || !manifest.complete ? {} : { surveyed: manifest.survey.country }),
  }
}

function recordsOf({ context: { snapshot } }: OpenSide): RecordsSnapshot {
  if (!isOfRecords(snapshot)) throw new Error(`${snapshot.id} holds no records`)
  return snapshot
}

/**
 * In what two snapshots of records were not made in the same way, in words. The query of an import is not known; what a
 * search engine counted is compared by shares alone.
 */
export function methodDifferences(before: OpenSide, after: OpenSide): string[] {
  const [left, right] = [before.context.snapshot, after.context.snapshot]
  if (!isOfRecords(left) || !isOfRecords(right)) return []
  return differences(methodOf(left.manifest, before.source), methodOf(right.manifest, after.source))
}
