import { open } from 'node:fs/promises'
import { csvCell, csvLine, numberCell } from './csv.ts'
import { rowText } from './row-text.ts'
import type { Table, TableWriter, Value } from '../model/table.ts'

const cellOf = (value: Value): string => `,${typeof value === 'string' ? csvCell(value) : numberCell(value)}`

/** Writes a table as CSV: UTF-8, CRLF, a header row. Bytes depend on the rows alone. */
export async function csvTable({ columns }: Table<never>, path: string): Promise<TableWriter> {
  const file = await open(path, 'wx', 0o600)
  let text = csvLine(columns.map(({ name }) => csvCell(name)))
  const textOf = rowText(cellOf)
  const write = async (): Promise<void> => {
    const full = text
    text = ''
    await file.writeFile(full)
  }
  return {
    add: (row) => {
      text += `${textOf(row).slice(1)}\r\n`
      return text.length > 2 ** 20 ? write() : undefined
    },
    finish: async () => {
      await write()
      await file.sync()
    },
    close: () => file.close(),
  }
}
