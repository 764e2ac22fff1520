import { facets, type Facet, type Question } from '../../model/engine.ts'

/*
 * Questions in Shodan's query language. Terms are ANDed, values of a term separated by commas are ORed, a leading minus
 * negates: https://blog.shodan.io/search-engine-improvements/ and https://help.shodan.io/the-basics/search-query-fundamentals.
 * Filters and facets by those names: GET /shodan/host/search/filters and /facets of https://developer.shodan.io/api, which
 * are asked before anything else.
 */

/** A facet's name at Shodan, which is the filter's too. */
export const shodanNames = {
  region: 'region',
  product: 'product',
  device: 'device',
  network: 'asn',
  city: 'city',
  module: 'shodan.module',
  port: 'port',
} as const satisfies Readonly<Record<Facet, string>>

/** Shodan gives this many buckets of a facet at most. */
export const mostBuckets = 1000

/** The query's text. */
export function shodanQuery(question: Question): string {
  const { country, modules, ports, where, notRegions = [] } = question
  return [
    `country:${country}`,
    ...(modules === undefined ? [] : [`${shodanNames.module}:${modules.map(plain).join(',')}`]),
    ...(ports === undefined ? [] : [`port:${ports.join(',')}`]),
    ...(where === undefined ? [] : [`${shodanNames[where.facet]}:${quoted(where.value)}`]),
    // One term each: a name with a comma in it would else be two.
    ...notRegions.map((region) => `-${shodanNames.region}:${quoted(region)}`),
  ].join(' ')
}

/** Whether a value can stand in a query: a comma separates values even inside quotes, and quotes cannot be escaped. */
export const isAskable = (value: string): boolean => value !== '' && !/[",\\\p{Cc}]/u.test(value)

/** `region:1000,shodan.module:1000` */
export const facetList = (wanted: Readonly<Partial<Record<Facet, number>>>): string =>
  facets.flatMap((facet) => (wanted[facet] === undefined ? [] : [`${shodanNames[facet]}:${wanted[facet]}`])).join(',')

const plain = (value: string): string => (/^[\w.-]+$/.test(value) ? value : quoted(value))
const quoted = (value: string): string => (/^[\w.+-]+$/.test(value) ? value : `"${value}"`)
