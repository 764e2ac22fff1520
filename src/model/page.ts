import type { Concentrated, Denominated, Outlier, Recaptured } from './findings.ts'
import type { Flag } from './flags.ts'
import type { Unit } from './tally.ts'
import type { Warning } from './warning.ts'

/** Languages report.html is written in. */
export const languages = ['en', 'ja'] as const
export type Language = (typeof languages)[number]

/** Everything report.html shows, as plain data. */
export interface PageFacts {
  readonly snapshot: string
  /** Of exposure-census. */
  readonly version: string
  readonly basis: 'records' | 'facets'
  /** UTC, ISO 8601; empty where undated. */
  readonly observed: { readonly from: string; readonly to: string }
  /** What the snapshot lacks, one sentence each, in English. */
  readonly missing: readonly string[]
  readonly warnings: readonly Warning[]
  /** The first is what the summary is about. */
  readonly views: readonly [PageView, ...PageView[]]
  /** Earlier snapshots of the same question and this one, oldest first; fewer than two draw no trend. */
  readonly history: readonly PagePeriod[]
  readonly origins: readonly PageOrigin[]
  /** What figures tell beside themselves; absent where they tell nothing. */
  readonly findings?: PageFindings
  /** Credits beyond those that every page has. */
  readonly credits: {
    readonly populations: readonly { readonly title: string; readonly url: string }[]
    /** Whether addresses were placed by DB-IP's database, whose licence wants a link. */
    readonly dbip: boolean
  }
}

/** Of the country and source that the first view is of. */
export interface PageFindings {
  readonly outliers: readonly Outlier[]
  /** Of the country, not of its regions; `all` first. */
  readonly concentrated: readonly Concentrated[]
  /** Of the country. */
  readonly recaptured: readonly Recaptured[]
  /** Of all services, by region. */
  readonly denominated: readonly Denominated[]
}

/** The figures of one source in one unit: of a country by region, or of the world by country. */
export interface PageView {
  readonly source: string
  readonly unit: Unit
  /** ISO 3166-1 alpha-2; empty for the world. */
  readonly country: string
  readonly name: string
  readonly localName: string
  readonly populationYear: number | undefined
  /** Whether they are of what a scope lets be asked alone, and so without rates. */
  readonly isScopeLimited: boolean
  /** Outlines of the country's regions, where there are any. */
  readonly map?: RegionMap
  readonly regions: readonly PageRegion[]
  /** `all` first. */
  readonly services: readonly [PageService, ...PageService[]]
  /** Service rows that the page has no room for. */
  readonly servicesLeftOut: number
}

/** Outlines of a country's regions. */
export interface RegionMap {
  /** The package they are of, with its version. */
  readonly source: string
  /** What the package calls itself; its author, empty where it names none; its licence, an SPDX identifier. */
  readonly label: string
  readonly author: string
  readonly licence: string
  /** The coordinates of SVG that the outlines are in. */
  readonly viewBox: string
  /** Path data of SVG by code of ISO 3166-2, in the package's order. */
  readonly outlines: ReadonlyMap<string, string>
}

export interface PageRegion {
  /** ISO 3166-2; ISO 3166-1 alpha-2 in a view of the world. */
  readonly code: string
  readonly name: string
  readonly localName: string
  readonly population: number | undefined
}

/** A service, a category of services, or `all`. */
export interface PageService {
  readonly id: string
  /** As the catalogue has it; empty for categories, `all`, and what the catalogue does not know. */
  readonly title: string
  readonly total: PageCell
  readonly unknown: PageCell
  /** In the order of the view's regions. */
  readonly cells: readonly PageCell[]
  readonly products: PageTop | undefined
  readonly networks: PageTop | undefined
  /** Limits within which chance alone keeps a region's rate, by population ascending; absent: no funnel is drawn. */
  readonly funnel?: readonly FunnelLimit[]
}

/** Rates are per 100,000 people. */
export interface PageCell {
  /** Undefined where it is hidden (`suppressed`). */
  readonly count: number | undefined
  readonly asked: number | undefined
  readonly rate: number | undefined
  /** 95 % interval of the rate. */
  readonly low: number | undefined
  readonly high: number | undefined
  readonly ratio: number | undefined
  readonly rank: number | undefined
  readonly flags: readonly Flag[]
}

/** The most frequent names, most first, in `unit`, and how many have other names. */
export interface PageTop {
  readonly unit: Unit
  readonly items: readonly { readonly name: string; readonly count: number }[]
  readonly rest: number
}

/** Rates per 100,000 people between which 95 % and 99.8 % of regions of that population would lie. */
export interface FunnelLimit {
  readonly population: number
  readonly low95: number
  readonly high95: number
  readonly low998: number
  readonly high998: number
}

/** Totals of a snapshot of the series, by service row. */
export interface PagePeriod {
  readonly snapshot: string
  readonly observedTo: string
  readonly totals: Readonly<Record<string, number>>
  /** Of the whole snapshot. */
  readonly flags: readonly Flag[]
}

/** Where figures come from: a file read, a question asked, a scope probed. */
export interface PageOrigin {
  readonly kind: 'file' | 'query' | 'engine' | 'scope'
  readonly name: string
  /** Its format, query or source. */
  readonly detail: string
  /** Records, or addresses of a scope; undefined where it tells nothing. */
  readonly count: number | undefined
}
