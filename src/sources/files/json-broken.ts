const newline = 0x0a

/** Where an element starts. `indent` is its column if only white space stands before it on the line, else -1. */
export interface Start {
  readonly line: number
  readonly indent: number
}

/**
 * Whether a line that begins so, `byte` at column `indent`, is no part of the element that started before it: it is
 * neither indented deeper nor begins like an inner line. (Outside lists a `]` closes nothing that is still wanted.)
 */
export function startsAnew(start: Start, inList: boolean, indent: number, byte: number): boolean {
  if (indent > start.indent || byte === 0x7d || byte === 0x22) return false
  return byte !== 0x5d || inList
}

/**
 * Skips what is left of a broken element: to its closing bracket, or to a line that begins with a bracket in the first
 * column. But when the element is the first on its line, at most to the line's end and then over all lines that belong to
 * it: a broken line of NDJSON must not swallow the next one.
 */
export class BrokenElement {
  /** Line ends skipped so far. */
  lines = 0
  /** Column at which reading goes on if only white space stands before it, else -1. */
  indent = -1
  /** Whether reading goes on at the beginning of a line. */
  newLine = false
  readonly #start: Start
  readonly #inList: boolean
  #depth: number
  #byLine: boolean
  #inString = false
  #escaped = false
  #column = 0
  #judging = false
  #lineStarts = false

  constructor(start: Start, inList: boolean, depth: number, byLine: boolean) {
    this.#start = start
    this.#inList = inList
    this.#depth = depth
    this.#byLine = byLine
  }

  /** The index at which reading goes on; undefined when all bytes belong to the broken element. */
  skip(bytes: Buffer, from: number): number | undefined {
    let at = from
    for (; !this.#byLine && at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (byte === newline && this.#start.indent >= 0) this.#byLine = true
      else if (byte === newline) this.lines++
      if (this.#byLine) break
      if (this.#lineStarts && (byte === 0x7b || byte === 0x5b)) return this.#readOn(at, 0)
      this.#lineStarts = byte === newline
      if (this.#escaped) this.#escaped = false
      else if (this.#inString && byte === 0x5c) this.#escaped = true
      else if (byte === 0x22) this.#inString = !this.#inString
      else if (this.#inString) continue
      else if (this.#depth === 0 && (byte === 0x2c || byte === 0x5d || byte === 0x7d)) return at
      else if (byte === 0x7b || byte === 0x5b) this.#depth++
      else if ((byte === 0x7d || byte === 0x5d) && --this.#depth === 0) return at + 1
    }
    return at < bytes.length ? this.#skipLines(bytes, at) : undefined
  }

  #skipLines(bytes: Buffer, from: number): number | undefined {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (byte === newline) {
        this.lines++
        this.#column = 0
        this.#judging = true
      } else if (!this.#judging) continue
      else if (byte === 0x20 || byte === 0x09 || byte === 0x0d) this.#column++
      else if (startsAnew(this.#start, this.#inList, this.#column, byte)) return this.#readOn(at, this.#column)
      else this.#judging = false
    }
    return undefined
  }

  #readOn(at: number, column: number): number {
    this.newLine = true
    this.indent = column
    return at
  }
}
