import { join } from 'node:path'
import type { Language, PageFacts } from '../model/page.ts'
import { writeTable, type Column, type Table, type TableWriter } from '../model/table.ts'
import { plainCsv, type CsvDialect, type ReportFormat } from '../model/report-format.ts'
import { rounded } from '../reports/csv.ts'
import { csvTable } from '../reports/csv-table.ts'
import type { Described } from '../reports/datapackage.ts'
import { openWorkbook, type Workbook } from '../reports/xlsx.ts'
import { parquetTable } from '../store/parquet-table.ts'
import { writeSynced } from './drafts.ts'

/** A file that is written, with its rows; a page has none. */
export type WrittenFile = Described & { readonly rows: number }

/** The files of a report, as they are written into its draft. */
export interface ReportFiles {
  readonly written: readonly WrittenFile[]
  /** Whether tables are written in any format. */
  readonly hasTables: boolean
  /** Whether the most frequent products and networks are drawn. */
  readonly hasCharts: boolean
  /** Whether a file besides tables is written, which is made of what the page is made of. */
  readonly hasPages: boolean
  /** Writes a table in all formats asked for. */
  table<T>(table: Table<T>, rows: AsyncIterable<T> | Iterable<T>): Promise<void>
  /** Writes a table as CSV alone, marked with who may have it. */
  marked<T>(table: Table<T>, rows: AsyncIterable<T>, marking: string): Promise<void>
  /** Writes what is made of all tables, or of the same facts. */
  pages(facts: PageFacts, language: Language): Promise<void>
  /** Lets go of what is open, also where something failed. */
  close(): Promise<void>
}

/** Formats that have a file for each table, by extension. */
const tabular = {
  csv: csvTable,
  parquet: (table, path) => parquetTable(table, path, rounded),
} as const satisfies Partial<
  Record<ReportFormat, (table: Table<never>, path: string, dialect: CsvDialect) => Promise<TableWriter>>
>
const extensions = ['csv', 'parquet'] as const

/** Files made of facts, and of all tables. */
const single = {
  html: 'report.html',
  xlsx: 'report.xlsx',
  geojson: 'exposure-by-region.geojson',
  md: 'report.md',
} as const satisfies Partial<Record<ReportFormat, string>>

/** Every file that a report may have. @param tables files of tables, as CSV */
export const fileNames = (tables: readonly string[]): string[] => [
  ...tables.flatMap((name) => extensions.map((extension) => name.replace(/csv$/, extension))),
  ...Object.values(single),
]

/** @param draft an empty folder, once the first file is written */
export function reportFiles(formats: readonly ReportFormat[], draft: string, dialect = plainCsv): ReportFiles {
  const written: WrittenFile[] = []
  const columns: Column[] = []
  const asked = extensions.filter((each) => formats.includes(each))
  const wants = (format: ReportFormat): boolean => formats.includes(format)
  let workbook: Workbook | undefined
  const text = async (name: string, content: string, more: Pick<Described, 'sources'> = {}): Promise<void> => {
    await writeSynced(join(draft, name), content)
    written.push({ name, path: join(draft, name), rows: 0, ...more })
  }
  return {
    written,
    hasTables: asked.length > 0 || wants('xlsx'),
    hasCharts: wants('html'),
    hasPages: formats.some((format) => format in single),
    table: async (table, rows) => {
      const files = asked.map((extension) => ({ extension, name: `${table.stem}.${extension}` }))
      const writers = files.map(
        ({ extension, name }) =>
          () =>
            tabular[extension](table, join(draft, name), dialect),
      )
      if (wants('xlsx')) {
        const book = (workbook ??= await openWorkbook(join(draft, single.xlsx)))
        writers.push(() => book.sheet(table))
      }
      const count = await writeTable(table, rows, writers)
      columns.push(...table.columns)
      for (const { name } of files)
        written.push({ name, path: join(draft, name), columns: table.columns, rows: count, dialect })
    },
    marked: async (table, rows, marking) => {
      const name = `${table.stem}.csv`
      const path = join(draft, name)
      const count = await writeTable(table, rows, [() => csvTable(table, path, dialect)])
      written.push({ name, path, columns: table.columns, rows: count, dialect, marking })
    },
    pages: async (facts, language) => {
      // Loaded here, as drawing charts needs much that nothing else does.
      if (wants('html')) {
        const { mapSources, page } = await import('../reports/page/page.ts')
        await text(single.html, page(facts, language), mapSources(facts))
      }
      if (wants('geojson')) {
        const { loadSeats } = await import('../locate/region-seats.ts')
        await text(single.geojson, (await import('../reports/geojson.ts')).geojson(facts, await loadSeats()))
      }
      if (wants('md')) await text(single.md, (await import('../reports/markdown.ts')).markdown(facts, language))
      if (workbook !== undefined) {
        const { headingOf, workbookNotes } = await import('../reports/notes.ts')
        await workbook.finish(headingOf(language, facts), (shortened) =>
          workbookNotes(language, facts, columns, shortened),
        )
        written.push({ name: single.xlsx, path: join(draft, single.xlsx), rows: 0 })
      }
    },
    close: async () => workbook?.close(),
  }
}
