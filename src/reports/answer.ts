import stringWidth from 'string-width'
import type { Cell, CellColumn } from '../model/cell.ts'
import { csvCell, csvLine } from './csv.ts'
import { printable, table, terminalWidth } from './text.ts'

/** A row as CSV. A number stays a number, also where it is too long for one and kept as text. */
export const answerCsv = (columns: readonly CellColumn[], row: readonly Cell[]): string =>
  csvLine(row.map((cell, index) => (isPlain(columns[index], cell) ? text(cell) : csvCell(text(cell)))))

const isPlain = (column: CellColumn | undefined, cell: Cell): boolean =>
  column?.isNumber === true || typeof cell === 'number'

export const answerHeader = (columns: readonly CellColumn[]): string =>
  csvLine(columns.map(({ name }) => csvCell(name)))

/** A row as a JSON object. Not by way of an object, which would put numbers first and lose `__proto__`. */
export const answerJson = (columns: readonly CellColumn[], row: readonly Cell[]): string =>
  `{${columns.map(({ name }, index) => `${JSON.stringify(name)}: ${JSON.stringify(row[index] ?? null)}`).join(', ')}}`

/** Rows for people: a table where it fits a terminal, else each row as a list of its columns. */
export function answerLines(columns: readonly CellColumn[], rows: readonly (readonly Cell[])[]): string[] {
  const titles = columns.map(({ name, isNumber }) => ({
    title: name,
    align: isNumber ? ('right' as const) : ('left' as const),
  }))
  const cells = rows.map((row) => row.map(text))
  const isFlat = cells.every((row) => row.every((cell) => !/[\r\n]/.test(cell)))
  const lines = isFlat ? table(titles, cells) : []
  if (isFlat && lines.every((line) => stringWidth(line) <= terminalWidth)) return lines
  const names = columns.map(({ name }) => printable(name))
  const indent = Math.max(...names.map((name) => stringWidth(name))) + 2
  return cells.flatMap((row, index) =>
    [
      ...(index === 0 ? [] : ['']),
      ...row.flatMap((cell, at) => {
        const name = names[at] ?? ''
        const [first = '', ...more] = cell.split(/\r\n|\r|\n/)
        return [name + ' '.repeat(indent - stringWidth(name)) + first, ...more.map((line) => ' '.repeat(indent) + line)]
      }),
    ].map((line) => printable(line).trimEnd()),
  )
}

const text = (cell: Cell): string => {
  if (cell === null) return ''
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
}
