import type { Concentrated, Denominated, Outlier, Recaptured } from '../model/findings.ts'
import { leadCells, leadColumns, type RowHeader } from './exposure-csv.ts'
import { columnsOf } from './fields.ts'
import type { Table } from '../model/table.ts'

/** What every row of a source says of the snapshot. */
type Header = (source: string) => RowHeader

export const concentrationFile = 'concentration-by-region.csv'

/** In how few networks each service is, in each region and country. */
export const concentrationTable = (header: Header): Table<Concentrated> => ({
  stem: concentrationFile.replace('.csv', ''),
  columns: columnsOf([
    ...leadColumns,
    'unit',
    'count',
    'untold',
    'networks',
    'networks_half',
    'herfindahl',
    'asn',
    'organisation',
    'largest_share',
  ]),
  row: (each) => [
    leadCells(header, each),
    [
      each.unit,
      each.count,
      each.untold,
      each.networks,
      each.half,
      each.herfindahl,
      each.largest.asn,
      each.largest.organisation,
      each.largest.share,
    ],
  ],
})

export const outliersFile = 'outliers-by-region.csv'

/** What regions that stand out do so by, and their figures without it. */
export const outliersTable = (header: Header): Table<Outlier> => ({
  stem: outliersFile.replace('.csv', ''),
  columns: columnsOf([
    ...leadColumns,
    'unit',
    'count',
    'population',
    'per_100k',
    'service_share',
    'part',
    'asn',
    'organisation',
    'vendor',
    'product',
    'count_without',
    'per_100k_without',
    'service_share_without',
  ]),
  row: ({ row, share, kind, asn, organisation, vendor, product, ...without }) => [
    leadCells(header, row),
    [
      row.unit,
      row.count,
      row.population,
      row.per100k,
      share,
      kind,
      asn,
      organisation,
      vendor,
      product,
      without.countWithout,
      without.per100kWithout,
      without.shareWithout,
    ],
  ],
})

export const recapturesFile = 'capture-recapture-by-region.csv'

/** What two sources saw of each service, and how many there are by both. */
export const recapturesTable = (header: Header): Table<Recaptured> => ({
  stem: recapturesFile.replace('.csv', ''),
  columns: columnsOf([
    ...leadColumns,
    'unit',
    'first_source',
    'second_source',
    'seen_by_first',
    'seen_by_second',
    'seen_by_both',
    'seen',
    'estimate',
    'estimate_low',
    'estimate_high',
    'refused',
  ]),
  row: ({ abundance, ...each }) => [
    leadCells(header, each),
    [
      each.unit,
      each.firstSource,
      each.secondSource,
      each.seenByFirst,
      each.seenBySecond,
      each.seenByBoth,
      each.seen,
      abundance?.estimate,
      abundance?.low,
      abundance?.high,
      each.refused,
    ],
  ],
})

export const denominatorsFile = 'denominators-by-region.csv'

/** Every figure by people and by what else it was asked for, and whether its rank survives. */
export const denominatorsTable = (header: Header): Table<Denominated> => ({
  stem: denominatorsFile.replace('.csv', ''),
  columns: columnsOf([
    ...leadColumns,
    'unit',
    'count',
    'denominator',
    'denominator_value',
    'rate_per_100k',
    'rate_low',
    'rate_high',
    'rank',
    'rank_low',
    'rank_high',
    'tau_b',
    'rank_survives',
  ]),
  row: ({ row, rankRange, ...each }) => [
    leadCells(header, row),
    [
      row.unit,
      row.count,
      each.denominator,
      each.value,
      each.per100k,
      each.low,
      each.high,
      each.rank,
      rankRange?.low,
      rankRange?.high,
      each.agreement,
      each.survival,
    ],
  ],
})
