import type { DuckDBConnection } from '@duckdb/node-api'
import { join } from 'node:path'
import { flagBit } from '../model/flags.ts'
import { outcomes } from '../model/observation.ts'
import { decideAddresses, decidePlaces, decideProducts, decideServices, type Deciders } from './decisions.ts'
import { parquet } from './observations.ts'
import { all, one, parquetFiles, sqlText, toNumber, type Database } from './duckdb.ts'

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

/**
 * Makes `census.parquet` from a draft's observations: one row for every exposed record that is no exact repeat, with
 * its address's place, its service and product, and whether it is the newest to speak for its endpoint. Columns:
 * source, address, port, transport, observed_at, speaks (for the endpoint, over all sources), speaks_in_source, country,
 * region, service, vendor, product, version, device_type, asn, organisation, flags (bits of model/flags.ts).
 */
export async function derive(database: Database, folder: string, deciders: Deciders): Promise<Derived> {
  const { connection } = database
  const observations = parquetFiles(join(folder, 'observations'))
  const clueKey = await decidePlaces(database, observations, deciders)
  const serviceKey = await decideServices(database, observations, deciders)
  const productKey = await decideProducts(database, observations, serviceKey, deciders)

  const total = toNumber((await one(connection, `SELECT count(*) AS n FROM ${observations}`))['n'])
  const sources = (await all(connection, `SELECT DISTINCT source FROM ${observations} ORDER BY source`)).map((row) =>
    String(row['source']),
  )
  const partitions = Math.max(1, Math.ceil(total / rowsAtATime))
  const sums = { kept: 0, undated: 0, suspectAddresses: 0, defaultGeolocationAddresses: 0 }
  const keptByOutcome: Record<string, number> = {}
  const placedAddresses: Record<string, number> = {}
  let from = ''
  let to = ''
  for (let partition = 0; partition < partitions; partition++) {
    const share = partitions === 1 ? 'true' : `hash(address) % ${partitions} = ${partition}`
    await writePartition(database, {
      observations,
      share,
      sources,
      deciders,
      keys: { clueKey, serviceKey, productKey },
      target: join(folder, 'census', `part-${partition + 1}.parquet`),
    })
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
      `SELECT means, count(*) AS n, count(*) FILTER (WHERE by_default) AS defaults FROM address_place GROUP BY means ORDER BY means`,
    )) {
      const means = String(row['means'])
      placedAddresses[means] = (placedAddresses[means] ?? 0) + toNumber(row['n'])
      sums.defaultGeolocationAddresses += toNumber(row['defaults'])
    }
    sums.suspectAddresses += toNumber((await one(connection, 'SELECT count(*) AS n FROM suspect'))['n'])
  }
  return { ...sums, repeats: total - sums.kept, keptByOutcome, placedAddresses, sources, observed: { from, to } }
}

interface Partition {
  readonly observations: string
  readonly share: string
  readonly sources: readonly string[]
  readonly deciders: Deciders
  readonly keys: {
    readonly clueKey: (alias: string) => string
    readonly serviceKey: (alias: string) => string
    readonly productKey: (service: string, alias: string) => string
  }
  readonly target: string
}

