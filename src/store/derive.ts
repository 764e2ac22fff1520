import type { DuckDBConnection } from '@duckdb/node-api'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { flagBit } from '../model/flags.ts'
import { outcomes } from '../model/observation.ts'
import { decodePlaces, decideProducts, decideServices, distinctKey, listPlaces, lookUpAddresses, type Deciders } from './decisions.ts'
import { parquet } from './observations.ts'
import { all, one, parquetFiles, pathText, sqlText, toNumber, type Database } from './duckdb.ts'

/** Rows worked on at a time: what bounds the memory, whatever the size of the snapshot. */
const rowsAtATime = 1_000_000
/** A host that answers on more ports than this is more likely a middlebox or honeypot than that many services. */
const suspectPorts = 100

/** An application answered or a port is open. An echo or ARP reply (masscan --ping) shows a host, not a service. */
const exposed = `(o.outcome IN ('answered', 'open') AND o.transport NOT IN ('icmp', 'icmp6', 'arp', 'ip'))`
const outcomeType = `ENUM (${outcomes.map(sqlText).join(', ')})`

/** What counting needs to know of the whole: goes into the manifest. */
export interface Derived {
  readonly kept: number
  readonly repeats: number
  readonly keptByOutcome: Record<string, number>
  readonly undated: number
  readonly sources: string[]
  readonly observed: { from: string; to: string }
  readonly placedAddresses: Record<string, number>
  readonly defaultGeolocationAddresses: number
  readonly suspectAddresses: number
}

/** What is counted of a snapshot, as SQL to select from. */
export interface CensusSql {
  /**
   * One row for every exposed record that is no exact repeat, with its address's place, its service and product, and
   * whether it is the newest to speak for its endpoint: source, address, port, transport, observed_at, speaks (for the endpoint,
   * over all sources), speaks_in_source, country, region, service, vendor, product, version, device_type, asn, organisation,
   * flags (bits of model/flags.ts).
   */
  readonly rows: string
  /** The same rows with numbers for names: address, observed_at, speaks, speaks_in_source, flags, named, place, made, network. */
  readonly numbers: string
  /** What `named` stands for: source, port, transport, service. */
  readonly services: string
  /** What `place` stands for: country, region. */
  readonly places: string
  /** What `made` stands for: vendor, product, version, device_type. */
  readonly products: string
  /** What `network` stands for: asn (0 for none), organisation. */
  readonly networks: string
}

/** @param folder the snapshot's */
export function censusOf(folder: string): CensusSql {
  const names = (of: string): string => `read_parquet(${pathText(join(folder, 'names', `${of}.parquet`))})`
  const parts = {
    numbers: parquetFiles(join(folder, 'census')),
    services: names('services'),
    places: names('places'),
    products: names('products'),
    networks: names('networks'),
  }
  const columns =
    'source, address, port, transport, observed_at, speaks, speaks_in_source, country, region, service, vendor, product, version, device_type, asn, organisation, flags'
  return {
    ...parts,
    rows: `(SELECT ${columns} FROM ${parts.numbers} n JOIN ${parts.services} s USING (named) JOIN ${parts.places} p USING (place)
      JOIN ${parts.products} m USING (made) JOIN ${parts.networks} w USING (network))`,
  }
}

/**
 * Makes a draft's `census/` and `names/` from its observations: `census/` has a row for each that counts, `names/` what the
 * numbers in it stand for; `censusOf` puts them together.
 * @param work a folder for what is needed in between
 */
