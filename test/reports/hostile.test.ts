import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { writeTable, type Table } from '../../src/model/table.ts'
import { csvTable } from '../../src/reports/csv-table.ts'
import { columnsOf } from '../../src/reports/fields.ts'
import { mostCharacters, openWorkbook } from '../../src/reports/xlsx.ts'
import { withFolder } from '../helpers/census.ts'
import { hostileTextsMade } from '../helpers/hostile-texts.ts'
import { csvAsItSees, csvAsText, everySheet, office, withoutOffice } from '../helpers/soffice.ts'

/** `npm run test:long` takes a hundred thousand. */
const texts = hostileTextsMade(process.env['FUZZ_RUNS'] === undefined ? 2000 : 100_000)

const table: Table<string> = {
  stem: 'test',
  columns: columnsOf(['product', 'count', 'version']),
  row: (text) => [[text], [1, 'end']],
}

/** What can be kept of a text in any file. */
const whole = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd')

/** LibreOffice makes all line breaks alike, and holds no more of a cell than Excel does. */
const unbroken = (text: string): string => text.replaceAll(/\r\n?/g, '\n')
const kept = (text: string): string =>
  unbroken(text.length > mostCharacters ? text.slice(0, mostCharacters).replace(/[\ud800-\udbff]$/, '') : text)

/** The first cells of a file that LibreOffice wrote, without the heading. */
async function firstCells(path: string): Promise<string[]> {
  const rows: string[][] = parse(await readFile(path, 'utf8'))
  expect(rows.every((row) => row.length === 3 && (row[2] === 'end' || row[2] === 'version'))).toBe(true)
  return rows.slice(1).map(([cell = '']) => unbroken(cell))
}

if (withoutOffice !== undefined) console.log(withoutOffice)

describe.skipIf(withoutOffice !== undefined)('hostile texts in LibreOffice', () => {
  it('are no formulas and come back, from CSV', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'seen.csv')
      await writeTable(table, texts, [() => csvTable(table, path)])
      await office(path, folder, csvAsItSees, '--convert-to', 'fods')
      expect(await readFile(join(folder, 'office', 'seen.fods'), 'utf8')).not.toContain('table:formula')
      await office(path, folder, csvAsText(3), '--convert-to', everySheet)
      const back = await firstCells(join(folder, 'office', 'seen-seen.csv'))
      for (const [index, text] of texts.entries()) {
        // LibreOffice cuts longer ones.
        if (text.length > mostCharacters) continue
        const expected = unbroken(whole(text))
        if (back[index] !== expected) expect(back[index]).toBe(`'${expected}`)
      }
    })
  })

  it('are no formulas and come back, from XLSX', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'book.xlsx')
      const book = await openWorkbook(path)
      await writeTable(table, texts, [() => book.sheet(table)])
      await book.finish('Title', (shortened) => [['cut', String(shortened.cut.get('test'))]])
      await book.close()
      await office(path, folder, '--convert-to', 'fods')
      expect(await readFile(join(folder, 'office', 'book.fods'), 'utf8')).not.toContain('table:formula')
      await office(path, folder, '--convert-to', everySheet)
      const back = await firstCells(join(folder, 'office', 'book-test.csv'))
      expect(back).toEqual(texts.map((text) => kept(whole(text))))
      const notes = await readFile(join(folder, 'office', 'book-Notes.csv'), 'utf8')
      expect(notes.trim().split('\n').at(-1)).toBe(
        `"cut","${texts.filter((text) => text.length > mostCharacters).length}"`,
      )
    })
  })
})

describe.skipIf(withoutOffice !== undefined)('a workbook', () => {
  it('goes on in another sheet where one is full, and types its cells', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'book.xlsx')
      const book = await openWorkbook(path, 4)
      const typed: Table<number> = {
        stem: 'a-name-of-more-than-31-characters',
        columns: columnsOf(['observed_from', 'count', 'per_100k', 'product']),
        row: (each) => [
          [`2016-02-29T12:00:0${each}Z`, each],
          [each / 3, String(each)],
        ],
      }
      expect(await writeTable(typed, [0, 1, 2, 3, 4, 5, 6], [() => book.sheet(typed)])).toBe(7)
      await book.finish('Title', ({ continued }) => continued.map((name) => [name]))
      await book.close()
      await office(path, folder, '--convert-to', everySheet)
      const sheet = async (name: string): Promise<string> =>
        (await readFile(join(folder, 'office', `book-${name}.csv`), 'utf8')).trimEnd()
      // Text is quoted, and what is typed is not.
      const head = '"observed_from","count","per_100k","product"'
      const line = (each: number): string =>
        `2016-02-29 12:00:0${each},${each},${Number((each / 3).toPrecision(6))},"${each}"`
      expect(await sheet('a-name-of-more-than-31-characte')).toBe([head, ...[0, 1, 2].map(line)].join('\n'))
      expect(await sheet('a-name-of-more-than-31-char (2)')).toBe([head, ...[3, 4, 5].map(line)].join('\n'))
      expect(await sheet('a-name-of-more-than-31-char (3)')).toBe([head, line(6)].join('\n'))
      expect(await sheet('Notes')).toBe('"Title"\n"a-name-of-more-than-31-characte"\n"a-name-of-more-than-31-char (2)"')
    })
  })
})
