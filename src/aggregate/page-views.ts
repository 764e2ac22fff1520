import type { PageCell, PageRegion, PageService, PageTop, PageView, RegionMap } from '../model/page.ts'
import type { Region } from '../model/region.ts'
import type { PublishedRow } from '../model/published.ts'
import type { Unit } from '../model/tally.ts'
import { funnelCurve } from './page-funnel.ts'
import { poissonInterval } from '../statistics/poisson.ts'
import { rankedFrom } from '../statistics/rates.ts'

/** Cells that all views of a page have room for, and the fewest services one shows. */
const mostCells = 6000
const fewestServices = 10

/** Rows of exposure-by-region.csv of one source in one unit. */
export interface SourceRows {
  readonly source: string
  readonly unit: Unit
  readonly rows: readonly PublishedRow[]
}

export interface PageNaming {
  region(code: string): Region | undefined
  /** Title of a service; empty where the catalogue has none. */
  title(service: string): string
  /** Ids of categories. */
  isCategory(service: string): boolean
  top(kind: 'product' | 'network', source: string, service: string): PageTop | undefined
  /** Outlines of the country that the page is about. */
  readonly map?: RegionMap | undefined
}

/**
 * The views of a page: each source's country by region; where there are several countries, the world by country and the
 * country with most. Where the page has no room for all services, those counted most stay.
 */
export function pageViews(
  shown: readonly SourceRows[],
  country: string | undefined,
  naming: PageNaming,
): [PageView, ...PageView[]] {
  const asked = shown.flatMap((each) => {
    const countries = new Set(each.rows.map((row) => row.country).filter((code) => code !== ''))
    const isWorld = countries.size > 1 || country === undefined
    return [...(isWorld ? [{ each, of: '' }] : []), ...(country === undefined ? [] : [{ each, of: country }])]
  })
  const [first, ...others] = asked.map(({ each, of }) => view(each, of, asked.length, naming))
  return [first ?? view({ source: 'all', unit: 'addresses', rows: [] }, '', 1, naming), ...others]
}

function view({ source, unit, rows }: SourceRows, country: string, views: number, naming: PageNaming): PageView {
  const groups = new Map<string, PublishedRow[]>()
  for (const row of rows) {
    if (country !== '' ? row.country !== country : !isOfWorld(row)) continue
    const group = groups.get(row.service)
    if (group === undefined) groups.set(row.service, [row])
    else group.push(row)
  }
  const regions = regionsOf(groups, country, naming)
  const room = Math.max(fewestServices, Math.floor(mostCells / views / Math.max(1, regions.length)))
  const made = [...groups].map(([id, group]) => service(id, group, { source, country, regions, naming }))
  const kept = new Set(
    made
      .toSorted((a, b) => importance(b, naming) - importance(a, naming) || (b.total.count ?? 0) - (a.total.count ?? 0))
      .slice(0, room),
  )
  const [head, ...rest] = made.filter((each) => kept.has(each))
  const told = naming.region(country)
  const total = rows.find((row) => row.region === country && row.country === country)
  return {
    source,
    unit,
    country,
    name: told?.name ?? country,
    localName: told?.localName ?? '',
    populationYear: total?.populationYear,
    isScopeLimited: rows.some((row) => row.flags.includes('scope-limited')),
    ...(country === '' || naming.map === undefined ? {} : { map: naming.map }),
    regions,
    services: [head ?? service('all', [], { source, country, regions, naming }), ...rest],
    servicesLeftOut: made.length - kept.size,
  }
}

const importance = ({ id }: PageService, naming: PageNaming): number =>
  id === 'all' ? 2 : naming.isCategory(id) ? 1 : 0

/** Totals of countries, and what has none. */
const isOfWorld = (row: PublishedRow): boolean => row.region === row.country || row.country === ''

function regionsOf(
  groups: ReadonlyMap<string, readonly PublishedRow[]>,
  country: string,
  naming: PageNaming,
): PageRegion[] {
  const found = new Map<string, PageRegion>()
  for (const row of [...groups.values()].flat()) {
    if (row.region === 'unknown' || row.region === country || found.has(row.region)) continue
    const { name, localName = '' } = naming.region(row.region) ?? { name: row.region }
    found.set(row.region, { code: row.region, name, localName, population: row.population })
  }
  return [...found.values()].toSorted((a, b) => (a.code < b.code ? -1 : 1))
}

interface Frame {
  readonly source: string
  readonly country: string
  readonly regions: readonly PageRegion[]
  readonly naming: PageNaming
}

function service(id: string, rows: readonly PublishedRow[], { source, country, regions, naming }: Frame): PageService {
  const byRegion = new Map(rows.map((row) => [row.region, row]))
  const scoped = rows.some((row) => row.flags.includes('scope-limited'))
  const total = byRegion.get(country)
  const top = (kind: 'product' | 'network'): PageTop | undefined =>
    country === '' ? undefined : naming.top(kind, source, id)
  const cells = regions.map((region) => {
    const row = byRegion.get(region.code)
    return row === undefined ? nothing(scoped ? undefined : region.population) : cell(row)
  })
  // Countries differ by too much for a funnel of the world.
  const isWhole = cells.every(({ count }) => count !== undefined)
  const limits = country === '' || !isWhole ? undefined : funnelCurve(regions, cells)
  return {
    id,
    title: naming.title(id),
    total: total === undefined ? sum(rows) : cell(total),
    unknown: cell(byRegion.get('unknown')),
    cells,
    products: top('product'),
    networks: top('network'),
    ...(limits === undefined ? {} : { funnel: limits }),
  }
}

/** What a page shows of a row. */
export const cell = (row: PublishedRow | undefined): PageCell =>
  row === undefined
    ? nothing(undefined)
    : {
        count: row.count,
        asked: row.asked,
        rate: row.per100k,
        low: row.per100kLow,
        high: row.per100kHigh,
        ratio: row.rateRatio,
        rank: row.rank,
        flags: row.flags,
      }

/** A region of which there is no row: rows of 0 are left out where nobody asked for the service. */
const nothing = (population: number | undefined): PageCell => {
  const people = population === undefined || population === 0 ? undefined : population
  return {
    count: 0,
    asked: undefined,
    rate: people && 0,
    low: people && 0,
    high: people && (poissonInterval(0).high / people) * 100_000,
    ratio: undefined,
    rank: undefined,
    flags: ['small-count'],
  }
}

/** The total of the world: countries and what has none; of its population nothing is known. */
function sum(rows: readonly PublishedRow[]): PageCell {
  const isHidden = rows.some((row) => row.count === undefined)
  const count = rows.reduce((so, row) => so + (row.count ?? 0), 0)
  const flags = [...new Set(rows.flatMap((row) => row.flags))].filter((flag) => flag !== 'small-count')
  return {
    ...nothing(undefined),
    count: isHidden ? undefined : count,
    flags: count < rankedFrom && !isHidden ? [...flags, 'small-count'] : flags,
  }
}
