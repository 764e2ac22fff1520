import type { Region } from '../model/region.ts'
import type { RegionCodes } from './region-codes.ts'
import type { CrosswalkRow } from './region-data.ts'
import { coreKey, eastAsianSpellings, nameKey, nameKeys } from './region-names.ts'

/**
 * How closely a name fits, the closest first: a name of the region itself; that without words like "Province";
 * the name of a place below it in ISO 3166-2 (a county of England, a province of Spain); that without such words.
 */
const closeness = 4
type Index = readonly Map<string, Set<string>>[]

export interface RegionLookup {
  /** Level 1 codes of the regions of one country called so, at the closest fit there is; sorted. */
  named(country: string, name: string): { readonly codes: readonly string[]; readonly fit: number }
}

/**
 * Looks regions up by name. A country's index is made when its first name is asked for, because most runs see few
 * countries; `crosswalk` is called once, then.
 */
export function regionLookup(
  regionsOf: (country: string) => readonly Region[],
  codes: RegionCodes,
  crosswalk: () => readonly CrosswalkRow[],
): RegionLookup {
  const indexes = new Map<string, Index>()
  let foreignNames: Map<string, CrosswalkRow[]> | undefined
  let isoNames: Map<string, { name: string; level1: string; deeper: boolean }[]> | undefined

  const indexOf = (country: string): Index => {
    const known = indexes.get(country)
    if (known) return known
    foreignNames ??= grouped(crosswalk(), (row) => row.country)
    isoNames ??= grouped(
      codes.entries.map((entry) => ({ ...entry, deeper: entry.code !== entry.level1 })),
      (entry) => entry.level1.slice(0, 2),
    )
    const index: Index = Array.from({ length: closeness }, () => new Map<string, Set<string>>())
    const add = (name: string, code: string, fit: 0 | 2): void => {
      for (const key of nameKeys(name)) put(index[fit], key, code)
      put(index[fit + 1], coreKey(country, name), code)
    }
    for (const region of regionsOf(country)) {
      const names = [region.name, ...region.otherNames]
      const spellings = eastAsianSpellings(country, names, region.localName)
      for (const name of [...names, region.localName ?? '', ...spellings]) add(name, region.code, 0)
    }
    const isLevel1 = new Set(regionsOf(country).map((region) => region.code))
    for (const row of foreignNames.get(country) ?? []) if (isLevel1.has(row.code)) add(row.name, row.code, 0)
    for (const entry of isoNames.get(country) ?? []) if (entry.deeper) add(entry.name, entry.level1, 2)
    indexes.set(country, index)
    return index
  }

  return {
    named: (country, name) => {
      const index = indexOf(country)
      const [key, core] = [nameKey(name), coreKey(country, name)]
      for (let fit = 0; fit < closeness; fit++) {
        const found = index[fit]?.get(fit % 2 === 0 ? key : core)
        if (found) return { codes: [...found].toSorted(), fit }
      }
      return { codes: [], fit: closeness }
    },
  }
}

function put(index: Map<string, Set<string>> | undefined, key: string, code: string): void {
  if (index === undefined || key === '') return
  const codes = index.get(key)
  if (codes) codes.add(code)
  else index.set(key, new Set([code]))
}

/** `items` by what `keyOf` says of them; in the order they came. */
export function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
