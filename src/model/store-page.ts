import type { PageCell, PageFacts, PageView } from './page.ts'
import type { Unit } from './tally.ts'

/** A snapshot, as the pages of a store tell of it. */
export interface StoreSnapshot {
  readonly id: string
  readonly basis: 'records' | 'facets'
  readonly sources: readonly string[]
  /** UTC, ISO 8601; empty where undated. */
  readonly observed: { readonly from: string; readonly to: string }
  readonly createdAt: string
  /** Records kept, or what each engine counted of everything; engines' units differ and are never added up. */
  readonly counts: readonly { readonly source: string; readonly unit: Unit | 'records'; readonly count: number }[]
  /** What it lacks, one sentence each, in English; none when it is complete. */
  readonly missing: readonly string[]
}

/** A place by its code: `JP`, `JP-13`, `JP-unknown`; `unknown` has no country, and the empty one is the world. */
export interface StorePlaceName {
  readonly code: string
  readonly name: string
  readonly localName: string
}

/** What a snapshot has of a place. */
export interface StorePlace {
  readonly snapshot: StoreSnapshot
  readonly place: StorePlaceName
  /** The country that a region is in. */
  readonly country: StorePlaceName | undefined
  /** The world by country, or a country by region; none of a region. */
  readonly views: readonly PageView[]
  /** A region's services and networks, by source. */
  readonly sources: readonly StoreSource[]
  readonly credits: PageFacts['credits']
}

export interface StoreSource {
  readonly source: string
  readonly unit: Unit
  readonly services: readonly StoreService[]
  /** Most first; undefined where nobody asked for them. */
  readonly networks: readonly StoreNetwork[] | undefined
  readonly networksLeftOut: number
}

export interface StoreService {
  readonly id: string
  /** As the catalogue has it; empty for categories, `all`, and what the catalogue does not know. */
  readonly title: string
  readonly cell: PageCell
}

export interface StoreNetwork {
  /** Stands for number and organisation in addresses of pages: nobody's text does. */
  readonly id: string
  readonly name: string
  readonly count: number
  readonly services: readonly StoreService[]
  readonly keys: readonly string[]
}

/** Addresses of a network in a place, from `offset` on. */
export interface StoreHosts {
  readonly total: number
  readonly offset: number
  readonly hosts: readonly { readonly address: string; readonly services: readonly string[]; readonly seen: string }[]
}

/** What answered at an address, the newest of each endpoint. */
export interface StoreHost {
  readonly snapshot: StoreSnapshot
  readonly address: string
  readonly country: string
  readonly region: string
  readonly endpoints: readonly {
    readonly port: number
    readonly transport: string
    readonly service: string
    readonly product: string
    readonly network: string
    readonly seen: string
  }[]
}
