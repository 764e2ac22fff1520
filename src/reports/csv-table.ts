import { open } from 'node:fs/promises'
import { plainCsv, type CsvDialect } from '../model/report-format.ts'
import { delimitedCell, numberCell } from './csv.ts'
import { rowText } from './row-text.ts'
import type { Table, TableWriter, Value } from '../model/table.ts'

/** Writes a table as CSV: UTF-8, CRLF, a header row. Bytes depend on the rows and the dialect alone. */
export async function csvTable(
  { columns }: Table<never>,
  path: string,
  { delimiter, decimalMark, hasMark }: CsvDialect = plainCsv,
): Promise<TableWriter> {
  const numberOf = (value: number | undefined): string =>
    decimalMark === '.' ? numberCell(value) : numberCell(value).replace('.', ',')
  const cellOf = (value: Value): string =>
    delimiter + (typeof value === 'string' ? delimitedCell(value, delimiter) : numberOf(value))
  const file = await open(path, 'wx', 0o600)
  let text = `${hasMark ? '\ufeff' : ''}${columns.map(({ name }) => delimitedCell(name, delimiter)).join(delimiter)}\r\n`
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
