import { censusRows, type Regions, type RowOptions } from '../aggregate/census-rows.ts'
import { tallies, type ServiceRow, type TallyQuestion } from '../aggregate/tallies.ts'
import type { ReportRow } from '../model/report-row.ts'
import { units, type Breakdown, type Tally } from '../model/tally.ts'
import type { Warning } from '../model/warning.ts'
import { loadServices } from '../recognise/service.ts'
import type { Header } from '../reports/region-table.ts'
import type { CensusSql } from '../store/census-sql.ts'
import type { CensusFacts } from '../store/censuses.ts'
import { all, sqlText, toNumber, toText, type Database } from '../store/duckdb.ts'
import type { RecordsSnapshot } from '../store/snapshots.ts'

/** What questions to a snapshot are asked with. */
export interface Asking {
  readonly snapshot: RecordsSnapshot
  readonly census: CensusSql & { readonly facts: CensusFacts }
  readonly database: Database
  readonly country: string | undefined
  readonly serviceRows: readonly ServiceRow[]
  /** Regions with the populations chosen. */
  readonly view: Regions
}

export const question = ({ snapshot, census, serviceRows, country }: Asking, breakdown: Breakdown): TallyQuestion => ({
  breakdown,
  census,
  serviceRows,
  sources: snapshot.manifest.sources,
  ...(country === undefined ? {} : { country }),
})

/** The source whose figures are printed: all together where there are several. */
export const shownSource = ({ manifest }: RecordsSnapshot): Tally['source'] | undefined =>
  manifest.sources.length > 1 ? 'all' : manifest.sources[0]

/** Country totals without hosts flagged suspect, when the snapshot has any. Key: country, NUL, service row. */
export async function countryTotals(asking: Asking): Promise<Map<string, number>> {
  const totals = new Map<string, number>()
  const { snapshot, database, census } = asking
  if (census.facts.suspectAddresses === 0) return totals
  for await (const tally of tallies(database.connection, { ...question(asking, 'region'), without: 'suspect' })) {
    if (tally.source !== shownSource(snapshot)) continue
    const key = `${tally.country}\0${tally.service}`
    totals.set(key, (totals.get(key) ?? 0) + tally.counts.addresses)
  }
  return totals
}

/** Distinct addresses that a probe asked, by source, country, region and service row. */
export async function askedBy(asking: Asking): Promise<NonNullable<RowOptions['asked']>> {
  const { census } = asking
  const counts = new Map<string, number>()
  const keyOf = ({
    source,
    country,
    region,
    service,
  }: Pick<Tally, 'source' | 'country' | 'region' | 'service'>): string => [source, country, region, service].join('\0')
  const add = (cell: Tally, region: string): void => {
    const key = keyOf({ ...cell, region })
    counts.set(key, (counts.get(key) ?? 0) + cell.counts.addresses)
  }
  const asked = { ...question(asking, 'region'), census: { ...census, numbers: census.asked } }
  for await (const tally of tallies(asking.database.connection, asked)) {
    add(tally, tally.region)
    // An address is in one region, so that they add up.
    if (tally.country !== '') add(tally, tally.country)
  }
  return (cell) => counts.get(keyOf(cell)) ?? 0
}

/** Mail servers of a country by product: addresses, most first. */
export async function mailProducts(
  { database, census }: Asking,
  country: string,
): Promise<{ product: string; addresses: number }[]> {
  const services = loadServices().categories.get('mail') ?? []
  const found = await all(
    database.connection,
    `SELECT product, count(DISTINCT address) AS n FROM ${census.rows}
     WHERE country = ${sqlText(country)} AND service IN (${services.map(sqlText).join(', ')}) GROUP BY product ORDER BY n DESC, product`,
  )
  return found.map((row) => ({ product: toText(row['product']), addresses: toNumber(row['n']) }))
}

/** What every row of a source says of the snapshot: the times of that source's oldest and newest observation. */
export async function headers({ database, snapshot, census }: Asking): Promise<Header> {
  const seconds = '%Y-%m-%dT%H:%M:%SZ'
  const found = await all(
    database.connection,
    `SELECT coalesce(source, 'all') AS source, strftime(min(observed_at), '${seconds}') AS low, strftime(max(observed_at), '${seconds}') AS high
     FROM ${census.rows} GROUP BY GROUPING SETS ((source), ())`,
  )
  const bySource = new Map(
    found.map((row) => [String(row['source']), { observedFrom: toText(row['low']), observedTo: toText(row['high']) }]),
  )
  return (source) => ({
    snapshot: snapshot.id,
    basis: 'records',
    ...(bySource.get(source) ?? { observedFrom: '', observedTo: '' }),
  })
}

/**
 * Whether ranks of `all` and of categories would be others without the records that sit where address databases put
 * what they do not know.
 */
export async function defaultRankWarning(asking: Asking, shown: readonly ReportRow[]): Promise<Warning[]> {
  const { snapshot, database, census } = asking
  if (census.facts.defaultGeolocationAddresses === 0) return []
  const overall = asking.serviceRows.filter((row) => row.services === undefined || row.services.length > 1)
  const key = (row: ReportRow): string => `${row.country}\0${row.region}\0${row.service}`
  const without = new Map<string, number | undefined>()
  const counted = tallies(database.connection, {
    ...question(asking, 'region'),
    serviceRows: overall,
    without: 'default-geolocation',
  })
  for await (const row of censusRows(counted, asking.view, {
    units: () => units,
    per: 100_000,
    zeros: false,
    flags: () => [],
  }))
    if (row.unit === 'addresses' && row.source === shownSource(snapshot)) without.set(key(row), row.rank)
  const changed = shown
    .filter((row) => overall.some(({ id }) => id === row.service) && row.rank !== without.get(key(row)))
    .toSorted((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity))
  const example = changed[0]
  if (example === undefined) return []
  const { region: code, regionName: name, regionNameLocal: localName, service, rank } = example
  return [
    {
      kind: 'default-ranks',
      changed: changed.length,
      region: { code, name, localName },
      service,
      rank,
      without: without.get(key(example)),
    },
  ]
}
