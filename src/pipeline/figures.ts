import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostRows, type HostsQuestion } from '../aggregate/hosts.ts'
import { outliers } from '../aggregate/outliers.ts'
import { recapturePairs, recaptures } from '../aggregate/recaptures.ts'
import { servicesFound, tallies, type ServiceRow } from '../aggregate/tallies.ts'
import type { Regions, RowOptions } from '../aggregate/census-rows.ts'
import type { RegionTable } from '../locate/regions.ts'
import type { Outlier, Recaptured } from '../model/findings.ts'
import type { HostRow } from '../model/host.ts'
import type { ReportRow } from '../model/report-row.ts'
import { breakdownKeys, breakdowns, units, type Breakdown, type Tally, type Unit } from '../model/tally.ts'
import type { Warning } from '../model/warning.ts'
import type { Header } from '../reports/region-table.ts'
import { loadServices } from '../recognise/service.ts'
import { censusOf } from '../store/census-sql.ts'
import { all, openDatabase, parquetFiles } from '../store/duckdb.ts'
import type { CensusFacts } from '../store/censuses.ts'
import { readFacetTallies, type FacetTally } from '../store/facets.ts'
import type { FacetsManifest } from '../store/manifest.ts'
import { isOfRecords, type RecordsSnapshot, type Snapshot } from '../store/snapshots.ts'
import { censusOfSnapshot, type CensusRequest } from './census.ts'
import {
  askedBy,
  countryTotals,
  defaultRankWarning,
  headers,
  mailProducts,
  question,
  shownSource,
  type Asking,
} from './report-facts.ts'

/** What a report is about. */
export interface Asked {
  readonly country: string | undefined
  readonly serviceRows: readonly ServiceRow[]
  /** Regions with the populations chosen. */
  readonly view: Regions
}

/** A source, and the unit its figures are told in. */
export interface Shown {
  readonly source: Tally['source']
  readonly unit: Unit
  /** An engine's total when it was first asked, and at the end. */
  readonly drift?: { readonly first: number; readonly last: number }
}

/** Which endpoints are asked for; all where one is undefined. */
export type HostsAsked = Pick<HostsQuestion, 'regions' | 'services'>

/** The figures of a snapshot, whether counted from records or by a search engine: all a report knows of either. */
export interface Figures {
  /** Sources they are of, in the order of their tallies; records of several also together, as `all`. */
  readonly sources: readonly Tally['source'][]
  /** The units those of a source are in. */
  units(source: Tally['source']): readonly Unit[]
  /** What is printed, and in which unit. */
  readonly shown: readonly Shown[]
  /** How records were placed; absent where an engine did it. */
  readonly census: CensusFacts | undefined
  /** What datapackage.json says of where they come from. */
  readonly facts: Readonly<Record<string, object>>
  /** Ids of all services found, sorted. */
  services(): Promise<readonly string[]>
  /**
   * Services, categories and `all` that can be told of, where not all were asked for: what was not is not 0 but unknown.
   * Undefined where everything was.
   */
  readonly told: ReadonlySet<string> | undefined
  /** Whether a row that cannot be told of was asked for, so that it is the snapshot that lacks it. */
  lacks(row: string): boolean
  /** What there is beside regions. */
  readonly breakdowns: readonly Breakdown[]
  /** Whether they are of what a scope lets be asked, and not of whole regions. */
  readonly isScopeLimited: boolean
  /** Addresses asked for a service row in a place; undefined where that is not known. */
  asked(asked: Asked): Promise<NonNullable<RowOptions['asked']>>
  /** The one country that was asked for, where it was one. */
  readonly country: string | undefined
  /** What is missing of a source's figures, one sentence each. */
  missing(source: Tally['source']): readonly string[]
  /** Countries, most counted first; '' where none is known. */
  countries(): Promise<string[]>
  /** Sorted as `tallies()` of aggregate/ gives them. */
  tallies(breakdown: Breakdown, asked: Asked): AsyncIterable<Tally> | Iterable<Tally>
  headers(asked: Asked): Promise<Header>
  countryTotals(asked: Asked): Promise<ReadonlyMap<string, number>>
  mailProducts(asked: Asked, country: string): Promise<readonly { product: string; addresses: number }[]>
  warnings(asked: Asked, shown: readonly ReportRow[]): Promise<readonly Warning[]>
  /** What makes figures stand out; nothing is known of those an engine counted. @param totals of all services, by region */
  outliers(asked: Asked, rows: readonly ReportRow[], totals: ReadonlyMap<string, number>): Promise<readonly Outlier[]>
  /** The endpoints behind the figures; undefined where an engine counted. */
  hosts(asked: Asked & HostsAsked): AsyncIterable<HostRow> | undefined
  /** What two sources saw and missed; undefined where no two of them looked at the same. */
  recaptures(asked: Asked): Promise<readonly Recaptured[] | undefined>
  close(): Promise<void>
}

