import type { DuckDBConnection } from '@duckdb/node-api'
import { observationFields } from '../model/observation.ts'
import type { BulkMapping } from '../model/reader.ts'
import { one, parquetFile, pathText, rows, sqlText, toNumber } from './duckdb.ts'

/** How many characters of a banner a snapshot keeps. */
const bannerLength = 1024

/** Several row groups are under way at a time: their size is what bounds the memory. */
const rowGroupRows = 40_960

/** How Parquet is written: zstd is faster here than not compressing, and nobody looks single values up, so no bloom filters. */
export const parquet = `FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, WRITE_BLOOM_FILTER false, ROW_GROUP_SIZE ${rowGroupRows}`

/** Lines up to this many bytes go to DuckDB; it ends a whole statement over one longer than its own limit, which is twice that. */
export const maxBulkLineBytes = 2 ** 20

/** No line of more bytes gets through DuckDB's limit. */
export const longestLineTaken = 4 * maxBulkLineBytes

/** Readings on their way into the store: one JSON object a line, every field of an observation. */
export const stagedMapping: Omit<BulkMapping, 'applies'> = {
  columns: Object.fromEntries(observationFields.map((field) => [field, 'VARCHAR'])),
  parsed: {},
  fields: Object.fromEntries(observationFields.map((field) => [field, `"${field}"`])) as BulkMapping['fields'],
  sound: 'true',
}

/**
 * An address as a 128-bit key (UUID): IPv6 as it is, IPv4 as its IPv4-mapped form ::ffff:a.b.c.d (RFC 4291), so that
 * one address has one key however it was spelled. NULL for what is no address in lower-case text without leading zeros.
 * Defined as macros so that statements stay readable.
 */
const hextet = '[0-9a-f]{1,4}'
const macros = [
  // 281470681743360 is ffff:0:0. Octets are numbers up to 255 by their type; as long as its numbers and dots, the text has nothing else.
  `CREATE OR REPLACE TEMP MACRO ipv4_key(t, o) AS CASE
     WHEN len(o) = 4 AND strlen(t) = ${['7', ...[1, 2, 3, 4].flatMap((n) => [`(o[${n}] > 9)::INTEGER`, `(o[${n}] > 99)::INTEGER`])].join(' + ')}
     THEN CAST('00000000000000000000' || to_hex(281470681743360 + (o[1]::BIGINT << 24) + (o[2]::INTEGER << 16) + (o[3]::INTEGER << 8) + o[4]) AS UUID) END`,
  `CREATE OR REPLACE TEMP MACRO hextets(t) AS list_transform(list_filter(string_split(t, ':'), lambda g: g <> ''), lambda g: lpad(g, 4, '0'))`,
  `CREATE OR REPLACE TEMP MACRO ipv6_key(t) AS CASE
     WHEN regexp_matches(t, '^(${hextet}:){7}${hextet}$') THEN CAST(array_to_string(hextets(t), '') AS UUID)
     WHEN regexp_matches(t, '^(${hextet}(:${hextet}){0,5})?::(${hextet}(:${hextet}){0,5})?$') AND length(t) - length(replace(t, ':', '')) <= 7
     THEN CAST(rpad(array_to_string(hextets(split_part(t, '::', 1)), ''), (32 - 4 * len(hextets(split_part(t, '::', 2))))::INTEGER, '0') || array_to_string(hextets(split_part(t, '::', 2)), '') AS UUID) END`,
  // Not CASE WHEN … ELSE: cutting every vector in two costs more than trying IPv4 for all.
  `CREATE OR REPLACE TEMP MACRO address_key(t, o) AS coalesce(ipv4_key(t, o), CASE WHEN contains(t, ':') THEN ipv6_key(t) END)`,
]

/** Prepares a connection for `writeObservations`. */
export async function prepareObservations(connection: DuckDBConnection): Promise<void> {
  for (const macro of macros) await connection.run(macro)
}

export interface LinesFile {
  /** An NDJSON file. */
  readonly path: string
  /** Number of the input it comes from. */
  readonly file: number
  /** Bytes of its longest line, where it may be longer than `maxBulkLineBytes`: DuckDB keeps buffers of twice that. */
  readonly longestLine?: number
}

/**
 * Reads a file of lines into one Parquet file of observations, a row for each line in their order; the rows of lines
 * that are not sound have no address.
 * @returns how many rows there are, and how many have no address
 */
export async function writeObservations(
  connection: DuckDBConnection,
  { path, file, longestLine = 0 }: LinesFile,
  mapping: Omit<BulkMapping, 'applies'>,
  target: string,
): Promise<{ readonly rows: number; readonly unsound: number }> {
  const columns = Object.entries(mapping.columns).map(([name, type]) => `"${name}": ${sqlText(type)}`)
  const objectLimit = Math.max(2 * maxBulkLineBytes, longestLine + 1)
  const read = `read_json(${pathText(path)}, format = 'newline_delimited', ignore_errors = true, hive_partitioning = false, maximum_object_size = ${objectLimit}, columns = {${columns.join(', ')}})`
  const parsed = Object.entries(mapping.parsed).map(([name, sql]) => `, ${sql} AS ${name}`)
  const fields = observationFields.map((field) => `${mapping.fields[field]} AS "${field}"`).join(', ')
  // What is not sound gets no address: a condition in WHERE would have columns worked out twice. CASE stops at the first
  // part of a condition that decides; the bare condition works all of them out.
  const { rowsChanged } = await connection.run(
    `COPY (SELECT ${file}::INTEGER AS file, CASE WHEN sound THEN address_key(ip, octets) END AS address, ${typedFields}, hash(${digestFields}) AS digest
       FROM (SELECT *, TRY_CAST(string_split(ip, '.') AS UTINYINT[]) AS octets
         FROM (SELECT ${fields}, CASE WHEN ${mapping.sound} THEN true END AS sound FROM (SELECT *${parsed.join('')} FROM ${read})))
     ) TO ${sqlText(target)} (${parquet})`,
  )
  const { unsound } = await one(connection, `SELECT count(*) - count(address) AS unsound FROM ${parquetFile(target)}`)
  return { rows: rowsChanged, unsound: toNumber(unsound) }
}

/** The rows without an address, from 0 in order. */
export async function* unsoundRows(connection: DuckDBConnection, part: string): AsyncGenerator<number> {
  const found = `SELECT file_row_number AS n FROM read_parquet(${pathText(part)}, file_row_number = true, hive_partitioning = false) WHERE address IS NULL ORDER BY n`
  for await (const row of rows(connection, found)) yield toNumber(row['n'])
}

/** Writes the rows that have an address to another file. */
export async function copySound(connection: DuckDBConnection, part: string, target: string): Promise<void> {
  await connection.run(
    `COPY (SELECT * FROM ${parquetFile(part)} WHERE address IS NOT NULL) TO ${sqlText(target)} (${parquet})`,
  )
}

/** A coordinate, absent unless both are there and on the globe. */
const degrees = (field: 'latitude' | 'longitude'): string =>
  `CASE WHEN abs("latitude"::DOUBLE) <= 90 AND abs("longitude"::DOUBLE) <= 180 THEN "${field}"::DOUBLE + 0.0 END`

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
