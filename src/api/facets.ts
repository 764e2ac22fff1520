import { all, toNumber, toText } from '../store/duckdb.ts'
import { ApiError } from './errors.ts'
import { nameColumns } from './query-sql.ts'
import type { Connection, Holdings } from './holdings.ts'
import { facets, type Facet } from './query.ts'

export interface FacetAsked {
  readonly facet: Facet
  /** How many buckets at most. */
  readonly size: number
}

const defaultSize = 10
const maxSize = 1000

/** `country,region:50` as facets. @throws ApiError for a facet there is not and a size that is no number from 1 to 1000 */
export function parseFacets(text: string): readonly FacetAsked[] {
  const found = new Map<Facet, FacetAsked>()
  for (const part of text.split(',').map((each) => each.trim())) {
    if (part === '') continue
    const [name = '', size, ...more] = part.split(':')
    const facet = facets.find((known) => known === name.trim().toLowerCase())
    if (facet === undefined) throw new ApiError(400, `There is no facet "${name.slice(0, 64)}"`)
    const isSize = size === undefined || (more.length === 0 && /^\d{1,4}$/.test(size))
    const asked = size === undefined ? defaultSize : Number(size)
    if (!isSize || asked < 1 || asked > maxSize)
      throw new ApiError(400, `The size of the facet "${facet}" must be a number from 1 to ${maxSize}`)
    found.set(facet, { facet, size: asked })
  }
  return [...found.values()]
}

export interface FacetBucket {
  readonly count: number
  readonly value: string | number
}

/** The largest buckets of a facet, by count and then by value. What has no value is in no bucket. */
export async function facetBuckets(
  connection: Connection,
  { census, observations, words }: Holdings,
  where: string,
  { facet, size }: FacetAsked,
): Promise<readonly FacetBucket[]> {
  const { value, key, isText } = columns[facet]
  // One of exact repeats, which all say the same.
  const said = `JOIN (SELECT DISTINCT address, digest, ${facet} FROM ${observations} WHERE ${facet} IS NOT NULL) o ON o.address = c.address AND o.digest = c.digest`
  const isObserved = facet === 'city' || facet === 'os'
  // A module is named by TypeScript: only then is it known in which order they stand.
  const isModule = facet === 'shodan.module'
  const found = await all(
    connection,
    `SELECT min(${value}) AS value, count(*) AS n FROM ${census.rows} c ${isObserved ? said : ''}
     WHERE (${where}) AND ${value} <> ${isText ? "''" : '-1'} GROUP BY ${key} ORDER BY n DESC, value ${isModule ? '' : `LIMIT ${size}`}`,
  )
  const buckets = found.map((row) => ({
    count: toNumber(row['n']),
    value: isText ? toText(row['value']) : toNumber(row['value']),
  }))
  if (!isModule) return buckets
  return buckets
    .map(({ count, value: service }) => ({ count, value: words.module(String(service)) }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, size)
}

interface FacetColumn {
  readonly value: string
  /** What makes two values one bucket: what makes the filter of the same name find both. */
  readonly key: string
  readonly isText: boolean
}

const text = (value: string, key = value): FacetColumn => ({ value, key, isText: true })
const name = (value: string): FacetColumn => text(value, `lower(${value})`)

const columns: Readonly<Record<Facet, FacetColumn>> = {
  asn: text(`CASE WHEN c.asn = 0 THEN '' ELSE concat('AS', c.asn) END`),
  city: name(nameColumns.city),
  country: text('c.country'),
  device: name(nameColumns.device),
  isp: name(nameColumns.isp),
  org: name(nameColumns.org),
  os: name(nameColumns.os),
  port: { value: 'c.port', key: 'c.port', isText: false },
  product: name(nameColumns.product),
  region: text(`split_part(c.region, '-', 2)`),
  'shodan.module': text('c.service'),
  version: name(nameColumns.version),
}
