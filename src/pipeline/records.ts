import { failed, wrongInput } from '../model/errors.ts'
import type { PlannedRecords } from '../reports/import-text.ts'
import { refusal, Unanswered } from '../sources/asker.ts'
import { isSurveyor } from '../sources/surveyor.ts'
import { loadServices } from '../recognise/service.ts'
import { storageError } from '../store/duckdb.ts'
import { readJournal, openJournal, type Journal } from '../store/journal.ts'
import type { JournalState } from '../store/journal-events.ts'
import { listSnapshots, unusedId, type RecordsSnapshot } from '../store/snapshots.ts'
import { writingTo } from '../store/writing.ts'
import { openEngine, type EngineRequest } from './engine.ts'
import { publishRecords } from './records-keep.ts'
import { isCounted, pagesDue, planQueries, type PlannedQuery } from './records-count.ts'
import { countByPages, downloadPages, freshOf, recordsSeen } from './records-pages.ts'
import {
  checkScope,
  givesRecords,
  journalScope,
  queriesOf,
  type RecordQueries,
  type RecordsEngine,
} from './records-plan.ts'
import type { SurveyRequest } from './survey-plan.ts'
import { normalised } from './survey-rows.ts'

/** A download of the records behind a survey, from one engine. */
export type RecordsRequest = Omit<SurveyRequest, 'by' | 'sources' | 'regions'> & EngineRequest

/** @throws CensusError exit 2 for an engine whose records cannot be downloaded */
function openRecords(request: RecordsRequest): { engine: RecordsEngine; close: () => Promise<void> } {
  // The journal keeps the cap: it knows the attempts of earlier runs, too.
  const { engine, close } = openEngine(request, request.http, request.maxCredits, Number.MAX_SAFE_INTEGER)
  return { engine: givesRecords(engine), close }
}

async function askable(engine: RecordsEngine, country: string, request: RecordsRequest): Promise<RecordQueries> {
  const { knowsServices, facets } = await engine.abilities()
  const { facts, objection } = engine
  const catalogue = loadServices()
  const asked = { country }
  const listed =
    request.services !== undefined && facets.has('module') && isSurveyor(engine)
      ? ((await engine.count('names of services', asked, { module: engine.mostBuckets })).buckets.module ?? [])
      : []
  const silent = listed.map(({ value }) => value).filter((name) => catalogue.saysNothing(name))
  return queriesOf({ source: facts.id, knowsServices, objection }, country, request.services, silent.toSorted())
}

/** Whether a download could be begun, as far as that is known without asking. @throws CensusError exit 2 when it could not */
export async function checkRecords(request: RecordsRequest): Promise<void> {
  await checkScope(request.engine, request)
  await openRecords(request).close()
}

/**
 * What a download would ask for, and what it would cost, as far as that is known without paying: how many records there are
 * is told by counts where they cost nothing, else by the first pages. Writes nothing.
 */
export async function planRecords(request: RecordsRequest): Promise<PlannedRecords> {
  const country = await checkScope(request.engine, request)
  const { engine, close } = openRecords(request)
  try {
    return await answered(engine, async () => {
      const { queries } = await askable(engine, country, request)
      const state = await readJournal(request.store, journalScope(engine, country, queries))
      const planned = await planQueries(engine, queries, state, (what) =>
        request.onProgress?.({ done: 0, planned: queries.length, what }),
      )
      const account = await engine.account().catch((error: unknown) => {
        if (error instanceof Unanswered) return error.why
        throw error
      })
      const { creditsPerPage } = engine.records
      const asked = planned.filter(({ query }) => query !== '')
      const pages = pagesDue(planned)
      return {
        queries: asked.map(({ what, question, query, total, pages: of, stored }) => {
          const credits = (of - stored) * creditsPerPage
          return {
            what,
            query,
            request: engine.records.describe(question),
            ...(total === undefined ? {} : { total }),
            pages: of,
            stored,
            credits,
          }
        }),
        // Each query is counted, and the first of them again, where that costs nothing.
        requests: engine.preparations.length + (isSurveyor(engine) ? asked.length + 1 : 0) + pages,
        credits: pages * creditsPerPage,
        isLeast: !planned.every(isCounted),
        spent: state.attempts * creditsPerPage,
        ...(state.begunAt === undefined ? {} : { begunAt: state.begunAt }),
        requestsPerSecond: request.requestsPerSecond ?? engine.facts.requestsPerSecond,
        retryBudget: engine.ledger.retryBudget,
        maxCredits: request.maxCredits,
        account,
      }
    })
  } finally {
    await close()
  }
}

/**
 * Downloads the records behind a survey, page by page, and keeps them as a snapshot. What was received is in a journal that
 * the same request goes on with, however it ended.
 * @throws CensusError exit 1 when the engine refuses or does not answer and there is nothing to keep, 2 for a wrong request
 *   or one that costs more than is allowed, 4 when another writer holds the store
 */
export async function downloadRecords(request: RecordsRequest): Promise<RecordsSnapshot> {
  const id = await unusedId(request.store, request.id)
  const country = await checkScope(request.engine, request)
  const { engine, close } = openRecords(request)
  try {
    return await writingTo(request.store, () =>
      answered(engine, () => downloadHeld(engine, country, id, request)).catch((error: unknown) => {
        throw storageError(error, 'the download failed', 'what was received is kept: the same command goes on with it')
      }),
    )
  } finally {
    await close()
  }
}

