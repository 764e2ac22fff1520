import { rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { loadRegions, type RegionTable } from '../locate/regions.ts'
import { failed, wrongInput } from '../model/errors.ts'
import type { EngineId } from '../model/engine.ts'
import type { Breakdown } from '../model/tally.ts'
import { openHttp, type HttpOptions } from '../net/http.ts'
import { loadServices, type ServiceCatalogue } from '../recognise/service.ts'
import type { PlannedSurvey, ShownRegion } from '../reports/survey-text.ts'
import { refusal, Unanswered } from '../sources/asker.ts'
import type { Account, Surveyor } from '../sources/surveyor.ts'
import { surveyors } from '../sources/surveyors.ts'
import { storageError } from '../store/duckdb.ts'
import { writeFacetTallies, type FacetTally } from '../store/facets.ts'
import { lockStore } from '../store/lock.ts'
import { storeFormat, type FacetsManifest } from '../store/manifest.ts'
import {
  beginSnapshot,
  checkSnapshotId,
  isMissing,
  listSnapshots,
  prepareStore,
  removeEmptyStore,
  type Snapshot,
} from '../store/snapshots.ts'
import { version } from '../version.ts'
import { newId } from './import.ts'
import { scopeOf, type Scope } from './report-scope.ts'
import { countAll, type SurveyFigures } from './survey-count.ts'
import { watched } from './survey-watch.ts'
import { surveyRows, valuesListed, type SurveyRows } from './survey-rows.ts'

export interface SurveyRequest {
  readonly store: string
  readonly engine: EngineId
  readonly country: string
  readonly services?: readonly string[]
  /** Regions to tell of; all are counted and kept. */
  readonly regions?: readonly string[]
  /** Beside region, which is always counted. */
  readonly by: readonly Breakdown[]
  readonly key: () => string
  readonly endpoint?: string
  readonly requestsPerSecond?: number
  readonly maxCredits: number
  readonly http: HttpOptions
  readonly id?: string
  readonly regionTables?: string
  readonly onProgress?: (progress: { readonly done: number; readonly planned: number; readonly what: string }) => void
}

/** Requests that are certain: filters, facets, each row, and the first of them again. */
const certain = ({ rows }: SurveyRows): number => 3 + rows.length

/** Requests for products, devices and networks, at most. */
const cross = ({ rows }: SurveyRows, by: readonly Breakdown[]): number =>
  by.filter((breakdown) => breakdown !== 'region').length * valuesListed * rows.filter((row) => row.isService).length

/** What the account behind a request's key has left. @throws CensusError exit 1 when the engine refuses or does not answer */
export async function accountOf(request: SurveyRequest): Promise<Account> {
  const engine = openSurveyor(request, 0)
  try {
    return await engine.surveyor.account()
  } catch (error) {
    throw unanswered(engine.surveyor, error)
  } finally {
    await engine.close()
  }
}

/** What ends the whole of a survey. */
function unanswered({ facts }: Surveyor, error: unknown): unknown {
  if (!(error instanceof Unanswered)) return error
  if (error.refused) return refusal(facts.title, error)
  return failed(`${facts.title} does not answer: ${error.message}`, 'try again later', error)
}

/** What a survey would ask, and what the account has left: one request, which costs nothing. Writes nothing. */
export async function planSurvey(request: SurveyRequest): Promise<PlannedSurvey> {
  const { rows } = await prepare(request)
  const engine = openSurveyor(request, certain(rows) + cross(rows, request.by))
  const { surveyor } = engine
  try {
    const most = surveyor.mostBuckets
    const { ledger, facts } = surveyor
    const account = await surveyor.account().catch((error: unknown) => {
      if (error instanceof Unanswered) return error.why
      throw error
    })
    return {
      requests: [
        { what: 'filters', request: 'GET /shodan/host/search/filters' },
        { what: 'facets', request: 'GET /shodan/host/search/facets' },
        ...rows.rows.map(({ id, question }) => ({
          what: id,
          request: surveyor.describe(question, id === 'all' ? { region: most, module: most } : { region: most }),
        })),
        { what: 'all, at the end', request: surveyor.describe(rows.rows[0]?.question ?? { country: '' }, {}) },
      ],
      cross: cross(rows, request.by),
      requestsPerSecond: request.requestsPerSecond ?? facts.requestsPerSecond,
      retryBudget: ledger.retryBudget,
      maxCredits: ledger.maxCredits,
      account,
    }
  } finally {
    await engine.close()
  }
}

/** Checks a request before anything is asked or written. */
async function prepare(
  request: SurveyRequest,
): Promise<Scope & { regions: RegionTable; country: string; catalogue: ServiceCatalogue; rows: SurveyRows }> {
  const regions = await loadRegions(request.regionTables === undefined ? {} : { userTables: request.regionTables })
  const asked = { country: request.country, ...(request.regions === undefined ? {} : { regions: request.regions }) }
  const { country = '', only } = scopeOf(asked, regions)
  const catalogue = loadServices()
  return {
    regions,
    country,
    only,
    catalogue,
    rows: surveyRows(catalogue, request.engine, country, request.services, true),
  }
}

/** Opens an engine for a request. @throws CensusError exit 2 for one that cannot count */
function openSurveyor(request: SurveyRequest, planned: number): { surveyor: Surveyor; close(): Promise<void> } {
  const open = surveyors[request.engine]
  if (open === undefined) {
    throw wrongInput(
      `${request.engine} gives no counts by region`,
      `engines that do: ${Object.keys(surveyors).join(', ')}; \`census list sources\` says what each can do`,
    )
  }
  const http = openHttp(request.http)
  const surveyor = open({
    http,
    key: request.key,
    // Enough for an engine that is out of breath, too few to keep one busy that is down.
    retryBudget: 10 + Math.ceil(planned / 4),
    maxCredits: request.maxCredits,
    ...(request.endpoint === undefined ? {} : { endpoint: request.endpoint }),
    ...(request.requestsPerSecond === undefined ? {} : { requestsPerSecond: request.requestsPerSecond }),
  })
  return { surveyor: watched(surveyor), close: () => http.close() }
}

/**
 * Counts a country's exposed services by region through a search engine's facets, and keeps the counts as a snapshot.
 * What the engine did not answer is missing from it, and said so; the store is left as it was when nothing was answered.
 * @throws CensusError exit 1 when the engine refuses the key or the plan, or answers nothing; 2 for a wrong request
 */
export async function survey(
  request: SurveyRequest,
): Promise<Snapshot<FacetsManifest> & { readonly shown: readonly ShownRegion[] }> {
  const id = request.id ?? newId()
  checkSnapshotId(id)
  const { regions, country, only, catalogue, rows } = await prepare(request)
  // A store that a newer census has written to is not added to.
  if ((await listSnapshots(request.store)).some((snapshot) => snapshot.id === id))
    throw wrongInput(`the store ${request.store} already holds a snapshot ${JSON.stringify(id)}`, 'choose another --id')
  const isNew = await isMissing(request.store)
  await prepareStore(request.store).catch((error: unknown) => {
    throw storageError(error, `the store ${request.store} cannot be made`)
  })
  const lock = await lockStore(request.store)
  try {
    const engine = openSurveyor(request, certain(rows) + cross(rows, request.by))
    const { surveyor } = engine
    try {
      const figures = await countAll(surveyor, {
        country,
        catalogue,
        regions,
        by: request.by,
        ...(request.services === undefined ? {} : { asked: request.services }),
        ...(request.onProgress === undefined ? {} : { onProgress: request.onProgress }),
      })
      const snapshot = await keep(request.store, id, country, surveyor, request.by, figures)
      return { ...snapshot, shown: [...(only ?? [])].map((region) => shownRegion(region, figures)) }
    } catch (error) {
      throw unanswered(surveyor, error)
    } finally {
      await engine.close()
    }
  } finally {
    lock.release()
    if (isNew) await removeEmptyStore(request.store)
  }
}

/** What was counted in one region, by service row. */
const shownRegion = (region: string, { tallies }: SurveyFigures): ShownRegion => ({
  region,
  counts: new Map(
    tallies
      .filter((tally) => tally.breakdown === 'region' && tally.region === region)
      .map(({ service, count }) => [service, count]),
  ),
})

/** Puts what was counted into the store. */
async function keep(
  store: string,
  id: string,
  country: string,
  surveyor: Surveyor,
  by: readonly Breakdown[],
  figures: SurveyFigures,
): Promise<Snapshot<FacetsManifest>> {
  const draft = await beginSnapshot(store, id)
  try {
    await rmdir(join(draft.folder, 'observations'))
    await writeFacetTallies(draft.folder, figures.tallies satisfies readonly FacetTally[])
    return await draft.publish<FacetsManifest>({
      storeFormat,
      id,
      tool: { name: 'exposure-census', version },
      createdAt: new Date().toISOString(),
      basis: 'facets',
      sources: [surveyor.facts.id],
      observed: figures.observed,
      complete: figures.missing.length === 0,
      missing: [...figures.missing],
      survey: {
        endpoint: new URL(surveyor.endpoint).origin,
        country,
        by: [...by],
        rows: [...figures.rows],
        regions: figures.regions,
        ...(figures.drift === undefined ? {} : { drift: figures.drift }),
        ledger: surveyor.ledger,
        requests: [...surveyor.requests],
      },
    })
  } catch (error) {
    await draft.discard()
    throw storageError(error, 'the survey cannot be kept')
  }
}
