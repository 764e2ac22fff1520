import { facets, type Facet, type Question } from '../../model/engine.ts'
import type { WantedFacet } from '../one-facet.ts'

/*
 * Counts of 360 Quake: POST /api/v3/aggregation/quake_service. No recorded answer is at hand, so it is unconfirmed. What is
 * sent, and where that stands (answers.ts says it of what is read):
 * - `query`, `size` (buckets of each list, 10,000 at most), `ignore_cache`, `latest`, `aggregation_list` (two fields at most,
 *   `country_code`, `province`, `asn` among them), the header `X-QuakeToken`: the page of the API at
 *   https://quake.360.net/quake/#/help?id=5e77423bcb9954d2f8a01656, kept at https://github.com/helGayhub233/SurveyHub-MCP
 *   (docs/api/quake_api.md)
 * - the query language: `country:"CN"`, `province:"Sichuan"`, `service:"http"`, `port:"80"`, `asn:"12345"`, `AND`, `OR`,
 *   `AND NOT`, parentheses: the same page, kept there too (docs/syntax/quake_syntax.md)
 * - names of services (data/services.json): the README of https://github.com/360quake/quake_rs (http, http/ssl, smtp, ssh, mysql,
 *   imap, pop3, ftp, dns), the page of the query language (rtsp, telnet), tests of https://pypi.org/project/quake-sdk/ (mongodb, smb)
 * - `service:"http"` finds `http/ssl`, too: the same tests expect it
 */

/** What is posted, without a key. */
export interface CountRequest {
  readonly path: string
  readonly body: string
}

/** The most buckets of a facet that can be asked for. */
export const mostBuckets = 10_000

/** Beside a facet, this is asked for: of a question that names one country, its only bucket is the total. */
export const totalField = 'country_code'

const fields: Readonly<Partial<Record<Facet, string>>> = { region: 'province', network: 'asn' }

/** Facets that can be counted by. */
export const countedFacets: ReadonlySet<Facet> = new Set(facets.filter((facet) => fields[facet] !== undefined))

/** Whether a value can stand in a query: how a quote would be escaped is not documented, and `*` and `?` stand for others. */
export const isAskable = (facet: Facet, value: string): boolean =>
  facet === 'network' ? /^\d{1,10}$/.test(value) : value !== '' && !/["\\*?\p{Cc}]/u.test(value)

/** Why a question cannot be asked, if it cannot. */
export const objection = ({ modules }: Question): string | undefined =>
  modules !== undefined && modules.includes('http') !== modules.includes('http/ssl')
    ? 'it cannot tell HTTP from HTTPS: ask for `web`'
    : undefined

/**
 * How to ask for a count of services. A request has one facet beside the total.
 * @throws Error for what cannot be asked: another facet, a size or value out of bounds, HTTP without HTTPS
 */
export function countRequest(question: Question, wanted: WantedFacet | undefined): CountRequest {
  const { facet, size } = wanted ?? { facet: undefined, size: 2 }
  // A second country would show that the question was not understood.
  if (!Number.isInteger(size) || size < 2 || size > mostBuckets)
    throw new Error(`Quake: ${size} buckets cannot be asked for, 2 to ${mostBuckets} can`)
  const body = {
    query: quakeQuery(question),
    // Figures of another time would not add up.
    ignore_cache: true,
    latest: true,
    aggregation_list: [totalField, ...(facet === undefined ? [] : [fieldOf(facet)])],
    size,
  }
  return { path: '/api/v3/aggregation/quake_service', body: JSON.stringify(body) }
}

/** What is asked, in Quake's query language. */
function quakeQuery(question: Question): string {
  const { country, modules, ports, where, notRegions = [] } = question
  if (!/^[A-Z]{2}$/.test(country)) throw new Error(`Quake: ${JSON.stringify(country)} is no country code`)
  const why = objection(question)
  if (why !== undefined) throw new Error(`Quake: ${why}`)
  return [
    `country:"${country}"`,
    ...(modules === undefined ? [] : [any(modules.map((module) => `service:${quoted('module', module)}`))]),
    ...(ports === undefined ? [] : [any(ports.map((port) => `port:"${portOf(port)}"`))]),
    ...(where === undefined ? [] : [`${fieldOf(where.facet)}:${quoted(where.facet, where.value)}`]),
    ...notRegions.map((region) => `NOT ${fieldOf('region')}:${quoted('region', region)}`),
  ].join(' AND ')
}

function any(terms: readonly string[]): string {
  if (terms.length === 0) throw new Error('Quake: any of nothing cannot be asked for')
  return `(${terms.join(' OR ')})`
}

function quoted(facet: Facet, value: string): string {
  if (!isAskable(facet, value)) throw new Error(`Quake: ${JSON.stringify(value)} cannot be asked for`)
  return `"${value}"`
}

function portOf(port: number): number {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`Quake: ${port} is no port`)
  return port
}

/** The name of a facet in a list and in a query. */
export function fieldOf(facet: Facet): string {
  const field = fields[facet]
  if (field === undefined) throw new Error(`Quake cannot count by ${facet}`)
  return field
}
