import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { tallies, type ServiceRow } from '../src/aggregate/tallies.ts'
import { breakdownKeys, breakdowns, type Breakdown } from '../src/model/tally.ts'
import { loadServices } from '../src/recognise/service.ts'
import { loadRegions } from '../src/locate/regions.ts'
import { censusOfSnapshot } from '../src/pipeline/census.ts'
import { censusOf, type CensusSql } from '../src/store/census-sql.ts'
import { all, one, openDatabase, toNumber, toText, type Database } from '../src/store/duckdb.ts'
import { findSnapshot, isOfRecords } from '../src/store/snapshots.ts'
import { measureFull } from './full-report.ts'
import { benchmark, machine, markdownTable, median, quoted, run } from './measure.ts'

/*
 * `npm run bench:report [-- --endpoints 10000000 --runs 5 --seed 1 --part tables,full --keep DIR]`: counting every table of a report from a snapshot,
 * beside DuckDB's bare grouping query for the same table over the same Parquet files, with the same settings. The
 * same again for a tenth of the endpoints shows how time grows. The snapshot is made by `census import` from a slim
 * synthetic export. Then a report of a series with all its files, as a whole process; `--keep` has its snapshots made
 * there, once for several calls. What it prints on standard output is what docs/performance.md has.
 */

const { values } = parseArgs({
  options: {
    endpoints: { type: 'string', default: '10000000' },
    runs: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    part: { type: 'string', default: 'tables,full' },
    keep: { type: 'string' },
  },
})
const endpoints = Number(values.endpoints)
const runs = Number(values.runs)
const parts = values.part.split(',')

const here = (path: string): string => quoted(fileURLToPath(new URL(path, import.meta.url)))
const node = quoted(process.execPath)

/** Seconds for one table. */
interface Timed {
  readonly own: number
  readonly bare: number
  readonly rows: number
}

interface Measured {
  readonly endpoints: number
  readonly about: string
  readonly tables: ReadonlyMap<Breakdown, Timed>
}

async function measure(folder: string): Promise<void> {
  if (parts.includes('tables')) await measureTables(folder)
  if (parts.includes('full')) await measureFull(values.keep ?? folder, endpoints, runs, Number(values.seed))
}

async function measureTables(folder: string): Promise<void> {
  console.log(`Tables of a report: median of ${runs} runs in turns, ${machine()}.\n`)
  const small = await measureSnapshot(folder, Math.ceil(endpoints / 10))
  const large = await measureSnapshot(folder, endpoints)
  for (const measured of [small, large]) {
    const rows = [...measured.tables].map(([table, { own, bare, rows: lines }]) => [
      table,
      own.toFixed(2),
      bare.toFixed(2),
      (own / bare).toFixed(2),
      lines.toLocaleString('en'),
    ])
    console.log(`${measured.about}\n`)
    console.log(
      `${markdownTable(['table', 'census s', 'bare query s', 'ratio (promised: at most 1.5)', 'counts'], rows)}\n`,
    )
  }
  const growth = [...large.tables].map(([table, { own }]) => [
    table,
    (own / (small.tables.get(table)?.own ?? Number.NaN)).toFixed(2),
  ])
  console.log(`From ${thousands(small.endpoints)} to ${thousands(large.endpoints)} endpoints:\n`)
  console.log(
    markdownTable(
      ['table', `times longer (promised: at most ${(large.endpoints / small.endpoints).toFixed(0)})`],
      growth,
    ),
  )
}

const thousands = (count: number): string => count.toLocaleString('en')

