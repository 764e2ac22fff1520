import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { wrongInput, failed, CensusError, exitCodes } from '../model/errors.ts'
import { duckdb } from './duckdb-package.ts'

/** A row as DuckDB's Node values, by column name. */
export type Row = Record<string, DuckDBValue>

export interface Database {
  /** The one that tells how far a statement is (`progress`). */
  readonly connection: DuckDBConnection
  /** A further connection to the same data, for statements that run at the same time. */
  connect(): Promise<DuckDBConnection>
  close(): void
}

export interface DatabaseOptions {
  /** Folders that statements may read and write; everything else, the network included, is out of reach. */
  readonly folders: readonly string[]
  /** Further files that statements may read. */
  readonly files?: readonly string[]
  /** Where DuckDB puts what does not fit in memory. */
  readonly temporary: string
  readonly memoryLimitMiB?: number
  /** Gives a statement one thread, not as many as there are processors. */
  readonly oneThread?: true
}

/**
 * An in-memory DuckDB that can reach the given folders only, loads no extensions and whose settings cannot be
 * changed by a statement. Time zone and locale play no part: every time is a TIMESTAMP in UTC.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    memory_limit: `${options.memoryLimitMiB ?? 500}MiB`,
    temp_directory: options.temporary,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // One thread keeps rows in their order without being told, and telling it makes it keep them twice.
    ...(options.oneThread ? { threads: '1', preserve_insertion_order: 'false' } : {}),
  })
  const connection = await instance.connect()
  // Only so that the connection's `progress` says something: nothing is printed.
  await connection.run('SET enable_progress_bar = true')
  await connection.run('SET enable_progress_bar_print = false')
  await connection.run('SET progress_bar_time = 0')
  // DuckDB checks a pattern before it looks for files, and then each file it found.
  const folders = options.folders
    .map((folder) => (folder.endsWith('/') ? folder : `${folder}/`))
    .flatMap((folder) => [sqlText(folder), pathText(folder)])
    .join(', ')
  await connection.run(`SET allowed_directories = [${folders}]`)
  const files = (options.files ?? []).flatMap((file) => [sqlText(file), pathText(file)])
  await connection.run(`SET allowed_paths = [${files.join(', ')}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
  return {
    connection,
    connect: () => instance.connect(),
    close: () => {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** A text as an SQL literal. NULs cannot stand in a statement and are refused. */
export function sqlText(value: string): string {
  if (value.includes('\0')) throw wrongInput(`a name holds a NUL byte: ${JSON.stringify(value)}`)
  return `'${value.replaceAll("'", "''")}'`
}

/**
 * A path as an SQL literal for DuckDB's readers, which take `*`, `?` and `[` for patterns; each stands for itself in
 * brackets. Nothing stands for a backslash but any character; what else that finds is out of the database's reach.
 */
export const pathText = (path: string): string => sqlText(path.replaceAll(/[[*?]/g, '[$&]').replaceAll('\\', '?'))

/** The rows of a Parquet file, as SQL to select from. A folder called `country=JP` on the way to it is no column. */
export const parquetFile = (path: string): string => `read_parquet(${pathText(path)}, hive_partitioning = false)`

/** The rows of all Parquet files of a folder, as SQL to select from. */
export const parquetFiles = (folder: string): string =>
  `read_parquet(${pathText(folder).slice(0, -1)}/*.parquet', hive_partitioning = false)`

/**
 * What several statements at once came to, when all of them have ended. The first failure is thrown only then: a database
 * closed under a running statement takes the process with it.
 */
export async function together<T extends readonly unknown[]>(work: {
  readonly [K in keyof T]: Promise<T[K]>
}): Promise<T> {
  await Promise.allSettled(work)
  return Promise.all(work)
}

/** Runs a query and hands its rows over column by column, some thousand rows at a time: as chunks are stored, and read fastest. */
export async function* columnBatches(connection: DuckDBConnection, sql: string): AsyncGenerator<DuckDBValue[][]> {
  const result = await connection.stream(sql)
  for (;;) {
    const chunk = await result.fetchChunk()
    if (!chunk || chunk.rowCount === 0) return
    yield chunk.getColumns()
  }
}

/** Runs a query and hands its rows over chunk by chunk. */
export async function* rows(connection: DuckDBConnection, sql: string): AsyncGenerator<Row> {
  const result = await connection.stream(sql)
  const names = result.deduplicatedColumnNames()
  for (;;) {
    const chunk = await result.fetchChunk()
    if (!chunk || chunk.rowCount === 0) return
    const columns = chunk.getColumns()
    for (let row = 0; row < chunk.rowCount; row++) {
      const record: Row = {}
      for (const [index, name] of names.entries()) record[name] = columns[index]?.[row] ?? null
      yield record
    }
  }
}

/** All rows of a small result. */
export async function all(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const found: Row[] = []
  for await (const row of rows(connection, sql)) found.push(row)
  return found
}

/** The one row of a result that has exactly one. */
export async function one(connection: DuckDBConnection, sql: string): Promise<Row> {
  const found = await all(connection, sql)
  const row = found[0]
  if (row === undefined || found.length !== 1)
    throw failed(`a query gave ${found.length} rows where one was due: ${sql.slice(0, 200)}`)
  return row
}

export const toNumber = (value: DuckDBValue | undefined): number => Number(value ?? 0)
export const toText = (value: DuckDBValue | undefined): string =>
  value === null || value === undefined ? '' : String(value)

/** Turns DuckDB's and the file system's failures into one line a person can act on. */
export function storageError(
  error: unknown,
  what: string,
  standing = 'what was in the store stands untouched',
): CensusError {
  if (error instanceof CensusError) return error
  const text = error instanceof Error ? error.message : String(error)
  const full = /no space left|disk full|ENOSPC|EDQUOT|could not write|max_temp_directory_size/i.test(text)
  const message = `${what}: ${text.split('\n')[0] ?? ''}`
  return new CensusError(message, {
    exit: exitCodes.failed,
    cause: error,
    hint: full
      ? `the disk is full or not writable: free some space and run the same command again; ${standing}`
      : /EROFS|EACCES|EPERM/.test(text)
        ? `nothing may be written there: check its permissions, or name another folder; ${standing}`
        : standing,
  })
}
