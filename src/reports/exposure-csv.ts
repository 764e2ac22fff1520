import { open } from 'node:fs/promises'
import type { ReportRow } from '../model/report-row.ts'
import { breakdownKeys, type Breakdown } from '../model/tally.ts'
import { sixDigits } from '../statistics/rates.ts'
import { csvCell, csvLine } from './csv.ts'

/** Name of the file that holds a breakdown. */
export const exposureFiles = {
  region: 'exposure-by-region.csv',
  product: 'exposure-by-product.csv',
  device: 'exposure-by-device.csv',
  network: 'exposure-by-network.csv',
} as const satisfies Readonly<Record<Breakdown, string>>

/** What every row of a source says of the snapshot. */
export interface RowHeader {
  readonly snapshot: string
  readonly observedFrom: string
  readonly observedTo: string
  readonly basis: 'records' | 'facets'
}

const before = [
  'snapshot',
  'observed_from',
  'observed_to',
  'source',
  'basis',
  'country',
  'region',
  'region_name',
  'region_name_local',
  'service',
]
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
export const exposureColumns = (breakdown: Breakdown): string[] => [...before, ...breakdownKeys[breakdown], ...after]

/**
 * Writes rows as CSV: UTF-8, CRLF, a header row. Bytes depend on the rows alone.
 * @returns the number of rows
 */
export async function writeExposureCsv(
  path: string,
  breakdown: Breakdown,
  header: (source: string) => RowHeader,
  rows: AsyncIterable<ReportRow>,
): Promise<number> {
  const file = await open(path, 'wx', 0o600)
  try {
    let text = csvLine(exposureColumns(breakdown))
    let count = 0
    let source = ''
    let lead = ''
    for await (const row of rows) {
      if (row.source !== source || count === 0) {
        source = row.source
        const { snapshot, observedFrom, observedTo, basis } = header(source)
        lead = [snapshot, observedFrom, observedTo, source, basis].map(csvCell).join(',')
      }
      const texts = [row.country, row.region, row.regionName, row.regionNameLocal, row.service, ...row.keys, row.unit]
      const numbers = [
        String(row.count),
        row.population === undefined ? '' : String(row.population),
        row.populationYear === undefined ? '' : String(row.populationYear),
        ...[row.per100k, row.per100kLow, row.per100kHigh, row.rateRatio].map((value) =>
          value === undefined ? '' : sixDigits(value),
        ),
        row.rank === undefined ? '' : String(row.rank),
      ]
      // `asked` is known for probes only.
      text += csvLine([lead, ...texts.map(csvCell), '', ...numbers, row.flags.join(';')])
      count++
      if (text.length > 2 ** 20) {
        await file.writeFile(text)
        text = ''
      }
    }
    await file.writeFile(text)
    await file.sync()
    return count
  } finally {
    await file.close()
  }
}
