import { censusRows, withZeros } from '../aggregate/census-rows.ts'
import { serviceRows } from '../aggregate/service-rows.ts'
import type { ServiceRow } from '../aggregate/tallies.ts'
import type { RegionTable } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import type { ReportRow } from '../model/report-row.ts'
import type { Breakdown } from '../model/tally.ts'
import { loadServices } from '../recognise/service.ts'
import type { Snapshot } from '../store/snapshots.ts'
import type { Asked, Figures } from './figures.ts'
import { namedYear, nearestYears, regionsView, scopeOf, type Scope, type Years } from './report-scope.ts'
import { normalised } from './survey-rows.ts'

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
  if (figures.country !== undefined && scope.country !== undefined && scope.country !== figures.country) {
    throw wrongInput(
      `the survey is of ${figures.country}, not of ${scope.country}`,
      'ask for that country, or make its survey',
    )
  }
  const years = await chooseYears(snapshot, figures, regions, request.populationYear, scope)
  const rows = await rowsOf(figures, request.services?.map(normalised))
  return { ...scope, snapshot, figures, serviceRows: rows, view: regionsView(regions, years) }
}

/** The service rows of a report: no others than can be told of. */
async function rowsOf(figures: Figures, asked: readonly string[] | undefined): Promise<ServiceRow[]> {
  const rows = serviceRows(loadServices(), await figures.services(), asked)
  const { told } = figures
  if (told === undefined) return rows
  const lacking = asked?.find((name) => !told.has(name) && !figures.lacks(name))
  if (lacking !== undefined) {
    throw wrongInput(
      `the survey has no counts of ${JSON.stringify(lacking)}`,
      `it has: ${[...told].join(', ').slice(0, 500)}`,
    )
  }
  return rows.filter(({ id }) => told.has(id))
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
  // Every row of an engine's counts is there, if only with 0.
  const source =
    zeros && snapshot.manifest.basis === 'records'
      ? withZeros(counted, {
          sources: figures.sources,
          countries: country === undefined ? (await figures.countries()).toSorted() : [country],
          serviceRows: asked,
        })
      : counted
  yield* censusRows(source, context.view, {
    units: (each) => figures.units(each),
    per: 100_000,
    flags: (each) => [
      ...(figures.missing(each).length === 0 ? [] : (['partial'] as const)),
      ...(figures.isScopeLimited ? (['scope-limited'] as const) : []),
    ],
    isRated: () => !figures.isScopeLimited,
    asked: await figures.asked(context),
    zeros,
    ...(only === undefined ? {} : { only }),
  })
}
