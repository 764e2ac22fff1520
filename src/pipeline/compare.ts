import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { compareRows, type ComparedRow } from '../aggregate/comparison.ts'
import { serviceRows } from '../aggregate/service-rows.ts'
import { loadRegions, type RegionTable } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import type { ReportRow } from '../model/report-row.ts'
import type { Tally, Unit } from '../model/tally.ts'
import { loadServices } from '../recognise/service.ts'
import { writeComparisonCsv } from '../reports/comparison-csv.ts'
import { storageError } from '../store/duckdb.ts'
import { makeFolder } from '../store/folders.ts'
import { findSnapshot } from '../store/snapshots.ts'
import type { CensusRequest } from './census.ts'
import { openFigures } from './figures.ts'
import { reportRows, rowsContext, type RowsContext } from './report-rows.ts'
import { nearestYears, regionsView, scopeOf } from './report-scope.ts'
import { normalised } from './survey-rows.ts'

export interface CompareRequest extends CensusRequest {
  readonly store: string
  /** `SNAPSHOT`, or `SNAPSHOT/SOURCE`. */
  readonly old: string
  readonly new: string
  readonly country?: string
  readonly services?: readonly string[]
  readonly regions?: readonly string[]
  readonly out: string
}

/** What is compared: the figures of one source, in one unit. */
export interface ComparedSide {
  readonly snapshot: string
  readonly source: string
  readonly basis: 'records' | 'facets'
  readonly unit: Unit
}

export interface Comparison {
  readonly old: ComparedSide
  readonly new: ComparedSide
  readonly rows: readonly ComparedRow[]
  readonly file: string
  /** Whether both snapshots are whole. */
  readonly isComplete: boolean
  readonly warnings: readonly string[]
}

/**
 * Compares two snapshots, or two sources of one, by region and service. Only what both were asked for is compared; counts
 * of different things by their shares of the country alone.
 * @throws CensusError exit 2 for a snapshot, source, country, service or region that there is not
 */
export async function compare(request: CompareRequest): Promise<Comparison> {
  const regions = await loadRegions(request.regionTables === undefined ? {} : { userTables: request.regionTables })
  const { only } = scopeOf(request, regions)
  const temporary = await mkdtemp(join(tmpdir(), 'census-'))
  const opened: OpenSide[] = []
  try {
    const country = request.country ?? (await countrySurveyed(request))
    for (const [index, name] of [request.old, request.new].entries())
      opened.push(await openSide(name, regions, request, country, join(temporary, String(index))))
    const [before, after] = opened
    if (before === undefined || after === undefined) throw new Error('a comparison of less than two')
    const unit = [...before.units].find((each) => after.units.includes(each))
    const [old, now] = [sideOf(before, unit), sideOf(after, unit)]
    const isSameThing = old.unit === now.unit && old.basis === now.basis && old.source === now.source
    const rows = await servicesOfBoth(before, after, request.services?.map(normalised))
    // One population for both: else ranks would differ by the people alone.
    const times = opened.flatMap(({ context: { snapshot } }) => Object.values(snapshot.manifest.observed)).toSorted()
    const observed = { from: times.find((time) => time !== '') ?? '', to: times.at(-1) ?? '' }
    const asking = { serviceRows: rows, view: regionsView(regions, nearestYears(observed, regions)) }
    const compared = compareRows(
      await rowsOf(before, old.unit, asking),
      await rowsOf(after, now.unit, asking),
      isSameThing,
    ).filter(
      (row) => only === undefined || row.region === row.country || row.region === 'unknown' || only.has(row.region),
    )
    const file = join(resolve(request.out), 'comparison-by-region.csv')
    try {
      await makeFolder(dirname(file))
      await writeComparisonCsv(file, old, now, compared)
    } catch (error) {
      throw storageError(error, 'the comparison cannot be written', 'one written before stands untouched')
    }
    const isComplete = opened.every((side) => missingOf(side).length === 0)
    return { old, new: now, rows: compared, file, isComplete, warnings: warningsOf(old, now, opened) }
  } finally {
    for (const { context } of opened) await context.figures.close()
    await rm(temporary, { recursive: true, force: true })
  }
}

/** A survey is of one country, and says nothing of others: neither does a comparison with it. */
async function countrySurveyed(request: CompareRequest): Promise<string | undefined> {
  for (const name of [request.old, request.new]) {
    const { manifest } = await findSnapshot(request.store, snapshotOf(name))
    if (manifest.survey !== undefined) return manifest.survey.country
  }
  return undefined
}

