import type { CensusSql } from '../store/census-sql.ts'
import type { Database } from '../store/duckdb.ts'
import type { Words } from './words.ts'

export type Connection = Database['connection']

/** What is served: a snapshot's census and its observations. */
export interface Holdings {
  readonly database: Pick<Database, 'connect'>
  readonly census: CensusSql
  /** SQL to select the snapshot's observations from. */
  readonly observations: string
  readonly words: Words
}
