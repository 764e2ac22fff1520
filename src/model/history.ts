import type { ReportRow } from './report-row.ts'

/** Snapshots of a series: more would not fit in memory, or on a page. */
export const mostSnapshots = 100

/** A row of one snapshot in the series of a place, service, source and unit. */
export interface HistoryRow {
  /** Of which snapshot, the oldest being 0. */
  readonly period: number
  readonly row: ReportRow
  /** Count by that of the first snapshot of the series, with its interval; undefined for the first, and where that has none. */
  readonly ratio: { readonly ratio: number; readonly low: number; readonly high: number } | undefined
  /** Of the last row of a series that is long enough: how well counts and time go the same way, from -1 to 1. */
  readonly tau: number | undefined
}
