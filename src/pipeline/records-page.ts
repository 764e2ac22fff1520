import { createHash } from 'node:crypto'
import type { Page } from '../sources/surveyor.ts'
import type { Journal } from '../store/journal.ts'
import type { CountedQuery, RecordsSurveyor } from './records-plan.ts'

/** There is no credit left for a further attempt. */
export class CreditsUsed extends Error {}

/** Records that came already, by 53 bits of a digest of what tells them from others. */
export type Seen = Set<number>

export interface PageRequest {
  readonly surveyor: RecordsSurveyor
  readonly journal: Journal
  readonly maxCredits: number
  readonly seen: Seen
  /** Its place among the queries. */
  readonly index: number
  readonly query: CountedQuery
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
  const { surveyor, journal, index, query, page, seen } = request
  const { creditsPerPage } = surveyor.records
  const creditsLeft = (): number => request.maxCredits - journal.state.attempts * creditsPerPage
  const watch = {
    before: async (): Promise<void> => {
      if (creditsLeft() < creditsPerPage) throw new CreditsUsed()
      await journal.attempt(index, page)
    },
    failed: (why: string): Promise<void> => journal.failed(index, page, why),
  }
  const ask = (): Promise<Page> => surveyor.records.page(`${query.what}, page ${page}`, query.question, page, watch)
  const oddity = (found: Page): string | undefined => {
    if (found.rows.length > 0 && countNew(found, seen) === 0) return 'its records are those of pages before'
    const due = dueOn(page, Math.max(found.total, query.total), surveyor.records.rowsPerPage)
    return found.rows.length < due ? `${found.rows.length} records instead of ${due}` : undefined
  }
  const keep = async (found: Page): Promise<void> => {
    const fresh = found.rows.filter(({ key }) => isNew(key, seen))
    await journal.store(index, page, {
      lines: fresh.map(({ line }) => line),
      rows: found.rows.length,
      total: found.total,
    })
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
      if (countNew(first, seen) > 0) await keep(first)
      throw error
    })
    if (countNew(second, seen) >= countNew(first, seen)) best = second
    why = oddity(best)
  }
  if (why !== undefined && countNew(best, seen) === 0) {
    await journal.failed(index, page, why)
    return why
  }
  await keep(best)
  return undefined
}

/** Records a page should have. */
const dueOn = (page: number, total: number, rowsPerPage: number): number =>
  Math.max(0, Math.min(rowsPerPage, total - (page - 1) * rowsPerPage))

const countNew = (page: Page, seen: Seen): number => page.rows.filter(({ key }) => !seen.has(digest(key))).length

/** Whether a record was not seen before; from now on it was. */
export function isNew(key: string, seen: Seen): boolean {
  const before = seen.size
  return seen.add(digest(key)).size > before
}

/** That two of a million records have the same one by chance is less likely than 1 in 10,000, and would show: one is missing. */
function digest(key: string): number {
  const bytes = createHash('sha256').update(key).digest()
  return bytes.readUInt32LE(0) * 2 ** 21 + (bytes.readUInt32LE(4) >>> 11)
}
