import type { Bucket, Counted } from '../../model/engine.ts'
import { isCount, isObject, type Told } from '../judge.ts'
import type { WantedFacet } from '../one-facet.ts'
import type { Account } from '../surveyor.ts'
import { fieldOf, totalField } from './counts.ts'

/*
 * What Quake answers, and where that stands:
 * - `code` (0, or that of an error), `message`, `data` with a list of `key` and `doc_count` for each field asked for, and
 *   `data.credit` of the user: the page of the API at https://quake.360.net/quake/#/help?id=5e77423bcb9954d2f8a01656, kept at
 *   https://github.com/helGayhub233/SurveyHub-MCP (docs/api/quake_api.md)
 * - `data.month_remaining_credit` for it: https://github.com/360quake/quake_go (main.go)
 * - u3005 beside q3005, asked too fast: https://pypi.org/project/quake-sdk/ (client.py)
 */

/** The engine's own words, where it says that something is wrong. */
export function errorOf(json: unknown): Told | string | undefined {
  if (!isObject(json) || json['code'] === undefined || json['code'] === 0) return undefined
  const { code, message } = json
  const words = typeof message === 'string' ? message : 'an error without words'
  if (typeof code !== 'string') return words
  return { kind: /^[a-z]3005$/.test(code) ? 'again' : 'refused', why: `${words} (${code})` }
}

/** Services counted in a country. @returns undefined when the answer has another shape, or is of another question */
export function readCounted(json: unknown, country: string, wanted: WantedFacet | undefined): Counted | undefined {
  if (!isObject(json) || json['code'] !== 0 || !isObject(json['data'])) return undefined
  const { data } = json
  const asked = [totalField, ...(wanted === undefined ? [] : [fieldOf(wanted.facet)])]
  if (Object.keys(data).toSorted().join() !== asked.toSorted().join()) return undefined
  const countries = bucketsOf(data[totalField])
  if (countries === undefined || countries.length > 1) return undefined
  const [only = { value: country, count: 0 }] = countries
  if (only.value !== country) return undefined
  const { count: total } = only
  if (wanted === undefined) return { total, buckets: {} }
  const list = bucketsOf(data[fieldOf(wanted.facet)])
  if (list === undefined || list.length > wanted.size) return undefined
  // A service is in one place and network.
  if (list.reduce((sum, { count }) => sum + count, 0) > total) return undefined
  // An empty name names nothing: such services are found outside of those listed.
  return { total, buckets: { [wanted.facet]: list.filter(({ value }) => value !== '') } }
}

/** Keys are texts, or numbers (a network's). A key listed twice would count twice. */
function bucketsOf(list: unknown): readonly Bucket[] | undefined {
  if (!Array.isArray(list)) return undefined
  const read = list.map(bucketOf)
  if (!read.every((bucket) => bucket !== undefined)) return undefined
  return new Set(read.map(({ value }) => value)).size < read.length ? undefined : read
}

function bucketOf(json: unknown): Bucket | undefined {
  if (!isObject(json) || !isCount(json['doc_count'])) return undefined
  const { key } = json
  if (typeof key !== 'string' && !isCount(key)) return undefined
  return { value: String(key), count: json['doc_count'] }
}

/** Credits left this month. */
export function readAccount(json: unknown): Account | undefined {
  const data = isObject(json) ? json['data'] : undefined
  if (!isObject(data)) return undefined
  const credits = data['month_remaining_credit'] ?? data['credit']
  return isCount(credits) ? { plan: 'not told', credits } : undefined
}
