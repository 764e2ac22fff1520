import type { Region } from '../model/region.ts'
import { regionCodes } from './region-codes.ts'
import type { RegionCodes } from './region-codes.ts'
import { parseCountries, parseDbip, parseGeonames, parseRollups, readRegionData } from './region-data.ts'
import type { CountryRow, CrosswalkRow } from './region-data.ts'
import { grouped, regionLookup } from './region-lookup.ts'
import { nameKey } from './region-names.ts'
import { assembleRegions } from './region-assembly.ts'

/** The regions of the world (ISO 3166-2 level 1), their names, and their population where a table gives it. */
export interface RegionTable {
  /** ISO 3166-1 alpha-2 codes known, sorted. */
  readonly countries: readonly string[]
  /** `JP-13` or `JP`. A code of a deeper level gives its level 1 ancestor, a territory's (`US-PR`) the territory (`PR`). */
  region(code: string): Region | undefined
  /** Level 1 regions, sorted by code; none for an unknown country and for one without regions. */
  regionsOf(country: string): readonly Region[]
  /** `jp`, `JPN`, `Japan`, `日本` → `JP`; undefined for pseudo-countries (A1, A2, AP, EU, XX, ZZ, O1, T1 …). */
  countryCode(nameOrCode: string): string | undefined
  /**
   * The region of that country called so: in English or the local language, with or without 県/都/府, -ken/-to/-fu,
   * Prefecture, Province, Oblast …, whatever the case, diacritics and punctuation. The name of a place that ISO 3166-2
   * knows inside a region (`Kent`) gives the region, when no region is called so.
   */
  findByName(country: string, name: string): { readonly code: string } | 'ambiguous' | undefined
  /**
   * A region as a user names it: a code (`JP-14`, `JP`; with `country` also `14`) or a name, in `country` or anywhere.
   * Otherwise the candidates, sorted: several when regions share the name, none when no region has it.
   */
  resolve(text: string, country?: string): { readonly code: string } | { readonly candidates: readonly string[] }
  /**
   * People living there in the year nearest to `year` (ties: the earlier), or in exactly `year` when `exact`;
   * undefined when unknown. A country's figure is the sum of its regions for a year of `years(country)`, so that
   * regions and total agree, else the World Bank's. Take one year of `years(country)` for all regions of a country.
   */
  population(
    code: string,
    year: number,
    options?: { exact?: boolean },
  ): { readonly population: number; readonly year: number } | undefined
  /** Years for which every level 1 region of the country has a population, ascending; none if it has no regions. */
  years(country: string): readonly number[]
  /** The region where DB-IP puts at least half of the country's IPv4 /24s, for countries of three or more regions. */
  defaultRegion(country: string): string | undefined
  /** SHA-256 over all tables used, in hex. */
  readonly hash: string
}

/**
 * Loads the shipped tables (data/regions), the codes of the package iso-3166, and the tables in the directory
 * `userTables`, whose rows override and add.
 * @throws CensusError (exit 2) for the first fault of a user's table: file, line, field, what to do.
 */
export const loadRegions = (options: { userTables?: string } = {}): Promise<RegionTable> =>
  options.userTables === undefined ? shipped() : readRegions(options.userTables)

/** Read once: they do not change while the program runs, and reading them takes longer than most questions to them. */
const shipped = once(() => readRegions())

async function readRegions(userTables?: string): Promise<RegionTable> {
  const data = await readRegionData(userTables)
  const codes = regionCodes(parseRollups(data.rollup))
  const countryRows = parseCountries(data.countries)
  const regions = assembleRegions(data, codes, countryRows)
  return regionTable(regions, codes, countryRows, data.hash, {
    geonames: once(() => parseGeonames(data.geonames)),
    dbip: once(() => parseDbip(data.dbip)),
  })
}

