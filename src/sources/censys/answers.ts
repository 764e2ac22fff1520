import type { Bucket, Counted } from '../../model/engine.ts'
import { isCount, isObject } from '../judge.ts'
import type { WantedFacet } from '../one-facet.ts'
import type { Account } from '../surveyor.ts'

/*
 * What the Censys Platform answers, and where that stands:
 * - `result` with `buckets` (a list of `key` and `count`, or null), `total_count`, `other_count`, `is_more_than_total_hits`:
 *   https://github.com/api-evangelist/censys (json-schema/platform-searchaggregateresponse-schema.json, …bucket-schema.json);
 *   `key` and `count` as in sample censys/Censys_API_aggregate_with_num_bucket_1_3_2_1.json, of the API before
 * - errors: `detail` or `title`, and `error.message` with `error.reason` where the key is not accepted: json-schema/
 *   platform-errormodel-schema.json and platform-authenticationerrordetail-schema.json there
 * - `result.balance` of the accounts' credits: json-schema/platform-usercredits-schema.json and
 *   platform-organizationcredits-schema.json there
 */

/** The engine's own words, where it says that something is wrong. */
export function errorOf(json: unknown): string | undefined {
  if (!isObject(json) || 'result' in json) return undefined
  const { error, detail, title } = json
  const texts = isObject(error) ? [error['message'], error['reason']] : [detail ?? title ?? error]
  const told = texts.filter((text) => typeof text === 'string')
  return told.length === 0 ? undefined : told.join(': ')
}

/** Hosts counted. @returns undefined when the answer has another shape, or says of itself that its total is not exact */
export function readCounted(json: unknown, wanted: WantedFacet | undefined): Counted | undefined {
  const result = isObject(json) ? json['result'] : undefined
  if (!isObject(result) || result['is_more_than_total_hits'] !== false) return undefined
  const { total_count: total, other_count: others, buckets: list } = result
  if (!isCount(total) || !isCount(others)) return undefined
  if (wanted === undefined) return { total, buckets: {} }
  const foreign: unknown = list ?? []
  if (!Array.isArray(foreign) || foreign.length > wanted.size) return undefined
  const buckets = foreign.map(bucketOf)
  if (!buckets.every((bucket) => bucket !== undefined)) return undefined
  if (new Set(buckets.map(({ value }) => value)).size < buckets.length) return undefined
  // A host is in one place: what is in the list and what is not cannot be more than there are.
  const listed = buckets.reduce((sum, { count }) => sum + count, 0)
  return listed + others > total ? undefined : { total, buckets: { [wanted.facet]: buckets } }
}

function bucketOf(json: unknown): Bucket | undefined {
  if (!isObject(json) || typeof json['key'] !== 'string' || !isCount(json['count'])) return undefined
  return { value: json['key'], count: json['count'] }
}

/** Credits of a user or an organisation. */
export function readBalance(json: unknown): Account | undefined {
  const result = isObject(json) ? json['result'] : undefined
  return isObject(result) && isCount(result['balance']) ? { plan: 'not told', credits: result['balance'] } : undefined
}
