import type { PlaceClue } from '../model/place.ts'
import type { CountryCentres } from './country-centres.ts'
import { farEnoughKm, plausibleKm } from './gazetteer.ts'
import type { Gazetteer, NamedPlace, Surroundings } from './gazetteer.ts'

/** What a record's own coordinates and city say of its region. */
export interface Evidence {
  /** Undefined without coordinates, at a country's centre, and outside the stated country. */
  readonly around: () => Surroundings | undefined
  /** Places of the country by the record's city name; empty without a city or for an unknown one. */
  readonly named: () => readonly NamedPlace[]
  /** No city, and coordinates that mean "somewhere in this country". */
  readonly atCentre: boolean
  /** `atCentre`, and the centre is the capital. */
  readonly atCapital: boolean
}

/** `open`: no evidence, or a border case. `against`: the evidence contradicts every reading. */
export type Verdict = { readonly region: string } | 'open' | 'against'

/** A smaller place may have namesakes that the gazetteer, which ends at 1,000 inhabitants, does not list. */
export const smallestCity = 5_000

/** Looks at a clue's coordinates and city; the gazetteer is asked only when the answer is wanted. */
export function evidenceOf(
  clue: PlaceClue,
  country: string,
  tables: { readonly gazetteer: Gazetteer; readonly centres: CountryCentres },
): Evidence {
  const { gazetteer, centres } = tables
  const { latitude = NaN, longitude = NaN, city } = clue
  const positioned = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180
  const centre = positioned ? centres.kindAt(country, latitude, longitude) : undefined
  const atCentre = centre !== undefined && city === undefined
  const silent = !positioned || atCentre || centre === 'country'
  return {
    around: () => (silent ? undefined : gazetteer.around(country, latitude, longitude)),
    named: () => (city === undefined ? [] : gazetteer.byName(country, city)),
    atCentre,
    atCapital: atCentre && centre === 'capital',
  }
}

/** Decides between readings of a region code: coordinates first, then the city; when the two disagree, neither. */
export function decideBetween(readings: readonly string[], evidence: Evidence): Verdict {
  const around = evidence.around()
  const byCoordinates = around ? nearestOf(readings, around) : 'open'
  if (byCoordinates === 'against') return 'against'
  const byCity = cityOf(readings, evidence.named())
  if (byCoordinates === 'open') return byCity
  if (typeof byCity === 'object' && byCity.region !== byCoordinates.region) return 'against'
  return byCoordinates
}

/** The region a position lies in when no reading is given; undefined near a border between regions. */
export function regionAround(around: Surroundings): string | undefined {
  let nearest: { region: string; km: number } | undefined
  for (const [region, km] of around.kmByRegion) if (km < (nearest?.km ?? Infinity)) nearest = { region, km }
  if (!nearest) return undefined
  for (const [region, km] of around.kmByRegion) {
    if (region !== nearest.region && km <= farEnoughKm(nearest.km, around.blurKm)) return undefined
  }
  return nearest.region
}

/** Whether a position may lie in a region: a place of it is about as near as the nearest place of all. */
export const mayLieIn = (region: string, around: Surroundings): boolean =>
  (around.kmByRegion.get(region) ?? Infinity) <= plausibleKm(around.homeKm, around.blurKm)

function nearestOf(readings: readonly string[], around: Surroundings): Verdict {
  const sorted = readings
    .map((region) => ({ region, km: around.kmByRegion.get(region) ?? Infinity }))
    .toSorted((one, other) => one.km - other.km)
  const [nearest, next] = sorted
  if (!nearest || !mayLieIn(nearest.region, around)) return 'against'
  return !next || next.km > farEnoughKm(nearest.km, around.blurKm) ? { region: nearest.region } : 'open'
}

function cityOf(readings: readonly string[], named: readonly NamedPlace[]): Verdict {
  const matching = readings.filter((region) => named.some((place) => place.region === region))
  if (matching.length > 1) return 'open'
  if (matching[0] !== undefined) return { region: matching[0] }
  // A namesake of a hamlet that the gazetteer lacks is no contradiction; a sizeable town elsewhere is.
  return named.some((place) => place.population >= smallestCity) ? 'against' : 'open'
}
