import { facets, type Bucket, type Counted } from '../../model/engine.ts'
import { isCount, isObject } from '../judge.ts'
import { shodanNames } from './query.ts'

/*
 * Shodan's answers, as recorded by ninoseki/shodanx (samples shodan-api) and described at https://developer.shodan.io/api:
 * counts are {total, facets: {name: [{count, value}]}}, errors {"error": "…"}, with status 401 for a wrong key and 200 for
 * some others; its own client (python3-shodan 1.28) takes 403 and 502 for refusals and outages without looking inside.
 */

/** What stands in an `error`. */
export function errorOf(json: unknown): string | undefined {
  if (!isObject(json) || !('error' in json)) return undefined
  const { error } = json
  return typeof error === 'string' ? error : JSON.stringify(error)
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
    // A value listed twice would count twice.
    if (new Set(read.map(({ value }) => value)).size < read.length) return undefined
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
