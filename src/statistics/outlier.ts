import { requireWhole } from './domain.ts'

/** What a figure loses when one network, organisation or product is left out. */
export interface Part {
  readonly name: string
  /** What its removal takes off the count. */
  readonly count: number
  /** What it takes off that by which the count is divided: all its services for a share, 0 for a rate per head. */
  readonly base: number
}

export interface Explanation {
  readonly name: string
  /** The figure as it is, and without this part; undefined when nothing is left to divide by. */
  readonly value: number
  readonly without: number | undefined
}

/**
 * The part whose removal moves a figure most: what a region stands out by. The figure is `count / base`: a service's share of
 * a region's services, or its rate per head. Each part is left out by itself (Cook, Technometrics 19, 1977, 15–18, for
 * regression): of two that only together make a figure, it names the larger. Parts may overlap and need not be all
 * there is. Of equal ones the first by name. Undefined without parts, and when there is nothing to divide by.
 * @throws RangeError for what is no whole number from 0, and for a part that takes off more than there is
 */
export function strongestPart(
  { count, base }: { readonly count: number; readonly base: number },
  parts: readonly Part[],
): Explanation | undefined {
  requireWhole('a count', count)
  requireWhole('a base', base)
  for (const part of parts) {
    requireWhole('a count', part.count)
    requireWhole('a base', part.base)
    if (part.count > count || part.base > base)
      throw new RangeError(`a part of ${part.count} by ${part.base} is larger than its whole, ${count} by ${base}`)
  }
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
