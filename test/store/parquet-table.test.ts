import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { writeTable, type Table, type TableRow } from '../../src/model/table.ts'
import { all, openDatabase, parquetFile } from '../../src/store/duckdb.ts'
import { parquetTable } from '../../src/store/parquet-table.ts'
import { withFolder } from '../helpers/census.ts'
import { hostileTexts } from '../helpers/hostile-texts.ts'

const table: Table<TableRow> = {
  stem: 'test',
  columns: [
    { name: 'product', type: 'string', description: '' },
    { name: 'when "observed"', type: 'datetime', description: '' },
    { name: 'count', type: 'integer', description: '' },
    { name: 'rate', type: 'number', description: '' },
  ],
  row: (row) => row,
}

/** The rows as DuckDB reads them, columns by their types, and the file's bytes. */
const written = (rows: readonly TableRow[]): Promise<{ read: unknown[]; bytes: Buffer }> =>
  withFolder(async (folder) => {
    const path = join(folder, 'test.parquet')
    await writeTable(table, rows, [() => parquetTable(table, path, (value) => Math.round(value))])
    expect(await readdir(folder)).toEqual(['test.parquet'])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const database = await openDatabase({ folders: [folder], temporary: folder })
    // Behind a letter, as a byte order mark at a text's beginning is dropped when it is handed over.
    const read = await all(
      database.connection,
      `SELECT 'x' || product, epoch_ms("when ""observed""") AS ms, count, rate, typeof(COLUMNS(*)) FROM ${parquetFile(path)}`,
    )
    database.close()
    return { read, bytes: await readFile(path) }
  })

const text = fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ unit: 'binary', maxLength: 40 }))
const row = fc.tuple(
  fc.option(text, { nil: undefined }),
  fc.option(fc.integer({ min: 0, max: 4e12 }), { nil: undefined }),
  fc.option(fc.maxSafeInteger(), { nil: undefined }),
  fc.option(fc.double({ noNaN: true }), { nil: undefined }),
)

test('what is read is what was seen, typed, in order; the same rows are the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 30 }), async (rows) => {
      const given = rows.map(([product, ms, count, rate]) => {
        const when = ms === undefined ? undefined : `${new Date(ms).toISOString().slice(0, 19)}Z`
        return [
          [product, when],
          [count, rate],
        ] as const
      })
      const { read, bytes } = await written(given)
      expect(read.map((each) => Object.values(each as object))).toEqual(
        rows.map(([product = '', ms, count, rate]) => [
          product === '' ? null : `x${Buffer.from(product).toString()}`,
          ms === undefined ? null : BigInt(ms - (ms % 1000)),
          count === undefined ? null : BigInt(count),
          rate === undefined ? null : Math.round(rate) + 0,
          'VARCHAR',
          'TIMESTAMP WITH TIME ZONE',
          'BIGINT',
          'DOUBLE',
        ]),
      )
      expect((await written(given)).bytes.equals(bytes)).toBe(true)
    }),
    { numRuns: 15 },
  )
})
