import { open } from 'node:fs/promises'
import { csvCell, csvLine, numberCell } from './csv.ts'
import type { Table, TableWriter, Value } from '../model/table.ts'

const cellOf = (value: Value): string => (typeof value === 'string' ? csvCell(value) : numberCell(value))

/** Writes a table as CSV: UTF-8, CRLF, a header row. Bytes depend on the rows alone. */
export async function csvTable({ columns }: Table<never>, path: string): Promise<TableWriter> {
  const file = await open(path, 'wx', 0o600)
  let text = csvLine(columns.map(({ name }) => csvCell(name)))
  const parts: (readonly Value[])[] = []
  const texts: string[] = []
  const write = async (): Promise<void> => {
    const full = text
    text = ''
    await file.writeFile(full)
  }
  return {
    add: (row) => {
      for (let index = 0; index < row.length; index++) {
        const part = row[index]
        if (part === undefined || part === parts[index]) continue
        parts[index] = part
        let written = ''
        for (const value of part) written += `,${cellOf(value)}`
        texts[index] = written
      }
      let line = ''
      for (const each of texts) line += each
      text += `${line.slice(1)}\r\n`
      return text.length > 2 ** 20 ? write() : undefined
    },
    finish: async () => {
      await write()
      await file.sync()
    },
    close: () => file.close(),
  }
}
