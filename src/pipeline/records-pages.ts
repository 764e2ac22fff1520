import { Unanswered } from '../sources/asker.ts'
import type { Journal } from '../store/journal.ts'
import {
  isCounted,
  pagesDue,
  pagesOf,
  plannedQuery,
  reachable,
  recount,
  type CountedQuery,
  type PlannedQuery,
} from './records-count.ts'
import { CreditsUsed, digest, fetchFirst, fetchPage, type Seen } from './records-page.ts'
import type { RecordsEngine } from './records-plan.ts'

export interface Download<Query = CountedQuery> {
  readonly engine: RecordsEngine
  readonly journal: Journal
  readonly seen: Seen
  readonly queries: readonly Query[]
  /** Attempts allowed in all runs. */
  readonly maxCredits: number
  readonly onPage: (what: string) => void
}

/** What a download came to. */
export interface Downloaded {
  /** What is missing, one sentence each. */
  readonly missing: readonly string[]
  /** Whether pages are missing that another run can bring. */
  readonly hasGaps: boolean
  readonly drift: { readonly first: number; readonly last: number } | undefined
  /** Why the engine was not asked any more, if it was not. */
  readonly ended: Unanswered | undefined
}

/** After so many pages in a row without one of use, the engine is not asked any more. */
const mostUseless = 3
/** An index that is being written to moves: a total that changes by less than this share is right at both times, */
const tolerableMove = 0.01
/** and as records shift from page to page meanwhile, less than this share of them may slip through. */
const tolerableShift = 0.001

/** Asks for the first pages of queries whose number only they tell. @throws Unanswered when one is not answered */
export async function countByPages({ queries, onPage, ...download }: Download<PlannedQuery>): Promise<CountedQuery[]> {
  const { engine, journal, maxCredits } = download
  const counted: CountedQuery[] = []
  for (const [index, query] of queries.entries()) {
    if (isCounted(query)) {
      counted.push(query)
      continue
    }
    onPage(`${query.what}, page 1`)
    const pagesToCome = pagesDue(queries.slice(index + 1))
    const total = await fetchFirst({ ...download, index, query, pagesToCome }).catch((error: unknown) => {
      throw error instanceof CreditsUsed ? new Unanswered(query.what, spent(maxCredits), false) : error
    })
    counted.push({ ...plannedQuery(engine, journal.state, index, query, total), total })
  }
  return counted
}

