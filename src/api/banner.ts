import { toText, type Row } from '../store/duckdb.ts'
import { addressOfKey } from '../model/address.ts'
import type { Words } from './words.ts'

/** A banner as Shodan has them: https://datapedia.shodan.io. What a snapshot does not know is null or left out. */
export type Banner = Readonly<Record<string, unknown>>

/**
 * Columns of the census, as `c`, and of the observations, as `o`, that `bannerOf` reads.
 */
export const bannerColumns = `c.address::VARCHAR AS address, c.digest::VARCHAR AS digest, c.port, c.transport,
  strftime(c.observed_at, '%Y-%m-%dT%H:%M:%S.%f') AS observed_at, c.country, c.region, c.service, c.product, c.version, c.device_type, c.asn, c.organisation,
  o.banner, o.os, o.cpe, o.hostnames, o.tags, o.country AS said_country, o.city, o.latitude, o.longitude`

export function bannerOf(row: Row, words: Words): Banner {
  const text = (name: string): string | null => toText(row[name]) || null
  const optional = (key: string, name: string): Record<string, string> => {
    const value = text(name)
    return value === null ? {} : { [key]: value }
  }
  const cpes = list(row, 'cpe')
  const cpe23 = cpes.filter((cpe) => cpe.startsWith('cpe:2.3:'))
  const cpe = cpes.filter((each) => !each.startsWith('cpe:2.3:'))
  return {
    ...addressFields(String(row['address'])),
    port: Number(row['port']),
    transport: String(row['transport']),
    timestamp: text('observed_at'),
    data: toText(row['banner']),
    asn: asOf(row),
    org: text('organisation'),
    isp: text('organisation'),
    os: text('os'),
    hostnames: list(row, 'hostnames'),
    domains: [],
    ...optional('product', 'product'),
    ...optional('version', 'version'),
    ...optional('devicetype', 'device_type'),
    ...(cpe.length === 0 ? {} : { cpe }),
    ...(cpe23.length === 0 ? {} : { cpe23 }),
    ...(list(row, 'tags').length === 0 ? {} : { tags: list(row, 'tags') }),
    location: locationOf(row, words),
    opts: {},
    _shodan: { module: words.module(String(row['service'])), id: null, crawler: null, ptr: false, options: {} },
  }
}

/**
 * A host as `/shodan/host/{ip}` has it, of its rows, the newest first; what it says of itself the newest says.
 * @param isMinified without the banners
 */
export function hostOf(rows: readonly Row[], words: Words, isMinified: boolean): Banner {
  const [newest = {}] = rows
  const all = (name: string): string[] => [...new Set(rows.flatMap((row) => list(row, name)))]
  const first = (name: string): string | null =>
    rows.map((row) => toText(row[name])).find((each) => each !== '') ?? null
  return {
    ...addressFields(String(newest['address'])),
    ...locationOf(newest, words),
    ports: [...new Set(rows.map((row) => Number(row['port'])))].toSorted((a, b) => a - b),
    hostnames: all('hostnames'),
    domains: [],
    tags: all('tags'),
    asn: asOf(newest),
    org: first('organisation'),
    isp: first('organisation'),
    os: first('os'),
    last_update: first('observed_at'),
    ...(isMinified ? {} : { data: rows.map((row) => bannerOf(row, words)) }),
  }
}

const list = (row: Row, name: string): string[] =>
  toText(row[name])
    .split(' ')
    .filter((word) => word !== '')

const asOf = (row: Row): string | null => (Number(row['asn'] ?? 0) === 0 ? null : `AS${Number(row['asn'])}`)

/** IPv4 addresses stand there as a number too. */
function addressFields(key: string): Readonly<Record<string, string | number>> {
  const address = addressOfKey(key)
  if (address.includes(':')) return { ip_str: address, ipv6: address }
  return { ip: address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0), ip_str: address }
}

function locationOf(row: Row, words: Words): Readonly<Record<string, unknown>> {
  const optional = (name: string): string | undefined => toText(row[name]) || undefined
  const degrees = (name: string): number | undefined => (row[name] === null ? undefined : Number(row[name]))
  const country = toText(row['country'])
  const location = words.location({
    country,
    region: toText(row['region']),
    saidCountry: optional('said_country'),
    city: optional('city'),
    latitude: degrees('latitude'),
    longitude: degrees('longitude'),
  })
  return {
    ...location,
    country_name: words.countryName(country) ?? null,
    country_code3: null,
    area_code: null,
    postal_code: null,
    dma_code: null,
  }
}
