import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { suppress, type SuppressionTable, type Union } from '../../src/statistics/suppression.ts'
import { attacked } from '../helpers/attack.ts'

/** Three services of a category, two of none; the category; `all`, of services and of what they are grouped into. */
const closed = {
  services: [[0], [1], [2], [3], [4], [0, 1, 2], [0, 1, 2, 3, 4]],
  unions: [
    { union: 5, parts: [0, 1, 2] },
    { union: 6, parts: [0, 1, 2, 3, 4] },
    { union: 6, parts: [5, 3, 4] },
  ] as readonly Union[],
}
/** Without the two of no category, which `all` has all the same. */
const open = {
  services: [[0], [1], [2], [0, 1, 2], [0, 1, 2, 3, 4]],
  unions: [
    { union: 3, parts: [0, 1, 2] },
    { union: 4, parts: [0, 1, 2, 3], isOpen: true },
  ] as readonly Union[],
}

/** Addresses, each with some services: what unions are made of. */
function tableOf(regions: readonly (readonly number[])[], { services, unions }: typeof closed): SuppressionTable {
  const rows = regions.map((addresses) => {
    const having = (some: readonly number[]): number =>
      addresses.filter((mask) => some.some((each) => (mask >> each) & 1)).length
    return services.map(having)
  })
  const sums = services.map((_, column) => rows.reduce((sum, row) => sum + (row[column] ?? 0), 0))
  return { rows: [...rows, sums], unions }
}

const address = fc.oneof(fc.constantFrom(1, 2, 4, 8, 16), fc.integer({ min: 1, max: 31 }))
const region = fc.oneof(fc.array(address, { maxLength: 8 }), fc.array(address, { minLength: 20, maxLength: 120 }))
const tables = fc
  .tuple(fc.array(region, { minLength: 2, maxLength: 6 }), fc.constantFrom(closed, open))
  .map(([regions, shape]) => tableOf(regions, shape))
const isSafe = ([low, high]: readonly [number, number], least: number): boolean =>
  low <= 1 + 1e-6 && high >= least - 1 - 1e-6

describe('suppress', () => {
  it('lets nobody learn more of a small count than that it is small', () => {
    let [safe, refused] = [0, 0]
    fc.assert(
      fc.property(tables, fc.constantFrom(3, 5), (table, least) => {
        const { hidden, unprotected } = suppress(table, least)
        for (const [at, row] of table.rows.entries())
          for (const [column, count] of row.entries()) {
            if (count > 0 && count < least) expect(hidden[at]?.[column]).toBe(true)
            const isWhole = hidden.every((each) => each[column] === true)
            if (count === 0 && !isWhole) expect(hidden[at]?.[column]).toBe(false)
          }
        const isRefused = unprotected.length > 0
        if (isRefused) refused++
        else safe++
        for (const each of isRefused ? [] : attacked(table, hidden, least))
          expect(isSafe(each, least), each.join(' to ')).toBe(true)
      }),
      { numRuns: 300 },
    )
    expect(safe).toBeGreaterThan(refused)
  })

  it('hides nothing else than an earlier edition did', () => {
    fc.assert(
      fc.property(tables, fc.constantFrom(3, 5), (table, least) => {
        const { hidden } = suppress(table, least)
        const again = suppress(table, least, (row, column) => hidden[row]?.[column] === true)
        for (const [at, row] of again.hidden.entries())
          for (const [column, isHidden] of row.entries()) expect(isHidden && hidden[at]?.[column] !== true).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  it('hiding the small counts alone gives some away', () => {
    const given = fc.sample(tables, 60).filter((table) => {
      const hidden = table.rows.map((row) => row.map((count) => count > 0 && count < 5))
      return attacked(table, hidden, 5).some((each) => !isSafe(each, 5))
    })
    expect(given.length).toBeGreaterThan(5)
  })
})
