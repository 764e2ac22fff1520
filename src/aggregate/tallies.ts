import type { DuckDBConnection } from '@duckdb/node-api'
import { flagBit, type RecordFlag } from '../model/flags.ts'
import { breakdownKeys, type Breakdown, type Tally } from '../model/tally.ts'
import { all, rows, sqlText, toNumber, toText } from '../store/duckdb.ts'

/** A row of a report: a service, a category or `all`, and the services it counts. */
export interface ServiceRow {
  readonly id: string
  /** Service ids as they stand in the census; `undefined` stands for every service. */
  readonly services: readonly string[] | undefined
}

export interface TallyQuestion {
  readonly breakdown: Breakdown
  /** SQL of the snapshot's census rows, as in derive.ts. */
  readonly census: string
  readonly serviceRows: readonly ServiceRow[]
  /** Only this country (alpha-2), if given. */
  readonly country?: string
  /** Record sources in the snapshot. */
  readonly sources: readonly string[]
  /** Leave records out that carry this flag. */
  readonly without?: RecordFlag
}

const wordBits = 32

/**
 * Counts a snapshot by source, country, region, service row and the breakdown's keys. Rows come sorted by source,
 * country, service row (in the order given), keys and region.
 *
 * Each address is grouped once, with the set of its services as bits; the few distinct sets are then counted into
 * every service, category and `all` they belong to. That is exact, as COUNT(DISTINCT) is, and does its work once.
 */
export async function* tallies(connection: DuckDBConnection, question: TallyQuestion): AsyncGenerator<Tally> {
  const found = await servicesFound(connection, question.census)
  if (found.length === 0) return
  await serviceTables(connection, found, question.serviceRows)
  const words = Math.ceil(found.length / wordBits)
  // With several sources each is counted by itself, and all of them once more together.
  const branches = question.sources.length > 1 ? [undefined, ['source']] : [question.sources[0] ?? '']
  for (const branch of branches) yield* tallyBranch(connection, question, words, branch)
}

/**
 * One counting: over all sources together (`undefined`), by each of several (`['source']`), or of the only one (its name).
 * `all` sorts before every source's name, so branches follow one another in order.
 */
async function* tallyBranch(
  connection: DuckDBConnection,
  question: TallyQuestion,
  words: number,
  branch: string | readonly string[] | undefined,
): AsyncGenerator<Tally> {
  const keys = breakdownKeys[question.breakdown]
  const bySource = branch !== undefined && typeof branch !== 'string'
  const columns = [...(bySource ? ['source'] : []), 'country', 'region', ...keys]
  await cellTables(connection, question, columns, branch === undefined ? 'speaks' : 'speaks_in_source')
  const source = bySource ? '' : `, ${sqlText(typeof branch === 'string' ? branch : 'all')} AS source`
  const order = ['source', 'country', 'position', ...keys, 'region'].join(', ')
  const counted = `SELECT *${source} FROM (${tallySql(question, words)}) ORDER BY ${order}`
  for await (const row of rows(connection, counted)) {
    yield {
      source: toText(row['source']) as Tally['source'],
      country: toText(row['country']),
      region: toText(row['region']),
      service: toText(row['service_row']),
      // AS 0 is reserved (RFC 7607) and stands for none.
      keys: keys.map((key) => (key === 'asn' && row[key] === 0 ? '' : toText(row[key]))),
      counts: {
        addresses: toNumber(row['addresses']),
        endpoints: toNumber(row['endpoints']),
        banners: toNumber(row['banners']),
      },
      flags: toNumber(row['flags']),
      speakingFlags: toNumber(row['speaking_flags']),
    }
  }
}

/**
 * Tables `cell` (a hash and the values it stands for) and `narrow` (address, cell, service, whether it speaks, flags):
 * grouping millions of rows by one integer instead of four texts. Two different cells under one hash are noticed by
 * a second hash, and another salt is taken.
 */
async function cellTables(
  connection: DuckDBConnection,
  question: TallyQuestion,
  columns: readonly string[],
  speaks: string,
): Promise<void> {
  const filters = [
    ...(question.country === undefined ? [] : [`country = ${sqlText(question.country)}`]),
    ...(question.without === undefined ? [] : [`flags & ${flagBit(question.without)} = 0`]),
  ]
  const where = filters.length === 0 ? '' : `WHERE ${filters.join(' AND ')}`
  for (let salt = 0; salt < 16; salt++) {
    const hashed = (with_: number): string => `hash(${with_}, ${columns.join(', ')})`
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE cell AS SELECT ${hashed(2 * salt)} AS cell, ${columns.map((name) => `any_value(${name}) AS ${name}`).join(', ')},
         min(${hashed(2 * salt + 1)}) = max(${hashed(2 * salt + 1)}) AS sound FROM ${question.census} ${where} GROUP BY 1`,
    )
    const [mixed] = await all(connection, 'SELECT count(*) AS n FROM cell WHERE NOT sound')
    if (toNumber(mixed?.['n']) > 0) continue
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE narrow AS SELECT address, ${hashed(2 * salt)} AS cell, number, ${speaks} AS speaks, flags
       FROM ${question.census} JOIN service_number USING (service) ${where}`,
    )
    return
  }
  throw new Error('no salt keeps the cells of a table apart')
}

