import type { RecordSource } from './observation.ts'

/** What an engine can group its counts by, in our words. */
export const facets = ['region', 'product', 'device', 'network', 'city', 'module', 'port'] as const
export type Facet = (typeof facets)[number]

/** A question to a search engine, in no engine's language: every condition given must hold. */
export interface Question {
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  /** The engine's own names of a service, any of which will do; all services when absent. */
  readonly modules?: readonly string[]
  /** Ports, any of which will do. */
  readonly ports?: readonly number[]
  /** A value the engine listed for a facet. */
  readonly where?: { readonly facet: Facet; readonly value: string }
  /** Values of the region facet, none of which may hold. */
  readonly notRegions?: readonly string[]
}

export interface Bucket {
  /** As the engine spells it. */
  readonly value: string
  readonly count: number
}

/** What an engine counted. */
export interface Counted {
  /** How many match, in the engine's unit. */
  readonly total: number
  /** Buckets of each facet asked for, as many as asked at most. */
  readonly buckets: Readonly<Partial<Record<Facet, readonly Bucket[]>>>
}

/** What an engine counts: records, or distinct addresses. */
export const engineUnits = ['banners', 'addresses'] as const
export type EngineUnit = (typeof engineUnits)[number]

/** What a person has to know of an engine before asking it: `census list sources`. */
export interface EngineFacts {
  readonly id: EngineId
  readonly title: string
  /** Where its API is. */
  readonly endpoint: string
  /** The environment variable that holds its key. */
  readonly secret: string
  /** Requests a second its terms allow. */
  readonly requestsPerSecond: number
  readonly cost: string
  readonly terms: string
  /** What it cannot do, one sentence each. */
  readonly cannot: readonly string[]
  /** Samples and pages of documentation its fields were read from. */
  readonly evidence: readonly string[]
  /** Built without both a sample and a page: asked only with --experimental. */
  readonly unconfirmed?: true
  /** What its counts count; absent where it gives none by region. */
  readonly counts?: EngineUnit
  readonly records: boolean
}

export const engineIds = [
  'shodan',
  'censys',
  'zoomeye',
  'fofa',
  'netlas',
  'quake',
  'onyphe',
  'leakix',
  'criminalip',
] as const
export type EngineId = (typeof engineIds)[number]

/** An engine's counts are tallies of the source its records would have. */
export type EngineSource = EngineId | RecordSource

/** A request as it was asked, for the manifest. */
export interface AskedRequest {
  /** What it asked for, for people. */
  readonly what: string
  attempts: number
  credits: number
  /** Why it was not answered, if it was not. */
  failure?: string
}

/** What asking an engine came to. */
export interface Ledger {
  readonly attempts: number
  readonly retries: number
  readonly retryBudget: number
  /** Spent, those of attempts without an answer included. */
  readonly credits: number
  readonly maxCredits: number
}
