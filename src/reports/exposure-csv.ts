import { open } from 'node:fs/promises'
import type { Located } from '../model/findings.ts'
import type { ReportRow } from '../model/report-row.ts'
import { breakdownKeys, type Breakdown } from '../model/tally.ts'
import { csvCell, csvLine, numberCell } from './csv.ts'

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

/** The columns that every file of regions begins with. */
export const leadColumns = [
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
/** Their cells. */
export function leadCells(header: (source: string) => RowHeader, at: Located): string[] {
  const { snapshot, observedFrom, observedTo, basis } = header(at.source)
  const { country, region, regionName, regionNameLocal, service } = at
  return [snapshot, observedFrom, observedTo, at.source, basis, country, region, regionName, regionNameLocal, service]
}

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
    let place = ''
    let cell: Pick<ReportRow, 'country' | 'region' | 'keys' | 'service'> | undefined
    for await (const row of rows) {
      if (row.source !== source || count === 0) {
        source = row.source
        const { snapshot, observedFrom, observedTo, basis } = header(source)
        lead = [snapshot, observedFrom, observedTo, source, basis].map(csvCell).join(',')
        cell = undefined
      }
      // A cell's three units follow one another and share everything before the unit.
      const shared = cell?.country === row.country && cell.region === row.region && cell.service === row.service
      if (!shared || cell?.keys !== row.keys) {
        cell = row
        const { country, region, regionName, regionNameLocal, service, keys } = row
        place = `${lead},${[country, region, regionName, regionNameLocal, service, ...keys].map(csvCell).join(',')}`
      }
      text +=
        `${place},${row.unit},${row.asked ?? ''},${row.count},${row.population ?? ''},${row.populationYear ?? ''},${numberCell(row.per100k)},${numberCell(row.per100kLow)},` +
        `${numberCell(row.per100kHigh)},${numberCell(row.rateRatio)},${row.rank ?? ''},${row.flags.join(';')}\r\n`
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
