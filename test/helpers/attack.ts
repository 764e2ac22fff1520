import loadHighs from 'highs'
import type { SuppressionTable } from '../../src/statistics/suppression.ts'

// What is imported is an ES module, which its types do not know.
const highs = await (loadHighs as unknown as typeof loadHighs.default)()

/** What an attacker knows of the hidden cells: `[least, most]` of each that was small, by linear programming (HiGHS). */
export function attacked(
  { rows, unions }: SuppressionTable,
  hidden: readonly (readonly boolean[])[],
  least: number,
): (readonly [number, number])[] {
  const places = rows.flatMap((row, at) =>
    row.flatMap((_, column) => (hidden[at]?.[column] === true ? [[at, column] as const] : [])),
  )
  const variable = new Map(places.map(([at, column], index) => [`${at} ${column}`, index]))
  return highs.withModel((model) => {
    model.options.set({ output_flag: false })
    for (let place = 0; place < places.length; place++) model.addVar(0, highs.infinity)
    /** The sum of cells by their factors is 0, or at most 0. */
    const tell = (cells: readonly (readonly [number, number, number])[], isEqual: boolean): void => {
      const terms = new Map<number, number>()
      let known = 0
      for (const [at, column, factor] of cells) {
        const place = variable.get(`${at} ${column}`)
        if (place === undefined) known += factor * (rows[at]?.[column] ?? 0)
        else terms.set(place, factor)
      }
      if (terms.size === 0) return
      model.addRow(isEqual ? -known : -highs.infinity, -known, {
        indices: [...terms.keys()],
        values: [...terms.values()],
      })
    }
    for (const column of rows[0]?.keys() ?? [])
      tell(
        rows.map((_row, at) => [at, column, at === rows.length - 1 ? -1 : 1]),
        true,
      )
    for (const at of rows.keys())
      for (const { union, parts, isOpen } of unions) {
        if (isOpen !== true) tell([[at, union, 1], ...parts.map((part) => [at, part, -1] as const)], false)
        for (const part of parts)
          tell(
            [
              [at, part, 1],
              [at, union, -1],
            ],
            false,
          )
      }
    const { optimal, unbounded, unboundedOrInfeasible } = highs.constants.modelStatus
    const bound = (place: number, sense: 1 | -1): number => {
      model.changeColCost(place, sense)
      model.run()
      const status = model.getModelStatus()
      const value = model.getObjectiveValue()
      model.changeColCost(place, 0)
      if (status === optimal) return sense * value
      // The counts themselves satisfy every row: none is infeasible.
      if (sense === -1 && (status === unbounded || status === unboundedOrInfeasible)) return Infinity
      throw new Error(`the solver ended with status ${status}`)
    }
    return places.flatMap(([at, column], place) => {
      const count = rows[at]?.[column] ?? 0
      return count === 0 || count >= least ? [] : [[bound(place, 1), bound(place, -1)] as const]
    })
  })
}
