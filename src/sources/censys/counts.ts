import { failed } from '../../model/errors.ts'
import type { Bucket, Counted, Facet, Question } from '../../model/engine.ts'

/*
 * Counts of the Censys Platform: POST /v3/global/search/aggregate. None of the samples is an answer of this call, so it is
 * unconfirmed. What is sent and read, and where that stands:
 * - path, `query`, `field`, `number_of_buckets`, `count_by_level` (`.` counts hosts), `organization_id`, the bearer token:
 *   https://github.com/censys/censys-sdk-go (docs/sdks/globaldata/README.md, docs/models/components/searchaggregateinputbody.md,
 *   models/operations/v3globaldatasearchaggregate.go) and https://docs.censys.com/reference/get-started
 * - `result` with `buckets` (a list of `key` and `count`, or null), `total_count`, `other_count`, `is_more_than_total_hits`:
 *   https://github.com/api-evangelist/censys (json-schema/platform-searchaggregateresponse-schema.json, …bucket-schema.json);
 *   `key` and `count` as in sample censys/Censys_API_aggregate_with_num_bucket_1_3_2_1.json, of the API before
 * - the query language: `=` is exact, `and`, `or`, `not`, `{22, 23}` any of them, `host.services: (…)` all of one service:
 *   https://docs.censys.com/docs/censys-query-language and https://docs.censys.com/docs/censys-platform-syntax-differences
 * - `location.country_code`, `location.city`, `autonomous_system.asn`, `services.port` and `services.protocol` of hosts: sample
 *   censys/censys_platform_hosts_dataset.json; `location.province`: sample censys/Censys_API_search_1_2_1.json (Search v2)
 */

