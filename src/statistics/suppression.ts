import { requireWhole } from './domain.ts'

/** Counts by region and column, with their sums. */
export interface SuppressionTable {
  /** A row for each region; the last row has the sums of those above. */
  readonly rows: readonly (readonly number[])[]
  /**
   * Columns that are unions of others (addresses with any of these services): at least the largest part, at most the sum
   * of the parts. One may be listed several times; a union stands after those that are its parts.
   */
  readonly unions: readonly Union[]
}

export interface Union {
  readonly union: number
  readonly parts: readonly number[]
  /** Whether it has parts that are no columns, so that it may be more than the sum of those that are. */
  readonly isOpen?: boolean
}

export interface Suppression {
  /** Whether a cell is hidden, row by row. */
  readonly hidden: readonly (readonly boolean[])[]
  /** Small cells, as [row, column], that could not be protected: such a table must not be published. */
  readonly unprotected: readonly (readonly [number, number])[]
}

/**
 * Hides counts from 1 to below `least`, and as many others as it takes that nobody learns more of them than that: of each
 * there is a table that agrees with everything published and has 1 there, and one that has `least` - 1. 0 is published: it
 * tells of nobody. Which cells are hidden besides is found greedily, the fewest and smallest first (complementary
 * suppression: Willenborg and de Waal, Elements of Statistical Disclosure Control, 2001, chapter 4). Where nothing protects a
 * count, its whole column is hidden, 0 and sum included.
 * @param wasHidden whether an earlier edition hid a cell: what it hid is hidden again before anything else
 * @throws RangeError for counts that are no whole numbers from 0
 */
export function suppress(
  { rows, unions }: SuppressionTable,
  least: number,
  wasHidden: (row: number, column: number) => boolean = () => false,
): Suppression {
  for (const count of rows.flat()) requireWhole('a count', count)
  const table = { rows, unions, wasHidden, free: new Set<number>() }
  for (;;) {
    const found = attempt(table, least)
    const columns = found.unprotected.map(([, column]) => column).filter((column) => !table.free.has(column))
    if (columns.length === 0) return found
    for (const column of columns) table.free.add(column)
  }
}

interface Table extends SuppressionTable {
  readonly wasHidden: (row: number, column: number) => boolean
  /** Columns that are hidden as a whole, 0 and sum included, as nothing less protects what is small in them. */
  readonly free: Set<number>
}

function attempt(table: Table, least: number): Suppression {
  const { rows, free } = table
  const isSmall = (count: number): boolean => count > 0 && count < least
  const hidden = rows.map((row) => row.map((count, column) => isSmall(count) || free.has(column)))
  const unprotected: (readonly [number, number])[] = []
  const small = rows.flatMap((row, at) =>
    row.flatMap((count, column) => (isSmall(count) ? [[at, column] as const] : [])),
  )
  for (const [at, column] of small) {
    for (const target of [1, least - 1]) {
      const best = rows[at]?.[column] === target ? [] : cheapest(table, hidden, [at, column], target)
      if (best === undefined) {
        unprotected.push([at, column])
        break
      }
      for (const [row, place] of best) hidden[row]?.splice(place, 1, true)
    }
  }
  return { hidden, unprotected }
}

type Place = readonly [row: number, column: number]

/** What else is to be hidden, at the least, for a cell to be able to be `target`; undefined where nothing helps. */
function cheapest(
  { rows, unions, wasHidden, free }: Table,
  hidden: readonly (readonly boolean[])[],
  [at, column]: Place,
  target: number,
): readonly Place[] | undefined {
  const total = rows.length - 1
  const row = rows[at] ?? []
  let best: { readonly places: readonly Place[]; readonly cost: number } | undefined
  for (const isMovedWhole of [false, true]) {
    const moved = rowWith(row, unions, column, target, isMovedWhole)
    if (!isSound(moved, unions)) continue
    const change = moved.map((count, place) => count - (row[place] ?? 0))
    const sums = rows[total] ?? []
    // What changes in columns that are hidden as a whole alone changes their sums, and nothing that is told.
    const isFree = change.every((by, place) => by === 0 || free.has(place))
    if (
      isFree &&
      at !== total &&
      isSound(
        sums.map((count, place) => count + (change[place] ?? 0)),
        unions,
      )
    )
      return []
    for (const [partner, other] of rows.entries()) {
      if (partner === at) continue
      // What a region gets another loses, or the sum gets too.
      const sign = partner === total || at === total ? 1 : -1
      if (
        !isSound(
          other.map((count, place) => count + sign * (change[place] ?? 0)),
          unions,
        )
      )
        continue
      const places = [at, partner].flatMap((each) =>
        change.flatMap((by, place) => (by === 0 || hidden[each]?.[place] === true ? [] : [[each, place] as const])),
      )
      const count = ([each, place]: Place): number => rows[each]?.[place] ?? 0
      // A published 0 stays one. Sums are what readers want most.
      if (places.some((each) => count(each) === 0)) continue
      const anew = places.filter(([each, place]) => !wasHidden(each, place))
      const cost =
        anew.reduce((sum, each) => sum + Math.log2(1 + count(each)), 0) +
        (anew.some(([each]) => each === total) ? 1e6 : 0)
      if (best === undefined || cost < best.cost) best = { places, cost }
    }
  }
  return best?.places
}

/** A row in which a cell is `target`, and what it is part of, or has for parts, as little else as can be; with `isMovedWhole` its unions go along with it. */
function rowWith(
  row: readonly number[],
  unions: readonly Union[],
  column: number,
  target: number,
  isMovedWhole: boolean,
): number[] {
  const moved = [...row]
  moved[column] = target
  const count = (place: number): number => moved[place] ?? 0
  // From the last, so that a union's parts are set before their own.
  for (const { union, parts, isOpen } of unions.toReversed()) {
    if (union !== column) continue
    for (const part of parts) moved[part] = Math.min(count(part), target)
    if (isOpen === true) continue
    const lack = target - parts.reduce((sum, part) => sum + count(part), 0)
    const largest = parts.toSorted((a, b) => count(b) - count(a))[0]
    if (lack > 0 && largest !== undefined) moved[largest] = count(largest) + lack
  }
  for (const { union, parts, isOpen } of unions) {
    if (union === column) continue
    if (isMovedWhole && parts.includes(column)) moved[union] = (row[union] ?? 0) + target - (row[column] ?? 0)
    const counts = parts.map(count)
    moved[union] = Math.min(Math.max(count(union), ...counts), most(counts, isOpen))
  }
  return moved
}

/** Whether a row can be one of counts. */
const isSound = (row: readonly number[], unions: readonly Union[]): boolean =>
  row.every((count) => count >= 0) &&
  unions.every(({ union, parts, isOpen }) => {
    const counts = parts.map((part) => row[part] ?? 0)
    const whole = row[union] ?? 0
    return whole >= Math.max(0, ...counts) && whole <= most(counts, isOpen)
  })

/** What a union of parts has at most. */
const most = (parts: readonly number[], isOpen = false): number =>
  isOpen ? Infinity : parts.reduce((sum, count) => sum + count, 0)
