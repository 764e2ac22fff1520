import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { gatherConcentrations } from '../aggregate/concentrations.ts'
import { loadRegionMap, type FoundMap } from '../locate/region-map.ts'
import { loadRegions, type RegionTable } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import type { Language } from '../model/page.ts'
import { defaultFormats, type CsvDialect, type ReportFormat } from '../model/report-format.ts'
import type { PublishedRow } from '../model/published.ts'
import type { ReportRow } from '../model/report-row.ts'
import type { Breakdown } from '../model/tally.ts'
import type { Warning } from '../model/warning.ts'
import { datapackage, snapshotFacts } from '../reports/datapackage.ts'
import { exposureFiles, exposureTable } from '../reports/exposure-table.ts'
import { historyFile, historyTable } from '../reports/history-table.ts'
import { hostsFile } from '../reports/hosts-table.ts'
import { englishWarning } from '../reports/warnings.ts'
import { storageError } from '../store/duckdb.ts'
import type { CensusFacts } from '../store/censuses.ts'
import type { Snapshot } from '../store/snapshots.ts'
import { version } from '../version.ts'
import type { CensusRequest } from './census.ts'
import { draftIn, makeDraft, publish, writeSynced } from './drafts.ts'
import { openFigures, type Figures, type Shown } from './figures.ts'
import { openTops, pageFacts, type Tops } from './page-facts.ts'
import { fileNames, reportFiles, type ReportFiles } from './report-files.ts'
import { historyOf } from './report-history.ts'
import { checkHosts, writeHosts, type HostsRequest } from './report-hosts.ts'
import { reportRows, rowsContext, type RowsContext } from './report-rows.ts'
import { breakdownsOf, scopeOf } from './report-scope.ts'
import { openDenominators, type DenominatorRequest, type Denominators } from './report-denominators.ts'
import { noStatistics, statistics, statisticsFiles, type Measured } from './report-statistics.ts'
import { checkSuppression, editionIn, refuseRevealing, suppressionOf, type SuppressRequest } from './report-suppress.ts'
import { seriesOf, type Series, type SeriesRequest } from './series.ts'
import { normalised } from './survey-rows.ts'

export interface ReportRequest extends CensusRequest, SeriesRequest, DenominatorRequest, SuppressRequest, HostsRequest {
  readonly country?: string
  readonly services?: readonly string[]
  readonly by?: readonly string[]
  readonly per: number
  readonly populationYear?: number
  readonly out: string
  /** `defaultFormats` when absent. */
  readonly formats?: readonly ReportFormat[]
  /** `plainCsv` when absent. */
  readonly csv?: CsvDialect
  /** Of the page; English when absent. */
  readonly language?: Language
}

/** What a report found, for the terminal and `--json`. */
export interface Report {
  /** Of a series the newest. */
  readonly snapshot: Snapshot
  /** Whether it, and every other of its series, is whole. */
  readonly isComplete: boolean
  /** How records were placed; absent where a search engine counted. */
  readonly census: CensusFacts | undefined
  /** `marking` says who may have a file, where not everybody may. */
  readonly files: readonly { readonly name: string; readonly rows: number; readonly marking?: string }[]
  /** Rows of exposure-by-region.csv of each source that is told of, in the unit it is told in. */
  readonly shown: readonly (Shown & { readonly rows: readonly PublishedRow[] })[]
  /** The country the summary is about, if any record has one. */
  readonly country: string | undefined
  readonly regions: RegionTable
  /** Whether only some regions were asked for. */
  readonly restricted: boolean
  readonly services: readonly string[] | undefined
  readonly per: number
  /** Figures by other denominators, and the one to print; absent where none was asked for. */
  readonly measured: Measured | undefined
  readonly populationYear: number | undefined
  /** Country totals of the rows shown without hosts flagged suspect, by country and service; empty when there are none. */
  readonly withoutSuspects: ReadonlyMap<string, number>
  /** Mail servers by product in `country`: addresses, most first. */
  readonly mailProducts: readonly { readonly product: string; readonly addresses: number }[]
  readonly warnings: readonly string[]
}

