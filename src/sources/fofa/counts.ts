import { facets, type Facet, type Question } from '../../model/engine.ts'

/*
 * Counts of FOFA: GET /api/v1/search/stats. No recorded answer is at hand, so it is unconfirmed. What is sent, and where that
 * stands (answers.ts says it of what is read):
 * - `key`, `qbase64`, `fields` (`country` among them), five values of each unless told otherwise, the past year, one request in
 *   five seconds: https://en.fofa.info/api, kept at https://github.com/helGayhub233/SurveyHub-MCP (docs/api/fofa_api.md)
 * - `size`, how many values of each: https://fofapro.github.io/fofa-py/fofa.html (search_stats); no most is named, clients ask
 *   for up to 100: https://github.com/polite-007/pi-redteam-tool (extensions/fofa-stats/index.test.mjs)
 * - the query language: `==` is the whole value, `!=` what does not match, `&&`, `||`, parentheses; `country` by its code,
 *   `region` by its English name, `protocol`, `port`: https://en.fofa.info, kept at SurveyHub-MCP (docs/syntax/fofa_syntax.md);
 *   `=` is containment: https://github.com/FofaInfo/FOFA-Help-Center (doc/README.md)
 */

/** The most buckets that are asked for. */
export const mostBuckets = 100
/** What a list is cut off at unless told otherwise; whether that can be told of regions is not documented. */
export const shortestList = 5

export const path = '/api/v1/search/stats'

/** How the lists of other fields look when they are filled is not documented, but for titles. */
export const countedFacets: ReadonlySet<Facet> = new Set(['region'])

/** Whether a value can stand in a query: how a quote would be escaped is not documented. */
export const isAskable = (value: string): boolean => value !== '' && !/["\\\p{Cc}]/u.test(value)

/**
 * How to ask for a count of records, by region where a size is given. Countries are always asked for: with a single one
 * named, they tell whose answer it is.
 * @throws Error for what cannot be asked: another facet, a size or value out of bounds
 */
export function countParams(question: Question, size?: number): Readonly<Record<string, string>> {
  if (size !== undefined && (!Number.isInteger(size) || size < 1 || size > mostBuckets))
    throw new Error(`FOFA: ${size} regions cannot be asked for, 1 to ${mostBuckets} can`)
  return {
    qbase64: Buffer.from(fofaQuery(question)).toString('base64'),
    fields: 'country',
    ...(size === undefined ? {} : { size: String(size) }),
  }
}

/** What is asked, in FOFA's query language. */
export function fofaQuery({ country, modules, ports, where, notRegions = [] }: Question): string {
  if (!/^[A-Z]{2}$/.test(country)) throw new Error(`FOFA: ${JSON.stringify(country)} is no country code`)
  if (where !== undefined && where.facet !== 'region') throw new Error(`FOFA cannot count by ${where.facet}`)
  return [
    `country=="${country}"`,
    ...(modules === undefined ? [] : [any(modules.map((module) => `protocol==${quoted(module)}`))]),
    ...(ports === undefined ? [] : [any(ports.map((port) => `port=="${portOf(port)}"`))]),
    ...(where === undefined ? [] : [`region==${quoted(where.value)}`]),
    ...notRegions.map((region) => `region!=${quoted(region)}`),
  ].join(' && ')
}

function any(terms: readonly string[]): string {
  if (terms.length === 0) throw new Error('FOFA: any of nothing cannot be asked for')
  return `(${terms.join(' || ')})`
}

function quoted(value: string): string {
  if (!isAskable(value)) throw new Error(`FOFA: ${JSON.stringify(value)} cannot be asked for`)
  return `"${value}"`
}

function portOf(port: number): number {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`FOFA: ${port} is no port`)
  return port
}

/** The size of the list of regions that is wanted, if one is. @throws Error where another facet is */
export function sizeOf(wanted: Readonly<Partial<Record<Facet, number>>>): number | undefined {
  const other = facets.find((facet) => wanted[facet] !== undefined && !countedFacets.has(facet))
  if (other !== undefined) throw new Error(`FOFA cannot count by ${other}`)
  return wanted.region
}