export async function derive(database: Database, folder: string, work: string, deciders: Deciders): Promise<Derived> {
  const { connection } = database
  const observations = parquetFiles(join(folder, 'observations'))
  await mkdir(join(folder, 'census'), { mode: 0o700 })
  await mkdir(join(folder, 'names'), { mode: 0o700 })
  const { total, sources } = await summary(connection, observations)
  const clueKey = await listPlaces(connection, observations)
  const serviceKey = await decideServices(database, observations, deciders)
  const productKey = await decideProducts(database, observations, serviceKey, deciders)
  const networkKey = await listNetworks(connection, observations)
  const shares = Math.max(1, Math.ceil(total / rowsAtATime))
  const narrow = narrowSql(await services(connection), observations, deciders, { clueKey, serviceKey, productKey, networkKey })
  // What TypeScript decides of places takes as long as a third of what DuckDB does of rows: both at once.
  await Promise.all([
    shares === 1
      ? connection.run(`CREATE OR REPLACE TABLE kept AS ${aged(narrow)}`)
      : connection.run(
          `COPY (SELECT *, hash(address) % ${shares} AS share FROM (${narrow})) TO ${sqlText(join(work, 'kept'))} (${parquet}, PARTITION_BY (share))`,
        ),
    decodePlaces(database, deciders),
  ])
  await connection.run(
    'CREATE OR REPLACE TABLE spoken (id INTEGER, vendor VARCHAR, product VARCHAR, version VARCHAR, device_type VARCHAR)',
  )
  const sums = { kept: 0, undated: 0, suspectAddresses: 0, defaultGeolocationAddresses: 0 }
  const keptByOutcome: Record<string, number> = {}
  const placedAddresses: Record<string, number> = {}
  let from = ''
  let to = ''
  for (let share = 0; share < shares; share++) {
    if (shares > 1) {
      const found = join(work, 'kept', `share=${share}`)
      await connection.run(`CREATE OR REPLACE TABLE kept AS ${aged(`SELECT * FROM ${parquetFiles(found)}`)}`)
      await rm(found, { recursive: true })
    }
    await writeShare(database, sources, deciders, join(folder, 'census', `part-${share + 1}.parquet`))
    for (const row of await all(
      connection,
      `SELECT outcome, count(*) AS n, count(*) FILTER (WHERE observed_at IS NULL) AS undated,
         strftime(min(observed_at), '%Y-%m-%dT%H:%M:%S.%fZ') AS low, strftime(max(observed_at), '%Y-%m-%dT%H:%M:%S.%fZ') AS high FROM kept GROUP BY outcome ORDER BY outcome::VARCHAR`,
    )) {
      const outcome = String(row['outcome'])
      keptByOutcome[outcome] = (keptByOutcome[outcome] ?? 0) + toNumber(row['n'])
      sums.kept += toNumber(row['n'])
      sums.undated += toNumber(row['undated'])
      const low = row['low'] === null ? '' : String(row['low'])
      const high = row['high'] === null ? '' : String(row['high'])
      if (low !== '' && (from === '' || low < from)) from = low
      if (high > to) to = high
    }
    for (const row of await all(
      connection,
      `SELECT p.means, count(*) AS n, count(*) FILTER (WHERE p.by_default) AS defaults
       FROM by_address a LEFT JOIN settled s ON a.address = s.address JOIN place p ON p.id = coalesce(s.place, a.low) GROUP BY ALL ORDER BY ALL`,
    )) {
      const means = String(row['means'])
      placedAddresses[means] = (placedAddresses[means] ?? 0) + toNumber(row['n'])
      sums.defaultGeolocationAddresses += toNumber(row['defaults'])
    }
    sums.suspectAddresses += toNumber((await one(connection, 'SELECT count(*) AS n FROM suspect'))['n'])
  }
  await writeNames(connection, folder, deciders.noProduct)
  return { ...sums, repeats: total - sums.kept, keptByOutcome, placedAddresses, sources, observed: { from, to } }
}

async function summary(
  connection: DuckDBConnection,
  observations: string,
): Promise<{ readonly total: number; readonly sources: string[] }> {
  const found = await all(connection, `SELECT source, count(*) AS n FROM ${observations} GROUP BY source ORDER BY source`)
  return {
    total: found.reduce((sum, row) => sum + toNumber(row['n']), 0),
    sources: found.map((row) => String(row['source'])),
  }
}

const services = async (connection: DuckDBConnection): Promise<Set<string>> =>
  new Set((await all(connection, 'SELECT DISTINCT service FROM named')).map((row) => String(row['service'])))

