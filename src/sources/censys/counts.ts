import { facets, type Facet, type Question } from '../../model/engine.ts'
import type { WantedFacet } from '../one-facet.ts'

/*
 * Counts of the Censys Platform: POST /v3/global/search/aggregate. None of the samples is an answer of this call, so it is
 * unconfirmed. What is sent, and where that stands (answers.ts says it of what is read):
 * - path, `query`, `field`, `number_of_buckets`, `count_by_level` (`.` counts hosts), `organization_id`, the bearer token:
 *   https://github.com/censys/censys-sdk-go (docs/sdks/globaldata/README.md, docs/models/components/searchaggregateinputbody.md,
 *   models/operations/v3globaldatasearchaggregate.go) and https://docs.censys.com/reference/get-started
 * - the query language: `=` is exact, `and`, `or`, `not`, `{22, 23}` any of them, `host.services: (…)` all of one service:
 *   https://docs.censys.com/docs/censys-query-language and https://docs.censys.com/docs/censys-platform-syntax-differences
 * - `location.country_code`, `location.city`, `autonomous_system.asn`, `services.port` and `services.protocol` of hosts: sample
 *   censys/censys_platform_hosts_dataset.json; `location.province`: sample censys/Censys_API_search_1_2_1.json (Search v2)
 */

/** What is posted, without a key. */
export interface CountRequest {
  readonly path: string
  readonly body: string
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
export const isAskable = (facet: Facet, value: string): boolean =>
  facet === 'network' ? /^\d{1,10}$/.test(value) : value !== '' && !/["\\\p{Cc}]/u.test(value)

/** Facets that can be counted by. */
export const countedFacets: ReadonlySet<Facet> = new Set(facets.filter((facet) => fields[facet] !== undefined))

/** Why a question cannot be asked, if it cannot. */
export function objection({ modules }: Question): string | undefined {
  // The Platform calls both HTTP (port 37035 of the sample of hosts): asked for one, it would count both, or none.
  return modules !== undefined && modules.includes('HTTP') !== modules.includes('HTTPS')
    ? 'it cannot tell HTTP from HTTPS: ask for `web`'
    : undefined
}

/**
 * How to ask for a count of hosts. A request has one facet; without any, only the total of the answer means something.
 * @throws Error for what cannot be asked: another facet, a size or value out of bounds, HTTP without HTTPS
 */
export function countRequest(question: Question, wanted: WantedFacet | undefined): CountRequest {
  const { facet, size } = wanted ?? { facet: 'region', size: 1 }
  if (!Number.isInteger(size) || size < 1 || size > mostBuckets)
    throw new Error(`Censys: ${size} buckets of ${facet} cannot be asked for, 1 to ${mostBuckets} can`)
  const body = { query: censysQuery(question), field: fieldOf(facet), number_of_buckets: size, count_by_level: '.' }
  return { path: '/v3/global/search/aggregate', body: JSON.stringify(body) }
}

/** What is asked, in Censys' query language. */
function censysQuery(question: Question): string {
  const { country, modules, ports, where, notRegions = [] } = question
  if (!/^[A-Z]{2}$/.test(country)) throw new Error(`Censys: ${JSON.stringify(country)} is no country code`)
  const why = objection(question)
  if (why !== undefined) throw new Error(`Censys: ${why}`)
  const service = [
    ...(modules === undefined ? [] : [any(modules.map((module) => `protocol=${written('module', module)}`))]),
    ...(ports === undefined ? [] : [`port: {${some(ports.map(portOf)).join(', ')}}`]),
  ]
  return [
    `host.location.country_code="${country}"`,
    ...(service.length === 0 ? [] : [`host.services: (${service.join(' and ')})`]),
    ...(where === undefined ? [] : [`${fieldOf(where.facet)}=${written(where.facet, where.value)}`]),
    ...(notRegions.length === 0
      ? []
      : [`not ${any(notRegions.map((name) => `${fieldOf('region')}=${written('region', name)}`))}`]),
  ].join(' and ')
}

const any = (terms: readonly string[]): string => `(${some(terms).join(' or ')})`

function some<T>(list: readonly T[]): readonly T[] {
  if (list.length === 0) throw new Error('Censys: any of nothing cannot be asked for')
  return list
}

/** A value as a query writes it: text in quotes, a network's number without. */
function written(facet: Facet, value: string): string {
  if (!isAskable(facet, value)) throw new Error(`Censys: ${JSON.stringify(value)} cannot be asked for`)
  return facet === 'network' ? value : `"${value}"`
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
