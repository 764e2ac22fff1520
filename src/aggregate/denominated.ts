import type { Denominator } from '../model/denominator.ts'
import type { Denominated, Survival } from '../model/findings.ts'
import type { ReportRow } from '../model/report-row.ts'
import { switchDenominators } from '../statistics/denominators.ts'
import { poissonInterval, type Interval } from '../statistics/poisson.ts'
import { rankIntervals } from '../statistics/rank-intervals.ts'
import { mostCounted, ratedRegions, serviceGroups } from './indicators.ts'

/** A denominator beside people, and how much of it a region has; undefined where that is not known. */
export interface Measure {
  readonly name: Denominator
  readonly value: (region: string) => number | undefined
}

/**
 * The figures of every region with a population by people and by each other denominator, from the rows of
 * exposure-by-region.csv in one source and unit. Ranks are of the regions that every denominator is known of, so that
 * they can be held against each other.
 */
export function* denominated(rows: readonly ReportRow[], measures: readonly Measure[]): Generator<Denominated> {
  for (const group of serviceGroups(rows).values()) {
    const regions = ratedRegions(group)
    if (regions.reduce((sum, { count }) => sum + count, 0) > mostCounted) continue
    yield* denominatedRegions(regions, measures)
  }
}

function* denominatedRegions(regions: readonly ReportRow[], measures: readonly Measure[]): Generator<Denominated> {
  const named = [{ name: 'people' as const, value: undefined }, ...measures]
  const counts = regions.map(({ count }) => count)
  const values = named.map(({ value }) =>
    regions.map(({ region, population = 0 }) => (value === undefined ? population : (value(region) ?? 0))),
  )
  const found = switchDenominators(counts, values)
  const isKnown = regions.map((_, index) => values.every((each) => (each[index] ?? 0) > 0))
  const ranges = values.map((each) =>
    rankIntervals(counts.map((count, index) => ({ count, population: isKnown[index] ? (each[index] ?? 0) : 0 }))),
  )
  for (const [index, row] of regions.entries()) {
    const ranks = found.ranks.map((each) => each[index])
    const survival = survivalOf(ranks, ranges[0]?.[index])
    const { low, high } = poissonInterval(row.count)
    for (const [which, { name }] of named.entries()) {
      const value = values[which]?.[index] ?? 0
      if (value === 0) continue
      const per = (events: number): number => (events / value) * 100_000
      yield {
        row,
        denominator: name,
        value,
        per100k: per(row.count),
        low: per(low),
        high: per(high),
        rank: ranks[which],
        rankRange: ranges[which]?.[index],
        agreement: found.agreement[which],
        survival,
      }
    }
  }
}

/** @param range of the ranks that chance leaves possible by people */
function survivalOf(ranks: readonly (number | undefined)[], range: Interval | undefined): Survival | undefined {
  const [first] = ranks
  if (first === undefined || range === undefined) return undefined
  if (ranks.every((rank) => rank === first)) return 'same'
  return ranks.every((rank) => rank !== undefined && rank >= range.low && rank <= range.high) ? 'within-interval' : 'no'
}
