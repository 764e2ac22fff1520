import type { Change } from './change.ts'
import type { Flag } from './flags.ts'
import type { Warning } from './warning.ts'

/** A side of a comparison: the figures of one source of a snapshot, in one unit. */
interface ComparisonSide {
  readonly snapshot: string
  readonly source: string
  readonly basis: 'records' | 'facets'
  readonly unit: string
  /** UTC, ISO 8601; empty where undated. */
  readonly observed: { readonly from: string; readonly to: string }
}

/** Everything comparison.html shows, as plain data. */
export interface ComparisonFacts {
  /** Of exposure-census. */
  readonly version: string
  readonly old: ComparisonSide
  readonly new: ComparisonSide
  /** In what the two were not made in the same way, in words; empty where they were. */
  readonly differing: readonly string[]
  readonly warnings: readonly Warning[]
  /** The country with most comes first. */
  readonly views: readonly ComparisonView[]
  /** Rows of comparison-by-region.csv that the page has no room for. */
  readonly rowsLeftOut: number
}

/** A country. */
export interface ComparisonView {
  readonly country: string
  readonly name: string
  readonly localName: string
  readonly regions: readonly { readonly code: string; readonly name: string; readonly localName: string }[]
  /** `all` first. */
  readonly services: readonly ComparisonService[]
}

export interface ComparisonService {
  readonly id: string
  /** As the catalogue has it; empty for categories, `all`, and what the catalogue does not know. */
  readonly title: string
  readonly total: ComparisonCell
  readonly unknown: ComparisonCell
  /** In the order of the view's regions. */
  readonly cells: readonly ComparisonCell[]
}

export interface ComparisonCell {
  readonly old: number
  readonly new: number
  /** Of what is placed in the country's regions; undefined for totals and `unknown`. */
  readonly oldShare: number | undefined
  readonly newShare: number | undefined
  /** New minus old; undefined where they count different things. */
  readonly difference: number | undefined
  /** What became of addresses, where it is known. */
  readonly change: Change | undefined
  /** How often chance alone makes shares differ as much, adjusted for all rows. */
  readonly chance: number | undefined
  readonly flags: readonly Flag[]
}
