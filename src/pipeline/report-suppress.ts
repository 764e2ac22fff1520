import { createReadStream } from 'node:fs'
import { chmod, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse'
import { revealed } from '../aggregate/editions.ts'
import { serviceRows } from '../aggregate/service-rows.ts'
import { cellKey, hiddenCells, publishedRow } from '../aggregate/suppressed-rows.ts'
import { CensusError, exitCodes, wrongInput } from '../model/errors.ts'
import type { EditionCell, PublishedRow } from '../model/published.ts'
import type { ReportFormat } from '../model/report-format.ts'
import type { ReportRow } from '../model/report-row.ts'
import { loadServices } from '../recognise/service.ts'
import { exposureFiles } from '../reports/exposure-table.ts'
import { reportRows, type RowsContext } from './report-rows.ts'

export interface SuppressRequest {
  /** Counts from 1 to below it are hidden; nothing is when absent. */
  readonly suppress?: number
}

/** What a report hides. */
export interface Suppression {
  readonly least: number
  /** A row as it is told; undefined for one that is not. */
  readonly told: (row: ReportRow) => PublishedRow | undefined
}

/** The edition that stands in a folder. */
export interface Edition {
  readonly snapshot: string
  /** Cells in addresses. */
  readonly cells: readonly EditionCell[]
}

/** @throws CensusError exit 2 for a request whose figures would tell of what is hidden, or hide what anybody can ask for */
export function checkSuppression(
  { suppress }: SuppressRequest,
  formats: readonly ReportFormat[],
  basis: 'records' | 'facets',
  others: Readonly<Record<string, boolean>>,
): void {
  if (suppress === undefined) return
  if (!formats.includes('csv'))
    throw wrongInput(
      '--suppress is given without csv among the formats',
      'add it: the next report is held against that file',
    )
  if (basis === 'facets')
    throw wrongInput(
      '--suppress is given for counts of a search engine, which anybody can ask it for',
      'leave it out, or count records: `census survey --records`, `census import`',
    )
  const [other] = Object.entries(others).find(([, isAsked]) => isAsked) ?? []
  if (other !== undefined)
    throw wrongInput(
      `--suppress and ${other} are both given: the second would tell of what the first hides`,
      'leave one out',
    )
}

/**
 * Chooses what to hide. It is chosen among all services and regions of the snapshot, whatever is asked for, so that reports of parts of
 * it tell no more together than one of all.
 */
export async function suppressionOf(
  context: RowsContext,
  least: number,
  earlier: Edition | undefined,
): Promise<Suppression> {
  const { figures } = context
  const services = serviceRows(loadServices(), await figures.services(), undefined)
  const rows: ReportRow[] = []
  const isShown = ({ source, unit }: ReportRow): boolean =>
    figures.shown.some((each) => each.source === source && each.unit === unit)
  for await (const row of reportRows({ ...context, only: undefined, serviceRows: services }, 'region'))
    if (isShown(row)) rows.push(row)
  const before = new Set(earlier?.cells.flatMap((cell) => (cell.count === undefined ? [cellKey(cell)] : [])))
  const hidden = hiddenCells(rows, services, least, (cell) => before.has(cellKey(cell)))
  const parts = new Map(services.map((each) => [each.id, each.services ?? services.map(({ id }) => id)]))
  const withheld = new Map<string, boolean>()
  // What a union has of a product or a network beside the services told is what a hidden one has.
  const isWithheld = (row: ReportRow): boolean => {
    const key = cellKey(row)
    const known = withheld.get(key)
    if (known !== undefined) return known
    const place = { ...row, source: figures.shown[0]?.source ?? row.source }
    const is = [row.service, ...(parts.get(row.service) ?? [])].some((service) => hidden.has({ ...place, service }))
    withheld.set(key, is)
    return is
  }
  return {
    least,
    told: (row) => {
      // Other units, and single sources beside all of them, would narrow down what is hidden.
      if (row.keys.length === 0) return isShown(row) ? publishedRow(row, hidden) : undefined
      const isOfCountry = row.country !== '' && row.region === row.country
      return isOfCountry && !isWithheld(row) ? row : undefined
    },
  }
}

/** Reads the edition in a folder, where it or the next one hides something; undefined where there is none. */
export async function editionIn(out: string, isHiding: boolean): Promise<Edition | undefined> {
  const description = await readFile(join(out, 'datapackage.json'), 'utf8').catch(() => '')
  if (!isHiding && !description.includes('"suppressed"')) return undefined
  const cells: EditionCell[] = []
  let id = ''
  try {
    const file = createReadStream(join(out, exposureFiles.region))
    const lines = file.pipe(parse({ bom: true, columns: true, delimiter: [',', ';'], relax_column_count: true }))
    file.on('error', (error) => lines.destroy(error))
    for await (const line of lines as AsyncIterable<Readonly<Record<string, string>>>) {
      const { snapshot = '', source = '', country = '', region = '', service = '', unit, count = '' } = line
      if (unit !== 'addresses') continue
      id = snapshot
      cells.push({ source, country, region, service, count: count === '' ? undefined : Number(count) })
    }
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code !== 'ENOENT'
    // Without its figures nobody can say what a report that hides some would tell with the next.
    if (!isThere && !description.includes('"suppressed"')) return undefined
    throw wrongInput(
      `${join(out, exposureFiles.region)} cannot be held against what --suppress hides: ${(error as Error).message}`,
      'mend or remove it, or name another --out',
    )
  }
  return { snapshot: id, cells }
}

/**
 * Refuses an edition that tells, beside the one in `out`, what one of them hides; its draft is laid beside `out` for review.
 * @throws CensusError exit 5
 */
export async function refuseRevealing(
  earlier: Edition | undefined,
  now: Edition,
  draft: string,
  out: string,
): Promise<void> {
  const cell = earlier && revealed(earlier.cells, now.cells, earlier.snapshot === now.snapshot)
  if (cell === undefined) return
  const aside = `${out}.refused`
  await rm(aside, { recursive: true, force: true })
  await chmod(draft, 0o700)
  await rename(draft, aside)
  await rm(join(aside, 'spill'), { recursive: true, force: true })
  throw new CensusError(
    `beside the report in ${out} this one would tell a count that one of them hides: ${cell.service} in ${cell.region}`,
    {
      exit: exitCodes.gateRefused,
      hint: `${out} stands as it was, and the new report lies in ${aside} for review; hide as much as before, or withdraw the old report and name another --out`,
    },
  )
}
