import type { HistoryRow } from '../model/history.ts'
import type { ReportRow } from '../model/report-row.ts'
import { kendallTauB } from '../statistics/kendall.ts'
import { rateRatioInterval } from '../statistics/rate-ratio.ts'

/** Beyond it a count says nothing of chance, and takes seconds to reckon with. */
const mostCounted = 1e8
/** Of fewer, chance alone makes large ones. */
const fewestForTau = 8

/**
 * Puts the rows of several snapshots beside each other: series by series, in the order of the newest snapshot that has them, each oldest first.
 * Counts of another source, basis or unit are a series of their own.
 * @param periods rows of exposure-by-region.csv, with one population for all; oldest first
 */
export function historyRows(
  periods: readonly { readonly basis: string; readonly rows: readonly ReportRow[] }[],
): HistoryRow[] {
  const series = new Map<string, { period: number; row: ReportRow }[]>()
  for (const [back, { basis, rows }] of periods.toReversed().entries()) {
    for (const row of rows) {
      const key = [basis, row.source, row.country, row.region, row.service, row.unit].join('\0')
      const found = series.get(key)
      const each = { period: periods.length - 1 - back, row }
      if (found === undefined) series.set(key, [each])
      else found.push(each)
    }
  }
  return [...series.values()].flatMap((newestFirst) => beside(newestFirst.toReversed()))
}

function beside(series: readonly { readonly period: number; readonly row: ReportRow }[]): HistoryRow[] {
  const counts = series.map(({ row }) => row.count)
  const [first = 0] = counts
  return series.map(({ period, row }, index) => ({
    period,
    row,
    ratio: index === 0 ? undefined : ratioOf(row.count, first),
    tau:
      index === series.length - 1 && counts.length >= fewestForTau
        ? kendallTauB([...counts.keys()], counts)
        : undefined,
  }))
}

/** Of counts, and so of rates: the population is the same. */
function ratioOf(count: number, first: number): HistoryRow['ratio'] {
  if (count + first > mostCounted) return undefined
  const interval = rateRatioInterval({ count, population: 1 }, { count: first, population: 1 })
  return interval && { ratio: count / first, ...interval }
}
