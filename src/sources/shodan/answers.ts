import { facets, type Bucket, type Counted } from '../../model/engine.ts'
import type { HttpAnswer } from '../../net/http.ts'
import type { Judgement } from '../asker.ts'
import { shodanNames } from './query.ts'

/*
 * Shodan's answers, as recorded by ninoseki/shodanx (samples shodan-api) and described at https://developer.shodan.io/api:
 * counts are {total, facets: {name: [{count, value}]}}, errors {"error": "…"}, with status 401 for a wrong key and 200 for
 * some others; its own client (python3-shodan 1.28) takes 403 and 502 for refusals and outages without looking inside.
 */

/** Words of an error that another attempt can change. */
const passing = /timed out|try again|temporar|rate limit|too many|unavailable|internal/i
/** Words of an error that is about the key or what it may do. */
const refusing =
  /invalid (api )?key|access denied|upgrade|insufficient|unauthori|forbidden|credits|not allowed|requires/i

/** What an answer is worth. What cannot be read as JSON is asked again, whatever its status says. */
export function judgeShodan({ status, body }: HttpAnswer): Judgement {
  const text = body.toString('utf8')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  const error = errorOf(json)
  if (status >= 300 && status < 400)
    return { kind: 'again', why: `it redirects (status ${status}), which is not followed` }
  if (status === 401 || status === 403) {
    return {
      kind: 'refused',
      why: error ?? (status === 401 ? 'the key is not accepted (status 401)' : 'access is denied (status 403)'),
    }
  }
  if (status === 429) return { kind: 'again', why: error ?? 'too many requests (status 429)' }
  if (error !== undefined && status < 500 && refusing.test(error) && !passing.test(error))
    return { kind: 'refused', why: error }
  if (error !== undefined) return { kind: 'again', why: error }
  if (status !== 200) return { kind: 'again', why: `status ${status}` }
  if (json === undefined) return { kind: 'again', why: text === '' ? 'an empty answer' : 'an answer that is not JSON' }
  return { kind: 'answer', json, text }
}

/** What stands in an `error`, on one line. */
function errorOf(json: unknown): string | undefined {
  if (!isObject(json) || !('error' in json)) return undefined
  const { error } = json
  const text = typeof error === 'string' ? error : JSON.stringify(error)
  return text.replaceAll(/\s+/g, ' ').slice(0, 300)
}

/** Counts of an answer to /shodan/host/count. @returns undefined when it has another shape */
export function readCounted(json: unknown): Counted | undefined {
  if (!isObject(json) || !isCount(json['total'])) return undefined
  const lists = json['facets'] ?? {}
  if (!isObject(lists)) return undefined
  const buckets: Partial<Record<keyof typeof shodanNames, Bucket[]>> = {}
  for (const facet of facets) {
    const list = lists[shodanNames[facet]]
    if (list === undefined) continue
    if (!Array.isArray(list)) return undefined
    const read = list.map(bucketOf)
    if (!read.every((bucket) => bucket !== undefined)) return undefined
    buckets[facet] = read
  }
  return { total: json['total'], buckets }
}

/** Values are texts, or numbers (a port, an older region code). */
function bucketOf(json: unknown): Bucket | undefined {
  if (!isObject(json) || !isCount(json['count'])) return undefined
  const { value } = json
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  return { value: String(value), count: json['count'] }
}

/** Names in an answer to /shodan/host/search/filters or /facets: both know countries. @returns undefined when it has another shape */
export function readNames(json: unknown): ReadonlySet<string> | undefined {
  const list = Array.isArray(json) ? (json as unknown[]) : undefined
  if (list === undefined || !list.every((name) => typeof name === 'string')) return undefined
  return list.includes('country') ? new Set(list) : undefined
}

/** Query credits left, from an answer to /api-info. */
export function readCredits(json: unknown): { readonly plan: string; readonly credits: number } | undefined {
  if (!isObject(json) || !isCount(json['query_credits'])) return undefined
  return { plan: typeof json['plan'] === 'string' ? json['plan'] : 'unknown', credits: json['query_credits'] }
}

const isObject = (json: unknown): json is Record<string, unknown> =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
const isCount = (json: unknown): json is number => Number.isSafeInteger(json) && (json as number) >= 0
