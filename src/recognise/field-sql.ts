import type { FingerprintFile } from './fingerprints.ts'

/** Fields are short: the patterns run on them alone, and equal ones are recognised once. */
const maxCharacters = 300
const maxWord = 120

/**
 * A DuckDB expression for the field of a banner that fingerprints read, short text or '' where nothing can be said (a
 * service without fingerprints, an answer that names no maker). `service` and `banner` are SQL expressions for columns.
 *
 * - `line`: the first line that is not blank.
 * - `greeting`: the same without the host name after the status (`220 mx.example.test ESMTP` becomes `220 ESMTP`): hosts
 *   are often named like products, and equal greetings become equal fields.
 * - `text`: the beginning.
 * - `header`: the value of Server or User-Agent; of text that is no SIP or RTSP message, the first line.
 * - `web`: lines R: realm, T: page title, S: Server header; of text that is no HTTP message, B: and the first line, for
 *   sources that store a header's value or a title alone.
 */
export function fieldSql(
  columns: { readonly service: string; readonly banner: string },
  files: readonly FingerprintFile[],
): string {
  const services = new Map<FingerprintFile['field'], Set<string>>()
  for (const file of files) {
    const known = services.get(file.field) ?? new Set<string>()
    for (const service of file.services) services.set(file.field, known.add(service))
  }
  const branches = [...services].map(([kind, names]) => {
    const list = [...names].map((name) => `'${name.replaceAll("'", "''")}'`).join(', ')
    return `WHEN ${columns.service} IN (${list}) THEN ${fieldOf[kind](columns.banner)}`
  })
  return branches.length === 0 ? `''` : `coalesce(CASE ${branches.join('\n')} END, '')`
}

const status = String.raw`^((?:220[ -]|\+OK |\* (?:OK|PREAUTH|BYE) (?:\[[^\]]*\] ?)?)?)`
const host = String.raw`[a-zA-Z0-9_-]+(?:\.[a-zA-Z0-9_-]+)+\.?[ :]+`

const fieldOf: Readonly<Record<FingerprintFile['field'], (banner: string) => string>> = {
  line: (banner) => firstLine(banner),
  greeting: (banner) => `regexp_replace(${firstLine(banner)}, '${status}${host}', '\\1')`,
  text: (banner) =>
    `CASE WHEN strlen(${banner}) <= ${maxCharacters} THEN ${banner} ELSE substr(${banner}, 1, ${maxCharacters}) END`,
  header: (banner) =>
    `CASE WHEN regexp_matches(${banner}, '^(?:RTSP|SIP)/[0-9.]+ [0-9]') THEN ${header(banner, 'Server|User-Agent')} ELSE ${firstLine(banner)} END`,
  web: (banner) =>
    `CASE WHEN starts_with(${banner}, 'HTTP/') OR contains(${banner}, 'realm=') OR contains(${banner}, '<') THEN concat(${realm(banner)}, ${title(banner)}, ${server(banner)}) ` +
    `ELSE 'B:' || ${firstLine(banner)} END`,
}

/** The cheap look at the usual spelling goes first: a regular expression over a whole banner costs ten times as much. */
const server = (banner: string): string =>
  `CASE WHEN contains(${banner}, chr(10) || 'Server: ') THEN 'S:' || substr(${cut(`split_part(${banner}, chr(10) || 'Server: ', 2)`)}, 1, ${maxWord}) ` +
  `WHEN regexp_matches(${banner}, '\\n[Ss][Ee][Rr][Vv][Ee][Rr]:') THEN 'S:' || ${header(banner, 'Server')} ELSE '' END`

const realm = (banner: string): string =>
  `CASE WHEN contains(${banner}, 'realm=') THEN 'R:' || regexp_extract(${banner}, 'realm=["'']?([^"''\\r\\n]{0,${maxWord}})', 1) || chr(10) ELSE '' END`

const title = (banner: string): string =>
  `CASE WHEN contains(${banner}, '<') AND regexp_matches(${banner}, '<title', 'i') THEN 'T:' || ` +
  `regexp_replace(trim(regexp_extract(${banner}, '<title[^>]{0,100}>[ \\t\\r\\n]*([^<]{0,${maxWord}})', 1, 'i')), '[\\r\\n]+', ' ', 'g') || chr(10) ELSE '' END`

const header = (banner: string, names: string): string =>
  `regexp_extract(${banner}, '\\n(?:${names}):[ \\t]*([^\\r\\n]{0,${maxWord}})', 1, 'i')`

/** Few banners begin with white space; and counting characters is slow, so that what is cut off goes first. */
const firstLine = (banner: string): string =>
  `CASE WHEN ${banner} >= '!' THEN substr(${cut(banner)}, 1, ${maxCharacters}) ` +
  `ELSE ${cut(`ltrim(substr(${banner}, 1, ${maxCharacters}), chr(9) || chr(10) || chr(13) || ' ')`)} END`

const cut = (text: string): string => `split_part(split_part(${text}, chr(10), 1), chr(13), 1)`
