import { open } from 'node:fs/promises'
import { csvCell, csvLine, numberCell } from './csv.ts'

/** A table that is small enough to be held; a cell without a value is empty. */
export interface Table {
  /** Of its file. */
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number | undefined)[])[]
}

/** Writes a table as CSV: UTF-8, CRLF, a header row. */
export async function writeTableCsv(path: string, { columns, rows }: Table): Promise<void> {
  const lines = rows.map((row) =>
    csvLine(row.map((cell) => (typeof cell === 'string' ? csvCell(cell) : numberCell(cell)))),
  )
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(csvLine(columns) + lines.join(''))
    await file.sync()
  } finally {
    await file.close()
  }
}
