import type { PageTop } from '../model/page.ts'
import type { ReportRow } from '../model/report-row.ts'
import type { Unit } from '../model/tally.ts'

/** Names shown of a service. */
const most = 10

interface Open {
  readonly name: string
  count: number
}

interface Group {
  readonly unit: Unit
  sum: number
  items: Open[]
  last: (Open & { readonly key: string }) | undefined
}

/** Gathers the most frequent products or networks of a country's services from rows as they go by. */
export interface TopGatherer {
  see(row: ReportRow): void
  top(source: string, service: string): PageTop | undefined
}

/**
 * Rows of one name (a product's versions) must follow one another, as those of a breakdown's file do: no more than ten
 * names of each service are held.
 * @param unitOf the unit a source's names are counted in: one in which the rows of a name add up
 */
export function gatherTops(country: string, unitOf: (source: string) => Unit | undefined, nameOf: NameOf): TopGatherer {
  const groups = new Map<string, Group>()
  const keyOf = (source: string, service: string): string => `${source}\0${service}`
  return {
    see: (row) => {
      const unit = unitOf(row.source)
      if (row.country !== country || row.region !== country || row.unit !== unit) return
      const id = keyOf(row.source, row.service)
      const group: Group = groups.get(id) ?? { unit, sum: 0, items: [], last: undefined }
      groups.set(id, group)
      group.sum += row.count
      const { key, name } = nameOf(row.keys)
      if (group.last?.key === key) group.last.count += row.count
      else {
        group.items = topOf(group)
        group.last = { key, name, count: row.count }
      }
    },
    top: (source, service) => {
      const group = groups.get(keyOf(source, service))
      if (group === undefined) return undefined
      const items = topOf(group).map(({ name, count }) => ({ name, count }))
      return { unit: group.unit, items, rest: group.sum - items.reduce((so, { count }) => so + count, 0) }
    },
  }
}

/** What a row's keys are one name of, and how it is written; empty where nothing was told. */
export type NameOf = (keys: readonly string[]) => { readonly key: string; readonly name: string }

export const productName: NameOf = ([vendor = '', product = '']) => ({ key: `${vendor}\0${product}`, name: product })

export const networkName: NameOf = ([asn = '', organisation = '']) => ({
  key: `${asn}\0${organisation}`,
  name: [asn === '' || asn === '0' ? '' : `AS${asn.replace(/^AS/i, '')}`, organisation]
    .filter((each) => each !== '')
    .join(' '),
})

const topOf = ({ items, last }: Group): Open[] =>
  [...items, ...(last === undefined ? [] : [last])]
    .toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, most)
