/** What a source said of a record's place: the input of decoding. Equal tuples are decoded once. */
export interface PlaceClue {
  /** Number of the input file, and the month observed (`2024-05`, empty when undated): records of the same file, country and month are each other's context. */
  readonly file: number
  readonly month: string
  readonly source: string
  readonly country?: string
  readonly regionCode?: string
  readonly regionName?: string
  readonly city?: string
  readonly latitude?: number
  readonly longitude?: number
}

/**
 * By which means a record was placed; each stands in docs/method.md with one sentence.
 * `none` with a country: the country is known, its region is not.
 */
export const placeMeans = [
  'region-code', // the code means the same in every code set
  'region-code-by-coordinates', // two readings of the code; coordinates or city decided
  'region-code-by-context', // two readings; other records of the same file, country and month decided
  'region-name',
  'city',
  'coordinates',
  'address-database',
  'none',
] as const
export type PlaceMeans = (typeof placeMeans)[number]

/** A decoded place. `region` is an ISO 3166-2 level 1 code, absent when unknown. */
export interface Place {
  /** ISO 3166-1 alpha-2; absent when no country is known (pseudo-countries such as A1, EU, XX too). */
  readonly country?: string
  readonly region?: string
  readonly means: PlaceMeans
  /** `default-geolocation`: the place is where an address database puts what it does not know better. */
  readonly defaultGeolocation: boolean
}
