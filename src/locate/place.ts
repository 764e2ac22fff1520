import type { Place, PlaceClue, PlaceMeans } from '../model/place.ts'
import type { CountryCentres } from './country-centres.ts'
import { isIsoRegion } from './crosswalk.ts'
import type { Crosswalk } from './crosswalk.ts'
import { decideBetween, evidenceOf, mayLieIn, regionAround, smallestCity } from './evidence.ts'
import type { Evidence } from './evidence.ts'
import type { Gazetteer } from './gazetteer.ts'
import { codeReader, isFullCode } from './region-code.ts'
import type { CodeSet, Readings } from './region-code.ts'
import type { RegionTable } from './regions.ts'

/** Decodes what sources say of a record's place. The rules, in the order they are tried: docs/placing.md. */
export interface PlaceDecoder {
  /** First pass: lets a clue vote on which code set its (file, country, month) uses. */
  observe(clue: PlaceClue): void
  /** Second pass, after every clue was observed. Never throws, whatever the clue holds. */
  decode(clue: PlaceClue): Place
}

export interface PlaceTables {
  readonly regions: RegionTable
  readonly crosswalk: Crosswalk
  readonly gazetteer: Gazetteer
  readonly centres: CountryCentres
}

/**
 * The share of a context's votes that a code set needs. Shodan changed sets once, so a month is of one set but for
 * the month of the change; a tenth leaves room for records whose coordinates are wrong.
 */
const contextMajority = 0.9

/** Sources whose codes may be of either set; a generic CSV may be a Shodan export turned into a table. */
const sourcesOfEitherSet: ReadonlySet<string> = new Set(['shodan', 'csv'])

/** A judgement on one clue alone. `readings` remain when the code is open and its context may decide. */
interface Judgement {
  readonly country?: string
  /** ISO 3166-2, or GeoNames' own. */
  readonly region?: string
  readonly means: PlaceMeans
  readonly codeSet?: CodeSet
  readonly readings?: Readings
  readonly evidence?: Evidence
}

export function placeDecoder(tables: PlaceTables): PlaceDecoder {
  const { regions } = tables
  const readCode = codeReader(regions, tables.crosswalk)
  const countryCode = remembered((name) => regions.countryCode(name))
  const votes = new Map<string, { iso: number; geonames: number }>()

  return {
    observe(clue) {
      const { country, codeSet } = judge(clue)
      if (country === undefined || codeSet === undefined) return
      const key = contextOf(clue, country)
      const tally = votes.get(key) ?? { iso: 0, geonames: 0 }
      tally[codeSet] += 1
      votes.set(key, tally)
    },
    decode(clue) {
      const judgement = judge(clue)
      const { country, readings, evidence } = judgement
      if (country === undefined) return { means: 'none', defaultGeolocation: false }
      const decided = readings === undefined ? judgement : fromContext(clue, country, readings, evidence)
      return placeIn(country, decided, evidence?.atCentre ?? false)
    },
  }

  function judge(clue: PlaceClue): Judgement {
    const country = clue.country === undefined ? countryOfCode(clue.regionCode) : countryCode(clue.country)
    if (country === undefined) return { means: 'none' }
    const evidence = evidenceOf(clue, country, tables)
    const given = clue.regionCode === undefined ? {} : readCode(country, clue.regionCode)
    const name = nameOf(country, clue.regionName) ?? (isEmpty(given) ? nameOf(country, clue.regionCode) : undefined)
    const said = isEmpty(given) ? undefined : fromCode(clue, given, name, evidence)
    const decided = said ?? fromName(name) ?? fromEvidence(evidence)
    return { country, evidence, ...decided }
  }

  /** A full code such as `JP-13` carries its country; any other is of no use without one. */
  function countryOfCode(regionCode: string | undefined): string | undefined {
    const code = regionCode?.trim().toUpperCase() ?? ''
    return isFullCode(code) ? regions.region(code)?.country : undefined
  }

  function nameOf(country: string, name: string | undefined): string | undefined {
    const found = name === undefined ? undefined : regions.findByName(country, name)
    return typeof found === 'object' ? found.code : undefined
  }

  /** The context's verdict on an open code; failing that, the capital's region for records at the capital as the country's centre. */
  function fromContext(clue: PlaceClue, country: string, readings: Readings, evidence?: Evidence): Judgement {
    const { iso, geonames } = votes.get(contextOf(clue, country)) ?? { iso: 0, geonames: 0 }
    const majority = Math.max(iso, geonames)
    if (majority > 0 && majority >= contextMajority * (iso + geonames)) {
      const region = iso > geonames ? readings.iso : readings.geonames
      return region === undefined ? { means: 'none' } : { region, means: 'region-code-by-context' }
    }
    if (evidence?.atCapital) {
      const { latitude = 0, longitude = 0 } = clue
      const around = tables.gazetteer.around(country, latitude, longitude)
      const region = around && regionAround(around)
      if (region !== undefined && (region === readings.iso || region === readings.geonames)) {
        return { region, means: 'region-code-by-coordinates' }
      }
    }
    return { means: 'none' }
  }

  function placeIn(country: string, decided: Judgement, atCentre: boolean): Place {
    const region = decided.region
    if (region === undefined || !isIsoRegion(region)) {
      // A territory with a country code of its own (`US-PR`) is that country.
      const territory = region !== undefined && region !== country && regions.region(region)?.code === region
      return { country: territory ? region : country, means: 'none', defaultGeolocation: false }
    }
    return { country: region.slice(0, 2), region, means: decided.means, defaultGeolocation: atCentre }
  }
}