function regionTable(
  regions: ReadonlyMap<string, Region>,
  codes: RegionCodes,
  countryRows: readonly CountryRow[],
  hash: string,
  crosswalk: { geonames: () => readonly CrosswalkRow[]; dbip: () => readonly CrosswalkRow[] },
): RegionTable {
  const byCode = [...regions.values()].toSorted((a, b) => (a.code < b.code ? -1 : 1))
  const countries = byCode.filter((region) => region.code === region.country).map((region) => region.code)
  const level1 = grouped(
    byCode.filter((region) => region.code !== region.country),
    (region) => region.country,
  )
  const regionsOf = (country: string): readonly Region[] => level1.get(country.toUpperCase()) ?? []
  const region = (code: string): Region | undefined => {
    const upper = code.trim().toUpperCase()
    return regions.get(upper) ?? regions.get(codes.level1(upper) ?? '')
  }
  const lookup = regionLookup(regionsOf, codes, () => [...crosswalk.geonames(), ...crosswalk.dbip()])
  const countryCodes = once(() => countryIndex(countryRows))
  const defaults = once(() => defaultRegions(crosswalk.dbip(), regionsOf))

  const years = (country: string): readonly number[] => {
    const [first, ...others] = regionsOf(country)
    const all = first ? [...first.population.keys()] : []
    return all.filter((year) => others.every((other) => other.population.has(year))).toSorted((a, b) => a - b)
  }
  const totals = (country: Region): ReadonlyMap<number, number> => {
    const sums = years(country.code).map((year) => {
      const sum = regionsOf(country.code).reduce((total, part) => total + (part.population.get(year) ?? 0), 0)
      return [year, sum] as const
    })
    return new Map([...country.population, ...sums])
  }

  return {
    countries,
    region,
    regionsOf,
    years,
    hash,
    countryCode: (nameOrCode) => {
      const upper = nameOrCode.trim().toUpperCase()
      if (upper.length === 2 && regions.has(upper)) return upper
      const found = countryCodes().get(nameKey(nameOrCode))
      return found === 'ambiguous' ? undefined : found
    },
    findByName: (country, name) => {
      const found = lookup.named(country.toUpperCase(), name).codes
      if (found.length > 1) return 'ambiguous'
      return found[0] === undefined ? undefined : { code: found[0] }
    },
    resolve: (text, country) => {
      const within = country?.toUpperCase()
      const suffix = within === undefined ? undefined : region(`${within}-${text.trim()}`)
      const coded = suffix ?? region(text)
      if (coded && (within === undefined || coded.country === within)) return { code: coded.code }
      const found = (within === undefined ? countries : [within]).map((each) => lookup.named(each, text))
      const fit = Math.min(...found.map((each) => each.fit))
      const candidates = found.flatMap((each) => (each.fit === fit ? each.codes : [])).toSorted()
      const [only] = candidates
      return only !== undefined && candidates.length === 1 ? { code: only } : { candidates }
    },
    population: (code, year, { exact = false } = {}) => {
      const found = region(code)
      if (!found) return undefined
      const known = found.code === found.country ? totals(found) : found.population
      const nearest = exact ? year : nearestYear([...known.keys()], year)
      const population = nearest === undefined ? undefined : known.get(nearest)
      return nearest === undefined || population === undefined ? undefined : { population, year: nearest }
    },
    defaultRegion: (country) => defaults().get(country.toUpperCase()),
  }
}

function nearestYear(years: readonly number[], wanted: number): number | undefined {
  return years.toSorted((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted) || a - b)[0]
}

function countryIndex(rows: readonly CountryRow[]): ReadonlyMap<string, string> {
  const index = new Map<string, string>()
  for (const row of rows) {
    for (const name of [row.iso3, row.name, row.nameLocal, ...row.otherNames]) {
      const key = nameKey(name)
      const taken = index.get(key)
      if (key !== '') index.set(key, taken === undefined || taken === row.code ? row.code : 'ambiguous')
    }
  }
  return index
}

function defaultRegions(
  rows: readonly CrosswalkRow[],
  regionsOf: (country: string) => readonly Region[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [country, places] of grouped(rows, (row) => row.country)) {
    if (regionsOf(country).length < 3) continue
    const all = places.reduce((total, row) => total + row.networks, 0)
    for (const [code, there] of grouped(places, (row) => row.code)) {
      const networks = there.reduce((total, row) => total + row.networks, 0)
      if (code !== '' && networks * 2 >= all) found.set(country, code)
    }
  }
  return found
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => (made ??= { value: make() }).value
}
