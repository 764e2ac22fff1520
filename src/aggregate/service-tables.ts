import type { DuckDBConnection } from '@duckdb/node-api'
import { sqlText } from '../store/duckdb.ts'

/** Makes a temporary table of values that are SQL already. @param table its name and columns */
export async function fill(connection: DuckDBConnection, table: string, values: readonly string[]): Promise<void> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${table}`)
  const name = table.slice(0, table.indexOf(' '))
  if (values.length > 0) await connection.run(`INSERT INTO ${name} VALUES ${values.join(', ')}`)
}

/**
 * Tables `service_id` (service, number: its place in `found`) and `row_service` (position of a service row, number of a
 * service it counts).
 * @returns the numbers of each row's services
 */
export async function serviceNumbers(
  connection: DuckDBConnection,
  found: readonly string[],
  serviceRows: readonly { readonly services: readonly string[] | undefined }[],
): Promise<number[][]> {
  const numbers = new Map(found.map((id, index) => [id, index]))
  const asked = serviceRows.map((row) => (row.services ?? found).flatMap((id) => numbers.get(id) ?? []))
  await fill(
    connection,
    'service_id (service VARCHAR, number USMALLINT)',
    found.map((id, index) => `(${sqlText(id)}, ${index})`),
  )
  await fill(
    connection,
    'row_service (position INTEGER, number USMALLINT)',
    asked.flatMap((row, position) => row.map((number) => `(${position}, ${number})`)),
  )
  return asked
}
