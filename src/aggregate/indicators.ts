import type { FunnelPlace, Indicators } from '../model/indicators.ts'
import type { ReportRow } from '../model/report-row.ts'
import { funnel, type FunnelCell } from '../statistics/funnel.ts'
import { locationQuotient } from '../statistics/location-quotient.ts'
import { rankIntervals } from '../statistics/rank-intervals.ts'
import { rateRatioInterval } from '../statistics/rate-ratio.ts'
import { shrunkenRates } from '../statistics/shrinkage.ts'
import { unknownsBounds } from '../statistics/unknowns.ts'

/** Beyond it a count says nothing of chance, and takes seconds to reckon with. */
export const mostCounted = 1e8

/**
 * The indicators of every region with a population, by the country's rows of exposure-by-region.csv in one source and unit: all
 * of its regions for a service, those of 0 included, the country's total and `unknown`. Services of which too much was
 * counted to be true are left out.
 */
export function* indicators(rows: readonly ReportRow[]): Generator<Indicators> {
  const groups = serviceGroups(rows)
  for (const [key, group] of groups) {
    const all = groups.get(`${key.slice(0, 2)} all`) ?? []
    yield* indicatorsOf(group, new Map(all.map((row) => [row.region, row.count])))
  }
}

/** Rows by country and service: `JP ntp`. */
export function serviceGroups(rows: readonly ReportRow[]): ReadonlyMap<string, readonly ReportRow[]> {
  const groups = new Map<string, ReportRow[]>()
  for (const row of rows) {
    if (row.country === '') continue
    const key = `${row.country} ${row.service}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}

/** Of a country's rows those of regions that have a rate. */
export const ratedRegions = (rows: readonly ReportRow[]): ReportRow[] =>
  rows.filter((row) => row.region !== row.country && row.region !== 'unknown' && row.per100k !== undefined)

/** @param all counts of all services, by region; where they are not told, there is no quotient */
function* indicatorsOf(rows: readonly ReportRow[], all: ReadonlyMap<string, number>): Generator<Indicators> {
  const regions = ratedRegions(rows)
  const placed = regions.reduce((sum, { count }) => sum + count, 0)
  const unplaced = rows.find((row) => row.region === 'unknown')?.count ?? 0
  if (placed + unplaced > mostCounted || regions.length === 0) return
  const cells = regions.map(({ count, population = 0 }) => ({ count, population }))
  const people = cells.reduce((sum, { population }) => sum + population, 0)
  const limits = funnel(cells)
  const ranks = rankIntervals(cells)
  const shrunken = shrunkenRates(cells)
  const bounds = unknownsBounds(cells, unplaced)
  const allOf = (row: ReportRow): number => all.get(row.region) ?? 0
  const country = { service: placed, all: regions.reduce((sum, row) => sum + allOf(row), 0) }
  const per = (rate: number | undefined): number | undefined => rate && rate * 100_000
  for (const [index, row] of regions.entries()) {
    const cell = cells[index] ?? { count: 0, population: 0 }
    // Of banners and endpoints, a service may have what `all` has not: engines count them apart.
    const isPart = row.count <= allOf(row) && country.service <= country.all
    yield {
      row,
      rateRatio: rateRatioInterval(cell, { count: placed - cell.count, population: people - cell.population }),
      rank: ranks[index],
      funnel: placeOf(limits?.cells[index]),
      shrunkenRate: per(shrunken?.rates[index]),
      locationQuotient: isPart ? locationQuotient({ service: row.count, all: allOf(row) }, country) : undefined,
      rateWithUnplaced: per(bounds[index]?.rate?.high),
      rankWithUnplaced: bounds[index]?.rank,
    }
  }
}

function placeOf(cell: FunnelCell | undefined): FunnelPlace | undefined {
  if (cell === undefined) return undefined
  const { ofInner, ofOuter } = cell
  return ofOuter !== 'inside' ? `${ofOuter}-99.8` : ofInner !== 'inside' ? `${ofInner}-95` : 'inside'
}