/** Ids of all services in a census, sorted. */
export async function servicesFound(connection: DuckDBConnection, census: string): Promise<string[]> {
  return (await all(connection, `SELECT DISTINCT service FROM ${census} ORDER BY service`)).map((row) =>
    String(row['service']),
  )
}

/** Tables `service_number` (service → number), `row_bits` (service row → its services' bits) and `row_service` (the pairs). */
async function serviceTables(
  connection: DuckDBConnection,
  found: readonly string[],
  serviceRows: readonly ServiceRow[],
): Promise<void> {
  const words = Math.ceil(found.length / wordBits)
  const numbers = new Map(found.map((id, index) => [id, index]))
  const asked = serviceRows.map((row, position) => ({
    position,
    id: row.id,
    numbers: (row.services ?? found).flatMap((id) => numbers.get(id) ?? []),
  }))
  const bits = (of: readonly number[], word: number): number =>
    of.reduce((sum, index) => (Math.floor(index / wordBits) === word ? sum + 2 ** (index % wordBits) : sum), 0)
  const wordColumns = Array.from({ length: words }, (_, word) => `w${word} UINTEGER`).join(', ')
  await fill(
    connection,
    'service_number (service VARCHAR, number USMALLINT)',
    found.map((id, index) => `(${sqlText(id)}, ${index})`),
  )
  await fill(
    connection,
    `row_bits (position INTEGER, service_row VARCHAR, ${wordColumns})`,
    asked.map(
      (row) =>
        `(${row.position}, ${sqlText(row.id)}, ${Array.from({ length: words }, (_, word) => bits(row.numbers, word)).join(', ')})`,
    ),
  )
  await fill(
    connection,
    'row_service (position INTEGER, number USMALLINT)',
    asked.flatMap((row) => row.numbers.map((number) => `(${row.position}, ${number})`)),
  )
}

async function fill(connection: DuckDBConnection, table: string, values: readonly string[]): Promise<void> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${table}`)
  const name = table.slice(0, table.indexOf(' '))
  if (values.length > 0) await connection.run(`INSERT INTO ${name} VALUES ${values.join(', ')}`)
}

/** The counts of every cell and service row, from the tables above. */
function tallySql(question: TallyQuestion, words: number): string {
  const names = Array.from({ length: words }, (_, word) => `w${word}`)
  const set = names.map((name, word) =>
    words === 1
      ? `bit_or(1::UINTEGER << number) AS ${name}`
      : `bit_or(CASE WHEN number // ${wordBits} = ${word} THEN 1::UINTEGER << (number % ${wordBits}) ELSE 0::UINTEGER END) AS ${name}`,
  )
  // An address has one country and region: without further keys it has one cell, unless sources are kept apart.
  const oneCell = question.breakdown === 'region' && question.sources.length <= 1
  const sets = oneCell
    ? `SELECT any_value(cell) AS cell, ${set.join(', ')} FROM narrow GROUP BY address`
    : `SELECT cell, ${set.join(', ')} FROM narrow GROUP BY address, cell`
  const setRows = `SELECT m.*, r.position FROM (SELECT DISTINCT ${names.join(', ')} FROM set_count) m JOIN row_bits r ON ${names
    .map((name) => `(m.${name} & r.${name}) <> 0`)
    .join(' OR ')}`
  return `WITH set_count AS MATERIALIZED (SELECT cell, ${names.join(', ')}, count(*) AS n FROM (${sets}) GROUP BY ALL),
    set_row AS MATERIALIZED (${setRows}),
    by_address AS (SELECT cell, position, sum(n) AS addresses FROM set_count JOIN set_row USING (${names.join(', ')}) GROUP BY ALL),
    by_service AS (SELECT cell, number, count(*) AS banners, count(*) FILTER (WHERE speaks) AS endpoints, bit_or(flags) AS flags, bit_or(flags) FILTER (WHERE speaks) AS speaking_flags FROM narrow GROUP BY ALL),
    by_row AS (SELECT cell, position, sum(banners) AS banners, sum(endpoints) AS endpoints, bit_or(flags) AS flags, bit_or(speaking_flags) AS speaking_flags
      FROM by_service JOIN row_service USING (number) GROUP BY ALL)
    SELECT c.* EXCLUDE (cell, sound), position, service_row, addresses, endpoints, banners, flags, speaking_flags
    FROM by_row JOIN by_address USING (cell, position) JOIN cell c USING (cell) JOIN (SELECT position, service_row FROM row_bits) USING (position)`
}
