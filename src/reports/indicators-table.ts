import type { Indicators } from '../model/indicators.ts'
import type { Table } from '../model/table.ts'
import { figureCells, leadCells, regionTable, type Header } from './region-table.ts'

export const indicatorsFile = 'indicators-by-region.csv'

/** Indicators as a table. */
export const indicatorsTable = (header: Header): Table<Indicators> =>
  regionTable<Indicators>(indicatorsFile, ({ row }) => leadCells(header(row.source), row), {
    ...figureCells,
    rate_ratio: ({ row }) => row.rateRatio,
    rate_ratio_low: ({ rateRatio }) => rateRatio?.low,
    rate_ratio_high: ({ rateRatio }) => rateRatio?.high,
    rank: ({ row }) => row.rank,
    rank_low: ({ rank }) => rank?.low,
    rank_high: ({ rank }) => rank?.high,
    funnel: ({ funnel }) => funnel,
    shrunken_per_100k: ({ shrunkenRate }) => shrunkenRate,
    location_quotient: ({ locationQuotient }) => locationQuotient,
    unplaced_per_100k_high: ({ rateWithUnplaced }) => rateWithUnplaced,
    unplaced_rank_low: ({ rankWithUnplaced }) => rankWithUnplaced?.low,
    unplaced_rank_high: ({ rankWithUnplaced }) => rankWithUnplaced?.high,
  })
