import { all, one, toNumber, type Row } from '../store/duckdb.ts'
import { bannerColumns, bannerOf, hostOf, type Banner } from './banner.ts'
import { facetBuckets, type FacetAsked, type FacetBucket } from './facets.ts'
import type { Connection, Holdings } from './holdings.ts'
import { addressRange } from './networks.ts'
import type { Condition } from './query.ts'
import { querySql } from './query-sql.ts'

/** What is asked of a search, whose conditions are read already. */
export interface SearchAsked {
  readonly conditions: readonly Condition[]
  readonly facets: readonly FacetAsked[]
  /** Which of the matches are wanted; none for a count. */
  readonly page?: { readonly offset: number; readonly limit: number }
}

export interface Found {
  readonly matches: readonly Banner[]
  readonly total: number
  readonly facets?: Readonly<Record<string, readonly FacetBucket[]>>
}

/** Counts what a query means, groups it, and gives a page of it. All three go by the same condition over the same rows. */
export async function search(
  connection: Connection,
  holdings: Holdings,
  { conditions, facets, page }: SearchAsked,
): Promise<Found> {
  const where = querySql(conditions, holdings.observations, holdings.words)
  const { n } = await one(connection, `SELECT count(*) AS n FROM ${holdings.census.rows} c WHERE ${where}`)
  const total = toNumber(n)
  const buckets: Record<string, readonly FacetBucket[]> = {}
  for (const asked of facets) buckets[asked.facet] = await facetBuckets(connection, holdings, where, asked)
  const rows = page === undefined || page.offset >= total ? [] : await bannerRows(connection, holdings, where, page)
  return {
    matches: rows.map((row) => bannerOf(row, holdings.words)),
    ...(facets.length === 0 ? {} : { facets: buckets }),
    total,
  }
}

/**
 * A host with its banners: those that are the newest of their endpoint, or all of them. Undefined when nothing is known of
 * the address.
 */
export async function host(
  connection: Connection,
  holdings: Holdings,
  { ip, isWhole, isMinified }: { readonly ip: string; readonly isWhole: boolean; readonly isMinified: boolean },
): Promise<Banner | undefined> {
  const range = addressRange(ip)
  if (range === undefined) return undefined
  const where = `c.address = '${range.first}'::UUID${isWhole ? '' : ' AND c.speaks'}`
  const rows = await bannerRows(connection, holdings, where)
  return rows.length === 0 ? undefined : hostOf(rows, holdings.words, isMinified)
}

/** Every port of the census, ascending. */
export async function ports(connection: Connection, { census }: Holdings): Promise<readonly number[]> {
  const rows = await all(connection, `SELECT DISTINCT port FROM ${census.rows} ORDER BY port`)
  return rows.map((row) => toNumber(row['port']))
}

/** Newest first. An address and a digest are one record, so that no two stand at one place. */
const order = 'c.observed_at DESC NULLS LAST, c.address, c.port, c.transport, c.digest'

async function bannerRows(
  connection: Connection,
  { census, observations }: Holdings,
  where: string,
  page?: SearchAsked['page'],
): Promise<readonly Row[]> {
  const limit = page === undefined ? '' : `LIMIT ${page.limit} OFFSET ${page.offset}`
  const rows = await all(
    connection,
    `SELECT ${bannerColumns} FROM (SELECT * FROM ${census.rows} c WHERE ${where} ORDER BY ${order} ${limit}) c
     JOIN ${observations} o ON o.address = c.address AND o.digest = c.digest ORDER BY ${order}`,
  )
  // Exact repeats are one record and say the same.
  const seen = new Set<string>()
  return rows.filter((row) => {
    const record = `${String(row['address'])} ${String(row['digest'])}`
    return !seen.has(record) && seen.add(record)
  })
}
