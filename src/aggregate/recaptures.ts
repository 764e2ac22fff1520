import type { DuckDBConnection } from '@duckdb/node-api'
import type { Located, Recaptured, RecaptureRefusal } from '../model/findings.ts'
import type { RecordSource } from '../model/observation.ts'
import type { Region } from '../model/region.ts'
import { chapman } from '../statistics/capture-recapture.ts'
import { rankedFrom } from '../statistics/rates.ts'
import { ipv4Keys, type CensusSql } from '../store/census-sql.ts'
import { all, sqlText, toNumber, toText } from '../store/duckdb.ts'
import type { ServiceRow } from './tallies.ts'

/**
 * Sources that look at all of IPv4 of their own accord: what two of them looked at is the same. Of what others were
 * pointed at (scanner outputs, tables, reports to owners of networks) nothing is known here.
 */
const wholeInternet: ReadonlySet<RecordSource> = new Set(['shodan', 'censys', 'zoomeye', 'fofa', 'onyphe'])

export interface RecaptureQuestion {
  readonly census: CensusSql
  readonly serviceRows: readonly ServiceRow[]
  readonly sources: readonly RecordSource[]
  readonly country: string | undefined
  /** Whether the snapshot has all that its inputs had. */
  readonly complete: boolean
  readonly region: (code: string) => Region | undefined
}

/** Every two sources of a snapshot that looked at the same ranges, sorted. */
export const recapturePairs = (sources: readonly RecordSource[]): (readonly [RecordSource, RecordSource])[] => {
  const lookers = sources.filter((source) => wholeInternet.has(source)).toSorted()
  return lookers.flatMap((first, index) => lookers.slice(index + 1).map((second) => [first, second] as const))
}

/**
 * What each two such sources saw of every service by itself, by country and region: IPv4 addresses with the service on a port that
 * both of them saw it on in that country.
 */
export async function recaptures(connection: DuckDBConnection, question: RecaptureQuestion): Promise<Recaptured[]> {
  const found: Recaptured[] = []
  for (const pair of recapturePairs(question.sources)) found.push(...(await ofPair(connection, question, pair)))
  return found
}

async function ofPair(
  connection: DuckDBConnection,
  { census, serviceRows, country, complete, region }: RecaptureQuestion,
  [first, second]: readonly [string, string],
): Promise<Recaptured[]> {
  const only = country === undefined ? `country <> ''` : `country = ${sqlText(country)}`
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE pair_seen AS SELECT country, region, service, port, transport, address, source, observed_at FROM ${census.rows}
     WHERE ${only} AND source IN (${sqlText(first)}, ${sqlText(second)}) AND address BETWEEN '${ipv4Keys.first}'::UUID AND '${ipv4Keys.last}'::UUID`,
  )
  const refusals = complete ? await periodRefusals(connection) : undefined
  const counted = await all(
    connection,
    `WITH door AS (SELECT country, service, port, transport FROM pair_seen GROUP BY ALL HAVING count(DISTINCT source) = 2),
       host AS (SELECT country, region, service, address, bool_or(source = ${sqlText(first)}) AS by_first, bool_or(source = ${sqlText(second)}) AS by_second
         FROM pair_seen JOIN door USING (country, service, port, transport) GROUP BY ALL)
     SELECT country, service, region, grouping(region) AS is_total, count(*) FILTER (by_first) AS first, count(*) FILTER (by_second) AS second,
       count(*) FILTER (by_first AND by_second) AS both
     FROM host GROUP BY GROUPING SETS ((country, service), (country, service, region)) ORDER BY country, service, is_total DESC, region = '', region`,
  )
  const own = new Map(serviceRows.flatMap(({ id, services }, index) => (services?.[0] === id ? [[id, index]] : [])))
  const nested = new Set<string>()
  const made = counted.flatMap((row): Recaptured[] => {
    const [of, service] = [toText(row['country']), toText(row['service'])]
    if (!own.has(service)) return []
    const isTotal = toNumber(row['is_total']) === 1
    const seen = {
      seenByFirst: toNumber(row['first']),
      seenBySecond: toNumber(row['second']),
      seenByBoth: toNumber(row['both']),
    }
    // The total comes first: a source that saw nothing of its own was given, or gave, what the other has.
    if (isTotal && seen.seenByBoth === Math.min(seen.seenByFirst, seen.seenBySecond)) nested.add(`${of} ${service}`)
    const refused =
      refusals === undefined
        ? 'partial'
        : (refusals.get(of) ??
          (seen.seenByBoth < rankedFrom ? 'few' : nested.has(`${of} ${service}`) ? 'nested' : undefined))
    const at = isTotal ? of : toText(row['region']) || 'unknown'
    const estimated = refused === undefined ? chapman(seen.seenByFirst, seen.seenBySecond, seen.seenByBoth) : undefined
    return [
      {
        ...located(of, at, service, region(at)),
        firstSource: first,
        secondSource: second,
        ...seen,
        seen: seen.seenByFirst + seen.seenBySecond - seen.seenByBoth,
        abundance: estimated && { estimate: estimated.estimate, ...estimated.interval },
        refused,
      },
    ]
  })
  // In the order of the other files: by country, then by service row.
  return made.toSorted(
    (a, b) =>
      (a.country < b.country ? -1 : a.country > b.country ? 1 : 0) ||
      (own.get(a.service) ?? 0) - (own.get(b.service) ?? 0),
  )
}

const located = (country: string, region: string, service: string, told: Region | undefined): Located => ({
  source: 'all',
  country,
  region,
  regionName: told?.name ?? '',
  regionNameLocal: told?.localName ?? '',
  service,
  unit: 'addresses',
})

/** Countries of which the two did not see the same time: it is the same where the days both cover are half of all or more. */
async function periodRefusals(connection: DuckDBConnection): Promise<ReadonlyMap<string, RecaptureRefusal>> {
  const day = (of: string): string => `epoch(${of}(observed_at)) // 86400`
  const told = await all(
    connection,
    `SELECT country, count(*) AS sources, bool_or(undated) AS undated, min("end") - max(start) + 1 AS shared, max("end") - min(start) + 1 AS days
     FROM (SELECT country, source, bool_or(observed_at IS NULL) AS undated, ${day('min')} AS start, ${day('max')} AS "end" FROM pair_seen GROUP BY ALL) GROUP BY country`,
  )
  return new Map(
    told.flatMap((row): [string, RecaptureRefusal][] => {
      const country = toText(row['country'])
      if (row['undated'] === true) return [[country, 'undated']]
      return toNumber(row['shared']) * 2 >= toNumber(row['days']) ? [] : [[country, 'periods']]
    }),
  )
}