/** Snapshot → census → tallies → report files. The files stand in `out` only once all of them are written. */
export async function makeReport(request: ReportRequest): Promise<Report> {
  const series = await seriesOf(request)
  const snapshot = series.newest
  const regions = await loadRegions(request.regionTables === undefined ? {} : { userTables: request.regionTables })
  const asked = breakdownsOf(request.by)
  scopeOf(request, regions)
  const denominators = await openDenominators(request, regions)
  checkTogether(request, snapshot.manifest.basis, series.earlier.length > 0)
  const out = resolve(request.out)
  const draft = draftIn(out)
  const files = reportFiles(request.formats ?? defaultFormats, draft, request.csv)
  const figures = await openFigures(snapshot, regions, request, join(draft, 'spill'))
  try {
    const by = breakdownsThere(figures, asked, request.by !== undefined)
    const context: Context = {
      ...(await rowsContext(snapshot, figures, regions, request)),
      regions,
      request,
      denominators,
      series,
    }
    await makeDraft(draft)
    return await writeReport(context, by, files, draft, out)
  } catch (error) {
    const isCensus = error instanceof Error && error.message.includes(figures.folder)
    const remedy = `; ${figures.folder} is damaged: remove it, and it is made again`
    throw storageError(error, 'the report failed', isCensus ? standing + remedy : standing)
  } finally {
    await figures.close()
    await files.close()
    // A draft that cannot be removed is told by what went wrong before.
    await rm(draft, { recursive: true, force: true }).catch(() => undefined)
  }
}

/**
 * What does not go together, as far as it can be told before there is a snapshot.
 * @throws CensusError exit 2
 */
export function checkTogether(
  request: Pick<ReportRequest, 'formats' | 'suppress' | 'includeHosts' | 'denominators'>,
  basis: 'records' | 'facets',
  isSeries: boolean,
): void {
  const formats = request.formats ?? defaultFormats
  checkHosts(request, formats, basis)
  checkSuppression(request, formats, basis, {
    '--include-hosts': request.includeHosts === true,
    '--denominator': request.denominators !== undefined,
    'a series of snapshots': isSeries,
  })
}

function breakdownsThere(figures: Figures, asked: readonly Breakdown[], isNamed: boolean): Breakdown[] {
  const lacking = asked.find((each) => !figures.breakdowns.includes(each))
  if (isNamed && lacking !== undefined)
    throw wrongInput(`the survey did not ask by ${lacking}`, `it has: ${figures.breakdowns.join(', ')}`)
  return asked.filter((each) => figures.breakdowns.includes(each))
}

const standing = 'reports written before stand untouched'

interface Context extends RowsContext {
  readonly denominators: Denominators | undefined
  readonly request: ReportRequest
  readonly regions: RegionTable
  readonly series: Series
}

