import type { DuckDBConnection } from '@duckdb/node-api'
import { addressOfKey } from '../model/address.ts'
import { flagNames } from '../model/flags.ts'
import type { HostRow } from '../model/host.ts'
import type { CensusSql } from '../store/census-sql.ts'
import { all, one, rows, sqlText, toNumber, toText } from '../store/duckdb.ts'

/** A network in a place. Region, number and organisation are empty where they are not known. */
export interface NetworkAsked {
  readonly country: string
  readonly region: string
  readonly asn: string
  readonly organisation: string
}

/** An address, as the key it is stored under (store/observations.ts), with its services and when it was seen last. */
export interface HostFound {
  readonly key: string
  readonly services: readonly string[]
  /** UTC; empty where undated. */
  readonly seen: string
}

const seenText = (time: string): string => `coalesce(strftime(${time}, '%Y-%m-%d %H:%M:%S'), '')`

/** How many addresses a network has in a place, and some of them, in their order. */
export async function hostsOf(
  connection: DuckDBConnection,
  census: CensusSql,
  { country, region, asn, organisation }: NetworkAsked,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<{ readonly total: number; readonly hosts: readonly HostFound[] }> {
  const where = `country = ${sqlText(country)} AND region = ${sqlText(region)} AND asn = ${Number(asn)} AND organisation = ${sqlText(organisation)}`
  const { n } = await one(connection, `SELECT count(DISTINCT address) AS n FROM ${census.rows} WHERE ${where}`)
  const found = await all(
    connection,
    `SELECT address::VARCHAR AS key, string_agg(DISTINCT service, chr(10) ORDER BY service) AS services, ${seenText('max(observed_at)')} AS seen
     FROM ${census.rows} WHERE ${where} GROUP BY address ORDER BY address LIMIT ${limit} OFFSET ${offset}`,
  )
  const hosts = found.map((row) => ({
    key: toText(row['key']),
    services: toText(row['services']).split('\n'),
    seen: toText(row['seen']),
  }))
  return { total: toNumber(n), hosts }
}

/** What answers at an address: the newest record of each endpoint, over all sources. */
export interface EndpointFound {
  readonly country: string
  readonly region: string
  readonly port: number
  readonly transport: string
  readonly service: string
  readonly product: string
  readonly version: string
  readonly asn: string
  readonly organisation: string
  readonly seen: string
}

/** @param key the one the address is stored under */
export async function endpointsOf(
  connection: DuckDBConnection,
  census: CensusSql,
  key: string,
): Promise<EndpointFound[]> {
  const found = await all(
    connection,
    `SELECT *, ${seenText('observed_at')} AS seen FROM ${census.rows} WHERE address = ${sqlText(key)}::UUID AND speaks ORDER BY port, transport`,
  )
  return found.map((row) => ({
    country: toText(row['country']),
    region: toText(row['region']),
    port: toNumber(row['port']),
    transport: toText(row['transport']),
    service: toText(row['service']),
    product: toText(row['product']),
    version: toText(row['version']),
    asn: toNumber(row['asn']) === 0 ? '' : toText(row['asn']),
    organisation: toText(row['organisation']),
    seen: toText(row['seen']),
  }))
}

export interface HostsQuestion {
  readonly census: CensusSql
  /** The observations that its rows were made of, as SQL to select from. */
  readonly observations: string
  /** Everything where one is undefined. */
  readonly country: string | undefined
  readonly regions: ReadonlySet<string> | undefined
  readonly services: ReadonlySet<string> | undefined
}

/** Every endpoint that is counted, by its newest record over all sources; sorted by address, port and transport. */
export async function* hostRows(
  connection: DuckDBConnection,
  { census, observations, country, regions, services }: HostsQuestion,
): AsyncGenerator<HostRow> {
  const among = (column: string, wanted: ReadonlySet<string> | undefined): string =>
    wanted === undefined ? '' : ` AND ${column} IN (${[...wanted].map(sqlText).join(', ')})`
  const where = `speaks${country === undefined ? '' : ` AND country = ${sqlText(country)}`}${among('region', regions)}${among('service', services)}`
  // Exact repeats are one record.
  const found = rows(
    connection,
    `SELECT c.*, c.address::VARCHAR AS key, coalesce(strftime(c.observed_at, '%Y-%m-%dT%H:%M:%SZ'), '') AS seen, o.city, o.hostnames
     FROM (SELECT * FROM ${census.rows} WHERE ${where}) c
     LEFT JOIN (SELECT DISTINCT address, digest, city, hostnames FROM ${observations} WHERE city IS NOT NULL OR hostnames IS NOT NULL) o
       ON o.address = c.address AND o.digest = c.digest
     ORDER BY c.address, c.port, c.transport`,
  )
  for await (const row of found) {
    const text = (name: string): string => toText(row[name])
    yield {
      seen: text('seen'),
      address: addressOfKey(text('key')),
      transport: text('transport'),
      port: toNumber(row['port']),
      hostnames: text('hostnames'),
      service: text('service'),
      asn: toNumber(row['asn']) === 0 ? '' : text('asn'),
      organisation: text('organisation'),
      country: text('country'),
      region: text('region'),
      city: text('city'),
      vendor: text('vendor'),
      product: text('product'),
      version: text('version'),
      deviceType: text('device_type'),
      source: text('source'),
      flags: flagNames(toNumber(row['flags'])),
    }
  }
}
