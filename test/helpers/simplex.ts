/** `coefficients · x` is `equal`, or at most `most`; all x are at least 0. */
export interface Constraint {
  readonly coefficients: readonly number[]
  readonly bound: number
  readonly isEqual: boolean
}

const tiny = 1e-9

/** The least value of `cost · x` by the simplex method in two phases, with Bland's rule; -Infinity where there is none. */
export function minimum(cost: readonly number[], constraints: readonly Constraint[]): number {
  const width = cost.length
  const slacks = constraints.filter(({ isEqual }) => !isEqual).length
  const height = constraints.length
  let slack = 0
  const tableau = constraints.map(({ coefficients, bound, isEqual }, index) => {
    const row = Array.from({ length: width + slacks + height + 1 }, () => 0)
    for (const [place, value] of coefficients.entries()) row[place] = value
    if (!isEqual) row[width + slack++] = 1
    row[row.length - 1] = bound
    const signed = bound < 0 ? row.map((value) => -value) : row
    signed[width + slacks + index] = 1
    return signed
  })
  const basis = constraints.map((_, index) => width + slacks + index)
  const run = (costs: readonly number[], columns: number): number => {
    for (;;) {
      const price = (column: number): number =>
        (costs[column] ?? 0) -
        tableau.reduce((sum, row, at) => sum + (costs[basis[at] ?? 0] ?? 0) * (row[column] ?? 0), 0)
      const enter = Array.from({ length: columns }, (_, column) => column).find((column) => price(column) < -tiny)
      if (enter === undefined)
        return tableau.reduce((sum, row, at) => sum + (costs[basis[at] ?? 0] ?? 0) * (row.at(-1) ?? 0), 0)
      let leave = -1
      let least = Infinity
      for (const [at, row] of tableau.entries()) {
        const pivot = row[enter] ?? 0
        if (pivot <= tiny) continue
        const ratio = (row.at(-1) ?? 0) / pivot
        if (ratio < least - tiny || (ratio < least + tiny && (basis[at] ?? 0) < (basis[leave] ?? Infinity))) {
          least = Math.min(least, ratio)
          leave = at
        }
      }
      const chosen = tableau[leave]
      if (chosen === undefined) return -Infinity
      const pivot = chosen[enter] ?? 1
      tableau[leave] = chosen.map((value) => value / pivot)
      for (const [at, row] of tableau.entries()) {
        const factor = row[enter] ?? 0
        if (at !== leave && Math.abs(factor) > tiny)
          tableau[at] = row.map((value, place) => value - factor * (tableau[leave]?.[place] ?? 0))
      }
      basis[leave] = enter
    }
  }
  const artificial = Array.from({ length: width + slacks + height }, (_, place) => (place < width + slacks ? 0 : 1))
  if (run(artificial, width + slacks) > 1e-6) throw new Error('no point satisfies the constraints')
  // An artificial variable that stays in the basis is 0, and is kept so by a price no solution would pay.
  return run([...cost, ...artificial.slice(width).map((each) => each * 1e6)], width + slacks)
}
