import { setTimeout as sleep } from 'node:timers/promises'
import PQueue from 'p-queue'
import { CensusError, failed } from '../model/errors.ts'
import type { AskedRequest, EngineFacts, Ledger } from '../model/engine.ts'
import { HttpFailure, type HttpAnswer, type HttpClient, type HttpRequest } from '../net/http.ts'
import type { SurveyorOptions } from './surveyor.ts'

/** What an engine's answer is worth. */
export type Judgement =
  | { readonly kind: 'answer'; readonly json: unknown; readonly text: string }
  /** It may be answered when it is asked again. */
  | { readonly kind: 'again'; readonly why: string }
  /** The engine refuses the key or the plan: its own words. `spent`: what it took beyond what was reckoned, which ends the asking. */
  | { readonly kind: 'refused'; readonly why: string; readonly spent?: number }

/** A request without its key. */
export interface Asked<T> {
  /** What it asks for, for people: `smtp by region`. */
  readonly what: string
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  /** JSON to be posted; a request without is a GET. */
  readonly body?: string
  /** Credits each attempt may cost. */
  readonly credits: number
  /** What the answer's JSON, whose text comes with it, says; undefined where it has another shape. */
  readonly read: (json: unknown, text: string) => T | undefined
  /** Called before each attempt is sent; what it throws ends the asking. */
  readonly before?: (attempt: number) => Promise<void>
  /** Called after each attempt that came to nothing. */
  readonly failed?: (why: string) => Promise<void>
}

export interface AskerOptions {
  readonly http: HttpClient
  /** The request with the engine's key in it. */
  readonly request: (asked: Asked<unknown>) => HttpRequest
  readonly judge: (answer: HttpAnswer, asked: Asked<unknown>) => Judgement
  readonly requestsPerSecond: number
  /** Attempts beyond the first that all requests together may take. */
  readonly retryBudget: number
  /** Credits all attempts together may cost. */
  readonly maxCredits: number
}

/** A request that was not answered, however often it was asked: `why` in the engine's words where it had any. */
export class Unanswered extends Error {
  readonly refused: boolean
  readonly why: string

  constructor(what: string, why: string, refused: boolean) {
    super(`${what}: ${why}`)
    this.name = 'Unanswered'
    this.why = why
    this.refused = refused
  }
}

/** Asks an engine as its terms allow. */
export interface Asker {
  /**
   * What an answer says.
   * @throws Unanswered when the attempts are used up, the engine refuses, or it would cost too much
   */
  ask<T>(asked: Asked<T>): Promise<T>
  readonly ledger: Ledger
  readonly requests: readonly AskedRequest[]
}

/** The asker of an engine, as its facts and whoever opens it allow. */
export const engineAsker = (
  { http, requestsPerSecond, retryBudget, maxCredits }: SurveyorOptions,
  facts: Pick<EngineFacts, 'requestsPerSecond'>,
  ways: Pick<AskerOptions, 'request' | 'judge'>,
): Asker =>
  openAsker({ ...ways, http, requestsPerSecond: requestsPerSecond ?? facts.requestsPerSecond, retryBudget, maxCredits })

/** Attempts for one request; a refusal is asked once more, as proxies and busy engines answer so by mistake. */
const mostAttempts = 5
const mostRefusals = 2
/** A pause an engine asks for beyond this is as good as no answer. */
const longestPauseMs = 300_000

/**
 * Requests go out one at a time, no faster than `requestsPerSecond`. What may be answered another time is asked again after
 * a pause: what the engine asks for (Retry-After, RFC 9110 §10.2.3), else a random part of one interval, doubled each time.
 */
export function openAsker(options: AskerOptions): Asker {
  const intervalMs = 1000 / options.requestsPerSecond
  const queue = new PQueue({
    concurrency: 1,
    interval: Math.max(1, intervalMs),
    intervalCap: Math.max(1, Math.round(1 / intervalMs)),
    // Of any interval, not of one after the other: else two may go out at the seam.
    strict: true,
  })
  const requests: AskedRequest[] = []
  let attempts = 0
  let retries = 0
  let credits = 0
  /** Why nothing more is asked. */
  let ended: string | undefined

  const attempt = async (
    asked: Asked<unknown>,
    nth: number,
    entry: AskedRequest,
  ): Promise<Judgement & { readonly pauseMs?: number }> => {
    if (ended !== undefined) return { kind: 'refused', why: ended }
    if (credits + asked.credits > options.maxCredits)
      return {
        kind: 'refused',
        why: `it would cost more than the ${options.maxCredits} credits allowed (--max-credits)`,
      }
    await asked.before?.(nth)
    attempts++
    entry.attempts++
    credits += asked.credits
    entry.credits += asked.credits
    try {
      const answer = await options.http.send(options.request(asked))
      const pauseMs = pauseOf(answer)
      const judged = options.judge(answer, asked)
      if (judged.kind === 'refused' && judged.spent !== undefined) {
        ended = judged.why
        credits += judged.spent
        entry.credits += judged.spent
      }
      return { ...judged, ...(pauseMs === undefined ? {} : { pauseMs }) }
    } catch (error) {
      if (error instanceof HttpFailure) return { kind: 'again', why: error.message }
      throw error
    }
  }

  const ask = async <T>(asked: Asked<T>): Promise<T> => {
    const entry: AskedRequest = { what: asked.what, attempts: 0, credits: 0 }
    requests.push(entry)
    let refusals = 0
    for (let nth = 1; ; nth++) {
      let judged = await queue.add(() => attempt(asked, nth, entry))
      if (judged.kind === 'answer') {
        const read = asked.read(judged.json, judged.text)
        if (read !== undefined) return read
        judged = { kind: 'again', why: 'an answer of another shape than documented' }
      }
      await asked.failed?.(judged.why)
      refusals += judged.kind === 'refused' ? 1 : 0
      const pauseMs = judged.pauseMs ?? Math.random() * intervalMs * 2 ** (nth - 1)
      if (
        ended !== undefined ||
        nth >= mostAttempts ||
        refusals >= mostRefusals ||
        retries >= options.retryBudget ||
        pauseMs > longestPauseMs
      ) {
        entry.failure = judged.why
        throw new Unanswered(asked.what, judged.why, judged.kind === 'refused')
      }
      retries++
      await sleep(pauseMs)
    }
  }
  return {
    ask,
    requests,
    get ledger() {
      return { attempts, retries, retryBudget: options.retryBudget, credits, maxCredits: options.maxCredits }
    },
  }
}

/** Seconds or a date; nothing where the header makes no sense. */
function pauseOf({ status, headers }: HttpAnswer): number | undefined {
  const told = headers['retry-after']
  if (told === undefined || (status !== 429 && status !== 503)) return undefined
  const pause = /^\d{1,9}(\.\d{1,9})?$/.test(told) ? 1000 * Number(told) : Date.parse(told) - Date.now()
  return Number.isNaN(pause) ? undefined : Math.max(0, pause)
}

/** What ends the whole of a survey: the engine refused before it had answered anything. */
export const refusal = (engine: string, unanswered: Unanswered): CensusError =>
  failed(`${engine} refuses: ${unanswered.why}`, 'check the key and its plan: `census check --online`')
