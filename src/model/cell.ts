/**
 * A value of an answer to a question in SQL. Times, dates, identifiers and bytes are text; what JSON's numbers cannot hold exactly (big whole numbers,
 * long decimals, infinities) is text too, and its column says that it is a number.
 */
export type Cell = null | boolean | number | string | readonly Cell[] | { readonly [key: string]: Cell }

export interface CellColumn {
  readonly name: string
  /** Whether its text is a number's, and no spreadsheet's formula. */
  readonly isNumber: boolean
}

/** An answer, its rows some thousand at a time. */
export interface Answer {
  readonly columns: readonly CellColumn[]
  readonly batches: AsyncIterable<readonly (readonly Cell[])[]>
}
