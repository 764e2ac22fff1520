import { requireWhole } from './domain.ts'

/** What one network, organisation or product holds of a figure; parts have nothing in common. */
export interface Part {
  readonly name: string
  /** What it adds to the count. */
  readonly count: number
  /** What it adds to that by which the count is divided: all its services for a share, 0 for a rate per head. */
  readonly base: number
}

export interface Explanation {
  readonly name: string
  /** The figure as it is, and without this part; undefined when nothing is left to divide by. */
  readonly value: number
  readonly without: number | undefined
}

/**
 * The part whose removal moves a figure most: what a region stands out by. The figure is the sum of counts over the sum
 * of bases and what they add to: a service's share of a region's services, or, with `population`, its rate per head.
 * This leaves one out at a time (Cook, Technometrics 19, 1977, 15–18, for regression): of two parts that only together
 * make a figure, it names the larger. Of equal ones the first by name. Undefined when there is nothing to divide by.
 * @param population people behind the parts; 0 for a share
 * @throws RangeError for what is no whole number from 0, and for a share's count above its base
 */
export function strongestPart(parts: readonly Part[], population = 0): Explanation | undefined {
  requireWhole('a population', population)
  for (const { count, base } of parts) {
    requireWhole('a count', count)
    requireWhole('a base', base)
    if (population === 0 && count > base) throw new RangeError(`a part of ${count} is larger than its whole, ${base}`)
  }
  const count = parts.reduce((sum, part) => sum + part.count, 0)
  const base = parts.reduce((sum, part) => sum + part.base, population)
  requireWhole('a sum', count)
  requireWhole('a sum', base)
  if (base === 0) return undefined
  const value = count / base
  const moved = (without: number | undefined): number => (without === undefined ? Infinity : Math.abs(without - value))
  const [strongest] = parts
    .map((part) => ({
      name: part.name,
      value,
      without: base === part.base ? undefined : (count - part.count) / (base - part.base),
    }))
    .toSorted((a, b) => moved(b.without) - moved(a.without) || (a.name < b.name ? -1 : 1))
  return strongest
}
