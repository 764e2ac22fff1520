import type { Indicators } from '../model/indicators.ts'
import { leadColumns, type RowHeader } from './exposure-csv.ts'
import { columnsOf } from './fields.ts'
import type { Table } from '../model/table.ts'

export const indicatorsFile = 'indicators-by-region.csv'

/** Columns of indicators-by-region.csv, in order. */
const indicatorColumns = [
  ...leadColumns,
  'unit',
  'count',
  'population',
  'per_100k',
  'rate_ratio',
  'rate_ratio_low',
  'rate_ratio_high',
  'rank',
  'rank_low',
  'rank_high',
  'funnel',
  'shrunken_per_100k',
  'location_quotient',
  'unplaced_per_100k_high',
  'unplaced_rank_low',
  'unplaced_rank_high',
]

/** Indicators as a table. */
export const indicatorsTable = (header: (source: string) => RowHeader): Table<Indicators> => ({
  stem: indicatorsFile.replace('.csv', ''),
  columns: columnsOf(indicatorColumns),
  row: ({ row, rateRatio, rank, funnel, shrunkenRate, locationQuotient, rateWithUnplaced, rankWithUnplaced }) => {
    const { snapshot, observedFrom, observedTo, basis } = header(row.source)
    const { country, region, regionName, regionNameLocal, service, unit } = row
    return [
      [snapshot, observedFrom, observedTo, row.source, basis],
      [country, region, regionName, regionNameLocal, service, unit, row.count, row.population],
      [row.per100k, row.rateRatio, rateRatio?.low, rateRatio?.high, row.rank, rank?.low, rank?.high, funnel],
      [shrunkenRate, locationQuotient, rateWithUnplaced, rankWithUnplaced?.low, rankWithUnplaced?.high],
    ]
  },
})
