import type { Reading } from '../../model/reader.ts'

/** One JSON value that may hold records; `line` is the line of the file on which it starts. */
export interface JsonElement {
  readonly kind: 'element'
  readonly line: number
  readonly value: unknown
  readonly text: string
}

/**
 * The object around a list, its lists replaced by null: what it says beside them. Comes when a list begins
 * (`whole: false`, with what stood before it) and when the object ends.
 */
export interface JsonEnvelope {
  readonly kind: 'envelope'
  readonly line: number
  readonly value: unknown
  readonly whole: boolean
}

export type JsonItem = JsonElement | JsonEnvelope | Exclude<Reading, { kind: 'record' }>
