import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { serviceRows } from '../../src/aggregate/service-rows.ts'
import { servicesFound, type ServiceRow } from '../../src/aggregate/tallies.ts'
import type { Observation } from '../../src/model/observation.ts'
import type { Breakdown } from '../../src/model/tally.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import { censusOfSnapshot } from '../../src/pipeline/census.ts'
import type { loadDeciders, TableOptions } from '../../src/pipeline/deciders.ts'
import { makeReport, type Report, type ReportRequest } from '../../src/pipeline/report.ts'
import { loadServices } from '../../src/recognise/service.ts'
import { exposureFiles } from '../../src/reports/exposure-table.ts'
import { accountFor } from '../../src/store/accounting.ts'
import { censusOf, type CensusSql } from '../../src/store/census-sql.ts'
import type { Deciders } from '../../src/store/decisions.ts'
import { derive } from '../../src/store/derive.ts'
import { openDatabase, type Database } from '../../src/store/duckdb.ts'
import { openIngest } from '../../src/store/ingest.ts'
import { storeFormat } from '../../src/store/manifest.ts'
import { beginSnapshot, prepareStore, type RecordsSnapshot } from '../../src/store/snapshots.ts'

/** A record of a test, with what places and names it already decided. */
export interface Seen extends Partial<Omit<Observation, 'module' | 'regionCode' | 'city'>> {
  readonly ip: string
  readonly service?: string
  /** ISO 3166-2 code. */
  readonly region?: string
  readonly defaultGeolocation?: boolean
}

/** Deciders that take records at their word, so that counting is tested without tables of places and fingerprints. */
export const literal: Awaited<ReturnType<typeof loadDeciders>> = {
  places: {
    observe: () => undefined,
    decode: (clue) => ({
      ...(clue.country === undefined ? {} : { country: clue.country }),
      ...(clue.regionCode === undefined ? {} : { region: clue.regionCode }),
      means: clue.regionCode === undefined ? 'none' : 'region-code',
      defaultGeolocation: clue.city === 'default',
    }),
  },
  addressDatabase: () => Promise.resolve({ place: () => ({ means: 'none', defaultGeolocation: false }) }),
  service: (clue) => ({ service: clue.module ?? `${clue.transport}-${clue.port}`, by: 'name' }),
  product: (clue) => ({
    vendor: clue.vendor ?? '',
    product: clue.product ?? '',
    version: clue.version ?? '',
    deviceType: clue.deviceType ?? '',
  }),
  noProduct: '(capability)',
  hashes: () => ({ regions: '', services: '', recognition: '' }),
  recognise: () => ({
    field: () => `''`,
    sifted: () => [],
    matched: () => [],
    known: () =>
      `SELECT '' AS service, '' AS field, '' AS vendor, '' AS product, '' AS version, '' AS device_type WHERE false`,
  }),
}

function observationOf({ service, region, defaultGeolocation, ...seen }: Seen): Observation {
  return {
    source: 'shodan',
    port: 25,
    transport: 'tcp',
    outcome: 'answered',
    ...seen,
    ...(service === undefined ? {} : { module: service }),
    ...(region === undefined ? {} : { regionCode: region, country: region.slice(0, 2) }),
    ...(defaultGeolocation === true ? { city: 'default' } : {}),
  }
}

/**
 * A complete snapshot of those records, made by the store itself, and its census, which a report then finds. `missing` makes
 * it partial; `tables` are those the report will be asked with.
 */
export async function makeSnapshot(
  store: string,
  id: string,
  seen: readonly Seen[],
  { missing = [], tables = {} }: { readonly missing?: string[]; readonly tables?: TableOptions } = {},
): Promise<RecordsSnapshot> {
  const snapshot = await keepRecords(store, id, seen, missing)
  const regions = await loadRegions(tables.regionTables === undefined ? {} : { userTables: tables.regionTables })
  await censusOfSnapshot(snapshot, regions, tables, () => Promise.resolve(literal))
  return snapshot
}

