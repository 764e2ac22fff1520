import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { iso31662 } from 'iso-3166'
import { wrongInput } from '../model/errors.ts'
import { cells, list } from './region-file.ts'
import type { Rollup } from './region-codes.ts'

/** A table as it lies on disk. `name` is what messages call it: the base name of a shipped one, the path of a user's. */
export interface TableFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Everything a region table is made from, unparsed where parsing can wait. */
export interface RegionData {
  readonly countries: TableFile
  readonly rollup: TableFile
  readonly geonames: TableFile
  readonly dbip: TableFile
  /** `<CC>.csv`: regions with population. */
  readonly shipped: readonly TableFile[]
  readonly user: readonly TableFile[]
  /** SHA-256 over all of these and the subdivisions of the package iso-3166, in hex. */
  readonly hash: string
}

/** A row of countries.csv. */
export interface CountryRow {
  readonly code: string
  readonly iso3: string
  readonly name: string
  readonly nameLocal: string
  readonly otherNames: readonly string[]
  readonly population: ReadonlyMap<number, number>
}

/** A row of a crosswalk: the region, as another data set calls it, at level 1 of ISO 3166-2. */
export interface CrosswalkRow {
  readonly country: string
  readonly name: string
  readonly code: string
  /** DB-IP: number of IPv4 /24 networks there; GeoNames: 0. */
  readonly networks: number
}

/** data/regions of the package, from src/locate and from dist/locate alike. */
const directory = fileURLToPath(new URL('../../data/regions/', import.meta.url))

/**
 * Reads the shipped tables, and every `*.csv` of the user's directory.
 * @throws CensusError (exit 2) when the directory cannot be read or has no table.
 */
export async function readRegionData(userTables?: string): Promise<RegionData> {
  const names = (await readdir(directory)).filter((name) => /^[A-Z]{2}\.csv$/.test(name)).toSorted()
  const read = async (name: string): Promise<TableFile> => ({ name, bytes: await readFile(join(directory, name)) })
  const [countries, rollup, geonames, dbip, shipped, user] = await Promise.all([
    read('countries.csv'),
    read('rollup.csv'),
    read(join('crosswalk', 'geonames_admin1.csv')),
    read(join('crosswalk', 'dbip_state1.csv')),
    Promise.all(names.map(read)),
    userTables === undefined ? [] : readUserTables(userTables),
  ])
  const hash = createHash('sha256').update(iso31662.map((entry) => `${entry.code} ${entry.name}\n`).join(''))
  for (const { bytes } of [countries, rollup, geonames, dbip, ...shipped, ...user]) {
    hash.update(`\n${bytes.length}\n`).update(bytes)
  }
  return { countries, rollup, geonames, dbip, shipped, user, hash: hash.digest('hex') }
}

async function readUserTables(path: string): Promise<readonly TableFile[]> {
  const hint = 'Name a directory that holds tables like JP.csv; their columns are described in data/regions/README.md'
  try {
    const names = (await readdir(path)).filter((name) => /\.csv$/i.test(name)).toSorted()
    if (names.length === 0) throw wrongInput(`${path}: there is no .csv file in this directory of region tables`, hint)
    return await Promise.all(
      names.map(async (name) => ({ name: join(path, name), bytes: await readFile(join(path, name)) })),
    )
  } catch (error) {
    if (typeof error !== 'object' || error === null || !('code' in error)) throw error
    throw wrongInput(`${path}: cannot read the region tables there (${String(error.code)})`, hint)
  }
}

export function parseCountries(file: TableFile): readonly CountryRow[] {
  const [header, ...rows] = cells(file.bytes, file.name)
  const years = header?.cells.slice(5).map(Number) ?? []
  return rows.map(({ cells: [code = '', iso3 = '', name = '', nameLocal = '', otherNames = '', ...totals] }) => {
    const known = years.flatMap((year, index) => {
      const total = totals[index] ?? ''
      return total === '' ? [] : [[year, Number(total)] as const]
    })
    return { code, iso3, name, nameLocal, otherNames: list(otherNames), population: new Map(known) }
  })
}

export function parseRollups(file: TableFile): ReadonlyMap<string, Rollup> {
  const rows = cells(file.bytes, file.name).slice(1)
  return new Map(rows.map(({ cells: [code = '', level1 = '', reason = ''] }) => [code, { level1, reason }]))
}

export function parseGeonames(file: TableFile): readonly CrosswalkRow[] {
  return cells(file.bytes, file.name)
    .slice(1)
    .map(({ cells: [country = '', , name = '', code = ''] }) => ({ country, name, code, networks: 0 }))
}

export function parseDbip(file: TableFile): readonly CrosswalkRow[] {
  return cells(file.bytes, file.name)
    .slice(1)
    .map(({ cells: [country = '', name = '', networks = '', code = ''] }) => {
      return { country, name, code, networks: Number(networks) }
    })
}
