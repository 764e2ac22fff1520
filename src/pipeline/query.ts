import { join } from 'node:path'
import { loadRegions, type RegionTable } from '../locate/regions.ts'
import type { Answer } from '../model/cell.ts'
import { recordFlags, flagBit } from '../model/flags.ts'
import { ask, type AskedTable, type AskLimits } from '../store/ask.ts'
import { addressText } from '../store/address-sql.ts'
import { censusOf } from '../store/census-sql.ts'
import { parquetFile, parquetFiles } from '../store/duckdb.ts'
import { readQuestion } from '../store/question.ts'
import { findSnapshot, isOfRecords, listSnapshots, type Snapshot } from '../store/snapshots.ts'
import { censusOfSnapshot, type CensusRequest } from './census.ts'

export interface QueryRequest extends CensusRequest, AskLimits {
  readonly store: string
  readonly snapshot?: string
  readonly sql: string
}

export interface Queried extends Answer {
  /** What is missing of the snapshot, where the question reads it. */
  readonly missing: readonly string[]
  close(): Promise<void>
}

/**
 * Asks a question in SQL of a snapshot, the list of all, and the region tables. Its census is made when a question reads it.
 * @throws CensusError exit 2 for a question that is none or reads what there is not, exit 1 for one that needs more than it may
 */
export async function query(request: QueryRequest): Promise<Queried> {
  const question = await readQuestion(request.sql)
  const snapshots = await listSnapshots(request.store)
  const snapshot = await findSnapshot(request.store, request.snapshot)
  const regions = await loadRegions(request.regionTables === undefined ? {} : { userTables: request.regionTables })
  // Making one takes a while: a question that does not read it is not made to wait.
  const isCensusRead = question.isOfTables || question.tables.has('census')
  const census = isOfRecords(snapshot) && isCensusRead ? await censusOfSnapshot(snapshot, regions, request) : undefined
  try {
    const own = isOfRecords(snapshot)
      ? [observations(snapshot), ...(census === undefined ? [] : [censusTable(census.folder)])]
      : [tallies(snapshot)]
    const folders = [snapshot.folder, ...(census === undefined ? [] : [census.folder])]
    const answer = await ask(question, folders, [...own, snapshotsTable(snapshots), ...regionTables(regions)], request)
    return {
      ...answer,
      missing: own.some(({ name }) => question.tables.has(name)) ? snapshot.manifest.missing : [],
      close: async () => {
        answer.close()
        await census?.close()
      },
    }
  } catch (error) {
    await census?.close()
    throw error
  }
}

const observations = ({ folder }: Snapshot): AskedTable => ({
  name: 'observations',
  from: `SELECT ${addressText('address')} AS ip, * EXCLUDE (address, file) FROM ${parquetFiles(join(folder, 'observations'))}`,
})

function censusTable(folder: string): AskedTable {
  const flags = recordFlags.map((flag) => `CASE WHEN flags & ${flagBit(flag)} <> 0 THEN '${flag}' END`)
  const columns = [
    `${addressText('address')} AS ip`,
    'port, transport, source, observed_at, speaks AS is_newest, country',
    `CASE region WHEN '' THEN 'unknown' ELSE region END AS region`,
    'service, vendor, product, version, device_type',
    'nullif(asn, 0) AS asn, organisation',
    `concat_ws(';', ${flags.join(', ')}) AS flags`,
    'digest',
  ]
  return { name: 'census', from: `SELECT ${columns.join(', ')} FROM ${censusOf(folder).rows}` }
}

const tallies = ({ folder }: Snapshot): AskedTable => ({
  name: 'tallies',
  from: `SELECT source, service, breakdown, keys, region, count FROM ${parquetFile(join(folder, 'tallies.parquet'))}`,
})

const snapshotsTable = (snapshots: readonly Snapshot[]): AskedTable => ({
  name: 'snapshots',
  from: {
    columns: {
      id: 'VARCHAR',
      basis: 'VARCHAR',
      sources: 'VARCHAR[]',
      observed_from: 'TIMESTAMP',
      observed_to: 'TIMESTAMP',
      created_at: 'TIMESTAMP',
      kept: 'BIGINT',
      is_complete: 'BOOLEAN',
    },
    rows: snapshots.map(({ manifest }) => ({
      id: manifest.id,
      basis: manifest.basis,
      sources: manifest.sources,
      observed_from: manifest.observed.from === '' ? null : manifest.observed.from,
      observed_to: manifest.observed.to === '' ? null : manifest.observed.to,
      created_at: manifest.createdAt,
      kept: manifest.basis === 'records' ? manifest.accounting.kept : null,
      is_complete: manifest.complete,
    })),
  },
})

/** Names apart from populations, of which a region has several: nobody counts a region twice by joining its names. */
function regionTables(regions: RegionTable): AskedTable[] {
  const all = regions.countries.flatMap((code) => [...[regions.region(code) ?? []].flat(), ...regions.regionsOf(code)])
  return [
    {
      name: 'regions',
      from: {
        columns: { code: 'VARCHAR', country: 'VARCHAR', name: 'VARCHAR', name_local: 'VARCHAR' },
        rows: all.map(({ code, country, name, localName }) => ({ code, country, name, name_local: localName ?? null })),
      },
    },
    {
      name: 'populations',
      from: {
        columns: { code: 'VARCHAR', year: 'INTEGER', population: 'BIGINT' },
        rows: all.flatMap(({ code, population }) =>
          [...population].map(([year, people]) => ({ code, year, population: people })),
        ),
      },
    },
  ]
}
