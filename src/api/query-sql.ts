import { sqlText } from '../store/duckdb.ts'
import { ipv4Keys } from '../store/census-sql.ts'
import { addressRange } from './networks.ts'
import { asNumber, type Condition, type Filter } from './query.ts'
import type { Words } from './words.ts'

/**
 * SQL that is true for the rows a query means: `c` is a row of the census (CensusSql.rows). What the census does not know
 * is asked of the observations, and only when a query asks for it. Every text comes in by `sqlText`.
 * @param observations SQL to select observations from
 */
export function querySql(conditions: readonly Condition[], observations: string, words: Words): string {
  const country = onlyCountry(conditions, words)
  const sql = conditions.map(({ filter, values, isNegated }) => ({
    isObserved: observed.has(filter),
    sql: `${isNegated ? 'NOT ' : ''}(${values.map((value) => valueSql(filter, value, words, country)).join(' OR ')})`,
  }))
  const counted = sql.filter((each) => !each.isObserved).map((each) => each.sql)
  const said = sql.filter((each) => each.isObserved).map((each) => each.sql)
  // Repeats of a record say the same, so that what holds for one of them holds for all.
  const exists = `EXISTS (SELECT 1 FROM ${observations} o WHERE o.address = c.address AND o.digest = c.digest AND ${said.join(' AND ')})`
  return [...counted, ...(said.length === 0 ? [] : [exists]), 'true'].join(' AND ')
}

/** What only an observation tells. */
const observed: ReadonlySet<Condition['filter']> = new Set(['text', 'city', 'hostname', 'os'])

/** Columns of names that are compared whatever their case. Facets group by the same (facets.ts). */
export const nameColumns = {
  city: `coalesce(o.city, '')`,
  device: 'c.device_type',
  isp: 'c.organisation',
  org: 'c.organisation',
  os: `coalesce(o.os, '')`,
  product: 'c.product',
  version: 'c.version',
} as const satisfies Partial<Record<Filter, string>>

function valueSql(filter: Condition['filter'], value: string, words: Words, country: string | undefined): string {
  switch (filter) {
    case 'text':
      return contains('o.banner', value)
    case 'hostname':
      return contains('o.hostnames', value)
    case 'country':
      return `c.country = ${sqlText(words.country(value) ?? value.toUpperCase())}`
    case 'region':
      return oneOf('c.region', words.regions(value, country))
    case 'port':
      return `c.port = ${Number(value)}`
    case 'asn':
      return `(c.asn = ${asNumber(value)} AND c.asn <> 0)`
    case 'ip':
    case 'net': {
      const range = addressRange(value)
      if (range === undefined) return 'false'
      return range.isIPv6 ? `(${within(range)} AND NOT ${within(ipv4Keys)})` : within(range)
    }
    case 'shodan.module':
      return `c.service = ${sqlText(words.service(value))}`
    case 'has_screenshot':
      // A snapshot keeps none.
      return /^(false|0)$/i.test(value) ? 'true' : 'false'
    default:
      return `lower(${nameColumns[filter]}) = lower(${sqlText(value)})`
  }
}

const contains = (column: string, text: string): string =>
  `contains(lower(coalesce(${column}, '')), lower(${sqlText(text)}))`

const oneOf = (column: string, values: readonly string[]): string =>
  values.length === 0 ? 'false' : `${column} IN (${values.map(sqlText).join(', ')})`

/** The country that every match is in, where the query names one: what regions of the same name are told apart by. */
function onlyCountry(conditions: readonly Condition[], words: Words): string | undefined {
  const named = conditions.filter(({ filter, isNegated }) => filter === 'country' && !isNegated)
  const [only] = named.filter(({ values }) => values.length === 1)
  const value = only?.values[0]
  return value === undefined ? undefined : words.country(value)
}

const within = ({ first, last }: { readonly first: string; readonly last: string }): string =>
  `c.address BETWEEN ${sqlText(first)}::UUID AND ${sqlText(last)}::UUID`
