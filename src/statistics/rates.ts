/** Events among a population. */
export interface Cell {
  readonly count: number
  readonly population: number
}

/** A rate is not ranked below this many events: chance alone would decide its place. */
export const rankedFrom = 10

/**
 * A cell's rate against that of all other cells together. 0 when nothing is here but something elsewhere; undefined
 * when the rest has no events or no people.
 */
export function rateRatio(cell: Cell, all: Cell): number | undefined {
  const rest = { count: all.count - cell.count, population: all.population - cell.population }
  if (rest.count <= 0 || rest.population <= 0 || cell.population <= 0) return undefined
  return cell.count / cell.population / (rest.count / rest.population)
}

/**
 * Competition ranks (1, 2, 2, 4) of rates, highest first; undefined below `rankedFrom` events. Rates are compared as
 * exact fractions, so that equal rates tie whatever their rounding.
 */
export function ranks(cells: readonly Cell[]): (number | undefined)[] {
  const order = cells
    .map((cell, index) => ({ ...cell, index }))
    .filter((cell) => cell.count >= rankedFrom && cell.population > 0)
    .toSorted((a, b) => compareRates(b, a))
  const found: (number | undefined)[] = cells.map(() => undefined)
  let rank = 0
  for (const [position, cell] of order.entries()) {
    const before = order[position - 1]
    if (before === undefined || compareRates(before, cell) !== 0) rank = position + 1
    found[cell.index] = rank
  }
  return found
}

function compareRates(a: Cell, b: Cell): number {
  const left = BigInt(a.count) * BigInt(b.population)
  const right = BigInt(b.count) * BigInt(a.population)
  return left < right ? -1 : left > right ? 1 : 0
}

const printed = new Map<number, string>()

/**
 * Six significant digits in plain decimal notation, without trailing zeros: what a report's cell holds. Small counts over
 * the same few populations give the same few rates in millions of cells, so what was printed is remembered.
 */
export function sixDigits(value: number): string {
  const known = printed.get(value)
  if (known !== undefined) return known
  const text = print(value)
  if (printed.size < 100_000) printed.set(value, text)
  return text
}

function print(value: number): string {
  if (value === 0) return '0'
  const decimals = Math.max(0, 5 - Math.floor(Math.log10(Math.abs(value))))
  const fixed = Number(value.toPrecision(6)).toFixed(Math.min(decimals, 100))
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed
}