/** @param temporary a folder that may be made, for what does not fit in memory */
export async function openFigures(
  snapshot: Snapshot,
  regions: RegionTable,
  request: CensusRequest,
  temporary: string,
): Promise<Figures & { readonly folder: string }> {
  if (isOfRecords(snapshot)) return recordFigures(snapshot, regions, request, temporary)
  // A survey is small; the folder is not `temporary`, which would leave the report's folder behind where nothing is reported.
  const folder = await mkdtemp(join(tmpdir(), 'census-'))
  const found = await readFacetTallies(snapshot.folder, folder).finally(() =>
    rm(folder, { recursive: true, force: true }),
  )
  return { ...facetFigures(snapshot as Snapshot<FacetsManifest>, found), folder: snapshot.folder }
}

async function recordFigures(
  snapshot: RecordsSnapshot,
  regions: RegionTable,
  request: CensusRequest,
  temporary: string,
): Promise<Figures & { readonly folder: string }> {
  const census = await censusOfSnapshot(snapshot, regions, request)
  const database = await openDatabase({ folders: [census.folder, snapshot.folder], temporary, memoryLimitMiB: 1024 })
  const sql = { ...censusOf(census.folder), facts: census.facts }
  const asking = (asked: Asked): Asking => ({ ...asked, snapshot, census: sql, database })
  const { connection } = database
  const { sources, survey, probe } = snapshot.manifest
  const source = shownSource(snapshot)
  return {
    sources: sources.length > 1 ? ['all', ...sources.toSorted()] : sources,
    units: () => units,
    shown: source === undefined ? [] : [{ source, unit: 'addresses' }],
    census: census.facts,
    folder: census.folder,
    facts: {
      accounting: snapshot.manifest.accounting,
      placedAddresses: census.facts.placedAddresses,
      tables: census.facts.tables,
    },
    // What was asked for and not found is told of, too.
    services: () => servicesFound(connection, probe === undefined ? sql : { ...sql, numbers: sql.asked }),
    told: toldBy(snapshot.manifest),
    lacks: lackedBy(snapshot.manifest, survey?.services ?? probe?.services),
    isScopeLimited: probe !== undefined && probe.coverage !== 'complete',
    asked: async (asked) => (probe === undefined ? () => undefined : askedBy(asking(asked))),
    country: survey?.country,
    missing: () => snapshot.manifest.missing,
    breakdowns,
    countries: async () => {
      const asked =
        probe === undefined ? '' : `UNION ALL SELECT country, 0 AS n FROM ${sql.asked} JOIN ${sql.places} USING (place)`
      const counted = await all(
        connection,
        `SELECT country FROM (SELECT country, 1 AS n FROM ${sql.rows} ${asked}) GROUP BY country ORDER BY sum(n) DESC, country`,
      )
      return counted.map((row) => String(row['country']))
    },
    tallies: (breakdown, asked) => tallies(connection, question(asking(asked), breakdown)),
    headers: (asked) => headers(asking(asked)),
    countryTotals: (asked) => countryTotals(asking(asked)),
    mailProducts: (asked, country) => mailProducts(asking(asked), country),
    warnings: (asked, shown) => defaultRankWarning(asking(asked), shown),
    outliers: (asked, rows, totals) => outliers(connection, asking(asked), rows, totals),
    hosts: ({ country, regions: only, services }) =>
      hostRows(connection, {
        census: sql,
        observations: parquetFiles(join(snapshot.folder, 'observations')),
        country,
        regions: only,
        services,
      }),
    recaptures: async ({ country, serviceRows, view }) =>
      recapturePairs(sources).length === 0
        ? undefined
        : recaptures(connection, {
            census: sql,
            serviceRows,
            sources,
            country,
            complete: snapshot.manifest.complete,
            region: (code) => view.region(code),
          }),
    close: async () => {
      database.close()
      await census.close()
    },
  }
}

