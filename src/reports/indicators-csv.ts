import { open } from 'node:fs/promises'
import type { Indicators } from '../model/indicators.ts'
import { csvCell, csvLine, numberCell } from './csv.ts'
import { leadColumns, type RowHeader } from './exposure-csv.ts'

export const indicatorsFile = 'indicators-by-region.csv'

/** Columns of indicators-by-region.csv, in order. */
export const indicatorColumns = [
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

/** Writes indicators as CSV: UTF-8, CRLF, a header row. @returns the number of rows */
export async function writeIndicatorsCsv(
  path: string,
  header: (source: string) => RowHeader,
  rows: Iterable<Indicators>,
): Promise<number> {
  const lines = Array.from(rows, ({ row, rateRatio, rank, funnel, ...rest }) => {
    const { snapshot, observedFrom, observedTo, basis } = header(row.source)
    const { country, region, regionName, regionNameLocal, service, unit } = row
    const texts = [snapshot, observedFrom, observedTo, row.source, basis, country, region, regionName, regionNameLocal]
    const { shrunkenRate, locationQuotient, rateWithUnplaced, rankWithUnplaced } = rest
    return csvLine([
      ...[...texts, service, unit].map(csvCell),
      ...[row.count, row.population].map(numberCell),
      ...[row.per100k, row.rateRatio, rateRatio?.low, rateRatio?.high, row.rank, rank?.low, rank?.high].map(numberCell),
      funnel ?? '',
      ...[shrunkenRate, locationQuotient, rateWithUnplaced, rankWithUnplaced?.low, rankWithUnplaced?.high].map(
        numberCell,
      ),
    ])
  })
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(csvLine(indicatorColumns) + lines.join(''))
    await file.sync()
  } finally {
    await file.close()
  }
  return lines.length
}
