import type { ConcentrationGatherer } from '../aggregate/concentrations.ts'
import { indicators } from '../aggregate/indicators.ts'
import type { ReportRow } from '../model/report-row.ts'
import type { RowHeader } from '../reports/exposure-csv.ts'
import {
  concentrationFile,
  concentrationTable,
  outliersFile,
  outliersTable,
  recapturesFile,
  recapturesTable,
} from '../reports/findings-csv.ts'
import { indicatorsFile, indicatorsTable } from '../reports/indicators-csv.ts'
import type { Table } from '../reports/table-csv.ts'
import type { Shown } from './figures.ts'
import type { RowsContext } from './report-rows.ts'

/** Files that may be there. */
export const statisticsFiles = [indicatorsFile, concentrationFile, outliersFile, recapturesFile] as const

interface Counted {
  readonly context: RowsContext
  readonly header: (source: string) => RowHeader
  /** Rows of exposure-by-region.csv, without services that nobody asked for and no catalogue names. */
  readonly shown: readonly (Shown & { readonly rows: readonly ReportRow[] })[]
  /** Where networks were counted by endpoint. */
  readonly concentrations: ConcentrationGatherer | undefined
}

/** What figures tell beside themselves: a table for each of its files. */
export async function statistics({ context, header, shown, concentrations }: Counted): Promise<Table[]> {
  const { figures, only } = context
  // Of some regions alone, or without rates, there is nothing to hold a region against.
  const isRated = only === undefined && !figures.isScopeLimited
  const told = isRated ? shown.flatMap(({ rows }) => [...indicators(rows)]) : []
  const outstanding = told.flatMap(({ row, funnel }) => (funnel === 'above-99.8' ? [row] : []))
  const totals = new Map(
    shown.flatMap(({ rows }) => rows.flatMap((row) => (row.service === 'all' ? [[row.region, row.count]] : []))),
  )
  const recaptured = only === undefined ? await figures.recaptures(context) : undefined
  return [
    ...(isRated ? [indicatorsTable(header, told)] : []),
    ...(concentrations === undefined ? [] : [concentrationTable(header, concentrations.found())]),
    ...(isRated && figures.census !== undefined
      ? [outliersTable(header, await figures.outliers(context, outstanding, totals))]
      : []),
    ...(recaptured === undefined ? [] : [recapturesTable(header, recaptured)]),
  ]
}
