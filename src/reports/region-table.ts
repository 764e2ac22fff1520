import type { Located } from '../model/findings.ts'
import type { ReportRow } from '../model/report-row.ts'
import type { Table, Value } from '../model/table.ts'
import { columnsOf } from './fields.ts'

/** What every row of a source says of the snapshot. */
export interface RowHeader {
  readonly snapshot: string
  readonly observedFrom: string
  readonly observedTo: string
  readonly basis: 'records' | 'facets'
}
export type Header = (source: string) => RowHeader

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
export function leadCells(header: RowHeader, at: Omit<Located, 'unit'>): string[] {
  const { snapshot, observedFrom, observedTo, basis } = header
  const { country, region, regionName, regionNameLocal, service } = at
  return [snapshot, observedFrom, observedTo, at.source, basis, country, region, regionName, regionNameLocal, service]
}

/** Columns by their names in fields.ts, in order, each with its cell of a row. */
export type Cells<T> = Readonly<Record<string, (each: T) => Value>>

/** What tables of what is told beside a figure have of the figure itself. */
export const figureCells = {
  unit: ({ row }) => row.unit,
  count: ({ row }) => row.count,
  population: ({ row }) => row.population,
  per_100k: ({ row }) => row.per100k,
} as const satisfies Cells<{ readonly row: ReportRow }>

/**
 * A table of figures of regions: what all such tables begin with, and columns of its own.
 * @param file its CSV file
 * @param lead `leadCells` of a row
 */
export function regionTable<T>(file: string, lead: (each: T) => readonly string[], cells: Cells<T>): Table<T> {
  const own = Object.values(cells)
  return {
    stem: file.replace('.csv', ''),
    columns: columnsOf([...leadColumns, ...Object.keys(cells)]),
    row: (each) => [lead(each), own.map((cell) => cell(each))],
  }
}
