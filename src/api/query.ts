import { addressRange } from './networks.ts'

/*
 * Shodan's query language: terms are ANDed, values of a term separated by commas are ORed, also inside quotes; a leading
 * minus negates. https://help.shodan.io/the-basics/search-query-fundamentals, https://blog.shodan.io/search-engine-improvements
 */

/** What counts can be grouped by. */
export const facets = [
  'asn',
  'city',
  'country',
  'device',
  'isp',
  'org',
  'os',
  'port',
  'product',
  'region',
  'shodan.module',
  'version',
] as const
export type Facet = (typeof facets)[number]

/** Filters that a query may have; the rest of it is searched for in the banners' text. */
export const filters = [...facets, 'has_screenshot', 'hostname', 'ip', 'net'] as const
export type Filter = (typeof filters)[number]

/** One term of a query. `text` is a word or phrase to be found in the banner. */
export interface Condition {
  readonly filter: Filter | 'text'
  /** Any of which will do; at least one. */
  readonly values: readonly string[]
  readonly isNegated: boolean
}

export interface Query {
  /** All of which must hold. */
  readonly conditions: readonly Condition[]
  /** What is wrong with it, one sentence each. A query with errors must not be asked. */
  readonly errors: readonly string[]
}

/** A longer query is refused. */
export const maxQueryLength = 8192

/** Reads a query. Never throws: what is wrong stands in `errors`. */
export function parseQuery(text: string): Query {
  if (text.length > maxQueryLength) return wrong(`The search query is longer than ${maxQueryLength} characters`)
  if (text.includes('\0')) return wrong('The search query holds a NUL byte')
  if (text.trim() === '') return wrong('Empty search query')
  const conditions: Condition[] = []
  const errors: string[] = []
  for (const term of terms(text)) {
    const read = typeof term === 'string' ? term : conditionOf(term)
    if (typeof read === 'string') errors.push(read)
    else conditions.push(read)
  }
  return { conditions, errors }
}

const wrong = (error: string): Query => ({ conditions: [], errors: [error] })

interface Term {
  readonly isNegated: boolean
  /** As it is written, in lower case; undefined for text. */
  readonly name: string | undefined
  /** Without its quotes. */
  readonly value: string
}

/** A sign, a name and a colon, and a value of bare and quoted pieces. */
const termPattern = /(-?)(?:([a-z][\w.]*):)?((?:[^\s"]+|"[^"]*")*)/iy

/** The terms of a query, or what is wrong with one. */
function* terms(text: string): Generator<Term | string> {
  let at = 0
  for (;;) {
    while (/\s/.test(text.charAt(at))) at++
    if (at >= text.length) return
    termPattern.lastIndex = at
    const [whole, sign = '', name, value = ''] = termPattern.exec(text) ?? ['']
    at += whole.length
    // Of whatever a term cannot be made of there is only one thing: a quote without its other one.
    if (text.charAt(at) === '"') {
      yield 'A quotation mark is not closed'
      return
    }
    // A minus that negates nothing is a word like any other.
    if (name === undefined && value === '') yield { isNegated: false, name, value: sign }
    else yield { isNegated: sign === '-', name: name?.toLowerCase(), value: value.replaceAll('"', '') }
  }
}

/** The condition that a term stands for, or what is wrong with it. */
function conditionOf({ isNegated, name, value }: Term): Condition | string {
  if (name === undefined) {
    return value.trim() === '' ? 'Empty quotation marks' : { filter: 'text', values: [value], isNegated }
  }
  const filter = filters.find((known) => known === name)
  if (filter === undefined) return `There is no filter "${name.slice(0, 64)}"; text with a colon needs quotation marks`
  const parts = value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (parts.length === 0) return `The filter "${filter}" has no value`
  const fault = parts.find((part) => !isValue(filter, part))
  if (fault !== undefined) return `"${fault.slice(0, 64)}" is no value for the filter "${filter}"`
  // A name may have commas of its own ("Example, Inc."); as it stands it is one more value.
  const isName = parts.length > 1 && names.has(filter)
  return { filter, values: [...new Set(isName ? [...parts, value.trim()] : parts)], isNegated }
}

const names: ReadonlySet<Filter> = new Set(['city', 'device', 'isp', 'org', 'os', 'product', 'version'])

function isValue(filter: Filter, value: string): boolean {
  switch (filter) {
    case 'port':
      return /^\d{1,5}$/.test(value) && Number(value) <= 65_535
    case 'asn':
      return /^(AS)?\d{1,10}$/i.test(value) && asNumber(value) < 2 ** 32
    case 'ip':
      return !value.includes('/') && addressRange(value) !== undefined
    case 'net':
      return addressRange(value) !== undefined
    case 'has_screenshot':
      return /^(true|false|1|0)$/i.test(value)
    default:
      return true
  }
}

/** `AS64496` or `64496` → 64496 */
export const asNumber = (value: string): number => Number(value.replace(/^AS/i, ''))

/** What `/shodan/host/search/tokens` says of a query. */
export function tokensOf({ conditions, errors }: Query): {
  readonly attributes: Readonly<Record<string, readonly (string | number)[]>>
  readonly errors: readonly string[]
  readonly string: string
  readonly filters: readonly string[]
} {
  const attributes: Record<string, (string | number)[]> = {}
  const words: string[] = []
  for (const { filter, values, isNegated } of conditions) {
    const sign = isNegated ? '-' : ''
    if (filter === 'text') words.push(...values.map((word) => sign + (/\s/.test(word) ? `"${word}"` : word)))
    else {
      const told = filter === 'port' ? values.map(Number) : values
      const name = `${sign}${filter === 'port' ? 'ports' : filter}`
      attributes[name] = [...(attributes[name] ?? []), ...told]
    }
  }
  const used = conditions.map(({ filter }) => filter).filter((filter) => filter !== 'text')
  return { attributes, errors, string: words.join(' '), filters: [...new Set(used)] }
}
