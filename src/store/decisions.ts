import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api'
import { addressOfKey } from '../model/address.ts'
import type { Place, PlaceClue } from '../model/place.ts'
import { flagBit } from '../model/flags.ts'
import { one, rows, toNumber, type Database, type Row } from './duckdb.ts'

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
   * decides, '' where nothing can; `sifted` queries, to be run side by side, giving service, field and the number of the block of
   * fingerprints that knows it; `matched` queries over a table of their answers, giving service, field and the number of what
   * recognised it; `known` a query over a table of their answers, giving service, field, vendor, product, version and device_type.
   */
  readonly recognise: (services: ReadonlySet<string>) => {
    field(columns: { service: string; banner: string }): string
    sifted(table: string): readonly string[]
    matched(sifted: string, blocks: ReadonlySet<number>): readonly string[]
    known(matched: string, numbers: ReadonlySet<number>): string
  }
  /** What `product` says where a source named a capability and no product; a banner that tells the product wins over it. */
  readonly noProduct: string
}

/**
 * A column that stands for several: their hash, under a salt for which no two of the distinct tuples in `table` share
 * one. Joining on it is exact, and much cheaper than comparing nine columns that may be NULL.
 */
export async function distinctKey(
  connection: DuckDBConnection,
  table: string,
  columns: readonly string[],
): Promise<(alias: string) => string> {
  for (let salt = 0; salt < 16; salt++) {
    const key = (alias: string): string =>
      `hash(${[salt, ...columns.map((column) => column.replaceAll('$', `${alias}.`))].join(', ')})`
    const { distinct, total } = await one(
      connection,
      `SELECT count(DISTINCT ${key('t')}) AS "distinct", count(*) AS total FROM ${table} t`,
    )
    if (distinct === total) return key
  }
  throw new Error(`no salt keeps the keys of ${table} apart`)
}

const clueColumns = [
  'file',
  'month',
  'source',
  'country',
  'region_code',
  'region_name',
  'city',
  'latitude',
  'longitude',
]
const month = `date_trunc('month', $observed_at)`

/** Table `said` (key, id): every distinct thing sources said of a place. */
export async function listPlaces(
  connection: DuckDBConnection,
  observations: string,
): Promise<(alias: string) => string> {
  await connection.run(
    `CREATE OR REPLACE TABLE listed AS SELECT row_number() OVER () AS id, * FROM (
       SELECT DISTINCT ${clueColumns.map((name) => (name === 'month' ? `${month.replace('$', '')} AS month` : name)).join(', ')} FROM ${observations})`,
  )
  const columns = clueColumns.map((name) => `$${name}`)
  const key = await distinctKey(connection, 'listed', columns)
  await connection.run(`CREATE OR REPLACE TABLE said AS SELECT ${key('l')} AS key, * FROM listed l`)
  return (alias) => key(alias).replace(`${alias}.month`, month.replace('$', `${alias}.`))
}

/**
 * Table `clue`: the place each of `said` means. Table `place`: every place with the means that told it and the flags that
 * go with it, numbered in a fixed order; `empty` when sources said nothing.
 */
export async function decodePlaces(database: Database, deciders: Deciders): Promise<void> {
  const connection = await database.connect()
  const listed = `SELECT * REPLACE (coalesce(strftime(month, '%Y-%m'), '') AS month) FROM said`
  const empty = 'country IS NULL AND region_code IS NULL AND region_name IS NULL AND city IS NULL AND latitude IS NULL'
  // It takes a while to load, and soon it will be asked.
  const { silent } = await one(connection, `SELECT count(*) AS silent FROM said WHERE ${empty}`)
  if (toNumber(silent) > 0) await deciders.addressDatabase()
  for await (const row of rows(connection, listed)) deciders.places.observe(clueOf(row))
  await connection.run(
    'CREATE OR REPLACE TABLE decoded (id BIGINT, place_country VARCHAR, place_region VARCHAR, means VARCHAR, by_default BOOLEAN)',
  )
  await appendAll(database, 'decoded', listed, (appender, row) => {
    const place = deciders.places.decode(clueOf(row))
    appender.appendBigInt(BigInt(toNumber(row['id'])))
    appendPlace(appender, place)
  })
  const place = 'place_country, place_region, means, by_default, empty'
  await connection.run(
    `CREATE OR REPLACE TABLE meant AS SELECT id, dense_rank() OVER (ORDER BY ${place})::INTEGER AS place, ${place}
     FROM (SELECT *, ${empty} AS empty FROM said) JOIN decoded USING (id)`,
  )
  await connection.run('CREATE OR REPLACE TABLE clue AS SELECT id::INTEGER AS id, place FROM meant')
  await connection.run(
    `CREATE OR REPLACE TABLE place AS SELECT place AS id, ${place.replaceAll(/(\w+)/g, 'any_value($1) AS $1')}, any_value(${placeFlags}) AS flags FROM meant GROUP BY place`,
  )
  connection.closeSync()
}