/** A request without its key. */
export interface CountRequest {
  readonly method: 'POST'
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface WantedFacet {
  readonly facet: Facet
  /** Buckets, 1 to 10,000. */
  readonly size: number
}

/** The most buckets of a facet that can be asked for. */
export const mostBuckets = 10_000

/** Facets that are the host's own. Those of its services would count any service of a host that matches. */
const fields: Readonly<Partial<Record<Facet, string>>> = {
  region: 'host.location.province',
  city: 'host.location.city',
  network: 'host.autonomous_system.asn',
}

/** Whether a value can stand in a query: how a quote would be escaped is not documented. */
export const isAskable = (value: string): boolean => value !== '' && !/["\\\p{Cc}]/u.test(value)

/**
 * How to ask for a count of hosts. A request has one facet; without any, only the total of the answer means something.
 * @throws Error for what cannot be asked: another facet, two of them, a size or value out of bounds, HTTP without HTTPS
 */
export function countRequest(question: Question, facets: readonly WantedFacet[]): CountRequest {
  const { facet, size } = theOne(facets)
  const body = { query: censysQuery(question), field: fieldOf(facet), number_of_buckets: size, count_by_level: '.' }
  return {
    method: 'POST',
    path: '/v3/global/search/aggregate',
    params: {},
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  }
}

/** The request with its key, which is a token, or a token and an organisation's id with a colon between. */
export function withKey(request: CountRequest, key: string): CountRequest {
  const [token = '', organisation = ''] = key.split(':', 2)
  return {
    ...request,
    headers: { ...request.headers, authorization: `Bearer ${token}` },
    params: organisation === '' ? request.params : { ...request.params, organization_id: organisation },
  }
}

/** What is asked, in Censys' query language. */
function censysQuery({ country, modules, ports, where, notRegions = [] }: Question): string {
  if (!/^[A-Z]{2}$/.test(country)) throw new Error(`Censys: ${JSON.stringify(country)} is no country code`)
  // The Platform calls both HTTP (port 37035 of the sample of hosts): asked for one, it would count both, or none.
  if (modules !== undefined && modules.includes('HTTP') !== modules.includes('HTTPS'))
    throw new Error('Censys cannot tell HTTP from HTTPS: ask for both together')
  const service = [
    ...(modules === undefined ? [] : [any(modules.map((module) => `protocol=${quoted(module)}`))]),
    ...(ports === undefined ? [] : [`port: {${some(ports.map(portOf)).join(', ')}}`]),
  ]
  return [
    `host.location.country_code=${quoted(country)}`,
    ...(service.length === 0 ? [] : [`host.services: (${service.join(' and ')})`]),
    ...(where === undefined ? [] : [`${fieldOf(where.facet)}=${valueOf(where)}`]),
    ...(notRegions.length === 0
      ? []
      : [`not ${any(notRegions.map((name) => `${fieldOf('region')}=${quoted(name)}`))}`]),
  ].join(' and ')
}

const any = (terms: readonly string[]): string => `(${some(terms).join(' or ')})`

function some<T>(list: readonly T[]): readonly T[] {
  if (list.length === 0) throw new Error('Censys: any of nothing cannot be asked for')
  return list
}

function quoted(value: string): string {
  if (!isAskable(value)) throw new Error(`Censys: ${JSON.stringify(value)} cannot be asked for`)
  return `"${value}"`
}

const valueOf = ({ facet, value }: { readonly facet: Facet; readonly value: string }): string => {
  if (facet !== 'network') return quoted(value)
  if (!/^\d{1,10}$/.test(value)) throw new Error(`Censys: ${JSON.stringify(value)} is no number of a network`)
  return value
}

function portOf(port: number): string {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`Censys: ${port} is no port`)
  return String(port)
}

function fieldOf(facet: Facet): string {
  const field = fields[facet]
  if (field === undefined) throw new Error(`Censys cannot count by ${facet}`)
  return field
}

function theOne(facets: readonly WantedFacet[]): WantedFacet {
  const [wanted = { facet: 'region', size: 1 } as const, ...more] = facets
  if (more.length > 0) throw new Error('Censys: a request has one facet')
  const { facet, size } = wanted
  if (!Number.isInteger(size) || size < 1 || size > mostBuckets)
    throw new Error(`Censys: ${size} buckets of ${facet} cannot be asked for, 1 to ${mostBuckets} can`)
  return wanted
}

/**
 * What an answer counts: hosts, not banners.
 * @throws CensusError exit 1, one line, when it has another shape, or says of itself that its total is not exact
 */
export function readCounted(json: unknown, facets: readonly WantedFacet[]): Counted {
  const result = isObject(json) ? json['result'] : undefined
  if (!isObject(result)) throw other('result is missing')
  if (result['is_more_than_total_hits'] !== false) throw other('is_more_than_total_hits is not false')
  const total = countOf(result, 'total_count')
  if (facets.length === 0) return { total, buckets: {} }
  const { facet, size } = theOne(facets)
  const list = result['buckets'] ?? []
  if (!Array.isArray(list)) throw other('buckets is no list')
  if (list.length > size) throw other('buckets are more than were asked for')
  const buckets = (list as readonly unknown[]).map(bucketOf)
  if (new Set(buckets.map(({ value }) => value)).size < buckets.length) throw other('buckets name something twice')
  return { total, buckets: { [facet]: buckets }, others: { [facet]: countOf(result, 'other_count') } }
}

function bucketOf(bucket: unknown): Bucket {
  const value = isObject(bucket) ? bucket['key'] : undefined
  if (!isObject(bucket) || typeof value !== 'string') throw other('a bucket has no key')
  return { value, count: countOf(bucket, 'count') }
}

function countOf(holder: Readonly<Record<string, unknown>>, name: string): number {
  const count = holder[name]
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) throw other(`${name} is no count`)
  return count
}

/** Lists are objects too, without any of the names asked for. */
const isObject = (json: unknown): json is Readonly<Record<string, unknown>> => typeof json === 'object' && json !== null

/** Nothing of the answer is repeated: it is foreign, and may repeat what it was sent. */
const other = (what: string) => failed(`Censys answers in another shape than documented: ${what}`)
