/** One ISO 3166-2 level 1 subdivision (an entry without a parent), or a country itself (`code` = ISO 3166-1 alpha-2). */
export interface Region {
  /** `JP-13`, or `JP` for the country. */
  readonly code: string
  readonly country: string
  /** English name. */
  readonly name: string
  /** Name in the region's own language where a table gives it. */
  readonly localName?: string
  /** Other spellings by which sources call it. */
  readonly otherNames: readonly string[]
  /** Population by year; several years where several censuses or estimates are shipped. Empty: unknown. */
  readonly population: ReadonlyMap<number, number>
}
