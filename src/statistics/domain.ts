import type { Cell } from './rates.ts'

/** @throws RangeError unless the value is a whole number from 0 that a double holds exactly */
export function requireWhole(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} of ${value} is no whole number from 0`)
}

/** @throws RangeError unless count and population are whole numbers from 0 */
export function requireCell(cell: Cell): void {
  requireWhole('a count', cell.count)
  requireWhole('a population', cell.population)
}
