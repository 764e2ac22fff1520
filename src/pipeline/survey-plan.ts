import { loadRegions, type RegionTable } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import type { CrossBreakdown } from '../model/tally.ts'
import type { HttpOptions } from '../net/http.ts'
import { loadServices, type ServiceCatalogue } from '../recognise/service.ts'
import type { PlannedEngine } from '../reports/survey-text.ts'
import { Unanswered } from '../sources/asker.ts'
import type { Surveyor, Wanted } from '../sources/surveyor.ts'
import { givesCounts, openEngine, type EngineRequest } from './engine.ts'
import { scopeOf, type Scope } from './report-scope.ts'
import { normalised, surveyRows, valuesListed, type SurveyRows } from './survey-rows.ts'

/** What is surveyed. */
export interface SurveyRequest {
  readonly store: string
  readonly country: string
  readonly services?: readonly string[]
  /** Regions to tell of; all are counted and kept. */
  readonly regions?: readonly string[]
  /** Beside region, which is always counted. */
  readonly by: readonly CrossBreakdown[]
  /** The engines that are asked, one after another; each figure stays that of its engine. */
  readonly sources: readonly EngineRequest[]
  readonly http: HttpOptions
  readonly id?: string
  readonly regionTables?: string
  readonly onProgress?: (progress: { readonly done: number; readonly planned: number; readonly what: string }) => void
}

/** What a survey would ask, and what the accounts have left: one request an engine, which costs nothing. Writes nothing. */
export async function planSurvey(request: SurveyRequest): Promise<PlannedEngine[]> {
  const prepared = await prepare(request)
  const plans: PlannedEngine[] = []
  for (const source of request.sources) {
    const asked = openSource(source, request, prepared)
    const { surveyor } = asked
    try {
      const account = await surveyor.account().catch((error: unknown) => {
        if (error instanceof Unanswered) return error.why
        throw error
      })
      const { retryBudget, maxCredits } = surveyor.ledger
      plans.push({
        title: surveyor.facts.title,
        ...asked.plan,
        requestsPerSecond: source.requestsPerSecond ?? surveyor.facts.requestsPerSecond,
        retryBudget,
        maxCredits,
        account,
      })
    } finally {
      await asked.close()
    }
  }
  return plans
}

/** Whether a survey could be begun, as far as that is known without asking. @throws CensusError exit 2 when it could not */
export async function checkSurvey(request: SurveyRequest): Promise<void> {
  const prepared = await prepare(request)
  for (const source of request.sources) {
    const { surveyor, plan, close } = openSource(source, request, prepared)
    await close()
    checkCost(surveyor, plan)
  }
}

/** What a request is about, checked. */
export interface Prepared extends Scope {
  readonly regions: RegionTable
  readonly country: string
  readonly catalogue: ServiceCatalogue
  /** As the catalogue writes them. */
  readonly services?: readonly string[]
}

/** Checks a request before anything is asked or written. */
export async function prepare(request: SurveyRequest): Promise<Prepared> {
  const regions = await loadRegions(request.regionTables === undefined ? {} : { userTables: request.regionTables })
  const asked = { country: request.country, ...(request.regions === undefined ? {} : { regions: request.regions }) }
  const { country = '', only } = scopeOf(asked, regions)
  const engines = request.sources.map(({ engine }) => engine)
  const twice = engines.find((engine, index) => engines.indexOf(engine) < index)
  if (twice !== undefined) throw wrongInput(`${twice} is to be asked twice`, 'name each source once')
  const services = request.services?.map(normalised)
  return { regions, country, only, catalogue: loadServices(), ...(services === undefined ? {} : { services }) }
}

/** An engine of a survey, and what it is to be asked. */
export interface OpenSource {
  readonly surveyor: Surveyor
  readonly close: () => Promise<void>
  readonly plan: Plan
}

type Plan = Pick<PlannedEngine, 'requests' | 'more'>

/** Opens an engine, and plans what it is asked. @throws CensusError exit 2 for one that cannot be asked for this */
export function openSource(
  source: EngineRequest,
  request: SurveyRequest,
  { catalogue, country, regions, services }: Prepared,
): OpenSource {
  const rowsWith = (objection: Surveyor['objection']): SurveyRows =>
    surveyRows(catalogue, { source: source.engine, knowsServices: true, objection }, country, services)
  const { rows } = rowsWith(() => undefined)
  const crossed = request.by.length * valuesListed * rows.filter((row) => row.isService).length
  // Each row, confirmed, and perhaps by port, too.
  const { engine, close } = openEngine(source, request.http, 3 * rows.length + crossed)
  const surveyor = givesCounts(engine)
  return {
    surveyor,
    close,
    plan: planOf(
      surveyor,
      rowsWith((question) => surveyor.objection(question)),
      request.by,
      regions.regionsOf(country).length,
    ),
  }
}

function planOf(surveyor: Surveyor, { rows }: SurveyRows, by: readonly CrossBreakdown[], regions: number): Plan {
  const most = surveyor.mostBuckets
  const rounds = Math.max(1, Math.ceil(regions / (surveyor.shortestList ?? most)))
  const planned = ({ id, question }: SurveyRows['rows'][number], wanted: Wanted): Plan['requests'][number] => ({
    what: id,
    request: surveyor.describe(question, wanted),
    credits: surveyor.creditsOf(wanted),
  })
  const hasModules = surveyor.facets.has('module')
  const count = (is: (row: SurveyRows['rows'][number]) => boolean): number => rows.filter(is).length
  const crossing = by.filter((breakdown) => surveyor.facets.has(breakdown))
  const crossed = crossing.length * valuesListed * count((row) => row.isService)
  // Banners whose name says nothing can be told by a list of names only.
  const byPort = hasModules ? count((row) => row.by === 'name' && row.ports.length > 0) : 0
  const lists = rows.length + crossed + byPort
  const more = (what: string, requests: number): Plan['more'][number] => {
    return { what, requests, credits: requests * surveyor.creditsOf({ region: most }) }
  }
  return {
    requests: [
      ...surveyor.preparations,
      ...rows.map((row) => {
        const others = row.by === 'everything' ? (hasModules ? ['module'] : []) : row.isService ? crossing : []
        return planned(row, Object.fromEntries(['region', ...others].map((facet) => [facet, most])))
      }),
      ...rows.slice(0, 1).map((row) => ({ ...planned(row, {}), what: 'all, at the end' })),
    ],
    more: [
      more('a list of regions that leaves a remainder', lists * rounds),
      more('the ten most frequent values of each service', crossed),
      more('banners whose name says nothing, by their ports', byPort + (hasModules ? 1 : 0)),
      more('cities, where codes of regions are in doubt', surveyor.facets.has('city') ? 3 : 0),
    ],
  }
}

/** @throws CensusError exit 2 when a survey costs more than is allowed, before anything is asked */
export function checkCost({ facts, ledger }: Surveyor, { requests }: Plan): void {
  const credits = requests.reduce((sum, request) => sum + request.credits, 0)
  if (credits <= ledger.maxCredits) return
  throw wrongInput(
    `${facts.title} takes ${requests.length} requests for ${credits} credits, and --max-credits allows ${ledger.maxCredits}`,
    `see --dry-run; --max-credits ${2 * credits} allows it, with what confirming the lists may take`,
  )
}
