import type { EditionCell } from '../model/published.ts'
import { cellKey } from './suppressed-rows.ts'

/**
 * Finds what two editions of exposure-by-region.csv tell together that one of them hides. Where they are of one snapshot that
 * is every cell of which one hides the count and the other does not. Of two snapshots it is such a cell where nothing else has
 * changed: what its service has in its country beside the cells that both editions show is the same in both, so that what is
 * shown in one may well stand for what is hidden in the other.
 * @returns the first such cell of the new edition; undefined when there is none
 */
export function revealed(
  old: readonly EditionCell[],
  now: readonly EditionCell[],
  isSameSnapshot: boolean,
): EditionCell | undefined {
  const before = new Map(old.map((cell) => [cellKey(cell), cell]))
  const columns = new Map<string, (readonly [EditionCell, EditionCell])[]>()
  for (const cell of now) {
    const earlier = before.get(cellKey(cell))
    if (earlier === undefined) continue
    const key = [cell.source, cell.country, cell.service].join('\0')
    const column = columns.get(key)
    if (column === undefined) columns.set(key, [[earlier, cell]])
    else column.push([earlier, cell])
  }
  for (const column of columns.values()) {
    const differing = column.find(([a, b]) => (a.count === undefined) !== (b.count === undefined))
    if (differing === undefined) continue
    const [first, second] = [0, 1].map((edition) => beside(column, edition))
    if (isSameSnapshot || (first !== undefined && first === second)) return differing[1]
  }
  return undefined
}

/** What a column has beside the regions that both editions show; undefined where its sum is not told. */
function beside(column: readonly (readonly [EditionCell, EditionCell])[], edition: number): number | undefined {
  const isTotal = ({ region, country }: EditionCell): boolean => region === country
  const total = column.find(([cell]) => isTotal(cell))?.[edition]?.count
  if (total === undefined) return undefined
  return column
    .filter(([a, b]) => !isTotal(a) && a.count !== undefined && b.count !== undefined)
    .reduce((left, pair) => left - (pair[edition]?.count ?? 0), total)
}
