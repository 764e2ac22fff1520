import type { DuckDBConnection } from '@duckdb/node-api'
import { flagBit } from '../model/flags.ts'
import type { RecordSource } from '../model/observation.ts'
import { distinctKey, lookUpAddresses, type Deciders } from './decisions.ts'
import { all, sqlText, together, toNumber, type Database } from './duckdb.ts'
import { parquet } from './observations.ts'

/** The source that keeps what it asked and got no answer from. */
export const asking: RecordSource = 'probe'

/** A host that answers on more ports than this is more likely a middlebox or honeypot than that many services. */
const suspectPorts = 100

/** From `kept`, one share of the addresses: tables `by_address`, `settled` and `suspect`, its part of the census, and of what was asked. */
export async function writeShare(
  database: Database,
  sources: readonly string[],
  deciders: Deciders,
  target: string,
  asked: string | undefined,
): Promise<void> {
  const { connection } = database
  const [heardKey] = await together([
    recogniseHeard(database, deciders),
    gatherAddresses(connection).then(() => settleAddresses(database, deciders, sources.length > 1)),
  ])
  const flags = [
    `p.flags`,
    `(k.outcome = 'open')::INTEGER * ${flagBit('port-only')}`,
    `(k.observed_at IS NULL)::INTEGER * ${flagBit('undated')}`,
    `(s.address IS NOT NULL)::INTEGER * ${flagBit('suspect')}`,
  ]
  await connection.run(`COPY (
    SELECT k.address, k.named, k.observed_at, NOT coalesce(x.everywhere, false) AS speaks, NOT coalesce(x.in_source, false) AS speaks_in_source,
      p.id AS place, (coalesce(k.made, 0)::BIGINT << 32) + coalesce(r.spoken, 0) AS made, k.network,
      ${flags.join(' + ')} AS flags, (k.age % (1::HUGEINT << 64))::UBIGINT AS digest
    FROM kept k JOIN named n ON k.named = n.named JOIN clue c ON k.clue = c.id
    LEFT JOIN settled v ON k.address = v.address JOIN place p ON p.id = coalesce(v.place, c.place)
    LEFT JOIN silenced x ON k.rowid = x.id LEFT JOIN suspect s ON k.address = s.address
    LEFT JOIN recognised r ON ${heardKey('n.service', 'k')} = r.key
    WHERE k.exposed
  ) TO ${sqlText(target)} (${parquet})`)
  if (asked !== undefined) await writeAsked(connection, asked)
}

/**
 * What was asked, whatever came of it, in the columns of the census: the denominator of a probe. An address is there once for
 * each of its doors, as what it was asked for.
 */
async function writeAsked(connection: DuckDBConnection, target: string): Promise<void> {
  await connection.run(`COPY (
    SELECT DISTINCT k.address, k.named, NULL::TIMESTAMP AS observed_at, true AS speaks, true AS speaks_in_source,
      p.id AS place, 0::BIGINT AS made, 0::INTEGER AS network, 0 AS flags, 0::UBIGINT AS digest
    FROM kept k JOIN named n ON k.named = n.named JOIN clue c ON k.clue = c.id
    LEFT JOIN settled v ON k.address = v.address JOIN place p ON p.id = coalesce(v.place, c.place)
    WHERE n.source = ${sqlText(asking)}
  ) TO ${sqlText(target)} (${parquet})`)
}

/**
 * Tables about the addresses of `kept`: `by_address`, and `shared`, the endpoints of which several rows tell, which in most
 * snapshots are few. Leaves one row of exact repeats in `kept`: the one whose file decoded its place to the least, so that
 * the order of the files does not matter.
 */
async function gatherAddresses(connection: DuckDBConnection): Promise<void> {
  // An address with fewer bits than rows may have told of one door twice; grouping all rows by their doors costs as much again.
  await connection.run(`CREATE OR REPLACE TABLE by_address AS
    SELECT k.address, min(c.place) AS low, max(c.place) AS high, count(*) FILTER (WHERE k.exposed) AS endpoints, bool_or(k.marked AND k.exposed) AS marked,
      count(*) > bit_count(bit_or(1::BIGINT << (k.door % 63))) AS crowded
    FROM kept k JOIN clue c ON k.clue = c.id GROUP BY k.address`)
  await connection.run(`CREATE OR REPLACE TABLE shared AS SELECT address, door
    FROM kept WHERE address IN (SELECT address FROM by_address WHERE crowded) GROUP BY address, door HAVING count(*) > 1`)
  await connection.run(`DELETE FROM kept WHERE rowid IN (
    SELECT id FROM (SELECT k.rowid AS id, row_number() OVER (PARTITION BY k.address, k.named, k.age ORDER BY c.place) AS nth
      FROM kept k JOIN shared USING (address, door) JOIN clue c ON k.clue = c.id) WHERE nth > 1)`)
}