/** Engines count one country, each in a unit of its own; what one was not asked is absent. */
function facetFigures({ id, manifest }: Snapshot<FacetsManifest>, found: readonly FacetTally[]): Figures {
  const { country: surveyed, by, engines, services: asked } = manifest.survey
  const catalogue = loadServices()
  const sources = engines.map(({ source }) => source).toSorted()
  const unitOf = new Map<string, Unit>(engines.map(({ source, unit }) => [source, unit]))
  const told = new Set(found.map((tally) => tally.service))
  return {
    sources,
    units: (source) => [unitOf.get(source) ?? 'banners'],
    shown: engines.map(({ source, unit, drift }) => ({ source, unit, ...(drift === undefined ? {} : { drift }) })),
    census: undefined,
    facts: {
      survey: engines.map(({ source, unit, rows, regions, drift }) => {
        return { source, unit, rows, regions, ...(drift === undefined ? {} : { drift }) }
      }),
    },
    services: async () => [...told].filter((row) => row !== 'all' && !catalogue.categories.has(row)).toSorted(),
    told,
    lacks: lackedBy(manifest, asked),
    isScopeLimited: false,
    asked: async () => () => undefined,
    country: surveyed,
    missing: (source) => engines.find((engine) => engine.source === source)?.missing ?? [],
    breakdowns: ['region', ...by],
    countries: async () => [surveyed],
    tallies: function* (breakdown, { serviceRows }) {
      const place = new Map(serviceRows.map((row, index) => [row.id, index]))
      const mine = found.filter((tally) => tally.breakdown === breakdown && place.has(tally.service))
      const order = (tally: FacetTally): string => [...tally.keys, tally.region].join('\0')
      const sorted = mine.toSorted(
        (a, b) =>
          sources.indexOf(a.source) - sources.indexOf(b.source) ||
          (place.get(a.service) ?? 0) - (place.get(b.service) ?? 0) ||
          (order(a) < order(b) ? -1 : 1),
      )
      for (const { source, service, keys, region, count, flags } of sorted) {
        if (keys.length !== breakdownKeys[breakdown].length)
          throw new Error(`a tally by ${breakdown} of ${keys.length} keys`)
        const counts = { addresses: 0, endpoints: 0, banners: 0, [unitOf.get(source) ?? 'banners']: count }
        yield { source, country: surveyed, region, service, keys, counts, flags, speakingFlags: 0 }
      }
    },
    headers: async () => (source) => {
      const { from = '', to = '' } = engines.find((engine) => engine.source === source)?.observed ?? {}
      return { snapshot: id, basis: 'facets', observedFrom: from, observedTo: to }
    },
    countryTotals: async () => new Map(),
    mailProducts: async () => [],
    warnings: async () => [],
    outliers: async () => [],
    hosts: () => undefined,
    recaptures: async () => undefined,
    close: async () => undefined,
  }
}

/** The rows that all was asked for, where it was not everything. */
function toldBy({ survey, probe }: RecordsSnapshot['manifest']): ReadonlySet<string> | undefined {
  if (survey?.rows !== undefined) return new Set(survey.rows)
  if (probe?.services === undefined) return undefined
  return new Set([...probe.services, ...loadServices().resolve(probe.services)])
}

/** What a snapshot that is partial was asked for, and may lack. @param asked services and categories; everything when absent */
function lackedBy(
  { complete }: { readonly complete: boolean },
  asked: readonly string[] | undefined,
): Figures['lacks'] {
  if (complete) return () => false
  if (asked === undefined) return () => true
  const wanted = new Set([...asked, ...loadServices().resolve(asked.filter((name) => name !== 'all'))])
  return (row) => wanted.has(row)
}
