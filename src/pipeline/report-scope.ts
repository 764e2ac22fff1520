import { distance } from 'fastest-levenshtein'
import type { Regions } from '../aggregate/census-rows.ts'
import type { RegionTable } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import { reportBreakdowns, type Breakdown } from '../model/tally.ts'

/** The report files `--by` stands for; the one by region is always among them. */
export function breakdownsOf(by: readonly string[] | undefined): Breakdown[] {
  const asked = by ?? reportBreakdowns
  for (const name of asked) {
    if (!reportBreakdowns.some((known) => known === name)) {
      throw wrongInput(`--by does not know ${JSON.stringify(name)}`, `it knows: ${reportBreakdowns.join(', ')}`)
    }
  }
  const breakdowns: Breakdown[] = ['region']
  for (const name of ['product', 'device', 'network'] as const) if (asked.includes(name)) breakdowns.push(name)
  return breakdowns
}

export interface Scope {
  readonly country: string | undefined
  /** Regions asked for; all when undefined. */
  readonly only: ReadonlySet<string> | undefined
}

/** Country and regions asked for, as codes; regions of one country alone stand for that country. */
export function scopeOf(
  request: { readonly country?: string; readonly regions?: readonly string[] },
  regions: RegionTable,
): Scope {
  const country = request.country === undefined ? undefined : regions.countryCode(request.country)
  if (request.country !== undefined && country === undefined) {
    const names = new Map(regions.countries.map((code) => [regions.region(code)?.name ?? code, code]))
    const known = nearest(request.country, [...names.keys(), ...regions.countries])
    throw wrongInput(
      `there is no country ${JSON.stringify(request.country)}`,
      `nearest: ${known.map((each) => (names.has(each) ? `${each} (${names.get(each)})` : each)).join(', ')}`,
    )
  }
  if (request.regions === undefined) return { country, only: undefined }
  const only = new Set(request.regions.map((name) => regionCode(name, country, regions)))
  const countries = new Set([...only].map((code) => code.slice(0, 2)))
  return { country: country ?? (countries.size === 1 ? [...countries][0] : undefined), only }
}

function regionCode(name: string, country: string | undefined, regions: RegionTable): string {
  const found = regions.resolve(name, country)
  if ('code' in found) return found.code
  if (found.candidates.length > 0) {
    throw wrongInput(
      `the region ${JSON.stringify(name)} could be any of ${found.candidates.join(', ')}`,
      'name its code',
    )
  }
  const known = (country === undefined ? regions.countries : [country]).flatMap((each) => regions.regionsOf(each))
  const names = known.flatMap((region) => [
    region.code,
    region.name,
    ...(region.localName === undefined ? [] : [region.localName]),
  ])
  const elsewhere = regions.resolve(name)
  const what =
    country !== undefined && 'code' in elsewhere
      ? `the region ${JSON.stringify(name)} is ${elsewhere.code}, which is not in ${country}`
      : `there is no region ${JSON.stringify(name)}`
  throw wrongInput(what, `nearest: ${nearest(name, names).join(', ')}`)
}

/** The three most like it; of equally many edits, the one of the length typed. */
const nearest = (name: string, known: readonly string[]): string[] =>
  [...new Set(known)]
    .map((each) => ({
      each,
      edits: distance(name.slice(0, 100).toLowerCase(), each.toLowerCase()),
      longer: Math.abs(each.length - name.length),
    }))
    .toSorted((a, b) => a.edits - b.edits || a.longer - b.longer || (a.each < b.each ? -1 : 1))
    .slice(0, 3)
    .map(({ each }) => each)

/** The population year of each country. `exact`: no other year will do. */
export type Years = (country: string) => { readonly year: number; readonly exact: boolean }

/** A year named on the command line. @throws CensusError exit 2 when none of those countries has a population of it */
export function namedYear(year: number, countries: readonly string[], regions: RegionTable): Years {
  if (!countries.some((each) => knownYears(each, regions).includes(year))) {
    const known = countries.flatMap((each) => knownYears(each, regions))
    const whom =
      countries.length > 5 ? `${countries.slice(0, 5).join(', ')} …` : countries.join(', ') || 'any country seen'
    throw wrongInput(
      `there is no population of ${year} for ${whom}`,
      `nearest years with one: ${nearestNumbers(year, [...new Set(known)]).join(', ') || 'none'}`,
    )
  }
  return () => ({ year, exact: true })
}

/** Years of which any region of the country has a population; the country itself where no table has its regions. */
function knownYears(country: string, regions: RegionTable): readonly number[] {
  const ofRegions = regions.regionsOf(country).flatMap((region) => [...region.population.keys()])
  return ofRegions.length > 0 ? ofRegions : [...(regions.region(country)?.population.keys() ?? [])]
}

/** Years by how many of the country's regions have a population of them, most first: for tables with gaps. */
function fullestYears(country: string, regions: RegionTable): number[] {
  const having = new Map<number, number>()
  for (const region of regions.regionsOf(country)) {
    for (const year of region.population.keys()) having.set(year, (having.get(year) ?? 0) + 1)
  }
  const most = Math.max(0, ...having.values())
  return [...having].filter(([, count]) => count === most).map(([year]) => year)
}

/** For each country the year of its tables nearest to the observations; the newest when they are undated. */
export function nearestYears(observed: { readonly from: string; readonly to: string }, regions: RegionTable): Years {
  const middle =
    observed.from === ''
      ? Number.MAX_SAFE_INTEGER
      : Math.round((Number(observed.from.slice(0, 4)) + Number(observed.to.slice(0, 4))) / 2)
  return remember((country) => {
    // One year serves a whole country: a region without it is counted without a rate.
    const whole = regions.years(country)
    const year = nearestNumbers(middle, whole.length > 0 ? whole : fullestYears(country, regions))[0]
    return year === undefined ? { year: middle, exact: false } : { year, exact: true }
  })
}

const nearestNumbers = (wanted: number, known: readonly number[]): number[] =>
  known.toSorted((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted) || a - b).slice(0, 5)

/** Regions with the population of the years chosen; asked for every row, so answers are remembered. */
export function regionsView(regions: RegionTable, years: Years): Regions {
  const population = remember((code) => {
    const { year, exact } = years(code.slice(0, 2))
    return regions.population(code, year, { exact })
  })
  return {
    region: remember((code) => regions.region(code)),
    regionsOf: (country) => regions.regionsOf(country),
    population,
    knownPopulation: remember((country) =>
      regions.regionsOf(country).reduce((sum, { code }) => sum + (population(code)?.population ?? 0), 0),
    ),
  }
}

function remember<T>(look: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>()
  return (key) => {
    const found = known.get(key)
    if (found !== undefined || known.has(key)) return found as T
    const value = look(key)
    known.set(key, value)
    return value
  }
}
