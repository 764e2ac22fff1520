import type { PublishedRow } from '../model/published.ts'
import { breakdownKeys, type Breakdown } from '../model/tally.ts'
import type { Table, Value } from '../model/table.ts'
import { columnsOf } from './fields.ts'
import { leadColumns, type Header } from './region-table.ts'

/** Name of the file that holds a breakdown. */
export const exposureFiles = {
  region: 'exposure-by-region.csv',
  product: 'exposure-by-product.csv',
  device: 'exposure-by-device.csv',
  network: 'exposure-by-network.csv',
} as const satisfies Readonly<Record<Breakdown, string>>

const after = [
  'unit',
  'asked',
  'count',
  'population',
  'population_year',
  'per_100k',
  'per_100k_low',
  'per_100k_high',
  'rate_ratio',
  'rank',
  'flags',
]

/** Columns of a breakdown's file, in order: what users' scripts are written against. */
export const exposureColumns = (breakdown: Breakdown): string[] => [
  ...leadColumns,
  ...breakdownKeys[breakdown],
  ...after,
]

/** The rows of a breakdown as a table: what rows share before the unit is made once. */
export function exposureTable(breakdown: Breakdown, header: Header): Table<PublishedRow> {
  let ofSource: readonly Value[] | undefined
  let ofCell: readonly Value[] = []
  let cell: Pick<PublishedRow, 'source' | 'country' | 'region' | 'keys' | 'service'> | undefined
  return {
    stem: exposureFiles[breakdown].replace('.csv', ''),
    columns: columnsOf(exposureColumns(breakdown)),
    row: (row) => {
      if (ofSource === undefined || row.source !== cell?.source) {
        const { snapshot, observedFrom, observedTo, basis } = header(row.source)
        ofSource = [snapshot, observedFrom, observedTo, row.source, basis]
        cell = undefined
      }
      // A cell's three units follow one another and share everything before the unit.
      const shared = cell?.country === row.country && cell.region === row.region && cell.service === row.service
      if (!shared || cell?.keys !== row.keys) {
        cell = row
        ofCell = [row.country, row.region, row.regionName, row.regionNameLocal, row.service, ...row.keys]
      }
      const { unit, asked, count, population, populationYear, per100k, per100kLow, per100kHigh } = row
      const rates = [per100k, per100kLow, per100kHigh, row.rateRatio, row.rank] as const
      return [ofSource, ofCell, [unit, asked, count, population, populationYear, ...rates, row.flags.join(';')]]
    },
  }
}
