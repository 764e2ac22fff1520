import type { Bucket } from '../model/engine.ts'
import { isIsoRegion, type Crosswalk } from './crosswalk.ts'
import type { Gazetteer } from './gazetteer.ts'
import { codeReader, type CodeSet, type Readings } from './region-code.ts'
import type { RegionTable } from './regions.ts'

/** A value that means one region in the one code set and another, or none, in the other. */
export interface DoubtfulCode extends Bucket {
  readonly readings: Readings
}

/** An engine's list of regions of a country, as far as it can be read without asking further. */
export interface FacetRegions {
  /** How the engine spells them. */
  readonly spelled: 'names' | 'codes' | 'names and codes'
  /** The code set the list itself shows, by values that mean nothing in the other; undefined when it shows none, or both. */
  readonly codeSet: CodeSet | undefined
  /** Codes that need a code set to be read, the most counted first. */
  readonly doubtful: readonly DoubtfulCode[]
  /** The region of a value, ISO 3166-2 level 1; undefined when it means none, or no single one. */
  decode(value: string, codeSet: CodeSet): string | undefined
}

/** Reads the values of a region facet: names in any language the tables know, or codes of either generation. */
export function facetRegions(
  country: string,
  buckets: readonly Bucket[],
  tables: { readonly regions: RegionTable; readonly crosswalk: Crosswalk },
): FacetRegions {
  const codes = codeReader(tables.regions, tables.crosswalk)
  const isCode = (value: string): boolean => /^([A-Z]{2}-)?[A-Z0-9]{1,3}$/i.test(value.trim())
  const readingsOf = (value: string): Readings => (isCode(value) ? codes(country, value) : {})
  const coded = buckets.filter(({ value }) => Object.keys(readingsOf(value)).length > 0)
  const doubtful = coded
    .map((bucket) => ({ ...bucket, readings: readingsOf(bucket.value) }))
    .filter(({ readings: { iso, geonames } }) => iso !== geonames)
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
  const onlyIso = doubtful.some(({ readings }) => readings.geonames === undefined)
  const onlyGeonames = doubtful.some(({ readings }) => readings.iso === undefined)
  return {
    spelled: coded.length === 0 ? 'names' : coded.length === buckets.length ? 'codes' : 'names and codes',
    codeSet: onlyIso === onlyGeonames ? undefined : onlyIso ? 'iso' : 'geonames',
    doubtful,
    decode: (value, codeSet) => {
      const readings = readingsOf(value)
      if (Object.keys(readings).length > 0) {
        const region = readings[codeSet]
        return region !== undefined && isIsoRegion(region) ? region : undefined
      }
      const named = tables.regions.findByName(country, value)
      return typeof named === 'object' ? named.code : undefined
    },
  }
}

/**
 * The code set by which a code's region has the cities the engine lists for it. Undefined when they fit both or neither:
 * one set must fit more than three times as many banners as the other.
 */
export function codeSetByCities(
  country: string,
  readings: Readings,
  cities: readonly Bucket[],
  gazetteer: Gazetteer,
): CodeSet | undefined {
  const fit = (region: string | undefined): number =>
    cities.reduce((sum, { value, count }) => {
      const places = gazetteer.byName(country, value)
      return sum + (places.some((place) => place.region === region) ? count : 0)
    }, 0)
  const [iso, geonames] = [fit(readings.iso), fit(readings.geonames)]
  if (iso > 3 * geonames) return 'iso'
  return geonames > 3 * iso ? 'geonames' : undefined
}
