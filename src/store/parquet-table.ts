import { chmod, mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ColumnType, Table, TableWriter, Value } from '../model/table.ts'
import { openDatabase, sqlText } from './duckdb.ts'
import { parquet } from './observations.ts'

/** Of a column while rows come in, and of what is written. */
const types: Readonly<Record<ColumnType, readonly [string, string]>> = {
  string: ['VARCHAR', 'VARCHAR'],
  datetime: ['VARCHAR', 'TIMESTAMPTZ'],
  integer: ['BIGINT', 'BIGINT'],
  number: ['DOUBLE', 'DOUBLE'],
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * Writes a table as Parquet, its rows in the order they come, text as it was seen; what is empty is NULL.
 * @param path absolute, of a file that is not there; beside it, a folder of that name with `.work` is made meanwhile
 * @param rounded what is written of a number
 */
export async function parquetTable(
  { columns }: Table<never>,
  path: string,
  rounded: (value: number) => number,
): Promise<TableWriter> {
  const work = `${path}.work`
  await mkdir(work, { recursive: true, mode: 0o700 })
  // Two threads would write rows in the order they are done with.
  const database = await openDatabase({ folders: [dirname(path)], temporary: work, oneThread: true })
  const { connection } = database
  const declared = columns.map(({ name, type }) => `${identifier(name)} ${types[type][0]}`)
  await connection.run(`CREATE TABLE rows (${declared.join(', ')})`)
  const appender = await connection.createAppender('rows')
  const append = (value: Value, type: ColumnType | undefined): void => {
    if (value === undefined || value === '') appender.appendNull()
    else if (typeof value === 'string') appender.appendVarchar(value)
    // Plus 0, as a dictionary of values takes -0 for the 0 that it may already have.
    else if (type === 'number') appender.appendDouble(rounded(value) + 0)
    else appender.appendBigInt(BigInt(value))
  }
  return {
    add: (row) => {
      let index = 0
      for (const part of row) for (const value of part) append(value, columns[index++]?.type)
      appender.endRow()
      return undefined
    },
    finish: async () => {
      appender.closeSync()
      const written = columns.map(({ name, type }) => `${identifier(name)}::${types[type][1]} AS ${identifier(name)}`)
      await connection.run(`COPY (SELECT ${written.join(', ')} FROM rows) TO ${sqlText(path)} (${parquet})`)
      await chmod(path, 0o600)
      const file = await open(path)
      await file.sync()
      await file.close()
    },
    close: async () => {
      database.close()
      await rm(work, { recursive: true, force: true })
    },
  }
}
