import { hash } from 'node:crypto'
import { Unanswered } from '../sources/asker.ts'
import type { Journal } from '../store/journal.ts'
import type { PlannedQuery } from './records-count.ts'
import type { RecordsEngine } from './records-plan.ts'

/** There is no credit left for a further attempt. */
export class CreditsUsed extends Error {}

/** Records that came already, by their digests. */
export type Seen = Set<number>

/** A page as it came. */
interface Found {
  readonly total: number
  /** Records on it. */
  readonly rows: number
  /** Lines of those that had not come before, by their digests. */
  readonly fresh: ReadonlyMap<number, string>
}

export interface PageRequest {
  readonly engine: RecordsEngine
  readonly journal: Journal
  readonly maxCredits: number
  readonly seen: Seen
  /** Its place among the queries. */
  readonly index: number
  readonly query: PlannedQuery
  readonly page: number
  /** Pages after this one that are yet to be paid for. */
  readonly pagesToCome: number
}

/**
 * Asks for a page and stores it; one that cannot be right is asked for once more, where the credits are not needed for
 * others.
 * @returns why it is not stored: its records came before, or it has none
 * @throws Unanswered when the engine gives none, CreditsUsed before an attempt that is not allowed
 */
export async function fetchPage(request: PageRequest): Promise<string | undefined> {
  const { engine, journal, index, query, page, seen } = request
  const { creditsPerPage } = engine.records
  const creditsLeft = (): number => request.maxCredits - journal.state.attempts * creditsPerPage
  const watch = {
    before: async (): Promise<void> => {
      if (creditsLeft() < creditsPerPage) throw new CreditsUsed()
      await journal.attempt(index, page)
    },
    failed: (why: string): Promise<void> => journal.failed(index, page, why),
  }
  const ask = async (): Promise<Found> => {
    const { total, rows } = await engine.records.page(`${query.what}, page ${page}`, query.question, page, watch)
    const fresh = new Map(rows.map(({ key, line }) => [digest(key), line] as const).filter(([each]) => !seen.has(each)))
    return { total, rows: rows.length, fresh }
  }
  const oddity = ({ total, rows, fresh }: Found): string | undefined => {
    if (rows > 0 && fresh.size === 0) return 'its records are those of pages before'
    const due = dueOn(page, Math.max(total, query.total ?? 0), engine.records.rowsPerPage)
    return rows < due ? `${rows} records instead of ${due}` : undefined
  }
  const keep = async ({ total, rows, fresh }: Found): Promise<void> => {
    for (const each of fresh.keys()) seen.add(each)
    await journal.store(index, page, { lines: [...fresh.values()], rows, total })
  }

  const first = await ask()
  const odd = oddity(first)
  if (odd === undefined) {
    await keep(first)
    return undefined
  }
  let best = first
  let why: string | undefined = odd
  if (creditsLeft() > request.pagesToCome * creditsPerPage) {
    await journal.failed(index, page, odd)
    const second = await ask().catch(async (error: unknown) => {
      // Half a page that is paid for is better than none.
      if (first.fresh.size > 0) await keep(first)
      throw error
    })
    if (second.fresh.size >= first.fresh.size) best = second
    why = oddity(best)
  }
  if (why !== undefined && best.fresh.size === 0) {
    await journal.failed(index, page, why)
    return why
  }
  await keep(best)
  return undefined
}

/**
 * Asks for the first page that is not there of a query whose number is not known, which tells it; one that tells of no records is asked for
 * once more, where the credits are not needed for others.
 * @throws Unanswered when the engine gives none, CreditsUsed before an attempt that is not allowed
 */
export async function fetchFirst(request: Omit<PageRequest, 'page'>): Promise<number> {
  const { engine, journal, index, query, maxCredits, pagesToCome } = request
  // Of a page whose writer did not live to say so, the number was lost: the next one tells it too.
  let page = 1
  while (journal.state.page(index, page) !== undefined) page++
  const ask = async (): Promise<number> => {
    const why = await fetchPage({ ...request, page })
    const total = journal.state.page(index, page)?.total
    if (why !== undefined || total === undefined) throw new Unanswered(query.what, why ?? 'no total', false)
    return total
  }
  const total = await ask()
  const { creditsPerPage } = engine.records
  const isAffordable = journal.state.attempts + pagesToCome < Math.floor(maxCredits / creditsPerPage)
  return total === 0 && isAffordable ? ask() : total
}

/** Records a page should have. */
const dueOn = (page: number, total: number, rowsPerPage: number): number =>
  Math.max(0, Math.min(rowsPerPage, total - (page - 1) * rowsPerPage))

/**
 * What tells a record from others, as a number. That two of a million records have the same one by chance is less likely
 * than 1 in 10,000, and would show: one is missing.
 */
export function digest(key: string): number {
  const bytes = hash('sha256', key, 'buffer')
  return bytes.readUInt32LE(0) * 2 ** 21 + (bytes.readUInt32LE(4) >>> 11)
}
