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
  const [admin1, state1] = await Promise.all([
    table('geonames_admin1.csv', 'geonames_admin1'),
    table('dbip_state1.csv', 'dbip_state1'),
  ])
  return {
    geonames: (country, code) => {
      const region = admin1.get(`${country}.${code}`)
      return region === '' ? `${country}.${code}` : region
    },
    dbip: (country, state) => state1.get(`${country}.${state}`) || undefined,
  }
}

/** `FR.44` → `FR-GES`, or the empty string where the table has none. */
async function table(file: string, key: string): Promise<ReadonlyMap<string, string>> {
  const rows: Record<string, string>[] = parse(await readFile(folder + file), { columns: true, bom: true })
  return new Map(
    rows.map((row) => {
      const [country, code, region] = [row['country'], row[key], row['iso_3166_2']]
      if (country === undefined || code === undefined || region === undefined) {
        throw new Error(`${folder}${file}: columns country, ${key}, iso_3166_2 expected`)
      }
      return [`${country}.${code}`, region]
    }),
  )
}
