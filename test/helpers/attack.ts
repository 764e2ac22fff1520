import type { SuppressionTable } from '../../src/statistics/suppression.ts'
import { minimum, type Constraint } from './simplex.ts'

/** What an attacker knows of the hidden cells: `[least, most]` of each that was small, by linear programming. */
export function attacked(
  { rows, unions }: SuppressionTable,
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
      unions.flatMap(({ union, parts, isOpen }) => [
        ...(isOpen === true
          ? []
          : [constraint([[at, union, 1], ...parts.map((part) => [at, part, -1] as const)], false)]),
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
