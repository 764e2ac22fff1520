import { DuckDBListValue, type DuckDBConnection } from '@duckdb/node-api'
import { observationFields } from '../model/observation.ts'
import type { BulkMapping } from '../model/reader.ts'
import { one, pathText, sqlText, toNumber } from './duckdb.ts'

/** How many characters of a banner a snapshot keeps. */
const bannerLength = 1024

/** How Parquet is written: zstd is faster here than not compressing, and nobody looks single values up, so no bloom filters. */
export const parquet = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, WRITE_BLOOM_FILTER false'

/** Lines up to this many bytes go to DuckDB; it ends a whole statement over one longer than its own limit, which is twice that. */
export const maxBulkLineBytes = 2 ** 20

/** Readings on their way into the store: one JSON object a line, every field of an observation. */
export const stagedMapping: Omit<BulkMapping, 'applies'> = {
  columns: Object.fromEntries(observationFields.map((field) => [field, 'VARCHAR'])),
  fields: Object.fromEntries(observationFields.map((field) => [field, `"${field}"`])) as BulkMapping['fields'],
  sound: 'true',
}

/**
 * An address as a 128-bit key (UUID): IPv6 as it is, IPv4 as its IPv4-mapped form ::ffff:a.b.c.d (RFC 4291), so that
 * one address has one key however it was spelled. Defined as macros so that statements stay readable.
 */
const macros = [
  // One list cast and 33-bit arithmetic (the 33rd bit keeps leading zeros): a third of the time of four split_parts.
  `CREATE OR REPLACE TEMP MACRO ipv4_key(octets) AS CAST('00000000000000000000ffff' ||
     substr(to_hex(4294967296::BIGINT + (octets[1] << 24) + (octets[2] << 16) + (octets[3] << 8) + octets[4]), 2) AS UUID)`,
  `CREATE OR REPLACE TEMP MACRO hextets(t) AS list_transform(list_filter(string_split(t, ':'), lambda g: g <> ''), lambda g: lpad(g, 4, '0'))`,
  `CREATE OR REPLACE TEMP MACRO ipv6_key(t) AS CAST(CASE WHEN contains(t, '::')
     THEN rpad(array_to_string(hextets(split_part(t, '::', 1)), ''), (32 - 4 * len(hextets(split_part(t, '::', 2))))::INTEGER, '0') || array_to_string(hextets(split_part(t, '::', 2)), '')
     ELSE array_to_string(hextets(t), '') END AS UUID)`,
  `CREATE OR REPLACE TEMP MACRO address_key(t) AS CASE WHEN contains(t, ':') THEN ipv6_key(t) ELSE ipv4_key(CAST(string_split(t, '.') AS BIGINT[])) END`,
]

/** Prepares a connection for `writeObservations`. */
export async function prepareObservations(connection: DuckDBConnection): Promise<void> {
  for (const macro of macros) await connection.run(macro)
}

export interface ChunkFile {
  /** An NDJSON file. */
  readonly path: string
  /** Number of the input it comes from. */
  readonly file: number
  readonly lines: number
  /** Bytes of its longest line: DuckDB keeps buffers of twice that. */
  readonly longestLine: number
}

/**
 * Reads a chunk into one Parquet file of observations.
 * @returns the rows (from 0) that were not sound and are not in the file; `undefined` when rows could not be told apart
 */
export async function writeObservations(
  connection: DuckDBConnection,
  chunk: ChunkFile,
  mapping: Omit<BulkMapping, 'applies'>,
  target: string,
): Promise<readonly number[] | undefined> {
  const columns = Object.entries(mapping.columns).map(([name, type]) => `"${name}": ${sqlText(type)}`)
  const objectLimit = Math.max(2 * maxBulkLineBytes, chunk.longestLine + 1)
  const read = `read_json(${pathText(chunk.path)}, format = 'newline_delimited', ignore_errors = true, maximum_object_size = ${objectLimit}, columns = {${columns.join(', ')}})`
  const fields = observationFields.map((field) => `${mapping.fields[field]} AS "${field}"`).join(', ')
  const result = await connection.run(
    `COPY (SELECT ${chunk.file}::INTEGER AS file, address_key(ip) AS address, ${typedFields}, hash(${digestFields}) AS digest
       FROM (SELECT ${fields} FROM ${read} WHERE ${mapping.sound})) TO ${sqlText(target)} (${parquet})`,
  )
  if (result.rowsChanged === chunk.lines) return []
  // Numbering the rows of every chunk would double its cost; most have nothing to find.
  const { total, unsound } = await one(
    connection,
    `SELECT count(*) AS total, list(n ORDER BY n) FILTER (WHERE NOT coalesce(sound, false)) AS unsound
     FROM (SELECT row_number() OVER () - 1 AS n, (${mapping.sound}) AS sound FROM ${read})`,
  )
  const found = unsound instanceof DuckDBListValue ? unsound.items.map((item) => toNumber(item)) : []
  return toNumber(total) === chunk.lines && found.length + result.rowsChanged === chunk.lines ? found : undefined
}

/** A coordinate, absent unless both are there and on the globe. */
const degrees = (field: 'latitude' | 'longitude'): string =>
  `CASE WHEN abs("latitude"::DOUBLE) <= 90 AND abs("longitude"::DOUBLE) <= 180 THEN "${field}"::DOUBLE END`

/** Observation fields with the types a snapshot keeps them in. */
const typedFields = observationFields
  .filter((field) => field !== 'ip')
  .map((field) => {
    switch (field) {
      case 'port':
        return `"${field}"::INTEGER AS port`
      case 'observedAt':
        return `CAST("observedAt" AS TIMESTAMP) AS observed_at`
      case 'latitude':
      case 'longitude':
        return `${degrees(field)} AS ${field}`
      case 'asn':
        return `"asn"::UINTEGER AS asn`
      case 'banner':
        // left() counts characters and is slow; most banners are short enough in bytes.
        return `CASE WHEN strlen("banner") <= ${bannerLength} THEN "banner" ELSE left("banner", ${bannerLength}) END AS banner`
      default:
        // Text also where a mapping has nothing but NULL, or one part's column would not fit another's.
        return `"${field}"::VARCHAR AS ${snakeCase(field)}`
    }
  })
  .join(', ')

/**
 * What makes two records of one endpoint and time the same: every field, the banner in full. Numbers are compared as
 * numbers, so that 35.690 and 35.69 are one. The digest is also the total order among observations of equal time.
 */
const digestFields = observationFields
  .filter((field) => field !== 'ip')
  .map((field) => {
    switch (field) {
      case 'latitude':
      case 'longitude':
        return degrees(field)
      case 'port':
      case 'asn':
        return `"${field}"::UINTEGER`
      case 'observedAt':
        return `CAST("observedAt" AS TIMESTAMP)`
      default:
        return `"${field}"`
    }
  })
  .join(', ')

/** Column name of a field in a snapshot's Parquet files. */
function snakeCase(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
