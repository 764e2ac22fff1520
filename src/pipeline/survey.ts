import { rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { failed } from '../model/errors.ts'
import type { ShownRegion } from '../reports/survey-text.ts'
import { refusal, Unanswered } from '../sources/asker.ts'
import type { Account, EngineClient, Surveyor } from '../sources/surveyor.ts'
import { storageError } from '../store/duckdb.ts'
import { writeFacetTallies } from '../store/facets.ts'
import { storeFormat, type EngineSurvey, type FacetsManifest } from '../store/manifest.ts'
import { beginSnapshot, unusedId, type Snapshot } from '../store/snapshots.ts'
import { writingTo } from '../store/writing.ts'
import { version } from '../version.ts'
import { openEngine, placeOf } from './engine.ts'
import { countAll, type SurveyFigures } from './survey-count.ts'
import { checkCost, openSource, prepare, type OpenSource, type Prepared, type SurveyRequest } from './survey-plan.ts'

/** A survey, and what was counted in the regions it was to tell of. */
export type Surveyed = Snapshot<FacetsManifest> & { readonly shown: readonly ShownRegion[] }

/** What the accounts behind a request's keys have left. @throws CensusError exit 1 when an engine refuses or does not answer */
export async function accountsOf({ sources, http }: Pick<SurveyRequest, 'sources' | 'http'>): Promise<Account[]> {
  const accounts: Account[] = []
  for (const source of sources) {
    const { engine, close } = openEngine(source, http, 0)
    try {
      accounts.push(await engine.account())
    } catch (error) {
      throw unanswered(engine, error)
    } finally {
      await close()
    }
  }
  return accounts
}

/** What ends the whole of a survey. */
function unanswered({ facts }: EngineClient, error: unknown): unknown {
  if (!(error instanceof Unanswered)) return error
  if (error.refused) return refusal(facts.title, error)
  return failed(`${facts.title} does not answer: ${error.message}`, 'try again later', error)
}

/**
 * Counts a country's exposed services by region through search engines' facets, and keeps the counts as a snapshot, those
 * of each engine beside those of the others. What was not answered is missing from it, and said so; the store is left as
 * it was when nothing was answered.
 * @throws CensusError exit 1 when no engine takes the key or the plan, or answers anything; 2 for a wrong request
 */
export async function survey(request: SurveyRequest): Promise<Surveyed> {
  const id = await unusedId(request.store, request.id)
  const prepared = await prepare(request)
  const engines: OpenSource[] = []
  try {
    for (const source of request.sources) engines.push(openSource(source, request, prepared))
    for (const { surveyor, plan } of engines) checkCost(surveyor, plan)
    return await writingTo(request.store, () => surveyHeld(engines, id, request, prepared))
  } finally {
    for (const { close } of engines) await close()
  }
}

/** The same while the store's lock is held. */
async function surveyHeld(
  engines: readonly OpenSource[],
  id: string,
  request: SurveyRequest,
  { regions, country, catalogue, only, services }: Prepared,
): Promise<Surveyed> {
  const counted: { readonly surveyor: Surveyor; readonly figures: SurveyFigures }[] = []
  const failures: { readonly surveyor: Surveyor; readonly error: Unanswered }[] = []
  for (const { surveyor } of engines) {
    try {
      const figures = await countAll(surveyor, {
        country,
        catalogue,
        regions,
        by: request.by,
        ...(services === undefined ? {} : { asked: services }),
        ...(request.onProgress === undefined ? {} : { onProgress: request.onProgress }),
      })
      counted.push({ surveyor, figures })
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      failures.push({ surveyor, error })
    }
  }
  const [first] = failures
  if (counted.length === 0 && first !== undefined) throw unanswered(first.surveyor, first.error)
  const missing = [
    ...counted.flatMap(({ surveyor, figures }) =>
      figures.missing.map((what) => (engines.length === 1 ? what : `${surveyor.facts.title}: ${what}`)),
    ),
    ...failures.map(({ surveyor, error }) => `${surveyor.facts.title} was asked for nothing more: ${error.message}`),
  ]
  const snapshot = await keep(request.store, id, counted, {
    country,
    ...(services === undefined ? {} : { services: [...services] }),
    by: [...request.by],
    missing,
  })
  const shown = [...(only ?? [])].flatMap((region) =>
    counted.map(({ surveyor, figures }) => shownRegion(region, surveyor.facts.id, figures)),
  )
  return { ...snapshot, shown }
}

/** What was counted in one region, by service row. */
const shownRegion = (region: string, source: string, { tallies }: SurveyFigures): ShownRegion => ({
  region,
  source,
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
  counted: readonly { readonly surveyor: Surveyor; readonly figures: SurveyFigures }[],
  { missing, ...asked }: Omit<FacetsManifest['survey'], 'engines'> & { readonly missing: string[] },
): Promise<Snapshot<FacetsManifest>> {
  const draft = await beginSnapshot(store, id)
  const times = counted.flatMap(({ figures }) => [figures.observed.from, figures.observed.to]).toSorted()
  try {
    await rmdir(join(draft.folder, 'observations'))
    await writeFacetTallies(
      draft.folder,
      counted.flatMap(({ figures }) => figures.tallies),
    )
    return await draft.publish<FacetsManifest>({
      storeFormat,
      id,
      tool: { name: 'exposure-census', version },
      createdAt: new Date().toISOString(),
      basis: 'facets',
      sources: counted.map(({ surveyor }) => surveyor.facts.id),
      observed: { from: times[0] ?? '', to: times.at(-1) ?? '' },
      complete: missing.length === 0,
      missing,
      survey: { ...asked, engines: counted.map(engineSurvey) },
    })
  } catch (error) {
    await draft.discard()
    throw storageError(error, 'the survey cannot be kept')
  }
}

const engineSurvey = ({ surveyor, figures }: { surveyor: Surveyor; figures: SurveyFigures }): EngineSurvey => ({
  source: surveyor.facts.id,
  unit: surveyor.facts.counts,
  endpoint: placeOf(surveyor.endpoint),
  observed: figures.observed,
  missing: [...figures.missing],
  rows: [...figures.rows],
  regions: figures.regions,
  ...(figures.drift === undefined ? {} : { drift: figures.drift }),
  ledger: surveyor.ledger,
  requests: [...surveyor.requests],
})
