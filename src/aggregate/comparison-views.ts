import type { ComparisonCell, ComparisonService, ComparisonView } from '../model/comparison-page.ts'
import { noChange } from '../model/change.ts'
import type { ComparedRow } from './comparison.ts'

/** Cells that a page has room for. */
const mostCells = 6000

/**
 * The countries of a comparison as a page shows them, that with most first, as many as there is room for. Of a country with
 * more services than that, `all` and those counted most.
 * @param titleOf a service's title; empty where there is none
 */
export function comparisonViews(
  rows: readonly ComparedRow[],
  titleOf: (service: string) => string,
): { readonly views: ComparisonView[]; readonly rowsLeftOut: number } {
  const countries = grouped(
    rows.filter(({ country }) => country !== ''),
    'country',
  )
  const sizes = [...countries].map(([country, group]) => ({ country, group, size: sizeOf(country, group) }))
  const views: ComparisonView[] = []
  let [room, shown] = [mostCells, 0]
  for (const { country, group } of sizes.toSorted((a, b) => b.size - a.size || (a.country < b.country ? -1 : 1))) {
    const regions = new Map(group.map((row) => [row.region, row]))
    if (views.length > 0 && regions.size > room) continue
    const services = grouped(group, 'service')
    const kept = [...services]
      .map(([id, of], order) => ({ id, of, order, size: id === 'all' ? Infinity : sizeOf(country, of) }))
      .toSorted((a, b) => b.size - a.size || a.order - b.order)
      .slice(0, Math.max(1, Math.floor(room / regions.size)))
      .toSorted((a, b) => a.order - b.order)
    const codes = [...regions.keys()].filter((code) => code !== country && code !== 'unknown').toSorted()
    const named = regions.get(country)
    views.push({
      country,
      name: named?.regionName ?? country,
      localName: named?.regionNameLocal ?? '',
      regions: codes.map((code) => ({
        code,
        name: regions.get(code)?.regionName ?? '',
        localName: regions.get(code)?.regionNameLocal ?? '',
      })),
      services: kept.map(({ id, of }) => serviceOf(id, titleOf(id), country, codes, of)),
    })
    const cells = kept.reduce((sum, { of }) => sum + of.length, 0)
    room -= cells
    shown += cells
  }
  return { views, rowsLeftOut: rows.length - shown }
}

function grouped(rows: readonly ComparedRow[], by: 'country' | 'service'): Map<string, ComparedRow[]> {
  const groups = new Map<string, ComparedRow[]>()
  for (const row of rows) {
    const group = groups.get(row[by])
    if (group === undefined) groups.set(row[by], [row])
    else group.push(row)
  }
  return groups
}

const sizeOf = (country: string, rows: readonly ComparedRow[]): number =>
  Math.max(0, ...rows.map((row) => (row.region === country ? Math.max(row.old.count, row.new.count) : 0)))

function serviceOf(
  id: string,
  title: string,
  country: string,
  codes: readonly string[],
  rows: readonly ComparedRow[],
): ComparisonService {
  const byRegion = new Map(rows.map((row) => [row.region, row]))
  const like = rows[0]
  const cell = (code: string): ComparisonCell => cellOf(byRegion.get(code), like)
  return { id, title, total: cell(country), unknown: cell('unknown'), cells: codes.map(cell) }
}

/** @param like a row of the same kind: of a place without one, both sides have nothing */
function cellOf(row: ComparedRow | undefined, like: ComparedRow | undefined): ComparisonCell {
  if (row === undefined)
    return {
      old: 0,
      new: 0,
      oldShare: undefined,
      newShare: undefined,
      difference: like?.difference === undefined ? undefined : 0,
      change: like?.change === undefined ? undefined : noChange,
      chance: undefined,
      flags: [],
    }
  const { old, new: now, difference, change, chance, flags } = row
  return { old: old.count, new: now.count, oldShare: old.share, newShare: now.share, difference, change, chance, flags }
}
