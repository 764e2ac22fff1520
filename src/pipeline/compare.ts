import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { comparisonViews } from '../aggregate/comparison-views.ts'
import { compareRows, withChance, type ComparedRow } from '../aggregate/comparison.ts'
import { serviceRows } from '../aggregate/service-rows.ts'
import { loadRegions } from '../locate/regions.ts'
import type { ComparisonFacts } from '../model/comparison-page.ts'
import { wrongInput } from '../model/errors.ts'
import type { Language } from '../model/page.ts'
import type { ReportRow } from '../model/report-row.ts'
import { writeTable } from '../model/table.ts'
import type { Unit } from '../model/tally.ts'
import type { Warning } from '../model/warning.ts'
import { loadServices } from '../recognise/service.ts'
import { comparisonFile, comparisonTable } from '../reports/comparison-table.ts'
import { csvTable } from '../reports/csv-table.ts'
import { datapackage, snapshotFacts } from '../reports/datapackage.ts'
import { englishWarning } from '../reports/warnings.ts'
import { storageError } from '../store/duckdb.ts'
import { findSnapshot } from '../store/snapshots.ts'
import { version } from '../version.ts'
import type { CensusRequest } from './census.ts'
import { changesOf, methodDifferences } from './compare-changes.ts'
import { openSide, snapshotOf, type OpenSide } from './compare-side.ts'
import { draftIn, makeDraft, publish, writeSynced } from './drafts.ts'
import { reportRows, type RowsContext } from './report-rows.ts'
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
  /** The address database that decides the old snapshot's places, where it was another. */
  readonly oldAddressDatabase?: string
  /** Compares what was not made in the same way all the same. */
  readonly isForced?: boolean
  /** Of the page; English when absent. */
  readonly language?: Language
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
  /** The page. */
  readonly page: string
  /** Whether both snapshots are whole. */
  readonly isComplete: boolean
  readonly warnings: readonly string[]
}

/**
 * Compares two snapshots, or two sources of one, by region and service. Only what both were asked for is compared; counts
 * of different things by their shares of the country alone.
 * @throws CensusError exit 2 for a snapshot, source, country, service or region that there is not, and, unless forced, for
 *   snapshots of records that were not made in the same way
 */
export async function compare(request: CompareRequest): Promise<Comparison> {
  const regions = await loadRegions(request.regionTables === undefined ? {} : { userTables: request.regionTables })
  const { only } = scopeOf(request, regions)
  const temporary = await mkdtemp(join(tmpdir(), 'census-'))
  const opened: OpenSide[] = []
  try {
    const country = request.country ?? (await countrySurveyed(request))
    const sides = [[request.old, oldTables(request)] as const, [request.new, request] as const]
    for (const [index, [name, tables]] of sides.entries())
      opened.push(await openSide(name, regions, tables, country, join(temporary, String(index))))
    const [before, after] = opened
    if (before === undefined || after === undefined) throw new Error('a comparison of less than two')
    const unit = [...before.units].find((each) => after.units.includes(each))
    const [old, now] = [sideOf(before, unit), sideOf(after, unit)]
    const isSameThing = old.unit === now.unit && old.basis === now.basis && old.source === now.source
    const rows = await servicesOfBoth(before, after, request.services?.map(normalised))
    const differing = methodDifferences(before, after)
    if (differing.length > 0 && request.isForced !== true)
      throw wrongInput(
        `the two were not made in the same way: another ${differing.join(', another ')}`,
        '--force compares them all the same, and flags every row',
      )
    // One population for both: else ranks would differ by the people alone.
    const times = opened.flatMap(({ context: { snapshot } }) => Object.values(snapshot.manifest.observed)).toSorted()
    const observed = { from: times.find((time) => time !== '') ?? '', to: times.at(-1) ?? '' }
    const asking = { serviceRows: rows, view: regionsView(regions, nearestYears(observed, regions)) }
    const again = request.oldAddressDatabase === undefined ? undefined : { regions, tables: request }
    const changes =
      isSameThing && old.basis === 'records'
        ? await changesOf([before, after], rows, again, join(temporary, 'changes'))
        : undefined
    const paired = compareRows(
      await rowsOf(before, old.unit, asking),
      await rowsOf(after, now.unit, asking),
      isSameThing,
      changes,
    )
    const compared = withChance(
      paired.filter(
        (row) => only === undefined || row.region === row.country || row.region === 'unknown' || only.has(row.region),
      ),
    ).map((row) => (differing.length === 0 ? row : { ...row, flags: [...row.flags, 'forced' as const] }))
    const isComplete = opened.every((side) => missingOf(side).length === 0)
    const warnings = warningsOf(old, now, opened)
    const found = { old, new: now, rows: compared, differing, isComplete }
    const files = await write(request, { ...found, warnings }, opened, regions.hash)
    return { ...found, warnings: warnings.map(englishWarning), ...files }
  } finally {
    for (const { context } of opened) await context.figures.close()
    await rm(temporary, { recursive: true, force: true })
  }
}

