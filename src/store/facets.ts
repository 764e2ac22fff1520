import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { engineIds, type EngineId } from '../model/engine.ts'
import { breakdowns, type Breakdown } from '../model/tally.ts'
import { openDatabase, pathText, rows, sqlText, toNumber } from './duckdb.ts'
import { parquet } from './observations.ts'

/** What an engine counted for one cell. */
export interface FacetTally {
  readonly source: EngineId
  readonly service: string
  readonly breakdown: Breakdown
  /** As many as the breakdown has keys. */
  readonly keys: readonly string[]
  /** ISO 3166-2 level 1; '' where it is not known. */
  readonly region: string
  readonly count: number
  /** Bits of model/flags.ts. */
  readonly flags: number
}

const columns =
  'source: "VARCHAR", service: "VARCHAR", breakdown: "VARCHAR", keys: "VARCHAR[]", region: "VARCHAR", count: "BIGINT", flags: "INTEGER"'

const tableOf = (folder: string): string => join(folder, 'tallies.parquet')

/** Writes tallies into a draft's folder, in an order of their own. */
export async function writeFacetTallies(folder: string, tallies: readonly FacetTally[]): Promise<void> {
  const staged = join(folder, 'tallies.ndjson')
  await writeFile(staged, tallies.map((tally) => `${JSON.stringify(tally)}\n`).join(''), { flag: 'wx', mode: 0o600 })
  const database = await openDatabase({ folders: [folder], temporary: join(folder, 'work'), oneThread: true })
  try {
    const read = `read_json(${pathText(staged)}, format = 'newline_delimited', hive_partitioning = false, columns = {${columns}})`
    await database.connection.run(
      `COPY (SELECT * FROM ${read} ORDER BY source, breakdown, service, keys, region) TO ${sqlText(tableOf(folder))} (${parquet})`,
    )
  } finally {
    database.close()
  }
  await rm(staged)
  await rm(join(folder, 'work'), { recursive: true, force: true })
}

/** All tallies of a snapshot. */
export async function readFacetTallies(folder: string, temporary: string): Promise<FacetTally[]> {
  const database = await openDatabase({ folders: [folder], temporary, oneThread: true })
  const found: FacetTally[] = []
  try {
    const table = `read_parquet(${pathText(tableOf(folder))}, hive_partitioning = false)`
    const sql = `SELECT source, service, breakdown, array_to_string(keys, chr(31)) AS keys, len(keys) AS width, region, count, flags FROM ${table}`
    for await (const row of rows(database.connection, sql)) {
      const breakdown = breakdowns.find((each) => each === row['breakdown'])
      const source = engineIds.find((each) => each === row['source'])
      if (breakdown === undefined || source === undefined)
        throw new Error(`a tally of ${String(row['source'])} by ${String(row['breakdown'])}`)
      found.push({
        source,
        service: String(row['service']),
        breakdown,
        keys: toNumber(row['width']) === 0 ? [] : String(row['keys']).split('\u001f'),
        region: String(row['region']),
        count: toNumber(row['count']),
        flags: toNumber(row['flags']),
      })
    }
  } finally {
    database.close()
  }
  return found
}