/** The same while the store's lock is held. */
async function downloadHeld(
  engine: RecordsEngine,
  country: string,
  id: string,
  request: RecordsRequest,
): Promise<RecordsSnapshot> {
  const { queries, unaskable, rows } = await askable(engine, country, request)
  const scope = journalScope(engine, country, queries)
  const journal = await currentJournal(request.store, () => openJournal(request.store, scope))
  try {
    let done = 0
    let planned = queries.length
    const progress = (what: string): void => request.onProgress?.({ done: done++, planned, what })
    const before = { attempts: journal.state.attempts, pages: journal.state.size() }
    const seen = await recordsSeen(engine, journal)
    const plan = await planQueries(engine, queries, journal.state, progress)
    planned += pagesDue(plan)
    checkCost(engine, plan, journal.state, request)
    const counted = await countByPages({
      engine,
      journal,
      seen,
      queries: plan,
      maxCredits: request.maxCredits,
      onPage: progress,
    })
    checkCost(engine, counted, journal.state, request)
    for (const [index, { total }] of counted.entries()) if (total > 0) await journal.counted(index, total)
    const downloaded = await downloadPages({
      engine,
      journal,
      seen,
      queries: counted,
      maxCredits: request.maxCredits,
      onPage: progress,
    })
    const { ended, hasGaps, drift } = downloaded
    const hasRecords = queries.some((_, index) => freshOf(journal, index) > 0)
    const isNoNews = hasGaps && journal.state.publishing !== undefined && journal.state.size() === before.pages
    if ((!hasRecords || isNoNews) && ended !== undefined) throw ended
    if (!hasRecords || isNoNews)
      throw failed(
        `${engine.facts.title} gave no record of ${country}${isNoNews ? ' that was missing' : ''}: ${downloaded.missing[0] ?? 'it counts none'}`,
        'try again later, or ask for other services',
      )
    const { attempts, retries, doubtful } = journal.state
    const snapshot = await publishRecords({
      store: request.store,
      id,
      journal,
      engine: engine.facts.id,
      missing: [
        ...[...unaskable].map(([service, why]) => `${service}: ${engine.facts.title} cannot be asked for it: ${why}`),
        ...downloaded.missing,
      ],
      survey: {
        endpoint: scope.endpoint,
        country,
        ...(request.services === undefined ? {} : { services: request.services.map(normalised) }),
        ...(rows === undefined ? {} : { rows: [...rows] }),
        // Those by port of an engine all of whose names say something were never asked.
        queries: counted.flatMap((query, index) =>
          query.query === ''
            ? []
            : [
                {
                  what: query.what,
                  query: query.query,
                  total: journal.state.totals(index).at(-1) ?? query.total,
                  rows: freshOf(journal, index),
                  duplicates: duplicatesOf(journal, index),
                  pages: journal.state.pages(index).size,
                },
              ],
        ),
        ledger: {
          attempts,
          retries,
          retryBudget: engine.ledger.retryBudget,
          credits: attempts * engine.records.creditsPerPage,
          doubtful,
          maxCredits: request.maxCredits,
          free: engine.ledger.attempts - (attempts - before.attempts),
        },
        ...(drift === undefined ? {} : { drift }),
      },
    })
    // With pages missing, the same command asks for them, and for no other.
    if (!hasGaps) await journal.remove()
    return snapshot
  } finally {
    await journal.close()
  }
}

/** The journal to go on with: one all of which has become a snapshot has ended, though nobody lived to take it away. */
async function currentJournal(store: string, reopen: () => Promise<Journal>): Promise<Journal> {
  const journal = await reopen()
  const { publishing } = journal.state
  if (publishing?.complete !== true) return journal
  if (!(await listSnapshots(store)).some(({ id }) => id === publishing.id)) return journal
  await journal.remove()
  return reopen()
}

/** @throws CensusError exit 2 when a download costs more than is allowed, what was spent on it before included */
function checkCost(
  { records, facts }: RecordsEngine,
  plan: readonly PlannedQuery[],
  state: JournalState,
  { maxCredits }: RecordsRequest,
): void {
  const pages = pagesDue(plan)
  const spent = state.attempts * records.creditsPerPage
  const needed = spent + pages * records.creditsPerPage
  if (pages === 0 || needed <= maxCredits) return
  const least = plan.every(isCounted) ? '' : 'at least '
  throw wrongInput(
    `${facts.title} has ${least}${pages} pages to download for ${pages * records.creditsPerPage} credits${spent === 0 ? '' : `, after ${spent} spent on this download`}, and --max-credits allows ${maxCredits}`,
    least === ''
      ? `see --dry-run; --max-credits ${needed} allows it, a few more allow for retries`
      : `the first pages tell how many there are; --max-credits ${needed} allows them`,
  )
}

/** Records received more than once. */
const duplicatesOf = (journal: Journal, index: number): number =>
  [...journal.state.pages(index).values()].reduce((sum, { rows, fresh }) => sum + rows - fresh, 0)

/** @throws CensusError exit 1 in the engine's words where it refuses or does not answer */
async function answered<T>({ facts }: RecordsEngine, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error
    if (error.refused) throw refusal(facts.title, error)
    throw failed(`${facts.title} does not answer: ${error.message}`, 'try again later', error)
  }
}
