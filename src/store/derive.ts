import type { DuckDBAppender } from '@duckdb/node-api'
import { join } from 'node:path'
import { flagBit } from '../model/flags.ts'
import type { Place, PlaceClue } from '../model/place.ts'
import { parquet } from './observations.ts'
import { all, one, parquetFiles, rows, sqlText, toNumber, type Database, type Row } from './duckdb.ts'

/** Rows worked on at a time: what bounds the memory, whatever the size of the snapshot. */
const rowsAtATime = 3_000_000
/** A host that answers on more ports than this is more likely a middlebox or honeypot than that many services. */
export const suspectPorts = 100

/** An application answered or a port is open. An echo or ARP reply (masscan --ping) shows a host, not a service. */
const exposed = `outcome IN ('answered', 'open') AND transport NOT IN ('icmp', 'icmp6', 'arp', 'ip')`

/** What the store needs to be told to make counts out of observations; the pipeline has it from recognise/ and locate/. */
export interface Deciders {
  /** Two passes over the distinct clues, as PlaceDecoder has it. */
  readonly places: { observe(clue: PlaceClue): void; decode(clue: PlaceClue): Place }
  /** Places an address whose sources said nothing of its place. */
  readonly addressDatabase: () => Promise<{ place(ip: string): Place }>
  readonly service: (clue: { source: string; module?: string; port: number; transport: string; product?: string }) => {
    service: string
    by: string
  }
  readonly product: (clue: {
    service: string
    vendor?: string
    product?: string
    version?: string
    cpe?: string
    deviceType?: string
    os?: string
  }) => { vendor: string; product: string; version: string; deviceType: string }
  /**
   * How banners of those services are recognised where the source told no product: `field` is SQL for what of a banner
   * decides, '' where nothing can; `known` a query giving service, field, vendor, product, version and device_type for
   * the (service, field) of a table that are known.
   */
  readonly recognise: (services: ReadonlySet<string>) => {
    field(columns: { service: string; banner: string }): string
    known(table: string): string
  }
}

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
  await decidePlaces(database, observations, deciders)
  await decideServices(database, observations, deciders)
  await decideProducts(database, observations, deciders)

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
      target: join(folder, 'census', `part-${partition + 1}.parquet`),
    })
    for (const row of await all(
      connection,
      `SELECT outcome, count(*) AS n, count(*) FILTER (WHERE observed_at IS NULL) AS undated,
         strftime(min(observed_at), '%Y-%m-%dT%H:%M:%S.%fZ') AS low, strftime(max(observed_at), '%Y-%m-%dT%H:%M:%S.%fZ') AS high FROM kept GROUP BY outcome ORDER BY outcome`,
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

const clueColumns = `file, coalesce(strftime(observed_at, '%Y-%m'), '') AS month, source, country, region_code, region_name, city, latitude, longitude`
const sameClue = (a: string, b: string): string =>
  [
    `${a}.file = ${b}.file`,
    `${a}.source = ${b}.source`,
    `coalesce(strftime(${a}.observed_at, '%Y-%m'), '') = ${b}.month`,
    ...['country', 'region_code', 'region_name', 'city', 'latitude', 'longitude'].map(
      (name) => `${a}.${name} IS NOT DISTINCT FROM ${b}.${name}`,
    ),
  ].join(' AND ')

/** Table `clue`: every distinct thing sources said of a place, decoded. `empty` when they said nothing. */
async function decidePlaces(database: Database, observations: string, deciders: Deciders): Promise<void> {
  const { connection } = database
  await connection.run(
    `CREATE OR REPLACE TABLE said AS SELECT row_number() OVER () AS id, * FROM (SELECT DISTINCT ${clueColumns} FROM ${observations})`,
  )
  for await (const row of rows(connection, 'SELECT * FROM said')) deciders.places.observe(clueOf(row))
  await connection.run(
    'CREATE OR REPLACE TABLE decoded (id BIGINT, place_country VARCHAR, place_region VARCHAR, means VARCHAR, by_default BOOLEAN)',
  )
  await appendAll(database, 'decoded', 'SELECT * FROM said', (appender, row) => {
    const place = deciders.places.decode(clueOf(row))
    appender.appendBigInt(BigInt(toNumber(row['id'])))
    appendPlace(appender, place)
  })
  await connection.run(
    `CREATE OR REPLACE TABLE clue AS SELECT *, country IS NULL AND region_code IS NULL AND region_name IS NULL AND city IS NULL AND latitude IS NULL AS empty
     FROM said JOIN decoded USING (id)`,
  )
}

function clueOf(row: Row): PlaceClue {
  const optional = (name: string, key: keyof PlaceClue): Partial<PlaceClue> =>
    row[name] === null ? {} : { [key]: row[name] }
  return {
    file: toNumber(row['file']),
    month: String(row['month']),
    source: String(row['source']),
    ...optional('country', 'country'),
    ...optional('region_code', 'regionCode'),
    ...optional('region_name', 'regionName'),
    ...optional('city', 'city'),
    ...optional('latitude', 'latitude'),
    ...optional('longitude', 'longitude'),
  }
}

/** Table `named`: the service of every distinct (source, module, port, transport, product). */
async function decideServices(database: Database, observations: string, deciders: Deciders): Promise<void> {
  const { connection } = database
  await connection.run(
    `CREATE OR REPLACE TABLE asked AS SELECT row_number() OVER () AS id, * FROM (SELECT DISTINCT source, module, port, transport FROM ${observations})`,
  )
  await connection.run('CREATE OR REPLACE TABLE answer (id BIGINT, service VARCHAR)')
  await appendAll(database, 'answer', 'SELECT * FROM asked', (appender, row) => {
    const { service } = deciders.service({
      source: String(row['source']),
      ...(row['module'] === null ? {} : { module: String(row['module']) }),
      port: toNumber(row['port']),
      transport: String(row['transport']),
    })
    appender.appendBigInt(BigInt(toNumber(row['id'])))
    appender.appendVarchar(service)
  })
  await connection.run('CREATE OR REPLACE TABLE named AS SELECT * FROM asked JOIN answer USING (id)')
}

const productColumns = ['service', 'vendor', 'product', 'version', 'cpe', 'device_type', 'os'] as const

/** Table `made`: the product of every distinct thing sources said of one, where they said anything. */
async function decideProducts(database: Database, observations: string, deciders: Deciders): Promise<void> {
  const { connection } = database
  await connection.run(
    `CREATE OR REPLACE TABLE told AS SELECT row_number() OVER () AS id, * FROM (SELECT DISTINCT n.service, o.vendor, o.product, o.version, o.cpe, o.device_type, o.os
       FROM ${observations} o JOIN named n ON ${sameService('o', 'n')}
       WHERE o.product IS NOT NULL OR o.vendor IS NOT NULL OR o.cpe IS NOT NULL OR o.device_type IS NOT NULL)`,
  )
  await connection.run(
    'CREATE OR REPLACE TABLE canonical (id BIGINT, c_vendor VARCHAR, c_product VARCHAR, c_version VARCHAR, c_device_type VARCHAR)',
  )
  await appendAll(database, 'canonical', 'SELECT * FROM told', (appender, row) => {
    const optional = (name: string, key: string): Record<string, string> =>
      row[name] === null ? {} : { [key]: String(row[name]) }
    const found = deciders.product({
      service: String(row['service']),
      ...optional('vendor', 'vendor'),
      ...optional('product', 'product'),
      ...optional('version', 'version'),
      ...optional('cpe', 'cpe'),
      ...optional('device_type', 'deviceType'),
      ...optional('os', 'os'),
    })
    appender.appendBigInt(BigInt(toNumber(row['id'])))
    for (const value of [found.vendor, found.product, found.version, found.deviceType]) appender.appendVarchar(value)
  })
  await connection.run('CREATE OR REPLACE TABLE made AS SELECT * FROM told JOIN canonical USING (id)')
}

const sameService = (a: string, b: string): string =>
  `${a}.source = ${b}.source AND ${a}.module IS NOT DISTINCT FROM ${b}.module AND ${a}.port = ${b}.port AND ${a}.transport = ${b}.transport`

interface Partition {
  readonly observations: string
  readonly share: string
  readonly sources: readonly string[]
  readonly deciders: Deciders
  readonly target: string
}

/** Tables `kept`, `address_place` and `suspect` of one share of the addresses, and its part of census.parquet. */
async function writePartition(
  database: Database,
  { observations, share, sources, deciders, target }: Partition,
): Promise<void> {
  const { connection } = database
  // `age` orders observations: undated ones lose against dated ones, and the digest is the fixed order among equal times.
  const found = await all(connection, 'SELECT DISTINCT service FROM named')
  const recognise = deciders.recognise(new Set(found.map((row) => String(row['service']))))
  await connection.run(`CREATE OR REPLACE TABLE placed AS
    SELECT o.source, o.address, o.port, o.transport, o.observed_at, o.outcome, o.asn, o.organisation,
      ((coalesce(epoch_us(o.observed_at) + 1, 0)::HUGEINT << 64) + o.digest::HUGEINT) AS age,
      coalesce(contains(lower(o.tags), 'honeypot'), false) AS honeypot,
      c.id AS clue, n.service, m.id AS made,
      CASE WHEN m.c_product IS NULL OR m.c_product = '' THEN ${recognise.field({ service: 'n.service', banner: 'o.banner' })} ELSE '' END AS field
    FROM (SELECT * FROM ${observations} WHERE ${share}) o
    JOIN clue c ON ${sameClue('o', 'c')}
    JOIN named n ON ${sameService('o', 'n')}
    LEFT JOIN made m ON n.service = m.service AND ${productColumns
      .slice(1)
      .map((name) => `o.${name} IS NOT DISTINCT FROM m.${name}`)
      .join(' AND ')}`)
  await connection.run(`CREATE OR REPLACE TABLE kept AS
    SELECT address, port, transport, source, age, any_value(observed_at) AS observed_at, any_value(outcome) AS outcome, any_value(asn) AS asn,
      any_value(organisation) AS organisation, any_value(honeypot) AS honeypot, any_value(clue) AS clue, any_value(service) AS service,
      any_value(made) AS made, any_value(field) AS field
    FROM placed GROUP BY address, port, transport, source, age`)
  await connection.run('DROP TABLE placed')

  await connection.run(`CREATE OR REPLACE TABLE recognised AS ${recognise.known('kept')}`)
  await decideAddresses(database, deciders)
  await connection.run(`CREATE OR REPLACE TABLE endpoint AS
    SELECT address, port, transport, max(age) AS newest FROM kept WHERE ${exposed} GROUP BY ALL`)
  await connection.run(`CREATE OR REPLACE TABLE suspect AS
    SELECT address FROM endpoint GROUP BY address HAVING count(*) > ${suspectPorts} AND count(DISTINCT port) > ${suspectPorts}
    UNION SELECT address FROM kept WHERE honeypot AND ${exposed}`)
  const inSource =
    sources.length === 1
      ? `k.age = e.newest`
      : `k.age = max(k.age) OVER (PARTITION BY k.source, k.address, k.port, k.transport)`
  await connection.run(`COPY (
    SELECT k.source, k.address, k.port, k.transport, k.observed_at, k.age = e.newest AS speaks, ${inSource} AS speaks_in_source,
      coalesce(a.place_country, '') AS country, coalesce(a.place_region, '') AS region, k.service,
      coalesce(nullif(m.c_vendor, ''), r.vendor, '') AS vendor, coalesce(nullif(m.c_product, ''), r.product, '') AS product,
      coalesce(nullif(m.c_version, ''), r.version, '') AS version, coalesce(nullif(m.c_device_type, ''), r.device_type, '') AS device_type,
      coalesce(k.asn, 0) AS asn, coalesce(k.organisation, '') AS organisation,
      ((a.means = 'address-database')::INTEGER * ${flagBit('region-inferred')} + a.by_default::INTEGER * ${flagBit('default-geolocation')}
        + (k.outcome = 'open')::INTEGER * ${flagBit('port-only')} + (k.observed_at IS NULL)::INTEGER * ${flagBit('undated')}
        + (s.address IS NOT NULL)::INTEGER * ${flagBit('suspect')}) AS flags
    FROM kept k JOIN address_place a ON k.address = a.address
    JOIN endpoint e ON k.address = e.address AND k.port = e.port AND k.transport = e.transport
    LEFT JOIN made m ON k.made = m.id LEFT JOIN suspect s ON k.address = s.address
    LEFT JOIN recognised r ON k.service = r.service AND k.field = r.field
    WHERE ${exposed.replaceAll(/outcome|transport/g, 'k.$&')}
  ) TO ${sqlText(target)} (${parquet})`)
}

/**
 * Table `address_place`: the one place of each address, decided before any filter. The newest observation that tells a
 * region wins, else the newest that tells a country; where no observation says anything, the address database is asked.
 */
async function decideAddresses(database: Database, deciders: Deciders): Promise<void> {
  const { connection } = database
  await connection.run(`CREATE OR REPLACE TABLE chosen AS
    SELECT k.address, arg_max(k.clue, k.age + ((c.place_region IS NOT NULL)::INTEGER + (c.place_country IS NOT NULL)::INTEGER)::HUGEINT * (1::HUGEINT << 120)) AS clue,
      bool_and(c.empty) AS empty
    FROM kept k JOIN clue c ON k.clue = c.id GROUP BY k.address`)
  await connection.run(
    `CREATE OR REPLACE TABLE looked_up (address_text VARCHAR, place_country VARCHAR, place_region VARCHAR, means VARCHAR, by_default BOOLEAN)`,
  )
  const silent = toNumber((await one(connection, 'SELECT count(*) AS n FROM chosen WHERE empty'))['n'])
  if (silent > 0) {
    const lookup = await deciders.addressDatabase()
    await appendAll(
      database,
      'looked_up',
      'SELECT address::VARCHAR AS address_text FROM chosen WHERE empty',
      (appender, row) => {
        const key = String(row['address_text'])
        appender.appendVarchar(key)
        appendPlace(appender, lookup.place(addressOfKey(key)))
      },
    )
  }
  await connection.run(`CREATE OR REPLACE TABLE address_place AS
    SELECT h.address, CASE WHEN h.empty THEN l.place_country ELSE c.place_country END AS place_country,
      CASE WHEN h.empty THEN l.place_region ELSE c.place_region END AS place_region,
      CASE WHEN h.empty THEN l.means ELSE c.means END AS means, CASE WHEN h.empty THEN l.by_default ELSE c.by_default END AS by_default
    FROM chosen h JOIN clue c ON h.clue = c.id LEFT JOIN looked_up l ON h.address::VARCHAR = l.address_text`)
  await connection.run('DROP TABLE chosen')
}

/** The address a key (see observations.ts) stands for, as text. */
export function addressOfKey(uuid: string): string {
  const hex = uuid.replaceAll('-', '')
  if (hex.startsWith('00000000000000000000ffff')) {
    return [24, 26, 28, 30].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')
  }
  return new URL(`http://[${hex.match(/.{4}/g)?.join(':') ?? ''}]`).hostname.slice(1, -1)
}

function appendPlace(appender: DuckDBAppender, place: Place): void {
  if (place.country === undefined) appender.appendNull()
  else appender.appendVarchar(place.country)
  if (place.region === undefined) appender.appendNull()
  else appender.appendVarchar(place.region)
  appender.appendVarchar(place.means)
  appender.appendBoolean(place.defaultGeolocation)
}

/** Fills a table with what TypeScript makes of a query's rows; reading and appending need a connection each. */
async function appendAll(
  database: Database,
  table: string,
  query: string,
  append: (appender: DuckDBAppender, row: Row) => void,
): Promise<void> {
  const appender = await database.connection.createAppender(table)
  const reading = await database.connect()
  for await (const row of rows(reading, query)) {
    append(appender, row)
    appender.endRow()
  }
  appender.closeSync()
  reading.closeSync()
}
