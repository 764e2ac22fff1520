import type { ColumnType, Table, TableWriter, Value } from '../model/table.ts'
import { rounded } from './csv.ts'
import { rowText } from './row-text.ts'
import { openZip, type ZipEntry } from './zip.ts'

/** What Excel holds: rows of a sheet, the heading among them, and characters of a cell. */
export const mostRows = 1_048_576
export const mostCharacters = 32_767

/** What a workbook could not hold as it is. */
export interface Shortened {
  /** Cells cut to Excel's length, by sheet. */
  readonly cut: ReadonlyMap<string, number>
  /** Sheets that go on in another one. */
  readonly continued: readonly string[]
}

/** An XLSX workbook: notes, then a sheet for each table, written table after table. */
export interface Workbook {
  sheet(table: Table<never>): Promise<TableWriter>
  /** @param notes rows of the first sheet */
  finish(title: string, notes: (shortened: Shortened) => readonly (readonly string[])[]): Promise<void>
  close(): Promise<void>
}

/** @param rowsOfSheet the heading among them; a table that has more goes on in the next sheet */
export async function openWorkbook(path: string, rowsOfSheet = mostRows): Promise<Workbook> {
  const zip = await openZip(path)
  const sheets: string[] = []
  const continued: string[] = []
  const cut = new Map<string, number>()
  const begin = async (name: string, columns: readonly string[], widths: readonly number[]): Promise<ZipEntry> => {
    sheets.push(name)
    const entry = await zip.entry(`xl/worksheets/sheet${sheets.length}.xml`)
    const cells = columns.map((column) => `<c t="inlineStr" s="2"><is><t>${xmlText(column)}</t></is></c>`)
    await entry.write(sheetHead(widths) + `<row>${cells.join('')}</row>`)
    return entry
  }
  const textCell = (text: string): string => {
    let kept = text
    if (kept.length > mostCharacters) {
      const sheet = sheets.at(-1) ?? ''
      cut.set(sheet, (cut.get(sheet) ?? 0) + 1)
      // No half of a pair is left.
      kept = kept.slice(0, mostCharacters).replace(/[\ud800-\udbff]$/, '')
    }
    return `<c t="inlineStr" s="1"><is><t xml:space="preserve">${xmlText(kept)}</t></is></c>`
  }
  const cell = (value: Value, type: ColumnType | undefined): string => {
    if (value === undefined || value === '') return '<c/>'
    if (typeof value === 'number') return Number.isFinite(value) ? `<c><v>${rounded(value)}</v></c>` : '<c/>'
    const days = type === 'datetime' ? Date.parse(value) / 86_400_000 + 25_569 : Number.NaN
    return Number.isNaN(days) ? textCell(value) : `<c s="3"><v>${days}</v></c>`
  }
  const sheet = async ({ stem, columns }: Table<never>): Promise<TableWriter> => {
    const names = columns.map(({ name }) => name)
    const widths = columns.map(({ type }) => (type === 'datetime' ? 20 : type === 'string' ? 16 : 12))
    let parts = 1
    let entry = await begin(sheetName(stem, parts), names, widths)
    let rows = 1
    let text = ''
    const write = async (): Promise<void> => {
      const full = text
      text = ''
      await entry.write(full)
    }
    const end = async (): Promise<void> => {
      await entry.write(`${text}</sheetData></worksheet>`)
      text = ''
      await entry.end()
    }
    const goOn = async (line: string): Promise<void> => {
      await end()
      continued.push(sheetName(stem, parts++))
      entry = await begin(sheetName(stem, parts), names, widths)
      rows = 2
      text = line
    }
    const textOf = rowText((value, column) => cell(value, columns[column]?.type))
    return {
      add: (row) => {
        const line = `<row>${textOf(row)}</row>`
        if (rows++ < rowsOfSheet) {
          text += line
          return text.length > 2 ** 20 ? write() : undefined
        }
        return goOn(line)
      },
      finish: end,
      close: async () => undefined,
    }
  }
  return {
    sheet,
    finish: async (title, notes) => {
      const lines = notes({ cut, continued }).map((row) => `<row>${row.map(textCell).join('')}</row>`)
      const entry = await begin('Notes', [title], [28, 120])
      await entry.write(`${lines.join('')}</sheetData></worksheet>`)
      await entry.end()
      for (const [name, text] of frame(sheets)) {
        const part = await zip.entry(name)
        await part.write(text)
        await part.end()
      }
      await zip.finish()
    },
    close: () => zip.close(),
  }
}

/** At most 31 characters, and the number of a sheet that goes on. */
function sheetName(stem: string, part: number): string {
  const number = part === 1 ? '' : ` (${part})`
  return stem.slice(0, 31 - number.length) + number
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/**
 * Text as a cell has it: what XML 1.0 cannot hold, and a carriage return, which its readers would change, as `_x0001_` (ECMA-376
 * Part 1, 22.9.2.19, ST_Xstring), and so what looks like that already; half a pair and NUL, which nothing can hold, as U+FFFD.
 */
const xmlText = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll('\0', '\ufffd')
    // LibreOffice takes fewer than four digits, too.
    .replaceAll(/_(?=x)/gi, '_x005F_')
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    .replaceAll(/[\u0001-\u0008\u000b-\u001f\ufffe\uffff]/g, (character) => {
      return `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`
    })
    .replaceAll(/[&<>]/g, (character) => entities[character] ?? '')

const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const packageRelations = 'http://schemas.openxmlformats.org/package/2006/relationships'
const kind = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

/** A sheet up to its first row, which stays in sight. */
const sheetHead = (widths: readonly number[]): string =>
  `${xml}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${widths
    .map((width, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`)
    .join('')}</cols><sheetData>`

/** Styles: plain; text, which stays text when it is edited; headings; times. */
const styles = `${xml}<styleSheet xmlns="${main}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">${[
  '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>',
  '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>',
  '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>',
  '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>',
].join('')}</cellXfs></styleSheet>`

/** The files around the sheets. @param sheets names in the order written; the last one, the notes, is shown first */
function frame(sheets: readonly string[]): (readonly [string, string])[] {
  const numbered = sheets.map((name, index) => ({ name, id: index + 1 }))
  const part = (id: number): string => `worksheets/sheet${id}.xml`
  const listed = [...numbered.slice(-1), ...numbered.slice(0, -1)]
  return [
    [
      '[Content_Types].xml',
      `${xml}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${kind}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${kind}.styles+xml"/>${numbered
        .map(({ id }) => `<Override PartName="/xl/${part(id)}" ContentType="${kind}.worksheet+xml"/>`)
        .join('')}</Types>`,
    ],
    [
      '_rels/.rels',
      `${xml}<Relationships xmlns="${packageRelations}"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    [
      'xl/workbook.xml',
      `${xml}<workbook xmlns="${main}" xmlns:r="${relations}"><sheets>${listed
        .map(({ name, id }) => `<sheet name="${xmlText(name)}" sheetId="${id}" r:id="rId${id}"/>`)
        .join('')}</sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      `${xml}<Relationships xmlns="${packageRelations}">${numbered
        .map(({ id }) => `<Relationship Id="rId${id}" Type="${relations}/worksheet" Target="${part(id)}"/>`)
        .join('')}<Relationship Id="rId0" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
    ],
    ['xl/styles.xml', styles],
  ]
}
