import type { Place, PlaceClue } from '../model/place.ts'

/** What the census decided of a record's place, and what the record itself says of it. */
export interface SaidOfPlace {
  /** ISO 3166-1 alpha-2; empty when not known. */
  readonly country: string
  /** ISO 3166-2; empty when not known. */
  readonly region: string
  /** The country as the record has it. */
  readonly saidCountry: string | undefined
  readonly city: string | undefined
  readonly latitude: number | undefined
  readonly longitude: number | undefined
}

/** The part of a banner's `location` that says where it is. */
export interface Location {
  readonly country_code: string | null
  readonly region_code: string | null
  readonly city: string | null
  readonly latitude: number | null
  readonly longitude: number | null
}

/**
 * The location to serve for a decided place. Shodan's region codes are of two sets, told apart by the coordinates, the city
 * and the file they stand in, and a record's own coordinates may say another thing than what was decided. So the first of
 * these is served that alone decodes to the place that was decided:
 *
 * - of a known region: the code's second part (`13`) with the record's city and coordinates; the whole code (`JP-13`),
 *   which means one thing only, with them; the whole code alone;
 * - of an unknown one: no code, and of city and coordinates as much as does not say a region.
 *
 * @param decode places a clue without any others around it
 */
export function servedLocation(said: SaidOfPlace, decode: (clue: PlaceClue) => Place): Location {
  const { country, region, saidCountry, city, latitude, longitude } = said
  const code = country === '' ? (saidCountry ?? null) : country
  const suffix = region.slice(region.indexOf('-') + 1)
  const place = { city: city ?? null, latitude: latitude ?? null, longitude: longitude ?? null }
  const nowhere = { latitude: null, longitude: null }
  const candidates: Location[] = (
    region === ''
      ? [place, { ...place, city: null }, { ...place, ...nowhere }]
      : [{ ...place, region_code: suffix }, { ...place, region_code: region }, { region_code: region }]
  ).map((found) => ({ region_code: null, city: null, ...nowhere, ...found, country_code: code }))
  const last = { country_code: country === '' ? null : country, region_code: region || null, city: null, ...nowhere }
  return candidates.find((location) => isAt(decode(clueOf(location)), country, region)) ?? last
}

const isAt = (place: Place, country: string, region: string): boolean =>
  (place.country ?? '') === country && (place.region ?? '') === region

function clueOf(location: Location): PlaceClue {
  const { country_code: country, region_code: regionCode, city, latitude, longitude } = location
  return {
    file: 0,
    month: '',
    source: 'shodan',
    ...(country === null ? {} : { country }),
    ...(regionCode === null ? {} : { regionCode }),
    ...(city === null ? {} : { city }),
    ...(latitude === null || longitude === null ? {} : { latitude, longitude }),
  }
}
