import { join } from 'node:path'
import { writeTable, type Table, type TableWriter } from '../model/table.ts'
import type { ReportFormat } from '../model/report-format.ts'
import { rounded } from '../reports/csv.ts'
import { csvTable } from '../reports/csv-table.ts'
import type { Described } from '../reports/datapackage.ts'
import { parquetTable } from '../store/parquet-table.ts'
import { writeSynced } from './drafts.ts'

/** A file that is written, with its rows; a page has none. */
export type WrittenFile = Described & { readonly rows: number }

/** The files of a report, as they are written into its draft. */
export interface ReportFiles {
  readonly written: readonly WrittenFile[]
  /** Whether tables are written in any format. */
  readonly hasTables: boolean
  /** Writes a table in all formats asked for. */
  table<T>(table: Table<T>, rows: AsyncIterable<T> | Iterable<T>): Promise<void>
  text(name: string, text: string): Promise<void>
}

/** Formats that have a file for each table, by extension. */
const tabular = {
  csv: csvTable,
  parquet: (table, path) => parquetTable(table, path, rounded),
} as const satisfies Partial<Record<ReportFormat, (table: Table<never>, path: string) => Promise<TableWriter>>>
const extensions = ['csv', 'parquet'] as const

/** Every file that a report may have. @param tables files of tables, as CSV */
export const fileNames = (tables: readonly string[]): string[] => [
  ...tables.flatMap((name) => extensions.map((extension) => name.replace(/csv$/, extension))),
  'report.html',
]

/** @param draft an empty folder */
export function reportFiles(formats: readonly ReportFormat[], draft: string): ReportFiles {
  const written: WrittenFile[] = []
  const asked = extensions.filter((each) => formats.includes(each))
  return {
    written,
    hasTables: asked.length > 0,
    table: async (table, rows) => {
      const files = asked.map((extension) => ({ extension, name: `${table.stem}.${extension}` }))
      const writers = files.map(
        ({ extension, name }) =>
          () =>
            tabular[extension](table, join(draft, name)),
      )
      const count = await writeTable(table, rows, writers)
      const columns = table.columns.map((column) => column.name)
      for (const { name } of files) written.push({ name, path: join(draft, name), columns, rows: count })
    },
    text: async (name, text) => {
      const path = join(draft, name)
      await writeSynced(path, text)
      written.push({ name, path, rows: 0 })
    },
  }
}
