import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { parseHTML } from 'linkedom'
import { SaxesParser } from 'saxes'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { writeTable, type Table } from '../../src/model/table.ts'
import { csvTable } from '../../src/reports/csv-table.ts'
import { columnsOf } from '../../src/reports/fields.ts'
import { h, render, shown } from '../../src/reports/page/markup.ts'
import { printable, table as tableLines, terminalWidth } from '../../src/reports/text.ts'
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

/**
 * LibreOffice makes all line breaks alike, and takes LF CR for one, as it does CR LF, whatever the file; of a workbook's cell
 * it holds no more than Excel does.
 */
const unbroken = (text: string): string => text.replaceAll(/\r\n|\n\r|\r/g, '\n')
const kept = (text: string): string =>
  unbroken(text.length > mostCharacters ? text.slice(0, mostCharacters).replace(/[\ud800-\udbff]$/, '') : text)

/** The first cells of a file that LibreOffice wrote, without the heading. */
async function firstCells(path: string): Promise<string[]> {
  const rows: string[][] = parse(await readFile(path, 'utf8'))
  expect(rows.every((row) => row.length === 3 && (row[2] === 'end' || row[2] === 'version'))).toBe(true)
  return rows.slice(1).map(([cell = '']) => cell)
}

describe('hostile texts on a page and in a terminal', () => {
  // What a parser makes of so many at a time is quick enough.
  const batches = Array.from({ length: Math.ceil(texts.length / 1000) }, (_, index) =>
    texts.slice(index * 1000, (index + 1) * 1000),
  )

  it('are the text of their cell and of its attribute, and no element', () => {
    for (const batch of batches) {
      const rows = batch.map((text) => h('tr', {}, h('td', { title: text }, text)))
      const { document } = parseHTML(`<html><body>${render(h('table', {}, rows))}</body></html>`)
      expect(document.querySelectorAll('*')).toHaveLength(3 + 2 * batch.length)
      const cells = [...document.querySelectorAll('td')]
      expect(cells.map((cell) => cell.textContent)).toEqual(batch.map(shown))
      expect(cells.map((cell) => cell.getAttribute('title') ?? '')).toEqual(batch.map(shown))
      expect(cells.every((cell) => cell.attributes.length <= 1)).toBe(true)
    }
  })

  it('are the text and the name of what a chart draws, in SVG that any reader of XML takes', () => {
    for (const batch of batches) {
      const drawn = h('svg', {}, ...batch.map((text) => h('text', { 'aria-label': text }, text)))
      const seen: string[] = []
      const names: (string | undefined)[] = []
      let text = ''
      // Unlike linkedom, saxes refuses what is not well-formed.
      const parser = new SaxesParser()
      parser.on('opentag', ({ name, attributes }) => {
        expect(name).toBe(names.length === 0 && name === 'svg' ? 'svg' : 'text')
        if (name === 'text') names.push(attributes['aria-label'] ?? '')
        text = ''
      })
      parser.on('text', (part) => (text += part))
      parser.on('closetag', ({ name }) => {
        if (name === 'text') seen.push(text)
      })
      // An attribute without a value is HTML's, and XML's only with one.
      parser.write(render(drawn).replaceAll('<text aria-label>', '<text>')).close()
      expect(seen).toEqual(batch.map(shown))
      expect(names).toEqual(batch.map(shown))
    }
  })

  it('leave as one line of a terminal each, no wider than it and without a control byte', () => {
    for (const batch of batches) {
      const lines = tableLines(
        [{ title: 'Product', align: 'left' }],
        batch.map((text) => [text]),
      )
      expect(lines).toHaveLength(1 + batch.length)
      // What steers a terminal, breaks a line or turns the writing round.
      // oxlint-disable-next-line no-control-regex -- they are what is looked for
      expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\u061c\u200e\u200f]/)
      expect(lines.every((line) => stringWidth(line) <= terminalWidth)).toBe(true)
      for (const [index, text] of batch.entries()) {
        const line = lines[index + 1] ?? ''
        const printed = printable(text).trimEnd()
        if (line !== printed) expect(line).toMatch(/…$/)
        expect(printed.startsWith(line.replace(/…$/, ''))).toBe(true)
      }
    }
  })
})

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
      expect(back).toHaveLength(texts.length)
      for (const [index, text] of texts.entries()) {
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
      expect(back.map(unbroken)).toEqual(texts.map((text) => kept(whole(text))))
      const notes = await readFile(join(folder, 'office', 'book-Notes.csv'), 'utf8')
      expect(notes.trim().split('\n').at(-1)).toBe(
        `"cut","${texts.filter((text) => text.length > mostCharacters).length}"`,
      )
    })
  })
})

describe.skipIf(withoutOffice !== undefined)('a workbook', () => {
  it('shows a text that looks like an escaped character as that text', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'book.xlsx')
      const book = await openWorkbook(path)
      const few = ['_x1_', '_X41_', '_x041_', '_x0041_', '_x00041_', '_x_', '_x000D', '__x41__', '_x005F_x41_', 'x_xy']
      await writeTable(table, few, [() => book.sheet(table)])
      await book.finish('Title', () => [])
      await book.close()
      await office(path, folder, '--convert-to', everySheet)
      expect(await firstCells(join(folder, 'office', 'book-test.csv'))).toEqual(few)
    })
  })

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