/** Tables `kept`, `address_place` and `suspect` of one share of the addresses, and its part of census.parquet. */
async function writePartition(
  database: Database,
  { observations, share, sources, deciders, keys, target }: Partition,
): Promise<void> {
  const { connection } = database
  // `age` orders observations: undated ones lose against dated ones, and the digest is the fixed order among equal times.
  const found = await all(connection, 'SELECT DISTINCT service FROM named')
  const recognise = deciders.recognise(new Set(found.map((row) => String(row['service']))))
  // Rows are as narrow as they can be: what several share is a number into `named`, `clue` or `made`.
  await connection.run(`CREATE OR REPLACE TABLE kept AS
    SELECT o.address, n.named, n.door, ${exposed} AS exposed, o.observed_at, o.outcome::${outcomeType} AS outcome, o.asn, o.organisation,
      ((coalesce(epoch_us(o.observed_at) + 1, 0)::HUGEINT << 64) + o.digest::HUGEINT) AS age,
      coalesce(contains(lower(o.tags), 'honeypot'), false) AS honeypot, c.id::INTEGER AS clue, m.id::INTEGER AS made,
      CASE WHEN m.c_product IS NULL OR m.c_product IN ('', ${sqlText(deciders.noProduct)}) THEN ${recognise.field({ service: 'n.service', banner: 'o.banner' })} ELSE '' END AS field
    FROM (SELECT * FROM ${observations} WHERE ${share}) o
    JOIN clue c ON ${keys.clueKey('o')} = c.key
    JOIN named n ON ${keys.serviceKey('o')} = n.key
    LEFT JOIN made m ON ${keys.productKey('n.service', 'o')} = m.key`)
  await dropRepeats(connection)
  await connection.run('CREATE OR REPLACE VIEW heard AS SELECT service, field FROM kept JOIN named USING (named)')
  await connection.run(`CREATE OR REPLACE TABLE recognised AS ${recognise.known('heard')}`)
  await decideAddresses(database, deciders)
  await connection.run(`CREATE OR REPLACE TABLE endpoint AS
    SELECT address, door, arg_max(rowid, age) AS newest FROM kept WHERE exposed GROUP BY address, door`)
  await connection.run(`CREATE OR REPLACE TABLE suspect AS
    SELECT address FROM endpoint JOIN (SELECT DISTINCT door, port FROM named) USING (door)
      GROUP BY address HAVING count(*) > ${suspectPorts} AND count(DISTINCT port) > ${suspectPorts}
    UNION SELECT address FROM kept WHERE honeypot AND exposed`)
  const speaks = 'k.rowid IN (SELECT newest FROM endpoint)'
  const inSource = sources.length === 1 ? speaks : 'k.age = max(k.age) OVER (PARTITION BY n.source, k.address, k.door)'
  const told = `nullif(nullif(m.c_product, ''), ${sqlText(deciders.noProduct)})`
  await connection.run(`COPY (
    SELECT n.source, k.address, n.port, n.transport, k.observed_at, ${speaks} AS speaks, ${inSource} AS speaks_in_source,
      coalesce(a.place_country, '') AS country, coalesce(a.place_region, '') AS region, n.service,
      coalesce(nullif(m.c_vendor, ''), r.vendor, '') AS vendor, coalesce(${told}, nullif(r.product, ''), m.c_product, '') AS product,
      coalesce(nullif(m.c_version, ''), r.version, '') AS version, coalesce(nullif(m.c_device_type, ''), r.device_type, '') AS device_type,
      coalesce(k.asn, 0) AS asn, coalesce(k.organisation, '') AS organisation,
      ((a.means = 'address-database')::INTEGER * ${flagBit('region-inferred')} + a.by_default::INTEGER * ${flagBit('default-geolocation')}
        + (k.outcome = 'open')::INTEGER * ${flagBit('port-only')} + (k.observed_at IS NULL)::INTEGER * ${flagBit('undated')}
        + (s.address IS NOT NULL)::INTEGER * ${flagBit('suspect')}) AS flags
    FROM kept k JOIN named n ON k.named = n.named JOIN address_place a ON k.address = a.address
    LEFT JOIN made m ON k.made = m.id LEFT JOIN suspect s ON k.address = s.address
    LEFT JOIN recognised r ON n.service = r.service AND k.field = r.field
    WHERE k.exposed
  ) TO ${sqlText(target)} (${parquet})`)
}

/**
 * Leaves one row of exact repeats in `kept`: the one whose file decoded its place to the least clue, so that the order
 * of the files does not matter. Most snapshots have few: finding them by hash and deleting them costs a third of
 * grouping every row.
 */
async function dropRepeats(connection: DuckDBConnection): Promise<void> {
  const same = 'address, named, age'
  await connection.run(
    `CREATE OR REPLACE TABLE repeated AS SELECT hash(${same}) AS key FROM kept GROUP BY ALL HAVING count(*) > 1`,
  )
  await connection.run(`DELETE FROM kept WHERE rowid IN (
    SELECT rowid FROM (SELECT rowid, row_number() OVER (PARTITION BY ${same} ORDER BY clue) AS nth
      FROM kept WHERE hash(${same}) IN (SELECT key FROM repeated)) WHERE nth > 1)`)
}
