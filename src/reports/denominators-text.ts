import { denominators, type Denominator } from '../model/denominator.ts'
import type { Denominated } from '../model/findings.ts'
import type { PublishedRow } from '../model/published.ts'
import { terminalWidth, wrapped } from './text.ts'

/** What rates are for, and the head of its column. */
export const denominatorWords: Readonly<Record<Denominator, { readonly of: string; readonly title: string }>> = {
  people: { of: 'people', title: 'Population' },
  households: { of: 'households', title: 'Households' },
  addresses: { of: 'IPv4 addresses', title: 'IPv4' },
  slash24: { of: 'announced /24s', title: '/24s' },
}

/** Rows with another denominator in the place of people; the country's is known where that of all its regions is. */
export function measuredRows(
  rows: readonly PublishedRow[],
  found: readonly Denominated[],
  by: Denominator,
): PublishedRow[] {
  const keyOf = ({ source, region, service, unit }: PublishedRow): string => [source, region, service, unit].join(' ')
  const known = new Map(found.flatMap((each) => (each.denominator === by ? [[keyOf(each.row), each]] : [])))
  return rows.map((row) => {
    const own = known.get(keyOf(row))
    const regions = rows.filter(
      ({ country, region, service, unit }) =>
        row.region === row.country &&
        country === row.country &&
        service === row.service &&
        unit === row.unit &&
        region !== country &&
        region !== 'unknown',
    )
    const values = regions.map((each) => known.get(keyOf(each))?.value)
    const total = values.length > 0 && values.every((each) => each !== undefined) ? sum(values) : undefined
    const value = own?.value ?? total
    return {
      ...row,
      population: value,
      per100k:
        own?.per100k ?? (value === undefined || row.count === undefined ? undefined : (row.count / value) * 100_000),
      rank: own?.rank,
    }
  })
}

const sum = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((so, each) => so + (each ?? 0), 0)

/** How many of a country's ranks of all services survive each other denominator. */
export function survivalLines(found: readonly Denominated[], source: string, country: string | undefined): string[] {
  const own = found.filter(({ row }) => row.source === source && row.country === country && row.service === 'all')
  return denominators.flatMap((by) => {
    const told = own.filter(({ denominator, rank }) => denominator === by && by !== 'people' && rank !== undefined)
    const [first] = told
    if (first === undefined) return []
    const ofPeople = new Map(own.flatMap((each) => (each.denominator === 'people' ? [[each.row.region, each]] : [])))
    const same = told.filter(({ row, rank }) => ofPeople.get(row.region)?.rank === rank).length
    const within = told.filter(({ row, rank = 0 }) => {
      const { low = Infinity, high = 0 } = ofPeople.get(row.region)?.rankRange ?? {}
      return rank >= low && rank <= high
    }).length
    const tau = first.agreement === undefined ? '' : `; Kendall's tau-b ${first.agreement.toFixed(2)}`
    return wrapped(
      `By ${denominatorWords[by].of} instead of people, ${same} of ${told.length} ranks are the same, and ${within} within what chance leaves possible${tau}.`,
      terminalWidth,
    )
  })
}
