import type { ConcentrationGatherer } from '../aggregate/concentrations.ts'
import { denominated } from '../aggregate/denominated.ts'
import { indicators } from '../aggregate/indicators.ts'
import type { Denominator } from '../model/denominator.ts'
import { wrongInput } from '../model/errors.ts'
import type { Denominated } from '../model/findings.ts'
import type { PageFindings } from '../model/page.ts'
import type { ReportRow } from '../model/report-row.ts'
import type { Header } from '../reports/region-table.ts'
import {
  concentrationFile,
  concentrationTable,
  outliersFile,
  outliersTable,
  recapturesFile,
  recapturesTable,
  denominatorsFile,
  denominatorsTable,
} from '../reports/findings-tables.ts'
import { indicatorsFile, indicatorsTable } from '../reports/indicators-table.ts'
import type { Table } from '../model/table.ts'
import type { Warning } from '../model/warning.ts'
import type { ReportFiles } from './report-files.ts'
import type { Shown } from './figures.ts'
import { addressesWarning, type Denominators } from './report-denominators.ts'
import type { RowsContext } from './report-rows.ts'

/** Files that may be there. */
export const statisticsFiles = [
  indicatorsFile,
  concentrationFile,
  outliersFile,
  recapturesFile,
  denominatorsFile,
] as const

interface Counted {
  readonly context: RowsContext & { readonly denominators: Denominators | undefined }
  readonly header: Header
  /** Rows of exposure-by-region.csv, without services that nobody asked for and no catalogue names. */
  readonly shown: readonly (Shown & { readonly rows: readonly ReportRow[] })[]
  /** Where networks were counted by endpoint. */
  readonly concentrations: ConcentrationGatherer | undefined
}

/** Figures by other denominators than people. */
export interface Measured {
  /** By which rates are printed. */
  readonly printed: Denominator
  readonly found: readonly Denominated[]
}

/** What figures tell beside themselves. */
export interface Statistics {
  readonly findings: PageFindings
  /** Writes each of its tables. */
  readonly tables: readonly ((files: Pick<ReportFiles, 'table'>) => Promise<void>)[]
  readonly measured: Measured | undefined
  readonly warnings: readonly Warning[]
  /** For datapackage.json. */
  readonly facts: Readonly<Record<string, object>>
}

/** Where figures are hidden: all that these tell would tell of them. */
export const noStatistics: Statistics = {
  findings: { outliers: [], concentrated: [], recaptured: [], denominated: [] },
  tables: [],
  measured: undefined,
  warnings: [],
  facts: {},
}

const filled =
  <T>(table: Table<T>, rows: readonly T[]) =>
  (files: Pick<ReportFiles, 'table'>): Promise<void> =>
    files.table(table, rows)

/** @throws CensusError exit 2 for denominators of figures that have no rates */
export async function statistics({ context, header, shown, concentrations }: Counted): Promise<Statistics> {
  const { figures, only, denominators } = context
  // Of some regions alone, or without rates, there is nothing to hold a region against.
  const isRated = only === undefined && !figures.isScopeLimited
  if (!isRated && denominators !== undefined)
    throw wrongInput('the figures are of the addresses of a scope alone, and have no rates', 'leave out --denominator')
  const told = isRated ? shown.flatMap(({ rows }) => [...indicators(rows)]) : []
  const outstanding = told.flatMap(({ row, funnel }) => (funnel === 'above-99.8' ? [row] : []))
  const totals = new Map(
    shown.flatMap(({ rows }) => rows.flatMap((row) => (row.service === 'all' ? [[row.region, row.count]] : []))),
  )
  const recaptured = only === undefined ? await figures.recaptures(context) : undefined
  const measures = await denominators?.measures()
  const measured = measures && shown.flatMap(({ rows }) => [...denominated(rows, measures)])
  const concentrated = concentrations?.found()
  const explained =
    isRated && figures.census !== undefined ? await figures.outliers(context, outstanding, totals) : undefined
  return {
    findings: {
      outliers: explained ?? [],
      concentrated: concentrated ?? [],
      recaptured: recaptured ?? [],
      denominated: measured ?? [],
    },
    tables: [
      ...(isRated ? [filled(indicatorsTable(header), told)] : []),
      ...(concentrated === undefined ? [] : [filled(concentrationTable(header), concentrated)]),
      ...(explained === undefined ? [] : [filled(outliersTable(header), explained)]),
      ...(recaptured === undefined ? [] : [filled(recapturesTable(header), recaptured)]),
      ...(measured === undefined ? [] : [filled(denominatorsTable(header), measured)]),
    ],
    measured: denominators && measured && { printed: denominators.printed, found: measured },
    warnings: measures === undefined ? [] : addressesWarning(measures, figures.census),
    facts: denominators === undefined ? {} : { denominators: denominators.facts() },
  }
}
