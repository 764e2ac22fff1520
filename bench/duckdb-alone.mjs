import { DuckDBInstance } from '@duckdb/node-api'

/*
 * The peer of `census import`: DuckDB with its default settings reads the same fields of a Shodan export into one
 * Parquet file, and nothing else. Plain JavaScript, so that no translation of TypeScript is timed with it.
 *
 *     node bench/duckdb-alone.mjs INPUT OUTPUT [THREADS]
 */

const columns = {
  ip_str: 'VARCHAR',
  port: 'INTEGER',
  transport: 'VARCHAR',
  timestamp: 'TIMESTAMP',
  product: 'VARCHAR',
  version: 'VARCHAR',
  asn: 'VARCHAR',
  org: 'VARCHAR',
  isp: 'VARCHAR',
  data: 'VARCHAR',
  _shodan: 'STRUCT(module VARCHAR)',
  location:
    'STRUCT(city VARCHAR, region_code VARCHAR, country_code VARCHAR, country_name VARCHAR, latitude DOUBLE, longitude DOUBLE)',
  hostnames: 'VARCHAR[]',
  devicetype: 'VARCHAR',
  os: 'VARCHAR',
  cpe: 'VARCHAR[]',
  tags: 'VARCHAR[]',
}

const sqlText = (value) => `'${value.replaceAll("'", "''")}'`

const [input, output, threads] = process.argv.slice(2)
if (input === undefined || output === undefined) {
  console.error('usage: node bench/duckdb-alone.mjs INPUT OUTPUT [THREADS]')
  process.exitCode = 2
} else {
  const instance = await DuckDBInstance.create(':memory:', threads === undefined ? {} : { threads })
  const connection = await instance.connect()
  const types = Object.entries(columns).map(([name, type]) => `"${name}": ${sqlText(type)}`)
  await connection.run(
    `COPY (SELECT * FROM read_json(${sqlText(input)}, format = 'newline_delimited', ignore_errors = true, ` +
      `columns = {${types.join(', ')}})) TO ${sqlText(output)} (FORMAT parquet)`,
  )
}
