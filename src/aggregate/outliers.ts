import type { DuckDBConnection } from '@duckdb/node-api'
import { partKinds, type Outlier, type PartKind } from '../model/findings.ts'
import type { ReportRow } from '../model/report-row.ts'
import { strongestPart } from '../statistics/outlier.ts'
import type { CensusSql } from '../store/census-sql.ts'
import { all, sqlText, toNumber, toText } from '../store/duckdb.ts'
import { fill, serviceNumbers } from './service-tables.ts'
import { servicesFound, type ServiceRow } from './tallies.ts'

/** What a part is called by, and its number in the census. */
const parts = {
  network: { names: 'networks', columns: ['asn'], told: 'asn <> 0' },
  organisation: { names: 'networks', columns: ['organisation'], told: "organisation <> ''" },
  product: { names: 'products', columns: ['vendor', 'product'], told: "product <> ''" },
} as const satisfies Readonly<Record<PartKind, object>>

interface Removal {
  readonly name: string
  readonly values: readonly string[]
  /** Addresses of which no record is left when the part's are not counted. */
  readonly addresses: number
}

/**
 * Of every figure that stands out, the network, the organisation and the product whose removal moves its rate most.
 * Removed are the part's records: an address that has others of the service is still there, so that the figures without
 * are what a census without those records would count.
 * @param rows figures of addresses, by region, of all sources together
 * @param totals counts of all services together by region, where they are told
 */
export async function outliers(
  connection: DuckDBConnection,
  { census, serviceRows }: { readonly census: CensusSql; readonly serviceRows: readonly ServiceRow[] },
  rows: readonly ReportRow[],
  totals: ReadonlyMap<string, number>,
): Promise<Outlier[]> {
  if (rows.length === 0) return []
  const position = new Map(serviceRows.map(({ id }, index) => [id, index]))
  const whole = serviceRows.findIndex(({ services }) => services === undefined)
  const cells = new Map<string, number>()
  const cellOf = (region: string, of: number): number => {
    const key = `${region} ${of}`
    const known = cells.get(key) ?? cells.size
    cells.set(key, known)
    return known
  }
  for (const row of rows) {
    cellOf(row.region, position.get(row.service) ?? -1)
    if (whole >= 0) cellOf(row.region, whole)
  }
  await serviceNumbers(connection, await servicesFound(connection, census), serviceRows)
  await fill(
    connection,
    'cell_of (cell INTEGER, region VARCHAR, position INTEGER)',
    [...cells].map(([key, cell]) => {
      const [region = '', of = ''] = key.split(' ')
      return `(${cell}, ${sqlText(region)}, ${of})`
    }),
  )
  await connection.run(partTables(census))
  const found: Outlier[] = []
  for (const kind of partKinds) {
    const removals = await removalsBy(connection, census, kind)
    for (const row of rows) {
      const own = removals.get(cellOf(row.region, position.get(row.service) ?? -1)) ?? []
      const told = row.service === 'all' ? undefined : totals.get(row.region)
      const ofAll = told === undefined ? [] : (removals.get(cellOf(row.region, whole)) ?? [])
      found.push(...explained(row, kind, own, { count: told, removals: ofAll }))
    }
  }
  const order = new Map(rows.map((row, index) => [row, index]))
  return found.toSorted((a, b) => (order.get(a.row) ?? 0) - (order.get(b.row) ?? 0))
}

function explained(
  row: ReportRow,
  kind: PartKind,
  removals: readonly Removal[],
  total: { readonly count: number | undefined; readonly removals: readonly Removal[] },
): Outlier[] {
  const { count, population = 0 } = row
  const strongest = strongestPart(
    { count, base: population },
    removals.map(({ name, addresses }) => ({ name, count: addresses, base: 0 })),
  )
  const removal = removals.find(({ name }) => name === strongest?.name)
  if (strongest?.without === undefined || removal === undefined) return []
  const [first = '', second = ''] = removal.values
  const left = (total.count ?? 0) - (total.removals.find(({ name }) => name === removal.name)?.addresses ?? 0)
  const countWithout = count - removal.addresses
  return [
    {
      row,
      kind,
      asn: kind === 'network' ? first : '',
      organisation: kind === 'organisation' ? first : '',
      vendor: kind === 'product' ? first : '',
      product: kind === 'product' ? second : '',
      countWithout,
      per100kWithout: strongest.without * 100_000,
      share: total.count === undefined || total.count === 0 ? undefined : count / total.count,
      shareWithout: total.count === undefined || left === 0 ? undefined : countWithout / left,
    },
  ]
}

/** Table `part_seen`: for each figure and address the lowest and the highest number of its networks, organisations and products. */
const partTables = ({ numbers, places, services, networks, products }: CensusSql): string => `
  CREATE OR REPLACE TEMP TABLE network_part AS SELECT network, dense_rank() OVER (ORDER BY asn)::INTEGER AS network_number,
    dense_rank() OVER (ORDER BY organisation)::INTEGER AS organisation_number FROM ${networks};
  CREATE OR REPLACE TEMP TABLE product_part AS SELECT made, dense_rank() OVER (ORDER BY vendor, product)::INTEGER AS product_number FROM ${products};
  CREATE OR REPLACE TEMP TABLE part_seen AS SELECT cell, ${partKinds
    .map((kind) => `min(${kind}_number) AS ${kind}_low, max(${kind}_number) AS ${kind}_high`)
    .join(', ')}
  FROM ${numbers} JOIN ${places} USING (place) JOIN ${services} USING (named) JOIN service_id USING (service)
    JOIN row_service USING (number) JOIN cell_of USING (region, position) JOIN network_part USING (network) JOIN product_part USING (made)
  GROUP BY cell, address`

/** By figure, each part that alone has addresses. */
async function removalsBy(
  connection: DuckDBConnection,
  census: CensusSql,
  kind: PartKind,
): Promise<Map<number, Removal[]>> {
  const { names, columns, told } = parts[kind]
  const list = columns.join(', ')
  const found = await all(
    connection,
    `SELECT cell, ${list}, n FROM (SELECT cell, ${kind}_low AS number, count(*) AS n FROM part_seen WHERE ${kind}_low = ${kind}_high GROUP BY ALL)
     JOIN (SELECT DISTINCT ${list}, dense_rank() OVER (ORDER BY ${list})::INTEGER AS number FROM ${census[names]}) USING (number)
     WHERE ${told} ORDER BY cell, n DESC, ${list}`,
  )
  const removals = new Map<number, Removal[]>()
  for (const row of found) {
    const cell = toNumber(row['cell'])
    const values = columns.map((column) => toText(row[column]))
    const removal = { name: values.join('\0'), values, addresses: toNumber(row['n']) }
    const known = removals.get(cell)
    if (known === undefined) removals.set(cell, [removal])
    else known.push(removal)
  }
  return removals
}
