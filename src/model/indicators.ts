import type { ReportRow } from './report-row.ts'

/** On which side of the funnel's limits a rate lies. */
export const funnelPlaces = ['below-99.8', 'below-95', 'inside', 'above-95', 'above-99.8'] as const
export type FunnelPlace = (typeof funnelPlaces)[number]

interface Range {
  readonly low: number
  readonly high: number
}

/** What a region's figure for a service tells beside its rate. Rates are per 100,000 people. */
export interface Indicators {
  readonly row: ReportRow
  readonly rateRatio: Range | undefined
  readonly rank: Range | undefined
  readonly funnel: FunnelPlace | undefined
  readonly shrunkenRate: number | undefined
  readonly locationQuotient: number | undefined
  /** The rate if all that has no region were here. */
  readonly rateWithUnplaced: number | undefined
  /** The best and the worst rank, wherever what has no region belongs. */
  readonly rankWithUnplaced: Range | undefined
}
