/**
 * Kendall's rank correlation with ties, tau-b (Kendall, Biometrika 33, 1945, 239–251): 1 when two lists put everything
 * in the same order, −1 in the opposite one. Undefined when all of a list is one tie, or there are fewer than two.
 * @throws RangeError for lists of different lengths, and for what is no number
 */
export function kendallTauB(first: readonly number[], second: readonly number[]): number | undefined {
  if (first.length !== second.length) throw new RangeError('the lists are of different lengths')
  if ([...first, ...second].some(Number.isNaN)) throw new RangeError('NaN has no rank')
  let agreeing = 0
  let untiedFirst = 0
  let untiedSecond = 0
  for (const [index, a] of first.entries()) {
    for (let other = 0; other < index; other++) {
      const inFirst = order(a, first[other])
      const inSecond = order(second[index], second[other])
      agreeing += inFirst * inSecond
      untiedFirst += Math.abs(inFirst)
      untiedSecond += Math.abs(inSecond)
    }
  }
  if (untiedFirst === 0 || untiedSecond === 0) return undefined
  return agreeing / Math.sqrt(untiedFirst * untiedSecond)
}

const order = (a = 0, b = 0): number => (a > b ? 1 : a < b ? -1 : 0)
