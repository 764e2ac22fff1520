import type { DuckDBResult, DuckDBValue } from '@duckdb/node-api'
import type { Answer, Cell } from '../model/cell.ts'
import { failed, wrongInput, type CensusError } from '../model/errors.ts'
import { duckdb } from './duckdb-package.ts'
import { openDatabase, sqlText } from './duckdb.ts'
import type { Question } from './question.ts'

const { DuckDBArrayValue, DuckDBDecimalValue, DuckDBListValue, DuckDBMapValue, DuckDBStructValue, DuckDBTypeId } =
  duckdb

/** A table that a question can read: SQL over files of the store, or rows that are handed over. */
export interface AskedTable {
  readonly name: string
  readonly from: string | { readonly columns: Readonly<Record<string, string>>; readonly rows: readonly unknown[] }
}

export interface AskLimits {
  /** MiB; what does not fit is not written to the disk instead. */
  readonly memory: number
  /** How long DuckDB may work, all in all; whoever reads the answer slowly is given time. */
  readonly seconds: number
}

/** An answer that is being made. `close()` when it is done with. */
export interface OpenAnswer extends Answer {
  close(): void
}

/**
 * Asks a question that `readQuestion` took.
 * @param folders the files of the tables lie there, and nothing else can be read
 * @throws CensusError exit 2 for a question that cannot be answered, exit 1 for one that needs more than it may; also while rows are read
 */
export async function ask(
  question: Question,
  folders: readonly string[],
  tables: readonly AskedTable[],
  limits: AskLimits,
): Promise<OpenAnswer> {
  const database = await openDatabase({ folders, temporary: '', memoryLimitMiB: limits.memory })
  const { connection } = database
  let left = limits.seconds * 1000
  let isLate = false
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    const interrupt = setTimeout(() => {
      isLate = true
      connection.interrupt()
    }, left)
    try {
      const result = await work()
      // An interrupted answer may look like one that has ended.
      if (isLate) throw new Error('interrupted')
      return result
    } catch (error) {
      throw isLate
        ? failed(`the question took longer than ${limits.seconds} s`, 'ask for less, or give it more: --max-seconds')
        : refused(error, limits)
    } finally {
      clearTimeout(interrupt)
      left = Math.max(0, left - (performance.now() - began))
    }
  }
  try {
    for (const { name, from } of tables)
      await connection.run(typeof from === 'string' ? viewOf(name, from) : tableOf(name, from))
    const result = await timed(() => connection.stream(question.sql))
    const types = result.columnTypes()
    return {
      columns: result.deduplicatedColumnNames().map((name, index) => {
        return { name, isNumber: numbers.has(types[index]?.typeId ?? DuckDBTypeId.INVALID) }
      }),
      batches: batches(result, timed),
      close: () => database.close(),
    }
  } catch (error) {
    database.close()
    throw error
  }
}

const viewOf = (name: string, from: string): string => `CREATE VIEW ${name} AS ${from}`

function tableOf(name: string, { columns, rows }: Exclude<AskedTable['from'], string>): string {
  const json = sqlText(JSON.stringify(rows))
  return `CREATE TABLE ${name} AS SELECT unnest(from_json(${json}, ${sqlText(JSON.stringify([columns]))}), recursive := true)`
}

async function* batches(
  result: DuckDBResult,
  timed: <T>(work: () => Promise<T>) => Promise<T>,
): AsyncGenerator<Cell[][]> {
  for (;;) {
    const rows = await timed(async () => (await result.fetchChunk())?.getRows().map((row) => row.map(cellOf)) ?? [])
    if (rows.length === 0) return
    yield rows
  }
}

const numbers: ReadonlySet<number> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
])

/** A decimal of so many digits comes back from a double as it was. */
const exactDigits = 15

function cellOf(value: DuckDBValue): Cell {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (value instanceof DuckDBDecimalValue) {
    const text = value.toString()
    return text.replaceAll(/\D/g, '').length <= exactDigits ? Number(text) : text
  }
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(cellOf)
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(Object.entries(value.entries).map(([key, each]) => [key, cellOf(each)]))
  if (value instanceof DuckDBMapValue) return value.entries.map(({ key, value: each }) => [cellOf(key), cellOf(each)])
  return String(value)
}

/** What DuckDB says, in a line. */
function refused(error: unknown, { memory }: AskLimits): CensusError {
  const text = error instanceof Error ? error.message : String(error)
  if (text.startsWith('Out of Memory'))
    return failed(`the question needs more than ${memory} MiB of memory`, 'ask for less, or give it more: --max-memory')
  // Where in the question, and advice on settings that nobody can change, fill lines of their own.
  const said = (text.split(/\n\n|\nLINE /)[0] ?? '').replaceAll(/\s+/g, ' ')
  if (/^(IO|Internal|FATAL) Error/i.test(text)) return failed(`the question failed: ${said}`, undefined, error)
  return wrongInput(said, '`census query "SHOW TABLES"` shows the tables, `"DESCRIBE census"` the columns of one')
}
