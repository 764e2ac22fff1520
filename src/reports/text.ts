import stringWidth from 'string-width'

/**
 * Text from outside, safe to print: control characters, which could move the cursor or change the title, and characters
 * that are invisible or turn the direction of writing become `?`.
 */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '?')
}

/** Characters looked at for a terminal: measuring takes its time, and invisible characters have no end. */
const longest = 1000

/** Cuts text to so many terminal columns (East Asian wide characters take two), with an ellipsis where something is cut. */
export function fit(text: string, width: number): string {
  const long = text.length > longest
  if (!long && stringWidth(text) <= width) return text
  let cut = ''
  let taken = 0
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text.slice(0, longest))) {
    taken += stringWidth(segment)
    if (taken > width - 1) break
    cut += segment
  }
  return `${cut}…`
}

export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
  readonly maxWidth?: number
}

/** Columns of a terminal. */
export const terminalWidth = 80

/** Rows as aligned lines, two spaces between columns; also with wide characters. Wide text columns are cut to fit a terminal. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = terminalWidth,
): string[] {
  const cells = [columns.map((column) => column.title), ...rows].map((row) =>
    row.map((cell, index) => fit(printable(cell), columns[index]?.maxWidth ?? terminalWidth)),
  )
  const widths = columns.map((_, index) =>
    cells.reduce((widest, row) => Math.max(widest, stringWidth(row[index] ?? '')), 0),
  )
  shrink(widths, columns, width)
  return cells.map((row) =>
    row
      .map((whole, index) => {
        const cell = fit(whole, widths[index] ?? 0)
        const space = ' '.repeat((widths[index] ?? 0) - stringWidth(cell))
        return columns[index]?.align === 'right' ? space + cell : cell + space
      })
      .join('  ')
      .trimEnd(),
  )
}

/** Takes what is too much for a terminal from the widest column of text, down to eight columns each. */
function shrink(widths: number[], columns: readonly Column[], room: number): void {
  const excess = (): number => widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1)) - room
  while (excess() > 0) {
    const widest = Math.max(...widths.filter((_, index) => columns[index]?.align === 'left'))
    if (widest <= 8) return
    const index = widths.findIndex((width, at) => width === widest && columns[at]?.align === 'left')
    widths[index] = widest - 1
  }
}

/** A whole number with thousands separators, whatever the locale. */
export const grouped = (value: number): string => String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',')

/** `3 tcp, 1 udp`. */
export const counted = (counts: Readonly<Record<string, number | undefined>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${grouped(count ?? 0)} ${name}`)
    .join(', ')

/** Words in lines of so many characters at most; none of ours is wider than a column or longer than a line. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}

/** How far a total moved, for people. */
export const moved = (whose: string, { first, last }: { readonly first: number; readonly last: number }): string =>
  first === last
    ? `${whose} stayed at ${grouped(first)} meanwhile.`
    : `${whose} went from ${grouped(first)} to ${grouped(last)} meanwhile.`
