import type { Denominator } from './denominator.ts'
import type { ReportRow } from './report-row.ts'

/** Where a finding is, and of what. */
export type Located = Pick<
  ReportRow,
  'source' | 'country' | 'region' | 'regionName' | 'regionNameLocal' | 'service' | 'unit'
>

/** In how few networks (autonomous systems) a count is. */
export interface Concentrated extends Located {
  /** What the source told the network of. */
  readonly count: number
  /** What it did not. */
  readonly untold: number
  readonly networks: number
  /** The fewest networks that together hold at least half of `count`. */
  readonly half: number
  /** Sum of squared shares, from 1 / networks to 1. */
  readonly herfindahl: number
  /** The network with most; `organisation` is whom the source names for most of it. */
  readonly largest: { readonly asn: string; readonly organisation: string; readonly share: number }
}

/** By what records are left out to see what a figure comes of. */
export const partKinds = ['network', 'organisation', 'product'] as const
export type PartKind = (typeof partKinds)[number]

/** What makes a region's rate stand out, and the figures without it. */
export interface Outlier {
  /** The figure, from which the rate, the count and the population are. */
  readonly row: ReportRow
  readonly kind: PartKind
  /** As exposure-by-network.csv and exposure-by-product.csv have them; empty where they are not of that kind. */
  readonly asn: string
  readonly organisation: string
  readonly vendor: string
  readonly product: string
  /** What is still counted when its records are not. */
  readonly countWithout: number
  readonly per100kWithout: number
  /** The service's share of the region's services, from 0 to 1, and without it; undefined for `all`, and where that is not told. */
  readonly share: number | undefined
  readonly shareWithout: number | undefined
}

/** Why of what two sources saw nothing is estimated; docs/method.md has a sentence for each. */
export const recaptureRefusals = ['partial', 'undated', 'periods', 'nested', 'few'] as const
export type RecaptureRefusal = (typeof recaptureRefusals)[number]

/** What two sources saw of a service, and what both of them missed (capture–recapture). */
export interface Recaptured extends Located {
  readonly firstSource: string
  readonly secondSource: string
  readonly seenByFirst: number
  readonly seenBySecond: number
  readonly seenByBoth: number
  /** By at least one of them. */
  readonly seen: number
  readonly abundance: { readonly estimate: number; readonly low: number; readonly high: number } | undefined
  /** Where there is no estimate. */
  readonly refused: RecaptureRefusal | undefined
}

/** Whether a region's rank is the same under every denominator, within the rank interval that chance gives it by people, or neither. */
export const survivals = ['same', 'within-interval', 'no'] as const
export type Survival = (typeof survivals)[number]

/** A region's figure by one denominator. */
export interface Denominated {
  /** The figure, whose own rate and rank are by people. */
  readonly row: ReportRow
  readonly denominator: Denominator
  readonly value: number
  /** Per 100,000 of the denominator, and its exact 95 % interval. */
  readonly per100k: number
  readonly low: number
  readonly high: number
  /** Among the country's regions that every denominator is known of. */
  readonly rank: number | undefined
  readonly rankRange: { readonly low: number; readonly high: number } | undefined
  /** Kendall's tau-b of all such ranks with those by people. */
  readonly agreement: number | undefined
  readonly survival: Survival | undefined
}