const contextOf = (clue: PlaceClue, country: string): string => `${clue.file} ${country} ${clue.month}`

const isEmpty = (readings: Readings): boolean => readings.iso === undefined && readings.geonames === undefined

function fromCode(clue: PlaceClue, given: Readings, name: string | undefined, evidence: Evidence): Judgement {
  const only = given.iso ?? given.geonames
  const single =
    given.iso === undefined || given.geonames === undefined || given.iso === given.geonames
      ? only
      : sourcesOfEitherSet.has(clue.source)
        ? undefined
        : given.iso
  if (single !== undefined) {
    if (name !== undefined && name !== single) return { means: 'none' }
    return { region: single, means: 'region-code', ...setOf(single, given) }
  }
  const readings = [given.iso, given.geonames].filter((reading) => reading !== undefined)
  if (name !== undefined) {
    return readings.includes(name) ? { region: name, means: 'region-name', ...setOf(name, given) } : { means: 'none' }
  }
  const verdict = decideBetween(readings, evidence)
  if (verdict === 'against') return { means: 'none' }
  if (verdict === 'open') return { means: 'none', readings: given }
  return { region: verdict.region, means: 'region-code-by-coordinates', ...setOf(verdict.region, given) }
}

/** The code set a decided code is of: the clue's vote. None where both sets agree. */
function setOf(region: string, given: Readings): { readonly codeSet?: CodeSet } {
  if (given.iso === given.geonames) return {}
  return { codeSet: region === given.iso ? 'iso' : 'geonames' }
}

const fromName = (region: string | undefined): Judgement | undefined =>
  region === undefined ? undefined : { region, means: 'region-name' }

/** Neither code nor name: the city where it is the only one of its name, else the coordinates. */
function fromEvidence(evidence: Evidence): Judgement {
  const named = evidence.named()
  const around = evidence.around()
  const cities = [...new Set(named.map((place) => place.region))]
  const sizeable = named.some((place) => place.population >= smallestCity)
  if (!around) {
    const [region] = cities
    return cities.length === 1 && region !== undefined && sizeable ? { region, means: 'city' } : { means: 'none' }
  }
  const possible = cities.filter((region) => mayLieIn(region, around))
  const near = regionAround(around)
  if (possible.length === 1 && possible[0] !== undefined) {
    // A namesake across the border, while the position is plainly in another region: one of the two is wrong.
    if (near !== undefined && near !== possible[0]) return { means: 'none' }
    return { region: possible[0], means: cities.length === 1 ? 'city' : 'coordinates' }
  }
  // A sizeable town of that name lies elsewhere: city and coordinates contradict each other.
  if (possible.length === 0 && sizeable) return { means: 'none' }
  if (near === undefined || (possible.length > 0 && !possible.includes(near))) return { means: 'none' }
  return { region: near, means: 'coordinates' }
}

function remembered(find: (text: string) => string | undefined): (text: string) => string | undefined {
  const known = new Map<string, string | undefined>()
  return (text) => {
    if (known.has(text)) return known.get(text)
    const found = text === '' ? undefined : find(text)
    if (known.size < 10_000) known.set(text, found)
    return found
  }
}
