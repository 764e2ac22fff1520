import { censusRows, withZeros } from '../aggregate/census-rows.ts'
import { serviceRows } from '../aggregate/service-rows.ts'
import type { ServiceRow } from '../aggregate/tallies.ts'
import type { RegionTable } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import type { Flag } from '../model/flags.ts'
import type { ReportRow } from '../model/report-row.ts'
import type { Breakdown } from '../model/tally.ts'
import { loadServices } from '../recognise/service.ts'
import type { Snapshot } from '../store/snapshots.ts'
import type { Asked, Figures } from './figures.ts'
import { namedYear, nearestYears, regionsView, scopeOf, type Scope, type Years } from './report-scope.ts'

/** What rows are made of. */
export interface RowsContext extends Asked, Scope {
  readonly snapshot: Snapshot
  readonly figures: Figures
}

export interface RowsRequest {
  readonly country?: string
  readonly regions?: readonly string[]
  readonly services?: readonly string[]
  readonly populationYear?: number
}

/** @throws CensusError exit 2 for a country, region, service or year that there is not */
export async function rowsContext(
  snapshot: Snapshot,
  figures: Figures,
  regions: RegionTable,
  request: RowsRequest,
): Promise<RowsContext> {
  const scope = scopeOf(request, regions)
  const years = await chooseYears(snapshot, figures, regions, request.populationYear, scope)
  const rows = rowsOf(await figures.services(), figures.isOfQuestions, request.services)
  return { ...scope, snapshot, figures, serviceRows: rows, view: regionsView(regions, years) }
}

/** The service rows of a report. A survey has no other than it asked for: no answer is no 0. */
function rowsOf(there: readonly string[], isOfQuestions: boolean, asked: readonly string[] | undefined): ServiceRow[] {
  const services = loadServices()
  if (!isOfQuestions) return serviceRows(services, there, asked)
  const found = there.filter((id) => id !== 'all' && !services.categories.has(id))
  const rows = serviceRows(services, found, asked)
  const lacking = asked?.find((id) => !there.includes(id.trim().toLowerCase()))
  if (lacking !== undefined) {
    throw wrongInput(
      `the survey has no counts of ${JSON.stringify(lacking)}`,
      `it has: ${there.join(', ').slice(0, 500)}`,
    )
  }
  return rows.filter(({ id }) => there.includes(id))
}

/** The year named, or for each country the one nearest to the observations. */
async function chooseYears(
  snapshot: Snapshot,
  figures: Figures,
  regions: RegionTable,
  year: number | undefined,
  { country }: Scope,
): Promise<Years> {
  if (year === undefined) return nearestYears(snapshot.manifest.observed, regions)
  if (country !== undefined) return namedYear(year, [country], regions)
  const seen = await figures.countries()
  return namedYear(
    year,
    seen.filter((code) => code !== ''),
    regions,
  )
}

/** Every row of a breakdown's file. */
export async function* reportRows(context: RowsContext, breakdown: Breakdown): AsyncGenerator<ReportRow> {
  const { snapshot, figures, serviceRows: asked, country, only } = context
  const counted = figures.tallies(breakdown, context)
  const zeros = breakdown === 'region'
  // What an engine was not asked is not 0 but unknown.
  const source =
    zeros && !figures.isOfQuestions
      ? withZeros(counted, {
          sources: figures.sources,
          countries: country === undefined ? (await figures.countries()).toSorted() : [country],
          serviceRows: asked,
        })
      : counted
  const flags: Flag[] = snapshot.manifest.complete ? [] : ['partial']
  yield* censusRows(source, context.view, {
    units: (each) => figures.units(each),
    per: 100_000,
    flags,
    zeros,
    ...(only === undefined ? {} : { only }),
  })
}
