import type { Question } from '../model/engine.ts'
import { Unanswered } from '../sources/asker.ts'
import { isSurveyor } from '../sources/surveyor.ts'
import type { JournalState } from '../store/journal-events.ts'
import type { RecordQuery, RecordsEngine } from './records-plan.ts'

/** A query, planned. */
export interface PlannedQuery extends RecordQuery {
  /** In the engine's own language; empty where there is nothing to ask. */
  readonly query: string
  /** Absent where only the first page tells it, which is yet to be paid for. */
  readonly total?: number
  /** As far as it is known. */
  readonly pages: number
  /** Pages that are stored already. */
  readonly stored: number
}

export type CountedQuery = PlannedQuery & { readonly total: number }

export const isCounted = (query: PlannedQuery): query is CountedQuery => query.total !== undefined

/** Pages of so many records, as far as the engine gives them. */
export const pagesOf = ({ records }: RecordsEngine, total: number): number =>
  Math.ceil(reachable(records, total) / records.rowsPerPage)

/** How many of so many records the engine gives. */
export const reachable = ({ mostRows = Infinity }: RecordsEngine['records'], total: number): number =>
  Math.min(total, mostRows)

/** Pages to be paid for, as far as they are known. */
export const pagesDue = (planned: readonly PlannedQuery[]): number =>
  planned.reduce((sum, { pages, stored }) => sum + pages - stored, 0)

/**
 * Counts every query where that costs nothing. Where the engine does not count, a first page that an earlier run stored
 * tells the number.
 * @throws Unanswered when one is not answered
 */
export async function planQueries(
  engine: RecordsEngine,
  queries: readonly RecordQuery[],
  state: JournalState,
  onProgress?: (what: string) => void,
): Promise<PlannedQuery[]> {
  const planned: PlannedQuery[] = []
  for (const [index, { what, question }] of queries.entries()) {
    const isOfNone = question.modules?.length === 0
    if (isOfNone) {
      planned.push({ what, question, query: '', total: 0, pages: 0, stored: 0 })
      continue
    }
    onProgress?.(`${what}, how many`)
    const total = (await countFree(engine, what, question)) ?? totalOfPages(state, index)
    planned.push(plannedQuery(engine, state, index, { what, question }, total))
  }
  return planned
}

export function plannedQuery(
  engine: RecordsEngine,
  state: JournalState,
  index: number,
  { what, question }: RecordQuery,
  total: number | undefined,
): PlannedQuery {
  const pages = total === undefined ? 1 : pagesOf(engine, total)
  const stored = [...state.pages(index).keys()].filter((page) => page <= pages).length
  return {
    what,
    question,
    query: engine.records.query(question),
    ...(total === undefined ? {} : { total }),
    pages,
    stored,
  }
}

/** Undefined where it costs something. */
async function countFree(engine: RecordsEngine, what: string, question: Question): Promise<number | undefined> {
  if (!isSurveyor(engine)) return undefined
  const { total } = await engine.count(what, question, {})
  // Nothing would show that there are some after all.
  return total > 0 ? total : (await engine.count(`${what}, once more`, question, {})).total
}

/** What is told of a query's number now: by a count where that is free, else by the page that came last. */
export async function recount(
  engine: RecordsEngine,
  state: JournalState,
  index: number,
  { what, question }: RecordQuery,
): Promise<number | undefined> {
  if (!isSurveyor(engine)) return totalOfPages(state, index)
  try {
    return (await engine.count(`${what}, once more`, question, {})).total
  } catch (error) {
    if (error instanceof Unanswered) return undefined
    throw error
  }
}

/** What the engine said with the page that was stored last. */
const totalOfPages = (state: JournalState, index: number): number | undefined =>
  [...state.pages(index).values()].findLast(({ total }) => total !== undefined)?.total
