import type { HistoryRow } from '../model/history.ts'
import type { Table } from '../model/table.ts'
import { leadCells, regionTable, type Header } from './region-table.ts'

export const historyFile = 'history-by-region.csv'

/** A series of snapshots as a table. @param headers of each snapshot, oldest first */
export const historyTable = (headers: readonly Header[]): Table<HistoryRow> =>
  regionTable(
    historyFile,
    ({ period, row }) => {
      const header = headers[period]?.(row.source)
      if (header === undefined) throw new Error(`no snapshot ${period} of ${headers.length}`)
      return leadCells(header, row)
    },
    {
      unit: ({ row }) => row.unit,
      asked: ({ row }) => row.asked,
      count: ({ row }) => row.count,
      population: ({ row }) => row.population,
      population_year: ({ row }) => row.populationYear,
      per_100k: ({ row }) => row.per100k,
      per_100k_low: ({ row }) => row.per100kLow,
      per_100k_high: ({ row }) => row.per100kHigh,
      ratio_to_first: ({ ratio }) => ratio?.ratio,
      ratio_to_first_low: ({ ratio }) => ratio?.low,
      ratio_to_first_high: ({ ratio }) => ratio?.high,
      kendall_tau: ({ tau }) => tau,
      flags: ({ row }) => row.flags.join(';'),
    },
  )
