import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { tabledDenominators, type TabledDenominator } from '../model/denominator.ts'
import { wrongInput } from '../model/errors.ts'
import { cells } from './region-file.ts'
import type { RegionTable } from './regions.ts'

/** What a table of the user's own says that regions have. */
export interface DenominatorTable {
  /** Those it has a column for. */
  readonly names: readonly TabledDenominator[]
  value(name: TabledDenominator, region: string): number | undefined
  /** SHA-256 of the file, in hex. */
  readonly hash: string
}

const header = `code,${tabledDenominators.join(',')}`
const isTabled = (name: string): name is TabledDenominator => tabledDenominators.some((known) => known === name)

/**
 * Reads a table of denominators: CSV as a region table is, with the column `code` (ISO 3166-2) and one or more of
 * `tabledDenominators`, whole numbers from 1; an empty cell is not known, unless the file ends in it.
 * @throws CensusError (exit 2) naming file, line and field at the first fault
 */
export async function readDenominatorTable(path: string, regions: RegionTable): Promise<DenominatorTable> {
  const bytes = await readFile(path).catch((error: Error) => {
    throw wrongInput(`${path}: cannot read the table of denominators: ${error.message}`, `Its first line is ${header}`)
  })
  const [first, ...rest] = cells(bytes, path)
  const columns = (first?.cells ?? []).map((name) => name.trim())
  const wrong = columns.find((name, index) => columns.indexOf(name) !== index || !(name === 'code' || isTabled(name)))
  if (!columns.includes('code') || columns.length < 2 || wrong !== undefined)
    throw wrongInput(
      `${path}, line 1: ${wrong === undefined ? 'there is no header row' : `the column "${wrong.slice(0, 60)}" is unknown or there twice`}`,
      `The first line must be ${header}, or fewer of these columns`,
    )
  const last = rest.at(-1)
  // Of a file cut off there, the figure that is missing would be taken as not known.
  if (last?.cells.at(-1)?.trim() === '' && !/[\r\n]$/.test(bytes.subarray(-1).toString()))
    throw wrongInput(
      `${path}, line ${last.line}: the last cell is empty and the line has no end: the file may be cut off`,
      'Write it again whole; if it is, end its last line',
    )
  const found = new Map<string, number>()
  const seen = new Set<string>()
  for (const { cells: row, line } of rest) {
    const where = `${path}, line ${line}`
    if (row.length !== columns.length)
      throw wrongInput(`${where}: ${row.length} cells, but the header has ${columns.length}`, 'Give every row as many')
    const code = row[columns.indexOf('code')]?.trim() ?? ''
    if (regions.region(code)?.code !== code || !code.includes('-'))
      throw wrongInput(`${where}, field code: "${code.slice(0, 60)}" is no region`, 'Write ISO 3166-2 codes: JP-13')
    if (seen.has(code)) throw wrongInput(`${where}, field code: ${code} has a row already`, 'Leave one of the two out')
    seen.add(code)
    for (const [index, name] of columns.entries()) {
      const cell = row[index]?.trim() ?? ''
      if (name === 'code' || cell === '') continue
      if (!/^[1-9]\d{0,12}$/.test(cell))
        throw wrongInput(
          `${where}, field ${name}: "${cell.slice(0, 60)}" is not a number from 1 to 9999999999999`,
          'Write it without separators and decimals; leave it empty where it is not known',
        )
      found.set(`${name} ${code}`, Number(cell))
    }
  }
  return {
    names: columns.filter(isTabled),
    value: (name, region) => found.get(`${name} ${region}`),
    hash: createHash('sha256').update(bytes).digest('hex'),
  }
}
