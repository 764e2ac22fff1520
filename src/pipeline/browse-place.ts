import { createHash } from 'node:crypto'
import { networkName } from '../aggregate/page-tops.ts'
import { cell, pageViews } from '../aggregate/page-views.ts'
import { populationSources } from '../locate/population-sources.ts'
import { loadRegionMap } from '../locate/region-map.ts'
import type { RegionTable } from '../locate/regions.ts'
import type { ReportRow } from '../model/report-row.ts'
import type {
  StoreNetwork,
  StorePlace,
  StorePlaceName,
  StoreService,
  StoreSnapshot,
  StoreSource,
} from '../model/store-page.ts'
import { loadServices } from '../recognise/service.ts'
import type { Snapshot } from '../store/snapshots.ts'
import type { CensusRequest } from './census.ts'
import { openFigures, type Shown } from './figures.ts'
import { reportRows, rowsContext, type RowsContext } from './report-rows.ts'

/** Networks of a region that are listed and can be looked into; the others are in the report's file. */
const mostNetworks = 1000

export function storeSnapshot({ id, manifest }: Snapshot): StoreSnapshot {
  const { basis, sources, observed, createdAt, missing } = manifest
  const counts =
    manifest.basis === 'records'
      ? [{ source: '', unit: 'records' as const, count: manifest.accounting.kept }]
      : manifest.survey.engines.flatMap(({ source, unit, rows }) => {
          const all = rows.find(({ service }) => service === 'all')
          return all === undefined ? [] : [{ source, unit, count: all.total }]
        })
  return { id, basis, sources, observed, createdAt, counts, missing: missing.toSorted() }
}

/** The codes of places that can be asked for: the world, a country, its regions, and what is unknown of either. */
export const placePattern = /^([A-Z]{2}(-[A-Z0-9]{1,3}|-unknown)?|unknown)?$/

/** Country and region of a place's code, as a census has them: empty where unknown. */
export function partsOf(code: string): { readonly country: string; readonly region: string | undefined } {
  if (code === 'unknown') return { country: '', region: '' }
  const country = code.slice(0, 2)
  return { country, region: code === country ? undefined : code.endsWith('-unknown') ? '' : code }
}

/**
 * What a snapshot has of a place, made of the rows that its report is made of.
 * @param code matches `placePattern`
 * @param temporary a folder that may be made, for what does not fit in memory
 * @returns undefined for a place of which the snapshot says nothing
 */
export async function placeOf(
  snapshot: Snapshot,
  code: string,
  regions: RegionTable,
  request: CensusRequest,
  temporary: string,
): Promise<StorePlace | undefined> {
  const figures = await openFigures(snapshot, regions, request, temporary)
  try {
    const { country, region } = partsOf(code)
    const isWorld = code === ''
    if (!isWorld && !(await figures.countries()).includes(country)) return undefined
    const whole = await rowsContext(snapshot, figures, regions, {})
    const context = isWorld ? whole : { ...whole, country }
    const isRegion = !isWorld && region !== undefined
    const sources = isRegion ? await sourcesOf(context, region) : []
    if (isRegion && sources.every(({ services }) => services.length === 0)) return undefined
    const nameOf = (of: string): StorePlaceName => ({
      code: of,
      name: regions.region(of)?.name ?? '',
      localName: regions.region(of)?.localName ?? '',
    })
    return {
      snapshot: storeSnapshot(snapshot),
      place: nameOf(code),
      country: isRegion && country !== '' ? nameOf(country) : undefined,
      views: isRegion ? [] : await viewsOf(context, isWorld ? undefined : country, regions),
      sources,
      credits: {
        populations: populationSources(country),
        dbip: (figures.census?.placedAddresses['address-database'] ?? 0) > 0,
      },
    }
  } finally {
    await figures.close()
  }
}

const titles = (): ReadonlyMap<string, string> => new Map(loadServices().services.map(({ id, title }) => [id, title]))
const isShown = (row: ReportRow, { source, unit }: Shown): boolean => row.source === source && row.unit === unit

async function viewsOf(
  context: RowsContext,
  country: string | undefined,
  regions: RegionTable,
): Promise<StorePlace['views']> {
  const shown = context.figures.shown.map((each) => ({ ...each, rows: [] as ReportRow[] }))
  const unnamed = new Set(context.serviceRows.filter((row) => row.isUnnamed).map((row) => row.id))
  for await (const row of reportRows(context, 'region')) {
    // Of the world its countries alone, and of ports without a name no rows of 0: they would fill the memory.
    const isWanted = country === undefined ? row.region === row.country || row.country === '' : row.country === country
    if (!isWanted || (row.count === 0 && unnamed.has(row.service))) continue
    shown.find((each) => isShown(row, each))?.rows.push(row)
  }
  const named = titles()
  const { categories } = loadServices()
  const { map } = country === undefined ? {} : await loadRegionMap(country, regions)
  return pageViews(shown, country, {
    region: (of) => regions.region(of),
    title: (service) => named.get(service) ?? '',
    isCategory: (service) => categories.has(service),
    top: () => undefined,
    map,
  })
}

/** A region's services and networks. @param region empty for what is in no region that is known */
async function sourcesOf(context: RowsContext, region: string): Promise<StoreSource[]> {
  const { figures } = context
  const code = region === '' ? 'unknown' : region
  const asked = { ...context, only: new Set([code]) }
  const named = titles()
  const serviceOf = (row: ReportRow): StoreService => ({
    id: row.service,
    title: named.get(row.service) ?? '',
    cell: cell(row),
  })
  const found = figures.shown.map((each) => ({
    ...each,
    services: [] as StoreService[],
    networks: new Map<string, ReportRow[]>(),
  }))
  for await (const row of reportRows(asked, 'region'))
    if (row.region === code && (row.count > 0 || row.service === 'all'))
      found.find((each) => isShown(row, each))?.services.push(serviceOf(row))
  const hasNetworks = figures.breakdowns.includes('network')
  if (hasNetworks)
    for await (const row of reportRows(asked, 'network')) {
      const networks = found.find((each) => isShown(row, each))?.networks
      if (row.region !== code || networks === undefined) continue
      const id = networkId(row.keys)
      const rows = networks.get(id)
      if (rows === undefined) networks.set(id, [row])
      else rows.push(row)
    }
  return found.map(({ source, unit, services, networks }) => {
    const listed = [...networks].map(([id, rows]): StoreNetwork => {
      const keys = rows[0]?.keys ?? []
      const count = (rows.find(({ service }) => service === 'all') ?? rows[0])?.count ?? 0
      return { id, name: networkName(keys).name, count, keys, services: rows.map(serviceOf) }
    })
    const sorted = listed.toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    return {
      source,
      unit,
      services,
      networks: hasNetworks ? sorted.slice(0, mostNetworks) : undefined,
      networksLeftOut: Math.max(0, sorted.length - mostNetworks),
    }
  })
}

const networkId = (keys: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(keys)).digest('hex').slice(0, 16)
