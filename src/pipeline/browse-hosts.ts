import { endpointsOf, hostsOf } from '../aggregate/hosts.ts'
import { networkName } from '../aggregate/page-tops.ts'
import { addressRange } from '../api/networks.ts'
import { addressOfKey } from '../model/address.ts'
import type { RegionTable } from '../locate/regions.ts'
import type { StoreHost, StoreHosts } from '../model/store-page.ts'
import { censusOf, type CensusSql } from '../store/census-sql.ts'
import { openDatabase, type Database } from '../store/duckdb.ts'
import type { RecordsSnapshot } from '../store/snapshots.ts'
import { partsOf, storeSnapshot } from './browse-place.ts'
import { censusOfSnapshot, type CensusRequest } from './census.ts'

/** Addresses on a page. */
export const hostsOnPage = 200

/** Where addresses are looked up: nobody comes here unless the command line allows it. */
export interface HostsAsked {
  readonly snapshot: RecordsSnapshot
  readonly regions: RegionTable
  readonly request: CensusRequest
  /** A folder that may be made, for what does not fit in memory. */
  readonly temporary: string
}

/** @param keys number and organisation of a network @param page from 1 */
export const networkHosts = (
  asked: HostsAsked,
  place: string,
  [asn = '', organisation = '']: readonly string[],
  page: number,
): Promise<StoreHosts> =>
  counting(asked, async ({ connection }, census) => {
    const { country, region = '' } = partsOf(place)
    const offset = (page - 1) * hostsOnPage
    const network = { country, region, asn, organisation }
    const { total, hosts } = await hostsOf(connection, census, network, { offset, limit: hostsOnPage })
    return { total, offset, hosts: hosts.map(({ key, ...host }) => ({ address: addressOfKey(key), ...host })) }
  })

/** @param address canonical @returns undefined where nothing answered at it */
export const hostOf = (asked: HostsAsked, address: string): Promise<StoreHost | undefined> =>
  counting(asked, async ({ connection }, census) => {
    const range = addressRange(address)
    const found = range === undefined ? [] : await endpointsOf(connection, census, range.first)
    const [first] = found
    if (first === undefined) return undefined
    return {
      snapshot: storeSnapshot(asked.snapshot),
      address,
      country: first.country,
      region: first.region,
      endpoints: found.map(({ port, transport, service, product, version, asn, organisation, seen }) => ({
        port,
        transport,
        service,
        product: [product, version].filter((each) => each !== '').join(' '),
        network: networkName([asn, organisation]).name,
        seen,
      })),
    }
  })

async function counting<T>(
  { snapshot, regions, request, temporary }: HostsAsked,
  work: (database: Database, census: CensusSql) => Promise<T>,
): Promise<T> {
  const census = await censusOfSnapshot(snapshot, regions, request)
  try {
    const database = await openDatabase({ folders: [census.folder], temporary, memoryLimitMiB: 512 })
    try {
      return await work(database, censusOf(census.folder))
    } finally {
      database.close()
    }
  } finally {
    await census.close()
  }
}
