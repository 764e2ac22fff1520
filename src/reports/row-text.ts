import type { TableRow, Value } from '../model/table.ts'

/** Writes rows as text, cell after cell. A part that a row shares with the one before is written once. */
export function rowText(cell: (value: Value, column: number) => string): (row: TableRow) => string {
  const parts: (readonly Value[])[] = []
  const texts: string[] = []
  return (row) => {
    let column = 0
    let text = ''
    for (let index = 0; index < row.length; index++) {
      const part = row[index] ?? []
      if (part !== parts[index]) {
        let written = ''
        for (let at = 0; at < part.length; at++) written += cell(part[at], column + at)
        parts[index] = part
        texts[index] = written
      }
      column += part.length
      text += texts[index] ?? ''
    }
    return text
  }
}