const snapshotOf = (name: string): string => name.split('/', 1)[0] ?? ''

interface OpenSide {
  readonly context: RowsContext
  readonly source: Tally['source']
  /** The first is the one its report tells. */
  readonly units: readonly Unit[]
}

async function openSide(
  name: string,
  regions: RegionTable,
  request: CompareRequest,
  country: string | undefined,
  temporary: string,
): Promise<OpenSide> {
  const id = snapshotOf(name)
  const asked = name.includes('/') ? name.slice(id.length + 1) : undefined
  const snapshot = await findSnapshot(request.store, id)
  const figures = await openFigures(snapshot, regions, request, temporary)
  try {
    // Regions are left out when shares have been reckoned: they are of all.
    const context = await rowsContext(snapshot, figures, regions, country === undefined ? {} : { country })
    const source = figures.sources.find((each) => each === (asked ?? figures.shown[0]?.source))
    const names = figures.sources.map((each) => `${id}/${each}`).join(', ')
    if (source === undefined)
      throw wrongInput(`the snapshot ${id} has no source ${JSON.stringify(asked ?? '')}`, `name one of: ${names}`)
    if (asked === undefined && figures.shown.length > 1)
      throw wrongInput(`the snapshot ${id} has the counts of several sources`, `name one: ${names}`)
    const { unit } = figures.shown.find((each) => each.source === source) ?? { unit: 'addresses' }
    return { context, source, units: [...new Set([unit, ...figures.units(source)])] }
  } catch (error) {
    await figures.close()
    throw error
  }
}

const sideOf = ({ context, source, units }: OpenSide, unit: Unit | undefined): ComparedSide => ({
  snapshot: context.snapshot.id,
  source,
  basis: context.snapshot.manifest.basis,
  unit: unit ?? units[0] ?? 'banners',
})

/** Services, categories and `all` that both sides can tell of: records of any, a survey of what it asked its source for. */
async function servicesOfBoth(
  before: OpenSide,
  after: OpenSide,
  asked: readonly string[] | undefined,
): Promise<RowsContext['serviceRows']> {
  const catalogue = loadServices()
  const told = await Promise.all(
    [before, after].map(async ({ context: { figures, snapshot, serviceRows: rows, view }, source }) => {
      const { basis, sources } = snapshot.manifest
      if (sources.length === 1 || basis === 'records') return figures.told
      const ids = new Set<string>()
      for await (const tally of figures.tallies('region', { country: undefined, serviceRows: rows, view }))
        if (tally.source === source) ids.add(tally.service)
      return ids
    }),
  )
  const found = (await Promise.all([before, after].map(({ context }) => context.figures.services()))).flat()
  const rows = serviceRows(catalogue, [...new Set(found)], asked)
  const both = rows.filter(({ id }) => told.every((ids) => ids === undefined || ids.has(id)))
  if (both.length === 0) throw wrongInput('the two have no service in common', '`census report` shows what each has')
  const lacking = rows.find(({ id }) => !both.some((row) => row.id === id) && asked?.includes(id))
  if (lacking !== undefined)
    throw wrongInput(
      `not both have counts of ${JSON.stringify(lacking.id)}`,
      `both have: ${both.map(({ id }) => id).join(', ')}`,
    )
  return both
}

async function rowsOf(
  side: OpenSide,
  unit: Unit,
  asking: Pick<RowsContext, 'serviceRows' | 'view'>,
): Promise<ReportRow[]> {
  const found: ReportRow[] = []
  for await (const row of reportRows({ ...side.context, ...asking }, 'region'))
    if (row.source === side.source && row.unit === unit) found.push(row)
  return found
}

const missingOf = ({ context: { figures }, source }: OpenSide): readonly string[] => figures.missing(source)

function warningsOf(old: ComparedSide, now: ComparedSide, sides: readonly OpenSide[]): string[] {
  return [
    ...(old.unit === now.unit
      ? []
      : [`${old.unit} are compared with ${now.unit}: shares mean something, counts side by side do not`]),
    ...(old.basis === now.basis
      ? []
      : ['records held are compared with counts of a search engine, which saw what it saw']),
    ...(old.source === now.source
      ? []
      : [`${old.source} and ${now.source} do not look at the same addresses in the same way`]),
    ...new Set(
      sides.flatMap((side) =>
        missingOf(side).map((what) => `the snapshot ${side.context.snapshot.id} is partial: ${what}`),
      ),
    ),
  ]
}
