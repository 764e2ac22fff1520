/** A cell: text, a number, or nothing, as which empty text counts too. Text is what was seen: what a file's readers would run is each writer's to prevent. */
export type Value = string | number | undefined

/** A row in parts, left to right. A part that is the same array as in the row before need not be written anew. */
export type TableRow = readonly (readonly Value[])[]

/** What a column holds; times are UTC, ISO 8601. */
export type ColumnType = 'string' | 'datetime' | 'integer' | 'number'

export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** One sentence, in English. */
  readonly description: string
}

/** A table: what CSV, XLSX and Parquet files are written of. */
export interface Table<T> {
  /** Its files' name, without extension. */
  readonly stem: string
  readonly columns: readonly Column[]
  readonly row: (each: T) => TableRow
}

/** A file, or a part of one, that a table is written to. */
export interface TableWriter {
  /** @returns what is to be awaited before the next row, if anything */
  add(row: TableRow): Promise<void> | undefined
  /** After the last row. */
  finish(): Promise<void>
  /** Lets go of what is open, also where a row failed. */
  close(): Promise<void>
}

/** Writes a table's rows to all writers at once, so that they are made once. @returns the number of rows */
export async function writeTable<T>(
  table: Table<T>,
  rows: AsyncIterable<T> | Iterable<T>,
  open: readonly (() => Promise<TableWriter>)[],
): Promise<number> {
  const writers: TableWriter[] = []
  let count = 0
  try {
    for (const each of open) writers.push(await each())
    for await (const each of rows) {
      const row = table.row(each)
      for (const writer of writers) {
        const busy = writer.add(row)
        if (busy !== undefined) await busy
      }
      count++
    }
    for (const writer of writers) await writer.finish()
  } finally {
    for (const writer of writers) await writer.close()
  }
  return count
}