async function writeReport(
  context: Context,
  by: readonly Breakdown[],
  files: ReportFiles,
  draft: string,
  out: string,
): Promise<Report> {
  const { snapshot, regions, request, figures } = context
  const header = await figures.headers(context)
  const shown = figures.shown.map((each) => ({ ...each, rows: [] as PublishedRow[] }))
  const earlier = await editionIn(out, request.suppress !== undefined)
  const hiding = request.suppress === undefined ? undefined : await suppressionOf(context, request.suppress, earlier)
  const unnamed = new Set(context.serviceRows.filter((row) => row.isUnnamed).map((row) => row.id))
  let tops: Tops = {}
  // An engine tells the networks it counts most of, and not all.
  const concentrations =
    figures.census && by.includes('network') && hiding === undefined ? gatherConcentrations() : undefined
  for (const breakdown of by) {
    const rows = tee(told(reportRows(context, breakdown), hiding?.told), (row) => {
      if (breakdown !== 'region') {
        if (!isCounted(row)) return
        tops[breakdown]?.see(row)
        if (breakdown === 'network') concentrations?.see(row)
        return
      }
      // A scan of all ports has a service for each: rows of 0 for every region would fill the memory.
      if (row.count === 0 && unnamed.has(row.service)) return
      shown.find(({ source, unit }) => row.source === source && row.unit === unit)?.rows.push(row)
    })
    if (files.hasTables) await files.table(exposureTable(breakdown, header), rows)
    else if (breakdown === 'region' || tops[breakdown] !== undefined) await drain(rows)
    // Regions come first, and say which country the page is about.
    if (breakdown === 'region' && files.hasCharts)
      tops = openTops(figures, context.country ?? largestCountry(rowsOf(shown)))
  }
  const counted = shown.map((each) => ({
    ...each,
    rows: each.rows.filter(isCounted).filter((row) => !unnamed.has(row.service)),
  }))
  const { tables, measured, ...more } =
    hiding === undefined ? await statistics({ context, header, shown: counted, concentrations }) : noStatistics
  if (files.hasTables) for (const write of tables) await write(files)
  const history = await historyOf(context, context.series, request, draft)
  if (history !== undefined && files.hasTables) {
    const headers = history.periods.map((period) => period.header)
    await files.table(historyTable(headers), history.rows)
  }
  if (request.includeHosts === true) await writeHosts(context, request.services, files)
  const rowsShown = rowsOf(shown)
  const country = context.country ?? largestCountry(rowsShown)
  const { map, refused = [] }: FoundMap =
    files.hasCharts && country !== undefined ? await loadRegionMap(country, regions) : {}
  // Figures that would tell of what is hidden are not told.
  const warnings: Warning[] = [
    ...(hiding === undefined
      ? [
          ...(await figures.warnings(context, rowsShown.filter(isCounted))),
          ...more.warnings,
          ...(history?.warnings ?? []),
        ]
      : []),
    ...refused,
  ]
  if (files.hasPages) {
    const { findings } = more
    const facts = pageFacts({ snapshot, figures, regions, country, shown, tops, warnings, map, history, findings })
    const origins = hiding ? facts.origins.map((each) => ({ ...each, count: undefined })) : facts.origins
    await files.pages({ ...facts, origins }, request.language ?? 'en')
  }
  const { id, sources } = snapshot.manifest
  const title = `Exposed services per region: snapshot ${id}`
  // How many records there are in all may tell of a country all of which is hidden.
  const { tables: used = {}, ...counts } = figures.facts
  const made = hiding ? { suppressed: { below: hiding.least } } : { ...counts, ...more.facts }
  const facts = snapshotFacts(snapshot.manifest, { ...made, tables: used }, regions.hash)
  const snapshots = {
    snapshot: facts,
    ...(history === undefined ? {} : { earlier: history.periods.slice(0, -1).map((period) => period.facts) }),
  }
  const description = await datapackage({ id, title, sources, snapshots }, files.written, version)
  await writeSynced(join(draft, 'datapackage.json'), `${JSON.stringify(description, null, 2)}\n`)
  const report: Report = {
    snapshot,
    isComplete: [snapshot, ...context.series.earlier].every((each) => each.manifest.complete),
    census: hiding ? undefined : figures.census,
    files: [
      ...files.written.map(({ name, rows, marking }) => ({ name, rows, ...(marking && { marking }) })),
      { name: 'datapackage.json', rows: 0 },
    ],
    shown,
    country,
    regions,
    restricted: context.only !== undefined,
    per: request.per,
    measured,
    services: request.services?.map(normalised),
    populationYear: country === undefined ? undefined : context.view.population(country)?.year,
    withoutSuspects: hiding === undefined ? await figures.countryTotals(context) : new Map(),
    mailProducts: country === undefined || hiding ? [] : await figures.mailProducts(context, country),
    warnings: [
      ...snapshot.manifest.missing.map((what) => `the snapshot is partial: ${what}`),
      ...warnings.map(englishWarning),
    ],
  }
  await refuseRevealing(earlier, { snapshot: id, cells: rowsShown }, draft, out)
  // Last, when nothing else can fail.
  await publish(
    report.files.map((file) => file.name),
    draft,
    out,
  )
  // A file that an earlier report left and this one does not write would stand there undescribed, of another snapshot.
  for (const name of fileNames([...Object.values(exposureFiles), ...statisticsFiles, historyFile, hostsFile]))
    if (!report.files.some((file) => file.name === name)) rmSync(join(out, name), { force: true })
  return report
}

const isCounted = (row: PublishedRow): row is ReportRow => row.count !== undefined

/** Rows as they are told. */
async function* told(
  rows: AsyncIterable<ReportRow>,
  tell: (row: ReportRow) => PublishedRow | undefined = (row) => row,
): AsyncGenerator<PublishedRow> {
  for await (const row of rows) {
    const each = tell(row)
    if (each !== undefined) yield each
  }
}

const rowsOf = (shown: Report['shown']): PublishedRow[] => shown.flatMap(({ rows }) => rows)

/** The country with most of anything. */
function largestCountry(rows: readonly PublishedRow[]): string | undefined {
  const totals = rows.filter((row) => row.country !== '' && row.region === row.country)
  return totals.toSorted((a, b) => (b.count ?? 0) - (a.count ?? 0) || (a.country < b.country ? -1 : 1))[0]?.country
}

async function drain(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of rows);
}

async function* tee<T>(source: AsyncIterable<T>, see: (each: T) => void): AsyncGenerator<T> {
  for await (const each of source) {
    see(each)
    yield each
  }
}
