import { iso31661, iso31662 } from 'iso-3166'

/** Why data/regions/rollup.csv says something about a code that the package iso-3166 does not. */
export interface Rollup {
  /** Empty for `not-a-region`. */
  readonly level1: string
  /** `parent`, `territory`, `retired` or `not-a-region`. */
  readonly reason: string
}

export interface RegionCodes {
  /** Whether ISO 3166-2 (or rollup.csv, for retired codes) has this code, at any level. */
  has(code: string): boolean
  /** The level 1 code of a code of any level; a territory's own alpha-2 code (`US-PR` → `PR`); undefined for unknown codes and for those of no region (`GB-UKM`). */
  level1(code: string): string | undefined
  readonly rollups: ReadonlyMap<string, Rollup>
  /** Every ISO 3166-2 entry: its code, its name, and the level 1 code it counts for. */
  readonly entries: readonly { readonly code: string; readonly name: string; readonly level1: string }[]
}

/** alpha-2 codes of ISO 3166-1, and XK: not in the standard, but what every source calls Kosovo. */
export const isoCountries: ReadonlySet<string> = new Set([...iso31661.map((country) => country.alpha2), 'XK'])

/**
 * Level 1 of ISO 3166-2: the entries without a parent. The package iso-3166 leaves out the parents of some
 * countries and counts territories twice; `rollups` (data/regions/rollup.csv) puts that right.
 */
export function regionCodes(rollups: ReadonlyMap<string, Rollup>): RegionCodes {
  const parents = new Map(iso31662.map((entry) => [entry.code, entry.parent]))
  const level1 = (code: string): string | undefined => {
    let here = code
    // The deepest chain has four steps; the bound only keeps a faulty table from going round in circles.
    for (let step = 0; step < 8; step++) {
      const next = rollups.get(here)?.level1 ?? parents.get(here)
      if (next === undefined || next === '') return undefined
      if (next.length === 2) return rollups.has(here) ? next : here
      if (next === here) return here
      here = next
    }
    return undefined
  }
  const entries = iso31662.flatMap(({ code, name }) => {
    const top = level1(code)
    return top === undefined ? [] : [{ code, name, level1: top }]
  })
  return { has: (code) => parents.has(code) || rollups.has(code), level1, rollups, entries }
}