const placeFlags = `(means = 'address-database')::INTEGER * ${flagBit('region-inferred')} + by_default::INTEGER * ${flagBit('default-geolocation')}`

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

/**
 * Table `named` (key, id `named`, service, source, port, transport, `door`): the service of every distinct (source, module,
 * port, transport). A door is a port and transport: with an address, an endpoint.
 */
export async function decideServices(
  database: Database,
  observations: string,
  deciders: Deciders,
): Promise<(alias: string) => string> {
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
  const key = await distinctKey(connection, 'asked', ['$source', '$module', '$port', '$transport'])
  await connection.run(
    `CREATE OR REPLACE TABLE named AS SELECT ${key('a')} AS key, id::INTEGER AS named, service, source, port, transport,
       dense_rank() OVER (ORDER BY port, transport)::INTEGER AS door FROM asked a JOIN answer USING (id)`,
  )
  return key
}

const productColumns = ['service', 'vendor', 'product', 'version', 'cpe', 'device_type', 'os'] as const

/** Table `made` (key, id and the product): the product of every distinct thing sources said of one, where they said anything. */
export async function decideProducts(
  database: Database,
  observations: string,
  serviceKey: (alias: string) => string,
  deciders: Deciders,
): Promise<(service: string, alias: string) => string> {
  const { connection } = database
  await connection.run(
    `CREATE OR REPLACE TABLE told AS SELECT row_number() OVER () AS id, * FROM (SELECT DISTINCT n.service, o.vendor, o.product, o.version, o.cpe, o.device_type, o.os
       FROM ${observations} o JOIN named n ON ${serviceKey('o')} = n.key
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
  const columns = productColumns.map((name) => `$${name}`)
  const key = await distinctKey(connection, 'told', columns)
  await connection.run(
    `CREATE OR REPLACE TABLE made AS SELECT ${key('t')} AS key, id, c_vendor, c_product, c_version, c_device_type FROM told t JOIN canonical USING (id)`,
  )
  return (service, alias) => key(alias).replace(`${alias}.service`, service)
}

/**
 * Puts the addresses of `by_address` of which no observation said anything where the address database has them: into
 * `settled`, their places into `place`.
 */
export async function lookUpAddresses(database: Database, deciders: Deciders): Promise<void> {
  const { connection } = database
  await connection.run(
    `CREATE OR REPLACE TABLE silent AS SELECT address FROM by_address JOIN place ON low = id WHERE low = high AND empty UNION ALL SELECT address FROM settled WHERE empty`,
  )
  await connection.run('DELETE FROM settled WHERE empty')
  if (toNumber((await one(connection, 'SELECT count(*) AS n FROM silent'))['n']) === 0) return
  const lookup = await deciders.addressDatabase()
  await connection.run(
    'CREATE OR REPLACE TABLE looked_up (address_text VARCHAR, place_country VARCHAR, place_region VARCHAR, means VARCHAR, by_default BOOLEAN)',
  )
  await appendAll(database, 'looked_up', 'SELECT address::VARCHAR AS address_text FROM silent', (appender, row) => {
    const key = String(row['address_text'])
    appender.appendVarchar(key)
    appendPlace(appender, lookup.place(addressOfKey(key)))
  })
  const place = ['place_country', 'place_region', 'means', 'by_default']
  const same = (a: string, b: string): string =>
    place.map((name) => `${a}.${name} IS NOT DISTINCT FROM ${b}.${name}`).join(' AND ')
  await connection.run(
    `INSERT INTO place SELECT (SELECT coalesce(max(id), 0) FROM place) + row_number() OVER (), ${place.join(', ')}, false, ${placeFlags}
     FROM (SELECT DISTINCT ${place.join(', ')} FROM looked_up) l WHERE NOT EXISTS (SELECT 1 FROM place p WHERE NOT p.empty AND ${same('p', 'l')})`,
  )
  await connection.run(
    `INSERT INTO settled SELECT l.address_text::UUID, p.id, false FROM looked_up l JOIN place p ON ${same('p', 'l')} AND NOT p.empty`,
  )
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
  const writing = await database.connect()
  const appender = await writing.createAppender(table)
  const reading = await database.connect()
  for await (const row of rows(reading, query)) {
    append(appender, row)
    appender.endRow()
  }
  appender.closeSync()
  reading.closeSync()
  writing.closeSync()
}