/** Such a snapshot without its census. */
export async function keepRecords(
  store: string,
  id: string,
  seen: readonly Seen[],
  missing: string[] = [],
): Promise<RecordsSnapshot> {
  await prepareStore(store)
  const draft = await beginSnapshot(store, id)
  const work = join(draft.folder, 'work')
  await mkdir(work)
  const database = await openDatabase({ folders: [draft.folder], temporary: work })
  const ingest = await openIngest(database, draft.folder)
  for (const [index, each] of seen.entries())
    await ingest.reading(0, 'test', { kind: 'record', line: index + 1, observation: observationOf(each) })
  await ingest.finish()
  const { sources, observed, ...accounting } = await accountFor(database.connection, draft.folder)
  database.close()
  await rm(work, { recursive: true })
  return draft.publish({
    storeFormat,
    id,
    tool: { name: 'exposure-census', version: '0.0.0' },
    createdAt: '2024-01-01T00:00:00.000Z',
    basis: 'records',
    sources: sources as RecordsSnapshot['manifest']['sources'],
    observed,
    inputs: [],
    complete: missing.length === 0,
    missing,
    accounting: { in: seen.length, rejected: 0, rejectedByReason: {}, ...accounting },
  })
}

/** The folder of a snapshot's census made with so many rows at a time. */
export async function censusFolder(
  snapshot: RecordsSnapshot,
  rowsAtATime: number,
  deciders: Deciders = literal,
): Promise<string> {
  const folder = await mkdtemp(join(snapshot.folder, '..', '..', 'made-'))
  const work = join(folder, 'work')
  await mkdir(work, { recursive: true })
  const database = await openDatabase({ folders: [snapshot.folder, folder], temporary: work })
  try {
    await derive(database, { snapshot: snapshot.folder, folder, work }, deciders, rowsAtATime)
  } finally {
    database.close()
  }
  return folder
}

/** What was counted of records, and may be asked. */
export interface CensusAsked {
  readonly census: CensusSql
  readonly connection: Database['connection']
  /** Of every service found. */
  readonly rows: ServiceRow[]
  readonly sources: RecordsSnapshot['manifest']['sources']
}

/** Asks the census of those records, made with so many rows at a time. */
export const withCensus = <T>(
  seen: readonly Seen[],
  ask: (asked: CensusAsked) => Promise<T>,
  rowsAtATime = 1_000_000,
): Promise<T> =>
  withFolder(async (folder) => {
    const snapshot = await keepRecords(folder, 'test', seen)
    const made = await censusFolder(snapshot, rowsAtATime)
    const database = await openDatabase({ folders: [made], temporary: join(folder, 'spill') })
    try {
      const census = censusOf(made)
      const { connection } = database
      const rows = serviceRows(loadServices(), await servicesFound(connection, census), undefined)
      return await ask({ census, connection, rows, sources: snapshot.manifest.sources })
    } finally {
      database.close()
    }
  })

/** Runs work with a new folder and removes it. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'census-test-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A row of a report file by column name. */
export type CsvRow = Readonly<Record<string, string>>

export interface MadeReport {
  readonly report: Report
  readonly folder: string
  readonly rows: (breakdown: Breakdown) => Promise<CsvRow[]>
}

/** Makes a snapshot of records and a report of it in `folder`. */
export async function reportOn(
  folder: string,
  seen: readonly Seen[],
  request: Partial<ReportRequest> & { readonly missing?: string[] } = {},
): Promise<MadeReport> {
  const { missing, ...asked } = request
  const store = join(folder, 'store')
  const tables = asked.regionTables === undefined ? {} : { regionTables: asked.regionTables }
  await makeSnapshot(store, 'test', seen, { tables, ...(missing === undefined ? {} : { missing }) })
  return reportAgain(folder, asked)
}

/** A report of the snapshot `reportOn` made. */
export async function reportAgain(folder: string, request: Partial<ReportRequest> = {}): Promise<MadeReport> {
  const out = request.out ?? join(folder, 'report')
  const report = await makeReport({ store: join(folder, 'store'), out, per: 100_000, ...request })
  return { report, folder: out, rows: (breakdown) => csvRows(join(out, exposureFiles[breakdown])) }
}

/** The rows of a CSV file, read by another parser than the one that wrote them. */
async function csvRows(path: string): Promise<CsvRow[]> {
  return parse<CsvRow>(await readFile(path, 'utf8'), { columns: true, record_delimiter: '\r\n' })
}

/** So many addresses of documentation networks, each different. */
export const addresses = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `198.18.${(from + index) >> 8}.${(from + index) & 255}`)
