import type { AskedRequest, Counted, EngineFacts, EngineUnit, Facet, Ledger, Question } from '../model/engine.ts'
import type { HttpClient } from '../net/http.ts'

/** What every engine is opened with. */
export interface SurveyorOptions {
  readonly http: HttpClient
  /** The API's address, where it is not the engine's own. */
  readonly endpoint?: string
  /** The key's text, asked for where it is put into a request. */
  readonly key: () => string
  /** Requests a second; the engine's own rate where it is not given. */
  readonly requestsPerSecond?: number
  readonly retryBudget: number
  readonly maxCredits: number
}

/** What an engine's account may still spend. */
export interface Account {
  readonly plan: string
  readonly credits: number
}

/** What an engine can be asked, as it says itself. */
export interface Abilities {
  readonly facets: ReadonlySet<Facet>
  /** Whether it knows services by name; else they are asked by their ports. */
  readonly knowsServices: boolean
}

/** A search engine that is asked. Every method throws Unanswered (asker.ts) when it is given no answer. */
export interface EngineClient {
  readonly facts: EngineFacts
  readonly endpoint: string
  /** What `abilities` asks. */
  readonly preparations: readonly PlannedRequest[]
  /** Why a question cannot be put to this engine, if it cannot. */
  readonly objection: (question: Question) => string | undefined
  account(): Promise<Account>
  abilities(): Promise<Abilities>
  /** Where it gives records. */
  readonly records?: RecordPages
  readonly ledger: Ledger
  readonly requests: readonly AskedRequest[]
}

/** A search engine that counts. */
export interface Surveyor extends EngineClient {
  readonly facts: EngineFacts & { readonly counts: EngineUnit }
  /** What it can count by, unless its account cannot. */
  readonly facets: ReadonlySet<Facet>
  /** The most buckets of a facet it gives. */
  readonly mostBuckets: number
  /** How many of them it may leave a list at, however many are asked for; `mostBuckets` when absent. */
  readonly shortestList?: number
  /** How a question is sent, without its key: for people to read before they pay. */
  describe(question: Question, wanted: Wanted): string
  /** Credits that an answer to a question with so many facets costs. */
  creditsOf(wanted: Wanted): number
  /** Whether a value of a facet can be put into a question. */
  isAskable(facet: Facet, value: string): boolean
  count(what: string, question: Question, wanted: Wanted): Promise<Counted>
}

export const isSurveyor = (engine: EngineClient): engine is Surveyor => 'count' in engine

/** A request that is yet to be asked. */
export interface PlannedRequest {
  /** What it is for. */
  readonly what: string
  /** As it is sent, without its key. */
  readonly request: string
  readonly credits: number
}

/** Facets, and how many buckets of each. */
export type Wanted = Readonly<Partial<Record<Facet, number>>>

/** One record of a page: as NDJSON, and what tells it from others (address, port, transport and time). */
export interface PageRow {
  readonly key: string
  readonly line: string
}

/** A page of records. */
export interface Page {
  /** How many records the engine says there are on all pages. */
  readonly total: number
  readonly rows: readonly PageRow[]
}

/** Told of each attempt at a page, which may cost something. What it throws ends the asking. */
export interface AttemptWatch {
  /** It is about to be sent. */
  readonly before: () => Promise<void>
  /** It came to nothing. */
  readonly failed: (why: string) => Promise<void>
}

/** An engine's records, page by page. */
export interface RecordPages {
  readonly rowsPerPage: number
  /** The most records of a query it gives; all when absent. */
  readonly mostRows?: number
  /** Credits each attempt may cost. */
  readonly creditsPerPage: number
  /** A question in the engine's own language. */
  query(question: Question): string
  /** How a first page is asked for, without the key: for people to read before they pay. */
  describe(question: Question): string
  /** What tells a record, given as its line, from others. */
  keyOf(line: string): string
  /** A page, counted from 1. @throws Unanswered when it is given no answer */
  page(what: string, question: Question, page: number, watch: AttemptWatch): Promise<Page>
}
