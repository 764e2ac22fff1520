import { wrongInput } from '../model/errors.ts'
import type { EngineFacts, EngineId } from '../model/engine.ts'
import { openHttp, type HttpOptions } from '../net/http.ts'
import { isSurveyor, type EngineClient, type Surveyor } from '../sources/surveyor.ts'
import { engines } from '../sources/engines.ts'
import { clients } from '../sources/clients.ts'
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
  readonly engine: EngineClient
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
  const { engine: id, endpoint, requestsPerSecond } = request
  const open = clients[id]
  const facts = engines.find((each) => each.id === id) as EngineFacts | undefined
  if (open === undefined) {
    throw wrongInput(
      `census cannot ask ${id}`,
      `engines that it can: ${Object.keys(clients).join(', ')}; \`census list sources\` says what each can do`,
    )
  }
  if (facts?.unconfirmed === true && request.isExperimental !== true) {
    throw wrongInput(
      `how ${facts.title} answers is not confirmed: its figures may be wrong`,
      '--experimental asks it all the same; `census list sources` says what is known',
    )
  }
  const client = openHttp(http)
  const engine = open({
    http: client,
    key: request.key,
    // Enough for an engine that is out of breath, too few to keep one busy that is down.
    retryBudget: 10 + Math.ceil(planned / 4),
    maxCredits,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
  })
  return { engine: isSurveyor(engine) ? watched(engine) : engine, close: () => client.close() }
}

/** @throws CensusError exit 2 for an engine that gives records only */
export function givesCounts(engine: EngineClient): Surveyor {
  if (isSurveyor(engine)) return engine
  throw wrongInput(
    `census cannot count by region with ${engine.facts.title}`,
    '--records downloads its records, and a report counts them; see `census list sources`',
  )
}

/** Where an engine is asked, as snapshots name it. */
export function placeOf(endpoint: string): string {
  const { origin, pathname } = new URL(endpoint)
  return origin + pathname.replace(/\/$/, '')
}
