import type { BulkMapping } from '../../model/reader.ts'

/*
 * Shodan's banner lines as `shodan download` writes them, read by DuckDB itself. Only lines whose fields have the
 * types Shodan documents are taken; any other (a number where text belongs, a list in an odd shape, an upper-case or
 * IPv4-mapped IPv6 address) goes to shodan.ts, and a property test holds the two together.
 */

/**
 * Text as `text()` in observation.ts reads it: absent when it is nothing but white space. Text that begins with a
 * printable character is not, and most does: the comparison is far cheaper than the trim.
 */
const text = (sql: string): string =>
  `CASE WHEN ${sql} >= '!' THEN ${sql} WHEN trim(${sql}, E' \\t\\r\\n\\x0b\\f') <> '' THEN ${sql} END`

/** A JSON list of plain words (no quotes, escapes or spaces inside) as space-separated text. */
const inner = (sql: string): string => `substr(${sql}, 3, length(${sql}) - 4)`
const words = (sql: string): string =>
  `CASE WHEN contains(${sql}, ',') THEN replace(${inner(sql)}, '","', ' ') WHEN ${sql} <> '[]' THEN ${inner(sql)} END`
const soundWords = (sql: string): string =>
  `CASE WHEN ${sql} IS NULL THEN true WHEN ${sql} = '[]' THEN true WHEN strlen(${sql}) > 65536 THEN false WHEN contains(${sql}, ' ') THEN false WHEN contains(${sql}, '\\') THEN false WHEN contains(${sql}, '""') THEN false ` +
  `WHEN NOT starts_with(${sql}, '["') THEN false WHEN NOT suffix(${sql}, '"]') THEN false WHEN strlen(${sql}) < 5 THEN false ` +
  `WHEN contains(${sql}, ',') THEN NOT contains(replace(${inner(sql)}, '","', ' '), '"') ELSE true END`

/**
 * Not a nested value, and not a number that DuckDB prints otherwise than Node (`5.0`, `1e2`, beyond 2^53), which takes
 * 3 to 25 characters. Most texts begin with a letter, which is asked first; few get as far as the pattern. (CASE, because
 * OR costs DuckDB a sort of the rows it has sifted.)
 */
const soundText = (sql: string): string =>
  `CASE WHEN ${sql} IS NULL THEN true WHEN strlen(${sql}) > 65536 THEN false WHEN ${sql} >= ':' AND ${sql} < '[' THEN true WHEN ${sql} >= '\\' AND ${sql} < '{' THEN true ` +
  `WHEN ${sql} < '-' THEN true WHEN ${sql} >= '|' THEN true WHEN ${sql} >= ':' THEN false WHEN strlen(${sql}) NOT BETWEEN 3 AND 25 THEN true ` +
  `ELSE NOT regexp_matches(${sql}, '^-?([0-9]+\\.0$|[0-9.]+[eE]|[0-9]{16})') END`

/** Decimal digits: neither `false`, which DuckDB reads as 0, nor what only it takes for a number (`.5`, `1_0`). */
const soundNumber = (sql: string, parsed: string): string =>
  `CASE WHEN ${sql} IS NULL THEN true WHEN ${sql} >= '0' AND ${sql} < ':' THEN ${parsed} IS NOT NULL AND NOT contains(${sql}, '_') ELSE regexp_matches(${sql}, '^-[0-9]+(\\.[0-9]*)?$') END`

const country = `coalesce(${text('location.country_code')}, ${text('country_code')}, ${text('location.country_name')}, ${text('country_name')})`
const organisation = `coalesce(${text('org')}, ${text('isp')})`

export const shodanBulk: BulkMapping = {
  columns: {
    // Lists are JSON, so that the list [] and the text "[]" are told apart.
    ip_str: 'VARCHAR',
    port: 'VARCHAR',
    transport: 'VARCHAR',
    timestamp: 'VARCHAR',
    product: 'VARCHAR',
    // As JSON, a string keeps its quotes: "6.0" is told from the number 6.0, which Node would print as 6.
    version: 'JSON',
    devicetype: 'VARCHAR',
    os: 'VARCHAR',
    cpe23: 'JSON',
    cpe: 'JSON',
    data: 'VARCHAR',
    asn: 'VARCHAR',
    org: 'VARCHAR',
    isp: 'VARCHAR',
    hostnames: 'JSON',
    tags: 'JSON',
    country_code: 'VARCHAR',
    country_name: 'VARCHAR',
    matches: 'VARCHAR',
    _shodan: 'STRUCT(module VARCHAR)',
    location:
      'STRUCT(country_code VARCHAR, country_name VARCHAR, region_code VARCHAR, city VARCHAR, latitude VARCHAR, longitude VARCHAR)',
  },
  parsed: {
    port_number: 'TRY_CAST(port AS USMALLINT)',
    as_number: 'TRY_CAST(substr(asn, 3) AS UINTEGER)',
    observed: 'TRY_CAST(timestamp AS TIMESTAMP)',
    north: 'TRY_CAST(location.latitude AS DOUBLE)',
    east: 'TRY_CAST(location.longitude AS DOUBLE)',
  },
  fields: {
    source: `'shodan'`,
    ip: 'ip_str',
    port: 'port_number',
    transport: `coalesce(transport, 'tcp')`,
    observedAt: 'observed',
    outcome: `'answered'`,
    module: text('_shodan.module'),
    vendor: 'NULL',
    product: text('product'),
    version: text(`(version->>'$')`),
    deviceType: text('devicetype'),
    os: text('os'),
    cpe: `coalesce(${words('cpe23')}, ${words('cpe')})`,
    banner: text('data'),
    country,
    regionCode: text('location.region_code'),
    regionName: 'NULL',
    city: text('location.city'),
    latitude: 'north',
    longitude: 'east',
    asn: 'as_number',
    organisation,
    hostnames: words('hostnames'),
    tags: words('tags'),
  },
  sound: [
    // A page of the search API is a list of banners, whatever stands beside it.
    `matches IS NULL`,
    // A number printed again is the text it was read from: no sign, no leading zero, nothing beside it.
    'port_number::VARCHAR = port',
    `CASE WHEN asn IS NULL THEN true ELSE concat('AS', as_number) = asn AND as_number > 0 END`,
    `CASE WHEN transport IS NULL THEN true ELSE transport IN ('tcp', 'udp') END`,
    // Without an offset: DuckDB passes over one.
    `CASE WHEN timestamp IS NULL THEN true ELSE regexp_matches(timestamp, '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?$') ` +
      `AND observed >= TIMESTAMP '1970-01-01' AND observed < TIMESTAMP '2200-01-01' END`,
    `CASE WHEN version IS NULL THEN true ELSE starts_with(version, '"') AND strlen(version) <= 65536 END`,
    ...['product', 'devicetype', 'os', 'data', 'org', 'isp', '_shodan.module', 'location.country_code'].map(soundText),
    ...['location.country_name', 'location.region_code', 'location.city', 'country_code', 'country_name'].map(
      soundText,
    ),
    soundNumber('location.latitude', 'north'),
    soundNumber('location.longitude', 'east'),
    ...['hostnames', 'tags', 'cpe23', 'cpe'].map(soundWords),
  ].join(' AND '),
  applies: (head) => {
    const end = head.text.indexOf('\n')
    // One object a line: the first line must be whole (or longer than the head, when only read() can tell).
    return end > 0 && /^\s*\{.*\}\s*$/.test(head.text.slice(0, end)) && !/^\s*\{\s*"matches"\s*:/.test(head.text)
  },
}
