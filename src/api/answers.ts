import { createHash, timingSafeEqual } from 'node:crypto'
import { canonicalAddress } from '../model/address.ts'
import { ApiError } from './errors.ts'
import { parseFacets } from './facets.ts'
import type { Connection, Holdings } from './holdings.ts'
import { facets, filters, parseQuery, tokensOf, type Condition } from './query.ts'
import { flagParameter, parameter, readTarget, wholeParameter, type Asked } from './request.ts'
import { host, ports, search } from './search.ts'

/** A request as it came, and an answer: a status and what is written as JSON. */
export interface ApiRequest {
  readonly method: string
  /** Path and query, as they came. */
  readonly target: string
  /** Told when whoever asked has gone, or waited long enough. */
  readonly signal: AbortSignal
}
export interface ApiAnswer {
  readonly status: number
  readonly json: unknown
}

/** Banners on a page, as Shodan has it. */
const pageSize = 100
const mostPages = 2 ** 31
/** Its client asks for so many at a time at most. */
const largestLimit = 1000

/** Nothing is counted or charged here; the numbers are fixed, and never fall. */
const apiInfo = {
  scan_credits: 0,
  usage_limits: { scan_credits: 0, query_credits: -1, monitored_ips: 0 },
  plan: 'census',
  https: true,
  unlocked: true,
  query_credits: 1_000_000,
  monitored_ips: 0,
  unlocked_left: 1_000_000,
  telnet: true,
}

/**
 * Answers requests as Shodan's API does: https://developer.shodan.io/api. Never throws for what is wrong with a request:
 * that is an answer, {"error": "…"}.
 * @param key what the parameter `key` of every request must be
 */
export function api(holdings: Holdings, key: string): (request: ApiRequest) => Promise<ApiAnswer> {
  const due = hashed(key)
  return async ({ method, target, signal }) => {
    try {
      if (method !== 'GET') throw new ApiError(405, 'Only GET is answered')
      const asked = readTarget(target)
      const keys = asked.parameters.get('key') ?? []
      // Before anything else is said, also of what there is not.
      if (keys.length !== 1 || !timingSafeEqual(hashed(keys[0] ?? ''), due)) throw new ApiError(401, 'Invalid API key')
      return { status: 200, json: await answer(asked, holdings, signal) }
    } catch (error) {
      if (error instanceof ApiError) return { status: error.status, json: { error: error.message } }
      if (signal.aborted) return { status: 503, json: { error: 'The search timed out, please try again' } }
      throw error
    }
  }
}

const hashed = (text: string): Buffer => createHash('sha256').update(text).digest()

async function answer(asked: Asked, holdings: Holdings, signal: AbortSignal): Promise<unknown> {
  switch (asked.path) {
    case '/api-info':
      return apiInfo
    case '/shodan/host/count': {
      const question = questionOf(asked)
      return connected(holdings, signal, (connection) => search(connection, holdings, question))
    }
    case '/shodan/host/search': {
      // There is nothing to take away from a banner; but what is no flag is told.
      flagParameter(asked, 'minify')
      const question = { ...questionOf(asked), page: pageOf(asked) }
      return connected(holdings, signal, (connection) => search(connection, holdings, question))
    }
    case '/shodan/host/search/facets':
      return facets
    case '/shodan/host/search/filters':
      return filters.toSorted()
    case '/shodan/host/search/tokens':
      return tokensOf(parseQuery(parameter(asked, 'query') ?? ''))
    case '/shodan/ports':
      return connected(holdings, signal, (connection) => ports(connection, holdings))
    case '/shodan/protocols':
      return holdings.words.protocols
    default: {
      const [, address] = /^\/shodan\/host\/([^/]+)$/.exec(asked.path) ?? []
      if (address === undefined) throw new ApiError(404, 'There is nothing of that name')
      return hostAnswer(asked, address, holdings, signal)
    }
  }
}

async function hostAnswer(asked: Asked, address: string, holdings: Holdings, signal: AbortSignal): Promise<unknown> {
  const ip = canonicalAddress(address)
  if (ip === undefined) throw new ApiError(400, 'Invalid IP')
  const wanted = { ip, isWhole: flagParameter(asked, 'history'), isMinified: flagParameter(asked, 'minify') }
  const found = await connected(holdings, signal, (connection) => host(connection, holdings, wanted))
  if (found === undefined) throw new ApiError(404, 'No information available for that IP.')
  return found
}

function questionOf(asked: Asked): {
  readonly conditions: readonly Condition[]
  readonly facets: ReturnType<typeof parseFacets>
} {
  const { conditions, errors } = parseQuery(parameter(asked, 'query') ?? '')
  if (errors[0] !== undefined) throw new ApiError(400, errors[0])
  return { conditions, facets: parseFacets(parameter(asked, 'facets') ?? '') }
}

/** A page by its number, or so many banners from an offset on. */
function pageOf(asked: Asked): { readonly offset: number; readonly limit: number } {
  const page = wholeParameter(asked, 'page', 1, mostPages) ?? 1
  const limit = wholeParameter(asked, 'limit', 1, largestLimit)
  const offset = wholeParameter(asked, 'offset', 0, mostPages)
  return { offset: offset ?? (page - 1) * (limit ?? pageSize), limit: limit ?? pageSize }
}

/** Works with a connection of its own, whose statement ends when nobody waits for it any more. */
async function connected<T>(
  { database }: Holdings,
  signal: AbortSignal,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const connection = await database.connect()
  const interrupt = (): void => connection.interrupt()
  signal.addEventListener('abort', interrupt)
  try {
    return await work(connection)
  } finally {
    signal.removeEventListener('abort', interrupt)
    connection.closeSync()
  }
}