interface Keys {
  readonly clueKey: (alias: string) => string
  readonly serviceKey: (alias: string) => string
  readonly productKey: (service: string, alias: string) => string
  readonly networkKey: (alias: string) => string
}

/** Table `network` (key, id): every autonomous system with the names its organisation goes by. */
async function listNetworks(connection: DuckDBConnection, observations: string): Promise<(alias: string) => string> {
  await connection.run(`CREATE OR REPLACE TABLE network AS SELECT row_number() OVER ()::INTEGER AS id, *
    FROM (SELECT DISTINCT asn, organisation FROM ${observations})`)
  const key = await distinctKey(connection, 'network', ['$asn', '$organisation'])
  await connection.run(`CREATE OR REPLACE TABLE network AS SELECT ${key('w')} AS key, * FROM network w`)
  return key
}

/** Observations as narrow as they can be: what several share is a number into `said`, `named` or `made`. */
function narrowSql(
  found: ReadonlySet<string>,
  observations: string,
  deciders: Deciders,
  { clueKey, serviceKey, productKey, networkKey }: Keys,
): string {
  const field = deciders.recognise(found).field({ service: 'n.service', banner: 'o.banner' })
  return `SELECT o.address, n.named, n.door, ${exposed} AS exposed, o.observed_at, o.digest, o.outcome, w.id AS network,
      coalesce(contains(lower(o.tags), 'honeypot'), false) AS honeypot, c.id::INTEGER AS clue, m.id::INTEGER AS made,
      CASE WHEN m.c_product IS NULL OR m.c_product IN ('', ${sqlText(deciders.noProduct)}) THEN ${field} ELSE '' END AS field
    FROM ${observations} o JOIN said c ON ${clueKey('o')} = c.key JOIN named n ON ${serviceKey('o')} = n.key JOIN network w ON ${networkKey('o')} = w.key
    LEFT JOIN made m ON ${productKey('n.service', 'o')} = m.key`
}

/** `age` orders observations: undated ones lose against dated ones, and the digest is the fixed order among equal times. */
const aged = (narrow: string): string =>
  `SELECT * EXCLUDE (digest, outcome), outcome::${outcomeType} AS outcome,
     ((coalesce(epoch_us(observed_at) + 1, 0)::HUGEINT << 64) + digest::HUGEINT) AS age FROM (${narrow})`

