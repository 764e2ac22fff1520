import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'

/** Other people's names of regions, in ISO 3166-2. Tables: data/regions/crosswalk, with their sources. */
export interface Crosswalk {
  /**
   * The region a GeoNames admin1 code means: an ISO 3166-2 code, or GeoNames' own `FR.24` for a code that is known
   * but has no ISO counterpart (`isIsoRegion` tells), or undefined for a code GeoNames does not know.
   */
  geonames(country: string, admin1: string): string | undefined
  /** ISO 3166-2 code of a `state1` of DB-IP's city database. */
  dbip(country: string, state1: string): string | undefined
}

/** Whether a region key is ISO 3166-2 (`JP-13`), not GeoNames' own (`FR.24`). */
export const isIsoRegion = (key: string): boolean => key.includes('-') && !key.includes('.')

const folder = fileURLToPath(new URL('../../data/regions/crosswalk/', import.meta.url))

/** Reads both crosswalk tables; throws when one is missing or lacks a column. */
export async function loadCrosswalk(): Promise<Crosswalk> {
  const regions = table('geonames_admin1', await read('geonames_admin1'))
  const stateFile = await read('dbip_state1')
  // Wanted only when addresses are looked up.
  let states: ReadonlyMap<string, string> | undefined
  return {
    geonames: (country, code) => {
      const region = regions.get(`${country}.${code}`)
      return region === '' ? `${country}.${code}` : region
    },
    dbip: (country, state) => {
      states ??= table('dbip_state1', stateFile)
      return states.get(`${country}.${state}`) || undefined
    },
  }
}

const read = (name: string): Promise<Buffer> => readFile(`${folder}${name}.csv`)

/** `FR.44` → `FR-GES`, or the empty string where the table has none. */
function table(name: string, file: Buffer): ReadonlyMap<string, string> {
  const [header = [], ...rows] = parse(file, { bom: true })
  const at = { country: header.indexOf('country'), code: header.indexOf(name), region: header.indexOf('iso_3166_2') }
  if (at.country === -1 || at.code === -1 || at.region === -1) {
    throw new Error(`${folder}${name}.csv: columns country, ${name}, iso_3166_2 expected`)
  }
  return new Map(rows.map((row) => [`${row[at.country]}.${row[at.code]}`, row[at.region] ?? '']))
}
