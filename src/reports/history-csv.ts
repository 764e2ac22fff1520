import type { HistoryRow } from '../model/history.ts'
import { csvCell, csvLine, numberCell } from './csv.ts'
import { leadColumns, type RowHeader } from './exposure-csv.ts'

export const historyFile = 'history-by-region.csv'

/** Columns of history-by-region.csv, in order. */
export const historyColumns = [
  ...leadColumns,
  'unit',
  'asked',
  'count',
  'population',
  'population_year',
  'per_100k',
  'per_100k_low',
  'per_100k_high',
  'ratio_to_first',
  'ratio_to_first_low',
  'ratio_to_first_high',
  'kendall_tau',
  'flags',
]

/**
 * A series of snapshots as CSV: CRLF, a header row.
 * @param headers of each snapshot, oldest first
 */
export function historyCsv(headers: readonly ((source: string) => RowHeader)[], rows: readonly HistoryRow[]): string {
  const lines = rows.map(({ period, row, ratio, tau }) => {
    const header = headers[period]?.(row.source)
    if (header === undefined) throw new Error(`no snapshot ${period} of ${headers.length}`)
    const texts = [header.snapshot, header.observedFrom, header.observedTo, row.source, header.basis, row.country]
    return csvLine([
      ...[...texts, row.region, row.regionName, row.regionNameLocal, row.service, row.unit].map(csvCell),
      ...[row.asked, row.count, row.population, row.populationYear].map(numberCell),
      ...[row.per100k, row.per100kLow, row.per100kHigh, ratio?.ratio, ratio?.low, ratio?.high, tau].map(numberCell),
      row.flags.join(';'),
    ])
  })
  return csvLine(historyColumns) + lines.join('')
}
