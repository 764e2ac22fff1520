import { z } from 'zod'
import { failed } from '../model/errors.ts'

const count = z.int().nonnegative()
const at = z.iso.datetime()
/** A query by its place in `begun`, a page of it from 1 on. */
const page = { query: count, page: z.int().positive() }

const eventSchema = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('begun'),
    at,
    engine: z.string(),
    endpoint: z.string(),
    country: z.string(),
    queries: z.array(z.string()),
  }),
  /** The engine counts so many records of a query. */
  z.object({ event: z.literal('counted'), at, query: count, total: count }),
  /** A page is about to be asked for, and may be paid for. */
  z.object({ event: z.literal('attempt'), at, ...page }),
  /** The attempt came to nothing, or the page's file was lost. */
  z.object({ event: z.literal('failed'), at, ...page, why: z.string() }),
  /** The page's file is in place. */
  z.object({
    event: z.literal('stored'),
    at,
    ...page,
    /** Records that came; unknown of a file whose writer did not live to say so. */
    rows: count,
    /** Of them not on an earlier page: those in the file. */
    fresh: count,
    /** What the engine said with it of the records on all pages. */
    total: count.optional(),
    /** Of the file: tells damage, not malice. */
    crc32: count,
  }),
  /** All there is becomes a snapshot. */
  z.object({ event: z.literal('publishing'), at, id: z.string(), complete: z.boolean() }),
])

export type JournalEvent = z.infer<typeof eventSchema>
export type StoredPage = Pick<Extract<JournalEvent, { event: 'stored' }>, 'rows' | 'fresh' | 'total' | 'crc32'>

/** What a journal says happened. */
export interface JournalState {
  /** When it was begun; undefined of one that is not there. */
  readonly begunAt: string | undefined
  /** Attempts at pages, all of which may have been paid for. */
  readonly attempts: number
  /** Of them those at pages that had been attempted before. */
  readonly retries: number
  /** Of them those of which nothing is known: neither an answer nor a failure was written down. */
  readonly doubtful: number
  /** Totals of a query, in the order they were counted. */
  totals(query: number): readonly number[]
  page(query: number, page: number): StoredPage | undefined
  /** Stored pages of a query. */
  pages(query: number): ReadonlyMap<number, StoredPage>
  /** Stored pages of all queries. */
  size(): number
  readonly publishing: { readonly id: string; readonly complete: boolean } | undefined
}

/** A state that follows events as they happen. */
export function followJournal(): JournalState & { follow(event: JournalEvent): void } {
  const stored = new Map<number, Map<number, StoredPage>>()
  const totals = new Map<number, number[]>()
  /** Attempts not resolved, by page. */
  const open = new Map<string, number>()
  let [attempts, retries] = [0, 0]
  let begunAt: string | undefined
  let publishing: JournalState['publishing']
  const pages = (query: number): Map<number, StoredPage> => {
    const known = stored.get(query) ?? new Map<number, StoredPage>()
    stored.set(query, known)
    return known
  }
  const resolve = (name: string): void => void open.set(name, Math.max(0, (open.get(name) ?? 0) - 1))
  const follow = (event: JournalEvent): void => {
    if (event.event === 'begun') begunAt = event.at
    else if (event.event === 'counted') totals.set(event.query, [...(totals.get(event.query) ?? []), event.total])
    else if (event.event === 'publishing') publishing = event
    else {
      const name = `${event.query} ${event.page}`
      if (event.event === 'attempt') {
        attempts++
        if (open.has(name)) retries++
        open.set(name, (open.get(name) ?? 0) + 1)
      } else {
        resolve(name)
        if (event.event === 'stored') pages(event.query).set(event.page, event)
        else pages(event.query).delete(event.page)
      }
    }
  }
  return {
    follow,
    pages,
    page: (query, number) => stored.get(query)?.get(number),
    size: () => [...stored.values()].reduce((sum, each) => sum + each.size, 0),
    totals: (query) => totals.get(query) ?? [],
    get begunAt() {
      return begunAt
    },
    get attempts() {
      return attempts
    },
    get retries() {
      return retries
    },
    get doubtful() {
      return [...open.values()].reduce((sum, each) => sum + each, 0)
    },
    get publishing() {
      return publishing
    },
  }
}

/**
 * The events of a journal's text. A last line that was not written to its end is no event: what it speaks of had not begun.
 * @returns how many bytes are whole lines, too
 * @throws CensusError exit 1 when another line cannot be read
 */
export function readEvents(bytes: Buffer, path: string): { events: JournalEvent[]; wholeBytes: number } {
  const wholeBytes = bytes.lastIndexOf('\n') + 1
  const lines = bytes.subarray(0, wholeBytes).toString('utf8').split('\n').slice(0, -1)
  const events = lines.map((line, index) => {
    const event = eventSchema.safeParse(parsed(line))
    if (!event.success)
      throw failed(
        `${path}, line ${index + 1}: not an event of a journal`,
        'restore that file, or remove its folder, which gives up the pages in it',
      )
    return event.data
  })
  return { events, wholeBytes }
}

/** What a line of JSON says; undefined where it is none. */
export function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
