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
  const words = Array.from({ length: Math.ceil(found.length / wordBits) }, (_, index) => `w${index}`)
  const several = question.sources.length > 1
  const branches = several
    ? [tallySql(question, words, true), tallySql(question, words, false)]
    : [tallySql(question, words, true)]
  const keys = breakdownKeys[question.breakdown]
  const order = ['source', 'country', 'position', ...keys, 'region'].join(', ')
  for await (const row of rows(
    connection,
    `${branches.map((branch) => `(${branch})`).join(' UNION ALL ')} ORDER BY ${order}`,
  )) {
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
    }
  }
}

/** Ids of all services in a census, sorted. */
export async function servicesFound(connection: DuckDBConnection, census: string): Promise<string[]> {
  return (await all(connection, `SELECT DISTINCT service FROM ${census} ORDER BY service`)).map((row) =>
    String(row['service']),
  )
}

/** Tables `service_bit` (service → word and bit), `row_bits` (service row → its services' bits) and `row_service` (the pairs). */
async function serviceTables(
  connection: DuckDBConnection,
  found: readonly string[],
  serviceRows: readonly ServiceRow[],
): Promise<void> {
  const words = Math.ceil(found.length / wordBits)
  const bits = (ids: readonly string[]): bigint[] =>
    Array.from({ length: words }, (_, word) =>
      ids.reduce((sum, id) => {
        const index = found.indexOf(id)
        return index >= 0 && Math.floor(index / wordBits) === word ? sum | (1n << BigInt(index % wordBits)) : sum
      }, 0n),
    )
  const list = (values: readonly string[]): string => `VALUES ${values.join(', ')}`
  const wordColumns = Array.from({ length: words }, (_, word) => `w${word}`).join(', ')
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE service_bit AS SELECT service, ${Array.from({ length: words }, (_, word) => `w${word}::UINTEGER AS w${word}`).join(', ')}
     FROM (${list(found.map((id) => `(${sqlText(id)}, ${bits([id]).join(', ')})`))}) t(service, ${wordColumns})`,
  )
  const asked = serviceRows.map((row, position) => ({
    ...row,
    position,
    services: row.services?.filter((id) => found.includes(id)) ?? found,
  }))
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE row_bits AS SELECT position, service_row, ${Array.from({ length: words }, (_, word) => `w${word}::UINTEGER AS w${word}`).join(', ')}
     FROM (${list(asked.map((row) => `(${row.position}, ${sqlText(row.id)}, ${bits(row.services).join(', ')})`))}) t(position, service_row, ${wordColumns})`,
  )
  const pairs = asked.flatMap((row) =>
    row.services.map((service) => `(${row.position}, ${sqlText(row.id)}, ${sqlText(service)})`),
  )
  await connection.run(
    pairs.length === 0
      ? 'CREATE OR REPLACE TEMP TABLE row_service (position INTEGER, service_row VARCHAR, service VARCHAR)'
      : `CREATE OR REPLACE TEMP TABLE row_service AS SELECT * FROM (${list(pairs)}) t(position, service_row, service)`,
  )
}

/** The counts per source, or over all sources together. */
function tallySql(question: TallyQuestion, words: readonly string[], perSource: boolean): string {
  const keys = breakdownKeys[question.breakdown]
  const several = question.sources.length > 1
  const source = perSource
    ? several
      ? 'source'
      : `${sqlText(question.sources[0] ?? '')} AS source`
    : `'all' AS source`
  const sourceKey = perSource && several ? ['source'] : []
  const filters = [
    ...(question.country === undefined ? [] : [`country = ${sqlText(question.country)}`]),
    ...(question.without === undefined ? [] : [`flags & ${flagBit(question.without)} = 0`]),
  ]
  const where = filters.length === 0 ? '' : `WHERE ${filters.join(' AND ')}`
  // An address has one country and region, so any value of its rows is the value.
  const sets = `SELECT ${[...sourceKey, ...keys].map((key) => `${key}, `).join('')} any_value(country) AS country, any_value(region) AS region,
      ${words.map((word) => `bit_or(${word}) AS ${word}`).join(', ')}
    FROM ${question.census} JOIN service_bit USING (service) ${where} GROUP BY ${['address', ...sourceKey, ...keys].join(', ')}`
  const place = ['country', 'region', ...sourceKey, ...keys]
  const setCounts = `SELECT ${place.join(', ')}, ${words.join(', ')}, count(*) AS n FROM (${sets}) GROUP BY ALL`
  const setRows = `SELECT m.*, r.position FROM (SELECT DISTINCT ${words.join(', ')} FROM set_counts) m JOIN row_bits r ON ${words
    .map((word) => `(m.${word} & r.${word}) <> 0`)
    .join(' OR ')}`
  const speaks = perSource ? 'speaks_in_source' : 'speaks'
  return `WITH set_counts AS MATERIALIZED (${setCounts}), set_rows AS MATERIALIZED (${setRows}),
    by_address AS (SELECT ${place.join(', ')}, position, sum(n) AS addresses FROM set_counts JOIN set_rows USING (${words.join(', ')}) GROUP BY ALL),
    by_service AS (SELECT ${place.join(', ')}, service, count(*) AS banners, count(*) FILTER (WHERE ${speaks}) AS endpoints, bit_or(flags) AS flags
      FROM ${question.census} ${where} GROUP BY ALL),
    by_row AS (SELECT ${place.join(', ')}, position, service_row, sum(banners) AS banners, sum(endpoints) AS endpoints, bit_or(flags) AS flags
      FROM by_service JOIN row_service USING (service) GROUP BY ALL)
    SELECT ${source}, country, region, position, service_row, ${keys.map((key) => `${key}, `).join('')}addresses, endpoints, banners, flags
    FROM by_row JOIN by_address USING (${[...place, 'position'].join(', ')})`
}
