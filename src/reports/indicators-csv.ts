import type { Indicators } from '../model/indicators.ts'
import { leadCells, leadColumns, type RowHeader } from './exposure-csv.ts'
import type { Table } from './table-csv.ts'

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

/** Indicators as the table of their file. */
export const indicatorsTable = (header: (source: string) => RowHeader, rows: readonly Indicators[]): Table => ({
  name: indicatorsFile,
  columns: indicatorColumns,
  rows: rows.map(({ row, rateRatio, rank, funnel, shrunkenRate, locationQuotient, ...rest }) => [
    ...leadCells(header, row),
    row.unit,
    row.count,
    row.population,
    row.per100k,
    row.rateRatio,
    rateRatio?.low,
    rateRatio?.high,
    row.rank,
    rank?.low,
    rank?.high,
    funnel,
    shrunkenRate,
    locationQuotient,
    rest.rateWithUnplaced,
    rest.rankWithUnplaced?.low,
    rest.rankWithUnplaced?.high,
  ]),
})