/**
 * Further tables: `settled`, the place of the addresses whose rows do not agree on one or say nothing; `suspect`; and
 * `silenced`, the rows that do not speak for their endpoint.
 */
async function settleAddresses(database: Database, deciders: Deciders, isOfSeveralSources: boolean): Promise<void> {
  const { connection } = database
  const nth = (by: string): string =>
    `row_number() OVER (PARTITION BY ${by}k.address, k.door ORDER BY k.age DESC, k.named)`
  await connection.run(`CREATE OR REPLACE TABLE silenced AS
    SELECT * FROM (SELECT k.rowid AS id, ${nth('')} > 1 AS everywhere, ${isOfSeveralSources ? nth('n.source, ') : nth('')} > 1 AS in_source
      FROM kept k JOIN shared USING (address, door) JOIN named n ON k.named = n.named WHERE k.exposed) WHERE everywhere OR in_source`)
  await connection.run(`CREATE OR REPLACE TABLE suspect AS
    SELECT k.address FROM kept k JOIN named n ON k.named = n.named
      WHERE k.exposed AND k.address IN (SELECT address FROM by_address WHERE endpoints > ${suspectPorts})
      GROUP BY k.address HAVING count(DISTINCT n.port) > ${suspectPorts}
    UNION SELECT address FROM by_address WHERE marked`)
  // The newest that tells a region wins, else the newest that tells a country.
  await connection.run(`CREATE OR REPLACE TABLE settled AS
    SELECT k.address, arg_max(p.id, k.age + ((p.place_region IS NOT NULL)::INTEGER + (p.place_country IS NOT NULL)::INTEGER)::HUGEINT * (1::HUGEINT << 120)) AS place,
      bool_and(p.empty) AS empty
    FROM kept k JOIN clue c ON k.clue = c.id JOIN place p ON c.place = p.id
    WHERE k.address IN (SELECT address FROM by_address WHERE low <> high) GROUP BY k.address`)
  await lookUpAddresses(database, deciders)
}

/** Table `recognised` (key, number into `spoken`): what fingerprints know of what `kept` heard. @returns the key */
async function recogniseHeard(
  database: Database,
  deciders: Deciders,
): Promise<(service: string, alias: string) => string> {
  const connection = await database.connect()
  const recognise = deciders.recognise(await services(connection))
  await connection.run(
    `CREATE OR REPLACE TABLE heard AS SELECT DISTINCT n.service, k.field FROM kept k JOIN named n ON k.named = n.named WHERE k.field <> ''`,
  )
  const key = await distinctKey(connection, 'heard', ['$service', '$field'])
  const fill = async (table: string, number: string, queries: readonly string[]): Promise<Set<number>> => {
    await connection.run(`CREATE OR REPLACE TABLE ${table} (service VARCHAR, field VARCHAR, ${number} INTEGER)`)
    // Most of the time goes into compiling patterns, which one statement does on one processor.
    await together(
      queries.map(async (query) => {
        const own = await database.connect()
        await own.run(`INSERT INTO ${table} ${query}`)
        own.closeSync()
      }),
    )
    const found = await all(connection, `SELECT DISTINCT ${number} AS n FROM ${table}`)
    return new Set(found.map((row) => toNumber(row['n'])))
  }
  const blocks = await fill('sifted', 'block', recognise.sifted('heard'))
  const numbers = await fill('matched', 'number', recognise.matched('sifted', blocks))
  const known = recognise.known('matched', numbers)
  await connection.run(`CREATE OR REPLACE TABLE known AS ${known}`)
  const told = 'vendor, product, version, device_type'
  await connection.run(`INSERT INTO spoken SELECT (SELECT count(*) FROM spoken) + row_number() OVER (), ${told}
    FROM (SELECT DISTINCT ${told} FROM known ANTI JOIN spoken USING (${told}))`)
  await connection.run(
    `CREATE OR REPLACE TABLE recognised AS SELECT ${key('k')} AS key, s.id AS spoken FROM known k JOIN spoken s USING (${told})`,
  )
  connection.closeSync()
  return (service, alias) => key(alias).replace(`${alias}.service`, service)
}

/** Services of the observations. */
export const services = async (connection: DuckDBConnection): Promise<Set<string>> =>
  new Set((await all(connection, 'SELECT DISTINCT service FROM named')).map((row) => String(row['service'])))
