import type { EngineSource } from './engine.ts'

/** What a report counts by, beside region and service. */
export const crossBreakdowns = ['product', 'device', 'network'] as const
export type CrossBreakdown = (typeof crossBreakdowns)[number]
export const breakdowns = ['region', ...crossBreakdowns] as const
export type Breakdown = (typeof breakdowns)[number]

/** What `--by` may name; region and service are one file. */
export const reportBreakdowns = ['region', 'service', 'product', 'device', 'network'] as const

/** Key columns a breakdown adds after `service`. */
export const breakdownKeys = {
  region: [],
  product: ['vendor', 'product', 'version'],
  device: ['device_type'],
  network: ['asn', 'organisation'],
} as const satisfies Readonly<Record<Breakdown, readonly string[]>>

export const units = ['addresses', 'endpoints', 'banners'] as const
export type Unit = (typeof units)[number]

/**
 * Counts of one cell: a source, a country and region, a service (or category, or `all`) and a breakdown's keys.
 * `country` is empty where none is known, `region` where it is not.
 */
export interface Tally {
  readonly source: EngineSource | 'all'
  readonly country: string
  readonly region: string
  readonly service: string
  readonly keys: readonly string[]
  readonly counts: Readonly<Record<Unit, number>>
  /** Bits of the flags of the records counted: see flags.ts. */
  readonly flags: number
  /** The same of the records that speak for their endpoint: what the count of endpoints is made of. */
  readonly speakingFlags: number
}
