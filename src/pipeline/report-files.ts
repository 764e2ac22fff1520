import { join } from 'node:path'
import type { ReportFormat } from '../model/report-format.ts'
import { csvTable } from '../reports/csv-table.ts'
import type { Described } from '../reports/datapackage.ts'
import { writeTable, type Table } from '../model/table.ts'
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

/** @param draft an empty folder */
export function reportFiles(formats: readonly ReportFormat[], draft: string): ReportFiles {
  const written: WrittenFile[] = []
  return {
    written,
    hasTables: formats.includes('csv'),
    table: async (table, rows) => {
      const name = `${table.stem}.csv`
      const path = join(draft, name)
      const count = await writeTable(table, rows, [await csvTable(table, path)])
      written.push({ name, path, columns: table.columns.map((column) => column.name), rows: count })
    },
    text: async (name, text) => {
      const path = join(draft, name)
      await writeSynced(path, text)
      written.push({ name, path, rows: 0 })
    },
  }
}
