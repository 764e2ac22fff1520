import type { HistoryRow } from '../model/history.ts'
import type { Table } from '../model/table.ts'
import { leadColumns, type RowHeader } from './exposure-csv.ts'
import { columnsOf } from './fields.ts'

export const historyFile = 'history-by-region.csv'

/** Columns of history-by-region.csv, in order. */
const historyColumns = [
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

/** A series of snapshots as a table. @param headers of each snapshot, oldest first */
export const historyTable = (headers: readonly ((source: string) => RowHeader)[]): Table<HistoryRow> => ({
  stem: historyFile.replace('.csv', ''),
  columns: columnsOf(historyColumns),
  row: ({ period, row, ratio, tau }) => {
    const header = headers[period]?.(row.source)
    if (header === undefined) throw new Error(`no snapshot ${period} of ${headers.length}`)
    const { country, region, regionName, regionNameLocal, service, unit } = row
    return [
      [header.snapshot, header.observedFrom, header.observedTo, row.source, header.basis],
      [country, region, regionName, regionNameLocal, service, unit, row.asked, row.count],
      [row.population, row.populationYear, row.per100k, row.per100kLow, row.per100kHigh],
      [ratio?.ratio, ratio?.low, ratio?.high, tau, row.flags.join(';')],
    ]
  },
})
