import type { DuckDBConnection } from '@duckdb/node-api'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { outcomes } from '../model/observation.ts'
import { decodePlaces, decideProducts, decideServices, distinctKey, listPlaces, type Deciders } from './decisions.ts'
import { parquet } from './observations.ts'
import { asking, services, writeShare } from './share.ts'
import { all, one, parquetFiles, sqlText, together, toNumber, type Database } from './duckdb.ts'

/** An application answered or a port is open. An echo or ARP reply (masscan --ping) shows a host, not a service. */
const exposed = `(o.outcome IN ('answered', 'open') AND o.transport NOT IN ('icmp', 'icmp6', 'arp', 'ip'))`
const outcomeType = `ENUM (${outcomes.map(sqlText).join(', ')})`

/** How addresses were placed, and which are suspect. */
export interface Derived {
  /** Addresses by the means that placed them. */
  readonly placedAddresses: Record<string, number>
  readonly defaultGeolocationAddresses: number
  readonly suspectAddresses: number
}

/**
 * Makes what is counted out of a snapshot's observations: `census/` has a row for each that counts, `names/` what the
 * numbers in it stand for, `asked/` what a probe asked; `censusOf` puts them together.
 * @param snapshot the snapshot's folder
 * @param folder where `census/` and `names/` go
 * @param work a folder for what is needed in between
 * @param rowsAtATime rows worked on at a time, about: what bounds the memory, whatever the size of the snapshot
 */
export async function derive(
  database: Database,
  { snapshot, folder, work }: { readonly snapshot: string; readonly folder: string; readonly work: string },
  deciders: Deciders,
  rowsAtATime = 1_000_000,
): Promise<Derived> {
  const { connection } = database
  const observations = parquetFiles(join(snapshot, 'observations'))
  await mkdir(join(folder, 'census'), { mode: 0o700 })
  await mkdir(join(folder, 'names'), { mode: 0o700 })
  const { total, sources } = await summary(connection, observations)
  const isAsked = sources.includes(asking)
  if (isAsked) await mkdir(join(folder, 'asked'), { mode: 0o700 })
  const clueKey = await listPlaces(connection, observations)
  const serviceKey = await decideServices(database, observations, deciders)
  const productKey = await decideProducts(database, observations, serviceKey, deciders)
  const networkKey = await listNetworks(connection, observations)
  const shares = Math.max(1, Math.ceil(total / rowsAtATime))
  const narrow = narrowSql(await services(connection), observations, deciders, {
    clueKey,
    serviceKey,
    productKey,
    networkKey,
  })
  // TypeScript decides of places while DuckDB is busy with rows.
  await together([
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
  const sums = { suspectAddresses: 0, defaultGeolocationAddresses: 0 }
  const placedAddresses: Record<string, number> = {}
  for (let share = 0; share < shares; share++) {
    if (shares > 1) {
      const found = join(work, 'kept', `share=${share}`)
      // A share that no address fell into has no folder.
      if (!existsSync(found)) continue
      await connection.run(`CREATE OR REPLACE TABLE kept AS ${aged(`SELECT * FROM ${parquetFiles(found)}`)}`)
      await rm(found, { recursive: true })
    }
    const part = `part-${share + 1}.parquet`
    const asked = isAsked ? join(folder, 'asked', part) : undefined
    await writeShare(database, sources, deciders, join(folder, 'census', part), asked)
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
  return { ...sums, placedAddresses: sorted(placedAddresses) }
}

/** By name: in whatever order shares of addresses told of them. */
const sorted = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1)))

async function summary(
  connection: DuckDBConnection,
  observations: string,
): Promise<{ readonly total: number; readonly sources: string[] }> {
  const found = await all(
    connection,
    `SELECT source, count(*) AS n FROM ${observations} GROUP BY source ORDER BY source`,
  )
  return {
    total: found.reduce((sum, row) => sum + toNumber(row['n']), 0),
    sources: found.map((row) => String(row['source'])),
  }
}

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
      coalesce(regexp_matches(o.tags, 'honeypot|middlebox', 'i'), false) AS marked, c.id::INTEGER AS clue, m.id::INTEGER AS made,
      CASE WHEN m.c_product IS NULL OR m.c_product IN ('', ${sqlText(deciders.noProduct)}) THEN ${field} ELSE '' END AS field
    FROM ${observations} o JOIN said c ON ${clueKey('o')} = c.key JOIN named n ON ${serviceKey('o')} = n.key JOIN network w ON ${networkKey('o')} = w.key
    LEFT JOIN made m ON ${productKey('n.service', 'o')} = m.key`
}

/** `age` orders observations: undated ones lose against dated ones, and the digest is the fixed order among equal times. */
const aged = (narrow: string): string =>
  `SELECT * EXCLUDE (digest, outcome), outcome::${outcomeType} AS outcome,
     ((coalesce(epoch_us(observed_at) + 1, 0)::HUGEINT << 64) + digest::HUGEINT) AS age FROM (${narrow})`

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
