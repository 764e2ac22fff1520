import type { Crosswalk } from './crosswalk.ts'
import type { RegionTable } from './regions.ts'

/** The two code sets of Shodan's `region_code`: GeoNames/FIPS 10-4 until about 2021, ISO 3166-2 since. */
export type CodeSet = 'iso' | 'geonames'

/** What a region code means in each code set, where it means anything. */
export interface Readings {
  /** ISO 3166-2, rolled up to level 1. */
  readonly iso?: string
  /** ISO 3166-2, or GeoNames' own `FR.24` where ISO has no counterpart. */
  readonly geonames?: string
}

/** Reads region codes of a country: `13`, `CA`, `JP-13`; numbers also without their leading zeros. */
export function codeReader(
  regions: RegionTable,
  crosswalk: Crosswalk,
): (country: string, regionCode: string) => Readings {
  const known = new Map<string, Readings>()
  return (country, regionCode) => {
    const key = `${country} ${regionCode}`
    let readings = known.get(key)
    if (!readings) {
      readings = read(country, regionCode.trim().normalize('NFKC').toUpperCase().slice(0, 20))
      // Foreign text must not grow the cache without bound.
      if (known.size < 10_000) known.set(key, readings)
    }
    return readings
  }

  function read(country: string, code: string): Readings {
    if (isFullCode(code)) {
      const iso = code.startsWith(`${country}-`) ? regions.region(code)?.code : undefined
      return iso === undefined ? {} : { iso }
    }
    const spellings = /^\d{1,2}$/.test(code) ? [code, code.padStart(2, '0'), code.padStart(3, '0')] : [code]
    const iso = first(spellings, (spelling) => regions.region(`${country}-${spelling}`)?.code)
    const geonames = first(spellings, (spelling) => crosswalk.geonames(country, spelling))
    return { ...(iso === undefined ? {} : { iso }), ...(geonames === undefined ? {} : { geonames }) }
  }
}

/** `JP-13`: a code that carries its country. */
export const isFullCode = (code: string): boolean => /^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(code)

function first<T>(list: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of list) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}
