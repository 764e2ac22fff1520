import { isIsoRegion, loadCrosswalk } from './crosswalk.ts'
import { loadCities } from './gazetteer.ts'

/** Longitude and latitude in degrees, WGS 84. */
export type Position = readonly [number, number]

/**
 * Where a region's or country's government sits, by its ISO 3166-2 or ISO 3166-1 alpha-2 code: a place of GeoNames (CC BY 4.0) of
 * feature code PPLA or PPLC, for countries PPLC. Of several in one region, the most populous; undefined where GeoNames has none.
 */
export async function loadSeats(): Promise<(code: string) => Position | undefined> {
  const [cities, crosswalk] = [await loadCities(), await loadCrosswalk()]
  const seats = new Map<string, number>()
  const keep = (code: string, index: number): void => {
    const known = seats.get(code)
    if (known === undefined || (cities.population[index] ?? 0) > (cities.population[known] ?? 0)) seats.set(code, index)
  }
  for (let index = 0; index < cities.count; index++) {
    if (cities.isSeat[index] !== 1) continue
    const country = cities.countries[cities.countryOf[index] ?? -1] ?? ''
    if (cities.isCapital[index] === 1) keep(country, index)
    const region = crosswalk.geonames(country, cities.adminCode(index))
    if (region !== undefined && isIsoRegion(region)) keep(region, index)
  }
  return (code) => {
    const index = seats.get(code)
    return index === undefined ? undefined : [cities.longitude[index] ?? 0, cities.latitude[index] ?? 0]
  }
}
