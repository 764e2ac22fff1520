import { wrongInput } from '../model/errors.ts'
import type { EngineFacts, EngineId } from '../model/engine.ts'
import { openHttp, type HttpOptions } from '../net/http.ts'
import type { Surveyor } from '../sources/surveyor.ts'
import { engines } from '../sources/engines.ts'
import { surveyors } from '../sources/surveyors.ts'
import { watched } from './survey-watch.ts'

/** A search engine, and how it is to be asked. */
export interface EngineRequest {
  readonly engine: EngineId
  /** The key's text. */
  readonly key: () => string
  readonly endpoint?: string
  readonly requestsPerSecond?: number
  /** The most all requests to it may cost. */
  readonly maxCredits: number
  /** Whether it is asked though what is sent and read was not seen in a recorded answer. */
  readonly isExperimental?: boolean
}

export interface OpenEngine {
  readonly surveyor: Surveyor
  readonly close: () => Promise<void>
}

/**
 * Opens an engine for a request, and asks nothing yet.
 * @param planned requests that are planned: the more, the more retries there may be
 * @param maxCredits where another keeps the cap
 * @throws CensusError exit 2 for an engine that cannot be asked, or is not to be
 */
export function openEngine(
  request: EngineRequest,
  http: HttpOptions,
  planned: number,
  maxCredits = request.maxCredits,
): OpenEngine {
  const { engine, endpoint, requestsPerSecond } = request
  const open = surveyors[engine]
  const facts = engines.find(({ id }) => id === engine) as EngineFacts | undefined
  if (open === undefined) {
    throw wrongInput(
      `census cannot ask ${engine}`,
      `engines that it can: ${Object.keys(surveyors).join(', ')}; \`census list sources\` says what each can do`,
    )
  }
  if (facts?.unconfirmed === true && request.isExperimental !== true) {
    throw wrongInput(
      `how ${facts.title} answers is not confirmed: its figures may be wrong`,
      '--experimental asks it all the same; `census list sources` says what is known',
    )
  }
  const client = openHttp(http)
  const surveyor = open({
    http: client,
    key: request.key,
    // Enough for an engine that is out of breath, too few to keep one busy that is down.
    retryBudget: 10 + Math.ceil(planned / 4),
    maxCredits,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
  })
  return { surveyor: watched(surveyor), close: () => client.close() }
}

/** Where an engine is asked, as snapshots name it. */
export function placeOf(endpoint: string): string {
  const { origin, pathname } = new URL(endpoint)
  return origin + pathname.replace(/\/$/, '')
}