const pageFile = 'comparison.html'

/** All files stand in `out` only once all are written. @returns their paths */
async function write(
  request: CompareRequest,
  found: Omit<Comparison, 'file' | 'page' | 'warnings'> & Pick<ComparisonFacts, 'differing' | 'warnings'>,
  opened: readonly OpenSide[],
  regionTables: string,
): Promise<Pick<Comparison, 'file' | 'page'>> {
  const { old, new: now, rows } = found
  const out = resolve(request.out)
  const draft = draftIn(out)
  try {
    await makeDraft(draft)
    const path = join(draft, comparisonFile)
    const table = comparisonTable(old, now)
    await writeTable(table, rows, [() => csvTable(table, path)])
    const page = join(draft, pageFile)
    await writeSynced(page, await pageOf(found, opened, request.language ?? 'en'))
    const [before, after] = opened.map(({ context: { snapshot, figures } }) =>
      snapshotFacts(snapshot.manifest, figures.facts, regionTables),
    )
    const subject = {
      id: `${old.snapshot}-${now.snapshot}`,
      title: `Exposed services per region: snapshots ${old.snapshot} and ${now.snapshot} compared`,
      sources: [...new Set([old.source, now.source])],
      snapshots: { old: before ?? {}, new: after ?? {} },
    }
    const files = [
      { name: comparisonFile, path, columns: table.columns },
      { name: pageFile, path: page },
    ]
    const description = await datapackage(subject, files, version)
    await writeSynced(join(draft, 'datapackage.json'), `${JSON.stringify(description, null, 2)}\n`)
    await publish([comparisonFile, pageFile, 'datapackage.json'], draft, out)
    return { file: join(out, comparisonFile), page: join(out, pageFile) }
  } catch (error) {
    throw storageError(error, 'the comparison cannot be written', 'one written before stands untouched')
  } finally {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined)
  }
}

async function pageOf(
  { old, new: now, rows, differing, warnings }: Parameters<typeof write>[1],
  [before, after]: readonly OpenSide[],
  language: Language,
): Promise<string> {
  // Loaded here, as drawing charts needs much that nothing else does.
  const { comparisonPage } = await import('../reports/page/comparison.ts')
  const titles = new Map(loadServices().services.map(({ id, title }) => [id, title]))
  const nothing = { from: '', to: '' }
  const facts = {
    version,
    old: { ...old, observed: before?.context.snapshot.manifest.observed ?? nothing },
    new: { ...now, observed: after?.context.snapshot.manifest.observed ?? nothing },
    differing,
    warnings,
    ...comparisonViews(rows, (service) => titles.get(service) ?? ''),
  }
  return comparisonPage(facts, language)
}

/** The tables that decide the old snapshot. */
const oldTables = ({ oldAddressDatabase, ...request }: CompareRequest): CompareRequest =>
  oldAddressDatabase === undefined ? request : { ...request, addressDatabase: oldAddressDatabase }

/** A survey is of one country, and says nothing of others: neither does a comparison with it. */
async function countrySurveyed(request: CompareRequest): Promise<string | undefined> {
  for (const name of [request.old, request.new]) {
    const { manifest } = await findSnapshot(request.store, snapshotOf(name))
    if (manifest.survey !== undefined) return manifest.survey.country
  }
  return undefined
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

function warningsOf(old: ComparedSide, now: ComparedSide, sides: readonly OpenSide[]): Warning[] {
  const partial = sides.flatMap((side) =>
    missingOf(side).map((missing) => ({ kind: 'partial', snapshot: side.context.snapshot.id, missing }) as const),
  )
  return [
    ...(old.unit === now.unit ? [] : [{ kind: 'other-units', old: old.unit, now: now.unit } as const]),
    ...(old.basis === now.basis ? [] : [{ kind: 'other-bases' } as const]),
    ...(old.source === now.source ? [] : [{ kind: 'other-sources', old: old.source, now: now.source } as const]),
    // Both sides may be of one snapshot.
    ...new Map(partial.map((each) => [englishWarning(each), each])).values(),
  ]
}
