import type { DuckDBConnection } from '@duckdb/node-api'
import { join } from 'node:path'
import { all, one, parquetFiles, toNumber } from './duckdb.ts'

/** What came of the records of a draft. */
export interface Accounting {
  readonly sources: string[]
  /** Records without exact repeats: of two that say the same of the same address, every field and the time included, one. */
  readonly kept: number
  readonly repeats: number
  readonly keptByOutcome: Record<string, number>
  readonly undated: number
  /** ISO 8601, UTC; empty when nothing is dated. */
  readonly observed: { readonly from: string; readonly to: string }
}

/**
 * Counts a draft's observations.
 * @param rowsAtATime rows looked at together for repeats, about: what bounds the memory
 */
export async function accountFor(
  connection: DuckDBConnection,
  folder: string,
  rowsAtATime = 4_000_000,
): Promise<Accounting> {
  const observations = parquetFiles(join(folder, 'observations'))
  const time = (which: 'min' | 'max'): string => `strftime(${which}(observed_at), '%Y-%m-%dT%H:%M:%S.%fZ')`
  const { total, low, high } = await one(
    connection,
    `SELECT count(*) AS total, ${time('min')} AS low, ${time('max')} AS high FROM ${observations}`,
  )
  const sources = await all(connection, `SELECT DISTINCT source FROM ${observations} ORDER BY source`)
  const byOutcome = new Map<string, { records: number; undated: number }>()
  const add = (rows: Awaited<ReturnType<typeof all>>, sign: 1 | -1): void => {
    for (const row of rows) {
      const sum = byOutcome.get(String(row['outcome'])) ?? { records: 0, undated: 0 }
      sum.records += sign * toNumber(row['records'])
      sum.undated += sign * toNumber(row['undated'])
      byOutcome.set(String(row['outcome']), sum)
    }
  }
  const undated = (records: string): string =>
    `coalesce(sum(${records}) FILTER (WHERE observed_at IS NULL), 0) AS undated`
  add(
    await all(
      connection,
      `SELECT outcome, count(*) AS records, ${undated('1')} FROM ${observations} GROUP BY outcome ORDER BY outcome`,
    ),
    1,
  )
  const shares = Math.max(1, Math.ceil(toNumber(total) / rowsAtATime))
  for (let share = 0; share < shares; share++) {
    // The digest is of every field but the address.
    const mine = shares === 1 ? 'true' : `hash(address) % ${shares} = ${share}`
    await connection.run(`CREATE OR REPLACE TABLE repeated AS
      SELECT address, digest, count(*) - 1 AS more FROM ${observations} WHERE ${mine} GROUP BY address, digest HAVING count(*) > 1`)
    add(
      await all(
        connection,
        `SELECT outcome, sum(more) AS records, ${undated('more')}
         FROM (SELECT any_value(o.outcome) AS outcome, any_value(o.observed_at) AS observed_at, any_value(r.more) AS more
           FROM ${observations} o JOIN repeated r ON o.address = r.address AND o.digest = r.digest GROUP BY o.address, o.digest)
         GROUP BY outcome`,
      ),
      -1,
    )
  }
  const kept = [...byOutcome.values()].reduce((sum, each) => sum + each.records, 0)
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return {
    sources: sources.map((row) => String(row['source'])),
    kept,
    repeats: toNumber(total) - kept,
    keptByOutcome: Object.fromEntries([...byOutcome].map(([outcome, { records }]) => [outcome, records])),
    undated: [...byOutcome.values()].reduce((sum, each) => sum + each.undated, 0),
    observed: { from: text(low), to: text(high) },
  }
}
