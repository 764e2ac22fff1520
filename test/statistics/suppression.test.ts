import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { suppress, type SuppressionTable } from '../../src/statistics/suppression.ts'
import { minimum, type Constraint } from '../helpers/simplex.ts'

/** Three services of a category, two of none; the category; `all`, of services and of what they are grouped into. */
const unions = [
  { union: 5, parts: [0, 1, 2] },
  { union: 6, parts: [0, 1, 2, 3, 4] },
  { union: 6, parts: [5, 3, 4] },
]

/** Addresses, each with some services: what unions are made of. */
function tableOf(regions: readonly (readonly number[])[]): SuppressionTable {
  const rows = regions.map((addresses) => {
    const having = (services: readonly number[]): number =>
      addresses.filter((mask) => services.some((each) => (mask >> each) & 1)).length
    return [[0], [1], [2], [3], [4], [0, 1, 2], [0, 1, 2, 3, 4]].map(having)
  })
  const sums = Array.from({ length: 7 }, (_, column) => rows.reduce((sum, row) => sum + (row[column] ?? 0), 0))
  return { rows: [...rows, sums], unions }
}

/** What an attacker knows of the hidden cells: `[least, most]` of each that was small, by linear programming. */
function attacked(
  { rows }: SuppressionTable,
  hidden: readonly (readonly boolean[])[],
  least: number,
): (readonly [number, number])[] {
  const places = rows.flatMap((row, at) =>
    row.flatMap((_, column) => (hidden[at]?.[column] === true ? [[at, column] as const] : [])),
  )
  const variable = new Map(places.map(([at, column], index) => [`${at} ${column}`, index]))
  const constraint = (terms: readonly (readonly [number, number, number])[], isEqual: boolean): Constraint => {
    const coefficients = places.map(() => 0)
    let bound = 0
    for (const [at, column, factor] of terms) {
      const place = variable.get(`${at} ${column}`)
      if (place === undefined) bound -= factor * (rows[at]?.[column] ?? 0)
      else coefficients[place] = factor
    }
    return { coefficients, bound, isEqual }
  }
  const known = [
    ...(rows[0] ?? []).map((_, column) =>
      constraint(
        rows.map((_row, at) => [at, column, at === rows.length - 1 ? -1 : 1]),
        true,
      ),
    ),
    ...rows.flatMap((_, at) =>
      unions.flatMap(({ union, parts }) => [
        constraint([[at, union, 1], ...parts.map((part) => [at, part, -1] as const)], false),
        ...parts.map((part) =>
          constraint(
            [
              [at, part, 1],
              [at, union, -1],
            ],
            false,
          ),
        ),
      ]),
    ),
  ].filter(({ coefficients }) => coefficients.some((each) => each !== 0))
  return places.flatMap(([at, column], index) => {
    const count = rows[at]?.[column] ?? 0
    if (count === 0 || count >= least) return []
    const cost = places.map((_, place) => (place === index ? 1 : 0))
    return [
      [
        minimum(cost, known),
        -minimum(
          cost.map((each) => -each),
          known,
        ),
      ] as const,
    ]
  })
}

const address = fc.oneof(fc.constantFrom(1, 2, 4, 8, 16), fc.integer({ min: 1, max: 31 }))
const region = fc.oneof(fc.array(address, { maxLength: 8 }), fc.array(address, { minLength: 20, maxLength: 120 }))
const tables = fc.array(region, { minLength: 2, maxLength: 6 }).map(tableOf)
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
            if (count === 0) expect(hidden[at]?.[column]).toBe(false)
          }
        const isRefused = unprotected.length > 0
        if (isRefused) refused++
        else safe++
        for (const each of isRefused ? [] : attacked(table, hidden, least))
          expect(isSafe(each, least), each.join(' to ')).toBe(true)
      }),
      { numRuns: 60 },
    )
    expect(safe).toBeGreaterThan(refused)
  })

  it('hiding the small counts alone gives some away', () => {
    const given = fc.sample(tables, 20).filter((table) => {
      const hidden = table.rows.map((row) => row.map((count) => count > 0 && count < 5))
      return attacked(table, hidden, 5).some((each) => !isSafe(each, 5))
    })
    expect(given.length).toBeGreaterThan(5)
  })
})