async function measureSnapshot(folder: string, count: number): Promise<Measured> {
  const store = join(folder, `store-${count}`)
  console.error(`making a snapshot of ${thousands(count)} endpoints …`)
  const generate = `${node} --import tsx ${here('generate-shodan.ts')} /dev/stdout --slim --count ${count} --seed ${values.seed}`
  const load = `${node} ${here('../dist/cli.js')} import - --format shodan --store ${quoted(store)} --quiet`
  const loaded = await run(`${generate} | ${load}`, folder)
  console.error(`imported in ${loaded.seconds.toFixed(0)} s, at most ${loaded.peakMiB.toFixed(0)} MiB`)

  const snapshot = await findSnapshot(store, undefined)
  if (!isOfRecords(snapshot)) throw new Error('a snapshot of records was imported')
  const began = performance.now()
  const made = await censusOfSnapshot(snapshot, await loadRegions(), {})
  console.error(`decided in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  const census = censusOf(made.folder)
  const database = await openDatabase({
    folders: [made.folder, folder],
    temporary: join(folder, 'spill'),
    memoryLimitMiB: 1024,
  })
  try {
    const counted = await one(
      database.connection,
      `SELECT count(*) FILTER (WHERE speaks) AS endpoints, count(DISTINCT address) AS addresses, count(DISTINCT asn) AS networks FROM ${census.rows}`,
    )
    const serviceRows = await rowsOf(database, census)
    const tables = new Map<Breakdown, Timed>()
    for (const breakdown of breakdowns) {
      tables.set(breakdown, await measureTable(database, census, breakdown, serviceRows, snapshot.manifest.sources))
    }
    const about = `${thousands(toNumber(counted['endpoints']))} endpoints at ${thousands(toNumber(counted['addresses']))} addresses of ${thousands(toNumber(counted['networks']))} networks, ${serviceRows.length} service rows:`
    return { endpoints: count, about, tables }
  } finally {
    database.close()
  }
}

/** A row for every service found, for every category of the catalogue, and for all together. */
async function rowsOf(database: Database, census: CensusSql): Promise<ServiceRow[]> {
  const found = await all(database.connection, `SELECT DISTINCT service FROM ${census.rows} ORDER BY service`)
  const single = found.map((row) => toText(row['service'])).map((id) => ({ id, services: [id] }))
  const categories = [...loadServices().categories].map(([id, services]) => ({ id, services }))
  return [...single, ...categories, { id: 'all', services: undefined }]
}

async function measureTable(
  database: Database,
  census: CensusSql,
  breakdown: Breakdown,
  serviceRows: readonly ServiceRow[],
  sources: readonly string[],
): Promise<Timed> {
  const own: number[] = []
  const bare: number[] = []
  let rows = 0
  for (let turn = 0; turn < runs; turn++) {
    console.error(`${breakdown}, run ${turn + 1} of ${runs}`)
    let banners = 0
    rows = 0
    const begin = performance.now()
    for await (const tally of tallies(database.connection, { breakdown, census, serviceRows, sources })) {
      rows++
      if (tally.service === 'all') banners += tally.counts.banners
    }
    own.push((performance.now() - begin) / 1000)
    const peer = await bareQuery(database, census, breakdown)
    bare.push(peer.seconds)
    if (peer.banners !== banners)
      throw new Error(`${breakdown}: census counts ${banners} banners, the bare query ${peer.banners}`)
  }
  return { own: median(own), bare: median(bare), rows }
}

/** What anyone would ask DuckDB for this table: one GROUP BY, its result fetched and left alone. */
async function bareQuery(
  database: Database,
  census: CensusSql,
  breakdown: Breakdown,
): Promise<{ seconds: number; banners: number }> {
  const keys = ['country', 'region', 'service', ...breakdownKeys[breakdown]].join(', ')
  const begin = performance.now()
  const result = await database.connection.stream(
    `SELECT ${keys}, count(DISTINCT address) AS addresses, count(*) FILTER (WHERE speaks) AS endpoints, count(*) AS banners FROM ${census.rows} GROUP BY ALL`,
  )
  const banners = result.columnCount - 1
  let sum = 0
  let waitingMs = 0
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    // Adding up is the check of this benchmark, not DuckDB's work: its time is taken out again.
    const fetched = performance.now()
    for (const count of chunk.getColumnValues(banners)) sum += Number(count)
    waitingMs += performance.now() - fetched
  }
  return { seconds: (performance.now() - begin - waitingMs) / 1000, banners: sum }
}

await benchmark(
  'npm run bench:report [-- --endpoints N --runs N --seed N --part tables,full --keep DIR]',
  Number.isInteger(endpoints) &&
    endpoints >= 10 &&
    Number.isInteger(runs) &&
    runs >= 1 &&
    parts.every((part) => part === 'tables' || part === 'full'),
  measure,
)
