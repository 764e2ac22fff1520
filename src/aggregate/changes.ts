import type { DuckDBConnection } from '@duckdb/node-api'
import { changeKinds, type Change, type RegionChange } from '../model/change.ts'
import type { CensusSql } from '../store/census-sql.ts'
import { all, one, toNumber, toText } from '../store/duckdb.ts'
import { changesSql, type ChangeQuestion } from './changes-sql.ts'
import { fill, serviceNumbers } from './service-tables.ts'

/**
 * What became of every address from one snapshot to the next, by country, region and service row; docs/method.md has the
 * rules. Cells without an address in either have no row.
 * @param rowsAtATime rows worked on at a time, about: what bounds the memory
 */
export async function regionChanges(
  connection: DuckDBConnection,
  question: ChangeQuestion,
  rowsAtATime = 2_000_000,
): Promise<RegionChange[]> {
  await nameTables(connection, question)
  let total = 0
  for (const side of [question.old, question.new])
    total += toNumber((await one(connection, `SELECT count(*) AS n FROM ${side.census.numbers}`))['n'])
  const shares = Math.max(1, Math.ceil(total / rowsAtATime))
  const sql = changesSql(question)
  for (let share = 0; share < shares; share++)
    for (const statement of sql.share(shares === 1 ? 'true' : `hash(address) % ${shares} = ${share}`))
      await connection.run(statement)
  return (await all(connection, sql.changes)).map((row) => {
    const country = toText(row['country'])
    return {
      country,
      region: row['is_total'] === true ? country : toText(row['region']) || 'unknown',
      service: question.serviceRows[toNumber(row['position'])]?.id ?? '',
      change: Object.fromEntries(changeKinds.map((kind) => [kind, toNumber(row[kind])])) as Change,
    }
  })
}

/** Numbers for the names of both: the same name has the same number, whichever snapshot it is of. */
async function nameTables(connection: DuckDBConnection, question: ChangeQuestion): Promise<void> {
  const censuses = [question.old.census, question.new.census, question.again].filter((each) => each !== undefined)
  const union = (names: (census: CensusSql) => string): string => censuses.map(names).join(' UNION ')
  const services = await all(
    connection,
    `SELECT DISTINCT service FROM (${union(({ services: table }) => `SELECT service FROM ${table}`)}) ORDER BY service`,
  )
  await serviceNumbers(
    connection,
    services.map((row) => String(row['service'])),
    question.serviceRows,
  )
  const numbered = (table: string, columns: string, sql: string): Promise<unknown> =>
    connection.run(
      `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT ${columns}, row_number() OVER ()::INTEGER AS id FROM (${sql})`,
    )
  await numbered(
    'place_id',
    'country, region',
    union(({ places }) => `SELECT country, region FROM ${places}`),
  )
  await numbered(
    'door_id',
    'port, transport',
    union(({ services: table }) => `SELECT port, transport FROM ${table}`),
  )
  // Vendor and product: another version of the same is no other product.
  await numbered(
    'product_id',
    'vendor, product',
    union(({ products }) => `SELECT vendor, product FROM ${products} WHERE product <> ''`),
  )
  await fill(
    connection,
    'flow (was INTEGER, again INTEGER, now INTEGER, position INTEGER, kind VARCHAR, n BIGINT, relabelled BIGINT)',
    [],
  )
}
