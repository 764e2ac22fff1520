import type { DuckDBConnection } from '@duckdb/node-api'
import { flagBit, type RecordFlag } from '../model/flags.ts'
import { breakdownKeys, type Breakdown, type Tally } from '../model/tally.ts'
import type { CensusSql } from '../store/census-sql.ts'
import { all, columnBatches, sqlText, toText } from '../store/duckdb.ts'
import { fill, serviceNumbers } from './service-tables.ts'

/** A row of a report: a service, a category or `all`, and the services it counts. */
export interface ServiceRow {
  readonly id: string
  /** Service ids as they stand in the census; `undefined` stands for every service. */
  readonly services: readonly string[] | undefined
  /** A service that no catalogue names and nobody asked for (`tcp-4321`): says 0 only in countries where it was found. */
  readonly isUnnamed?: true
}

export interface TallyQuestion {
  readonly breakdown: Breakdown
  readonly census: CensusSql
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
 * Counts a snapshot by source, country, region, service row and the breakdown's keys. Tallies come sorted by source,
 * country, service row (in the order given), keys and region.
 *
 * Everything is counted in numbers, and named only here: a cell is one number for source, country, keys and region. Each
 * address is grouped once, with the set of its services as bits; the few distinct sets are then counted into every
 * service, category and `all` they belong to. That is exact, as COUNT(DISTINCT) is, and does its work once.
 */
export async function* tallies(connection: DuckDBConnection, question: TallyQuestion): AsyncGenerator<Tally> {
  const found = await servicesFound(connection, question.census)
  if (found.length === 0) return
  await serviceTables(connection, found, question)
  const names = await nameTables(connection, question)
  const words = Math.ceil(found.length / wordBits)
  // With several sources each is counted by itself, and all of them once more together; `all` sorts before every source's name.
  if (question.sources.length > 1) yield* tallyBranch(connection, question, words, names, ['all'])
  yield* tallyBranch(connection, question, words, names, question.sources.toSorted())
}

/** One counting: by each of the sources named, or over all together when that is `all`. */
async function* tallyBranch(
  connection: DuckDBConnection,
  question: TallyQuestion,
  words: number,
  { countries, keys, places }: Names,
  sources: readonly string[],
): AsyncGenerator<Tally> {
  const isTogether = sources[0] === 'all'
  const joins = `JOIN place_number USING (place) JOIN service_number USING (named)${question.breakdown === 'region' ? '' : ` JOIN key_number USING (${keyColumn[question.breakdown]})`}`
  const where = question.without === undefined ? '' : `WHERE flags & ${flagBit(question.without)} = 0`
  const group = `${isTogether ? '' : `source_number * ${countries} + `}country_number`
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE narrow AS SELECT address, ((${group})::BIGINT * ${keys.length} + ${question.breakdown === 'region' ? '0' : 'key_number'}) * ${places.length} + place_number AS cell,
       number, ${isTogether ? 'speaks' : 'speaks_in_source'} AS speaks, flags FROM ${question.census.numbers} ${joins} ${where}`,
  )
  const width = keys.length * places.length
  const counted = tallySql(question, words)
  const columns = ['cell', 'position', 'addresses', 'endpoints', 'banners', 'flags', 'speaking_flags']
  const asNumbers = columns.map((name) => `coalesce(${name}, 0)::DOUBLE AS ${name}`).join(', ')
  const batches = columnBatches(
    connection,
    `SELECT ${asNumbers} FROM (${counted}) ORDER BY cell // ${width}, position, cell`,
  )
  for await (const batch of batches) {
    const [cells, positions, addresses, endpoints, banners, flags, speakingFlags] = batch as readonly number[][]
    for (const [row, cell] of (cells ?? []).entries()) {
      const [country, region] = places[cell % places.length] ?? ['', '']
      const source = sources[Math.floor(cell / width / countries)] ?? sources[0]
      yield {
        source: source as Tally['source'],
        country,
        region,
        service: question.serviceRows[positions?.[row] ?? 0]?.id ?? '',
        keys: keys[Math.floor(cell / places.length) % keys.length] ?? [],
        counts: {
          addresses: addresses?.[row] ?? 0,
          endpoints: endpoints?.[row] ?? 0,
          banners: banners?.[row] ?? 0,
        },
        flags: flags?.[row] ?? 0,
        speakingFlags: speakingFlags?.[row] ?? 0,
      }
    }
  }
  await connection.run('DROP TABLE narrow')
}

