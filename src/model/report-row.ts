import type { Unit } from './tally.ts'
import type { Flag } from './flags.ts'

/** One row of a report: a count with everything a reader needs to judge it. Field names are the CSV's columns. */
export interface ReportRow {
  readonly source: string
  readonly country: string
  /** ISO 3166-2 code; the country's code for its total; `unknown`. */
  readonly region: string
  readonly regionName: string
  readonly regionNameLocal: string
  readonly service: string
  readonly keys: readonly string[]
  readonly unit: Unit
  /** Distinct addresses that were asked for the service there, where that is known. */
  readonly asked: number | undefined
  readonly count: number
  readonly population: number | undefined
  readonly populationYear: number | undefined
  readonly per100k: number | undefined
  readonly per100kLow: number | undefined
  readonly per100kHigh: number | undefined
  readonly rateRatio: number | undefined
  readonly rank: number | undefined
  readonly flags: readonly Flag[]
}
