import { createRequire } from 'node:module'

/** DuckDB's package, by `require`: imported, its hundred CommonJS files are each read and parsed twice, which every command would wait for. */
export const duckdb = createRequire(import.meta.url)('@duckdb/node-api') as typeof import('@duckdb/node-api')