/** Ids of all services in a census, sorted. */
export async function servicesFound(connection: DuckDBConnection, { numbers, services }: CensusSql): Promise<string[]> {
  const found = `SELECT DISTINCT service FROM ${services} WHERE named IN (SELECT named FROM ${numbers}) ORDER BY service`
  return (await all(connection, found)).map((row) => String(row['service']))
}

/** The column of the census that a breakdown's keys hang on. */
const keyColumn = { product: 'made', device: 'made', network: 'network' } as const

/** What the numbers of a cell stand for, in the order tallies come in. */
interface Names {
  readonly countries: number
  readonly keys: readonly (readonly string[])[]
  readonly places: readonly (readonly [country: string, region: string])[]
}

/** Tables `place_number` and `key_number`: numbers in the order of the names they stand for. */
async function nameTables(connection: DuckDBConnection, question: TallyQuestion): Promise<Names> {
  const { census, country, breakdown } = question
  const only = country === undefined ? '' : `WHERE country = ${sqlText(country)}`
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE place_number AS SELECT place, country, region, dense_rank() OVER (ORDER BY country)::INTEGER - 1 AS country_number,
       dense_rank() OVER (ORDER BY country, region)::INTEGER - 1 AS place_number FROM ${census.places} ${only}`,
  )
  const columns = breakdownKeys[breakdown]
  if (breakdown !== 'region') {
    const names = breakdown === 'network' ? census.networks : census.products
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE key_number AS SELECT *, dense_rank() OVER (ORDER BY ${columns.join(', ')})::INTEGER - 1 AS key_number
       FROM (SELECT ${[keyColumn[breakdown], ...columns].join(', ')} FROM ${names})`,
    )
  }
  const places: (readonly [string, string])[] = []
  const placed = `SELECT DISTINCT country, region, place_number, country_number FROM place_number ORDER BY place_number`
  let countries = 1
  for await (const [names, regions, , numbers] of columnBatches(connection, placed)) {
    for (const [row, name] of (names ?? []).entries()) {
      places.push([toText(name), toText(regions?.[row])])
      countries = Number(numbers?.[row]) + 1
    }
  }
  const keys: (readonly string[])[] = []
  if (breakdown !== 'region') {
    const listed = `SELECT DISTINCT ${columns.join(', ')}, key_number FROM key_number ORDER BY key_number`
    for await (const batch of columnBatches(connection, listed)) {
      const texts = batch.slice(0, columns.length)
      for (const row of (batch[0] ?? []).keys()) {
        // AS 0 is reserved (RFC 7607) and stands for none.
        keys.push(texts.map((column, at) => (columns[at] === 'asn' && column[row] === 0 ? '' : toText(column[row]))))
      }
    }
  }
  return { countries, keys: keys.length === 0 ? [[]] : keys, places: places.length === 0 ? [['', '']] : places }
}

/** Tables `service_number` (named → number of its service, and of its source), `row_bits` (service row → its services' bits) and `row_service` (the pairs). */
async function serviceTables(
  connection: DuckDBConnection,
  found: readonly string[],
  { census, serviceRows, sources }: TallyQuestion,
): Promise<void> {
  const words = Math.ceil(found.length / wordBits)
  const asked = await serviceNumbers(connection, found, serviceRows)
  const bits = (of: readonly number[], word: number): number =>
    of.reduce((sum, index) => (Math.floor(index / wordBits) === word ? sum + 2 ** (index % wordBits) : sum), 0)
  const wordColumns = Array.from({ length: words }, (_, word) => `w${word} UINTEGER`).join(', ')
  await fill(
    connection,
    'source_id (source VARCHAR, source_number INTEGER)',
    sources.toSorted().map((id, index) => `(${sqlText(id)}, ${index})`),
  )
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE service_number AS SELECT named, number, source_number FROM ${census.services} JOIN service_id USING (service) JOIN source_id USING (source)`,
  )
  await fill(
    connection,
    `row_bits (position INTEGER, ${wordColumns})`,
    asked.map(
      (numbers, position) =>
        `(${position}, ${Array.from({ length: words }, (_, word) => bits(numbers, word)).join(', ')})`,
    ),
  )
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
    SELECT cell, position, addresses, endpoints, banners, flags, speaking_flags FROM by_row JOIN by_address USING (cell, position)`
}
