/** A region or country by its code and its names. */
interface Named {
  readonly code: string
  readonly name: string
  readonly localName: string
}

/** What a reader must know of figures, as data: src/reports/warnings.ts has the words, in each language. */
export type Warning =
  /** Ranks that are others without the addresses flagged `default-geolocation`: how many, and the first. */
  | {
      readonly kind: 'default-ranks'
      readonly changed: number
      readonly region: Named
      readonly service: string
      readonly rank: number | undefined
      readonly without: number | undefined
    }
  /** How many addresses the database placed that rates are per addresses of; undefined where an engine placed all. */
  | {
      readonly kind: 'address-bias'
      readonly placed: { readonly byDatabase: number; readonly all: number } | undefined
    }
  /** In what the snapshots of a series were not made in the same way. */
  | { readonly kind: 'other-methods'; readonly differing: readonly string[] }
  /** What another snapshot lacks, in English. */
  | { readonly kind: 'partial'; readonly snapshot: string; readonly missing: string }
  /** What the two of a comparison do not share. */
  | { readonly kind: 'other-units' | 'other-sources'; readonly old: string; readonly now: string }
  | { readonly kind: 'other-bases' }
  /** Why a package of outlines that is installed is not drawn. */
  | { readonly kind: 'no-map'; readonly country: Named; readonly source: string; readonly fault: MapFault }

export type MapFault =
  /** It names no version or no licence. */
  | { readonly kind: 'unnamed' }
  | { readonly kind: 'unread' }
  /** Regions without an outline, and names of outlines without a region of their own. */
  | { readonly kind: 'differs'; readonly without: readonly Named[]; readonly strange: readonly string[] }
