import { requireWhole } from './domain.ts'
import { kendallTauB } from './kendall.ts'
import { ranks } from './rates.ts'

export interface DenominatorSwitch {
  /** For each denominator, the regions' ranks; undefined for a region that is not ranked under all of them. */
  readonly ranks: readonly (readonly (number | undefined)[])[]
  /** For each denominator, Kendall's tau-b of its order of regions with the first denominator's. */
  readonly agreement: readonly (number | undefined)[]
  /** For each region, whether its rank is the same under all; undefined where it has none. */
  readonly isSteady: readonly (boolean | undefined)[]
  /** Pairs of regions, by index, of which the first has the higher rate under every denominator. */
  readonly steadyPairs: readonly (readonly [number, number])[]
  /** How many pairs of ranked regions there are. */
  readonly pairs: number
}

/**
 * Which ranks survive when the same counts are measured by something else: people, households, addresses. A plain
 * comparison of orders (Kendall 1945 for their agreement); only regions ranked under every denominator take part.
 * @param denominators each with a value for every region, 0 where it is not known
 * @throws RangeError for values that are no whole numbers from 0, and for a denominator of another length
 */
export function switchDenominators(
  counts: readonly number[],
  denominators: readonly (readonly number[])[],
): DenominatorSwitch {
  for (const count of counts) requireWhole('a count', count)
  for (const values of denominators) {
    if (values.length !== counts.length) throw new RangeError('a denominator is not of as many regions as the counts')
    for (const value of values) requireWhole('a denominator', value)
  }
  const isKnown = counts.map((_, region) => denominators.every((values) => values[region] !== 0))
  const found = denominators.map((values) =>
    ranks(counts.map((count, region) => ({ count, population: isKnown[region] ? (values[region] ?? 0) : 0 }))),
  )
  const ranked = [...counts.keys()].filter((region) => found[0]?.[region] !== undefined)
  const places = found.map((all) => ranked.map((region) => all[region] ?? 0))
  const isAhead = (one: number, other: number): boolean => found.every((all) => (all[one] ?? 0) < (all[other] ?? 0))
  return {
    ranks: found,
    agreement: places.map((all) => kendallTauB(places[0] ?? [], all)),
    isSteady: counts.map((_, region) => {
      const first = found[0]?.[region]
      return first === undefined ? undefined : found.every((all) => all[region] === first)
    }),
    steadyPairs: ranked.flatMap((one) =>
      ranked.filter((other) => isAhead(one, other)).map((other): [number, number] => [one, other]),
    ),
    pairs: (ranked.length ** 2 - ranked.length) / 2,
  }
}
