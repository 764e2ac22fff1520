import type { Observation, ObservationField, RecordSource } from './observation.ts'

/** What a reader hands on. `line` counts from 1: the line of the file, or the element's number in a document. */
export type Reading =
  | { readonly kind: 'record'; readonly line: number; readonly observation: Observation }
  /** One record that could not be read: becomes a line of rejects.ndjson. `text` is an excerpt of the input. */
  | {
      readonly kind: 'reject'
      readonly line: number
      readonly reason: RejectReason
      readonly detail?: string
      readonly text?: string
    }
  /** The input ends before it should: what came before is kept and the snapshot is partial. */
  | { readonly kind: 'cut'; readonly line: number; readonly detail: string }

/** The closed list of reasons for a reject; each stands in docs/method.md with one sentence. */
export const rejectReasons = [
  'not-json',
  'line-too-long',
  'not-a-record',
  'no-address',
  'bad-address',
  'bad-port',
  'bad-time',
  'bad-row',
] as const
export type RejectReason = (typeof rejectReasons)[number]

/** The beginning of an input, decompressed: what format detection may look at. */
export interface Head {
  /** At most 64 KiB of decoded text (invalid UTF-8 replaced, BOM removed). */
  readonly text: string
  /** Base name of the file without .gz or .zst; `-` for standard input. */
  readonly fileName: string
  /** Whether `text` is the whole input. */
  readonly whole: boolean
}

export interface ReadOptions {
  readonly fileName: string
  /** A line or element longer than this is rejected (`line-too-long`). */
  readonly maxRecordBytes: number
  /** ISO 8601 UTC: what `--observed-at` says, for formats that carry no time. */
  readonly observedAt?: string
  /** For the generic CSV format: observation field → column name. */
  readonly columns?: Readonly<Record<string, string>>
}

/** One file format: a member of src/sources/files/index.ts. */
export interface Reader {
  readonly id: FormatId
  readonly source: RecordSource
  readonly title: string
  /** Whether this head is this format. Readers are asked in the index's order; the first yes wins. */
  detect(head: Head): boolean
  /**
   * Streams an input of this format. Never throws on content: what cannot be read is a `reject`, an early end a
   * `cut`. Memory is bounded by `maxRecordBytes`, not by the input's size.
   */
  read(input: AsyncIterable<Uint8Array>, options: ReadOptions): AsyncGenerator<Reading>
  readonly bulk?: BulkMapping
}

export const formatIds = [
  'shodan',
  'censys',
  'zoomeye',
  'fofa',
  'onyphe',
  'nmap',
  'masscan',
  'zmap',
  'zgrab2',
  'shadowserver',
  'httpx',
  'csv',
] as const
export type FormatId = (typeof formatIds)[number]

/**
 * How DuckDB itself reads a format's clean NDJSON lines, many times faster than `read()` can. Lines for which `sound`
 * is not true go to `read()`; for the others both must give the same observation.
 */
export interface BulkMapping {
  /** Keys of the line's object and their DuckDB types. */
  readonly columns: Readonly<Record<string, string>>
  /** Further columns, made once of those: name → SQL. */
  readonly parsed: Readonly<Record<string, string>>
  /** Observation field → SQL over all of them: text or what it becomes (a number, a timestamp), NULL where absent. */
  readonly fields: Readonly<Record<ObservationField, string>>
  /** SQL that is true when the line can be read this way; whether `ip` is an address is seen to by the store. */
  readonly sound: string
  /** Whether the input is of the kind the mapping reads: one object a line. */
  applies(head: Head): boolean
}