/** Asks for every page that is not stored, and says what is missing of each query at the end. */
export async function downloadPages(download: Download): Promise<Downloaded> {
  const { engine, journal, seen, queries, maxCredits, onPage } = download
  const missing: string[] = []
  let hasGaps = false
  let due = pagesDue(queries)
  let useless = 0
  let ended: Unanswered | undefined
  let isSpent = false

  /** @returns why the page is not there */
  const ask = async (index: number, query: CountedQuery, page: number): Promise<string | undefined> => {
    if (isSpent) return spent(maxCredits)
    if (ended !== undefined) return ended.why
    onPage(`${query.what}, page ${page} of ${Math.max(page, query.pages)}`)
    due--
    try {
      const pagesToCome = Math.max(0, due)
      const why = await fetchPage({ engine, journal, maxCredits, seen, index, query, page, pagesToCome })
      useless = why === undefined ? 0 : useless + 1
      if (useless >= mostUseless) ended = new Unanswered(query.what, why ?? '', false)
      return why
    } catch (error) {
      if (error instanceof CreditsUsed) {
        isSpent = true
        return spent(maxCredits)
      }
      if (!(error instanceof Unanswered)) throw error
      if (error.refused || ++useless >= mostUseless) ended = error
      return error.why
    }
  }

  for (const [index, query] of queries.entries()) {
    const gaps = new Map<string, number[]>()
    const need = async (page: number): Promise<void> => {
      if (journal.state.page(index, page) !== undefined) return
      const why = await ask(index, query, page)
      // What is not stored is stored all the same where half of it came.
      if (why !== undefined && journal.state.page(index, page) === undefined)
        gaps.set(why, [...(gaps.get(why) ?? []), page])
    }
    for (let page = 1; page <= query.pages; page++) await need(page)
    let { pages } = query
    if (gaps.size > 0 && ended === undefined && !isSpent) {
      // Pages that never were: the first count was too large.
      const again = await recount(engine, journal.state, index, query)
      const last = pagesOf(engine, again ?? query.total)
      const left = [...gaps].map(([why, list]) => [why, list.filter((page) => page <= last)] as const)
      gaps.clear()
      for (const [why, list] of left) if (list.length > 0) gaps.set(why, list)
      if (again !== undefined && again !== query.total) await journal.counted(index, again)
      pages = Math.max(journal.state.pages(index).size, last)
    }
    if (gaps.size === 0 && isInDoubt(download, index, query)) {
      const again = await recount(engine, journal.state, index, query)
      if (again !== undefined) await journal.counted(index, again)
      pages = Math.max(pages, pagesOf(engine, again ?? 0))
      // Not as far as an engine may lead, but a page: further ones are planned, and paid for, by the next run.
      if (pages > query.pages) await need(query.pages + 1)
      const further = Array.from({ length: Math.max(0, pages - query.pages - 1) }, (_, at) => query.pages + 2 + at)
      if (further.length > 0) gaps.set(`the engine counted ${query.total} records, and then ${again}`, further)
    }
    for (const [why, list] of gaps) missing.push(`${query.what}: ${pageList(list)} of ${pages} missing (${why})`)
    hasGaps ||= gaps.size > 0
    const wrong = gaps.size === 0 ? miscount(download, index) : undefined
    if (wrong !== undefined) missing.push(`${query.what}: ${wrong}`)
    const all = journal.state.totals(index).at(-1) ?? 0
    const given = reachable(engine.records, all)
    if (given < all)
      missing.push(`${query.what}: ${all - given} of ${all} records are beyond the ${given} that are given of a query`)
  }
  return { missing, hasGaps, drift: ended === undefined ? await driftOf(download) : undefined, ended }
}

const spent = (maxCredits: number): string => `the ${maxCredits} credits allowed are used up (--max-credits)`

/** Records of the pages stored in earlier runs. */
export async function recordsSeen({ records }: RecordsEngine, journal: Journal): Promise<Seen> {
  const seen: Seen = new Set()
  for await (const lines of journal.lines()) for (const line of lines) seen.add(digest(records.keyOf(line)))
  return seen
}

/** Records kept of a query. */
export const freshOf = (journal: Journal, index: number): number =>
  [...journal.state.pages(index).values()].reduce((sum, { fresh }) => sum + fresh, 0)

/** Whether what came is not what was counted. */
const isInDoubt = ({ engine, journal }: Download, index: number, { total }: CountedQuery): boolean =>
  freshOf(journal, index) !== reachable(engine.records, total) ||
  [...journal.state.pages(index).values()].some((page) => page.total !== undefined && page.total !== total)

/** How far the first query's total moved since the download was begun. */
async function driftOf({ engine, journal, queries }: Download): Promise<Downloaded['drift']> {
  const [query] = queries
  const last = query === undefined ? undefined : await recount(engine, journal.state, 0, query)
  return last === undefined ? undefined : { first: journal.state.totals(0)[0] ?? last, last }
}

/** What is wrong with the number of records of a query, all pages of which are stored. */
function miscount({ engine, journal }: Download, index: number): string | undefined {
  const totals = journal.state.totals(index).map((total) => reachable(engine.records, total))
  const last = totals.at(-1) ?? 0
  const [least, most] = [Math.min(...totals), Math.max(...totals)]
  const came = freshOf(journal, index)
  const isMoving = most > least && most - least < most * tolerableMove
  if (came === last || (isMoving && came <= most && came > least - least * tolerableShift)) return undefined
  return came > last
    ? `${came - last} records more came than the ${last} the engine counts`
    : `${last - came} of ${last} records did not come`
}

/** `pages 3, 5-9` */
function pageList(pages: readonly number[]): string {
  const runs: [number, number][] = []
  for (const page of pages) {
    const last = runs.at(-1)
    if (last?.[1] === page - 1) last[1] = page
    else runs.push([page, page])
  }
  const list = runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
  return `page${pages.length === 1 ? '' : 's'} ${list}`
}
