import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvTable } from '../../src/reports/csv-table.ts'
import { writeTable, type Table, type TableRow, type TableWriter, type Value } from '../../src/model/table.ts'
import { columnsOf } from '../../src/reports/fields.ts'
import { withFolder } from '../helpers/census.ts'

const value = fc.oneof(fc.constant(undefined), fc.integer(), fc.constantFrom('', 'a', 'b,c', '"', '例', ' 1'))
const pair = fc.tuple(value, value)
const names = ['snapshot', 'source', 'country', 'region', 'unit', 'asn']
const table: Table<TableRow> = { stem: 'test', columns: columnsOf(names), row: (row) => row }

const csvOf = (rows: readonly TableRow[]): Promise<string> =>
  withFolder(async (folder) => {
    const path = join(folder, 'test.csv')
    expect(await writeTable(table, rows, [() => csvTable(table, path)])).toBe(rows.length)
    return readFile(path, 'utf8')
  })

describe('a table as CSV', () => {
  it('is what Excel opens, with a mark, semicolons and decimal commas, where that is asked for', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'test.csv')
      const rows = [[['a,b', 'c;d', '=1', '1,5', 0.25, 1234567.8]]]
      const dialect = { delimiter: ';', decimalMark: ',', hasMark: true } as const
      await writeTable(table, rows, [() => csvTable(table, path, dialect)])
      const text = await readFile(path, 'utf8')
      expect(text.startsWith(`\ufeff${names.join(';')}\r\n`)).toBe(true)
      const read: string[][] = parse(text, { bom: true, delimiter: ';', record_delimiter: '\r\n' })
      expect(read[1]).toEqual(['a,b', 'c;d', "'=1", '1,5', '0,25', '1234570'])
    })
  })

  it('holds every cell, whether parts of rows are shared or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(pair, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: 12 }),
        async (parts, picked) => {
          const part = (index: number): readonly Value[] => parts[index % parts.length] ?? []
          const rows = picked.map((indexes) => indexes.map(part))
          const text = await csvOf(rows)
          const expected = rows.map((row) => row.flat().map((cell) => String(cell ?? '')))
          expect(parse(text, { record_delimiter: '\r\n' })).toEqual([names, ...expected])
          expect(await csvOf(rows.map((row) => row.map((each) => [...each])))).toBe(text)
        },
      ),
      { numRuns: 30 },
    )
  })
})

describe('writeTable', () => {
  it('closes every writer and finishes none where rows end in an error', async () => {
    const calls: string[] = []
    const writer = (name: string) => async (): Promise<TableWriter> => ({
      add: () => undefined,
      finish: async () => void calls.push(`finish ${name}`),
      close: async () => void calls.push(`close ${name}`),
    })
    const rows = (function* (): Generator<TableRow> {
      yield []
      throw new Error('broken')
    })()
    await expect(writeTable(table, rows, [writer('one'), writer('two')])).rejects.toThrow('broken')
    expect(calls).toEqual(['close one', 'close two'])
    const unopened = (): Promise<TableWriter> => Promise.reject(new Error('no room'))
    await expect(writeTable(table, [], [writer('three'), unopened])).rejects.toThrow('no room')
    expect(calls.slice(2)).toEqual(['close three'])
  })
})