/** From `kept`, one share of the addresses: tables `by_address`, `settled` and `suspect`, and its part of the census. */
async function writeShare(
  database: Database,
  sources: readonly string[],
  deciders: Deciders,
  target: string,
): Promise<void> {
  const { connection } = database
  const [heardKey] = await Promise.all([
    recogniseHeard(database, deciders),
    dropRepeats(connection).then(() => settleAddresses(database, deciders, sources.length > 1)),
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
      ${flags.join(' + ')} AS flags
    FROM kept k JOIN named n ON k.named = n.named JOIN clue c ON k.clue = c.id
    LEFT JOIN settled v ON k.address = v.address JOIN place p ON p.id = coalesce(v.place, c.place)
    LEFT JOIN silenced x ON k.rowid = x.id LEFT JOIN suspect s ON k.address = s.address
    LEFT JOIN recognised r ON ${heardKey('n.service', 'k')} = r.key
    WHERE k.exposed
  ) TO ${sqlText(target)} (${parquet})`)
}

/**
 * Leaves one row of exact repeats in `kept`: the one whose file decoded its place to the least, so that the order of the
 * files does not matter. Leaves table `shared`: the endpoints of which several rows tell, which in most snapshots are few.
 */
async function dropRepeats(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    'CREATE OR REPLACE TABLE shared AS SELECT address, door FROM kept GROUP BY address, door HAVING count(*) > 1',
  )
  await connection.run(`DELETE FROM kept WHERE rowid IN (
    SELECT id FROM (SELECT k.rowid AS id, row_number() OVER (PARTITION BY k.address, k.named, k.age ORDER BY c.place) AS nth
      FROM kept k JOIN shared USING (address, door) JOIN clue c ON k.clue = c.id) WHERE nth > 1)`)
}

/**
 * Tables about the addresses of `kept`: `by_address`; `settled`, the place of those whose rows do not agree on one or say
 * nothing; `suspect`; and `silenced`, the rows that do not speak for their endpoint.
 */
async function settleAddresses(database: Database, deciders: Deciders, isOfSeveralSources: boolean): Promise<void> {
  const { connection } = database
  await connection.run(`CREATE OR REPLACE TABLE by_address AS
    SELECT k.address, min(c.place) AS low, max(c.place) AS high, count(*) FILTER (WHERE k.exposed) AS endpoints, bool_or(k.honeypot AND k.exposed) AS honeypot
    FROM kept k JOIN clue c ON k.clue = c.id GROUP BY k.address`)
  const nth = (by: string): string => `row_number() OVER (PARTITION BY ${by}k.address, k.door ORDER BY k.age DESC, k.named)`
  await connection.run(`CREATE OR REPLACE TABLE silenced AS
    SELECT * FROM (SELECT k.rowid AS id, ${nth('')} > 1 AS everywhere, ${isOfSeveralSources ? nth('n.source, ') : nth('')} > 1 AS in_source
      FROM kept k JOIN shared USING (address, door) JOIN named n ON k.named = n.named WHERE k.exposed) WHERE everywhere OR in_source`)
  await connection.run(`CREATE OR REPLACE TABLE suspect AS
    SELECT k.address FROM kept k JOIN named n ON k.named = n.named
      WHERE k.exposed AND k.address IN (SELECT address FROM by_address WHERE endpoints > ${suspectPorts})
      GROUP BY k.address HAVING count(DISTINCT n.port) > ${suspectPorts}
    UNION SELECT address FROM by_address WHERE honeypot`)
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
  await connection.run('CREATE OR REPLACE TABLE matched (service VARCHAR, field VARCHAR, number INTEGER)')
  const key = await distinctKey(connection, 'heard', ['$service', '$field'])
  // Most of the time goes into compiling patterns, which one statement does on one processor.
  await Promise.all(
    recognise.matched('heard').map(async (query) => {
      const own = await database.connect()
      await own.run(`INSERT INTO matched ${query}`)
      own.closeSync()
    }),
  )
  const numbers = await all(connection, 'SELECT DISTINCT number FROM matched ORDER BY number')
  const known = recognise.known('matched', new Set(numbers.map((row) => toNumber(row['number']))))
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

/** What the numbers in the census stand for. */
async function writeNames(connection: DuckDBConnection, folder: string, noProduct: string): Promise<void> {
  const write = async (name: string, sql: string): Promise<void> => {
    await connection.run(`COPY (${sql}) TO ${sqlText(join(folder, 'names', `${name}.parquet`))} (${parquet})`)
  }
  await write('services', 'SELECT named, service, source, port, transport FROM named ORDER BY named')
  await write(
    'networks',
    `SELECT id AS network, coalesce(asn, 0) AS asn, coalesce(organisation, '') AS organisation FROM network ORDER BY id`,
  )
  await write(
    'places',
    `SELECT id AS place, coalesce(place_country, '') AS country, coalesce(place_region, '') AS region FROM place ORDER BY id`,
  )
  // A source's word wins over what the banner shows, but for a capability that is no product.
  const told = (column: string): string => `coalesce(nullif(m.c_${column}, ''), s.${column}, '') AS ${column}`
  await write(
    'products',
    `SELECT found.made, ${told('vendor')}, coalesce(nullif(nullif(m.c_product, ''), ${sqlText(noProduct)}), nullif(s.product, ''), m.c_product, '') AS product,
       ${told('version')}, ${told('device_type')}
     FROM (SELECT DISTINCT made FROM ${parquetFiles(join(folder, 'census'))}) found
     LEFT JOIN made m ON m.id = found.made >> 32 LEFT JOIN spoken s ON s.id = found.made & 4294967295 ORDER BY found.made`,
  )
}
