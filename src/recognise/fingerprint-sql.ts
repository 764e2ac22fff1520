import { fieldSql } from './field-sql.ts'
import { fullPattern, loadFingerprints } from './fingerprints.ts'
import type { FingerprintFile, FingerprintRow } from './fingerprints.ts'

/** So many fingerprints are sifted by one combined expression: fewer would be tried in vain more often, more would be compiled in vain. */
const perBlock = 16

/**
 * How banners are recognised in DuckDB, for the services a table holds (all when not said). Most of the time goes into
 * compiling patterns, hence two steps: blocks of fingerprints are sifted first, and only those of blocks that were hit
 * are looked at one by one.
 *
 * - `field(columns)`: expression for what of a banner the fingerprints read (see fieldSql); '' where they can say nothing.
 * - `sifted(table)`: queries over a table with columns service and field: service, field and the number of the first block
 *   of which a fingerprint matches, in the order of the files and of their rows.
 * - `matched(sifted, blocks)`: queries over a table of such answers, in which no other blocks stand: service, field and the
 *   number of the first fingerprint that matches.
 * - `known(matched, numbers)`: query over a table of such answers, in which no other numbers stand: service, field, vendor,
 *   product, version, device_type (VARCHAR, '' for what is not known).
 *
 * Several queries can run side by side; all of them together are the answer.
 */
export interface RecogniseSql {
  readonly field: (columns: { readonly service: string; readonly banner: string }) => string
  readonly sifted: (table: string) => readonly string[]
  readonly matched: (sifted: string, blocks: ReadonlySet<number>) => readonly string[]
  readonly known: (matched: string, numbers: ReadonlySet<number>) => string
}

export function recogniseSql(
  services?: ReadonlySet<string>,
  all: readonly FingerprintFile[] = loadFingerprints(),
): RecogniseSql {
  const files = all
    .map((file) => ({ ...file, services: file.services.filter((id) => services?.has(id) ?? true) }))
    .filter((file) => file.services.length > 0)
  const rows = files
    .flatMap((file) => file.rows.map((row) => ({ file, row })))
    .map((entry, number) => ({ ...entry, number }))
  const blocks = files
    .flatMap((file) =>
      chunks(
        rows.filter((row) => row.file === file),
        perBlock,
      ),
    )
    .map((block, number): Block => ({ number, file: block[0].file, rows: block }))
  return {
    field: (columns) => fieldSql(columns, files),
    sifted: (table) => halves(families(blocks)).map((half) => siftedSql(table, half)),
    matched: (sifted, hit) =>
      halves(blocks.filter(({ number }) => hit.has(number))).map((half) => matchedSql(sifted, half)),
    known: (matched, numbers) =>
      knownSql(
        matched,
        rows.filter(({ number }) => numbers.has(number)),
      ),
  }
}

/** A row with its file and its number in the VALUES list: the CASE hands numbers on, which cost less than texts. */
interface Numbered {
  readonly number: number
  readonly file: FingerprintFile
  readonly row: FingerprintRow
}

/** Rows of one file that are sifted together. */
interface Block {
  readonly number: number
  readonly file: FingerprintFile
  readonly rows: NonEmpty<Numbered>
}

/** Services that are asked for the same blocks, and those blocks. */
interface Family {
  readonly services: string[]
  readonly rows: readonly Numbered[]
  readonly blocks: readonly Block[]
}

function families(blocks: readonly Block[]): Family[] {
  const found = new Map<string, Family>()
  for (const service of new Set(blocks.flatMap(({ file }) => file.services))) {
    const asked = blocks.filter(({ file }) => file.services.includes(service))
    const key = asked.map(({ number }) => number).join(' ')
    const family = found.get(key) ?? { services: [], rows: asked.flatMap(({ rows }) => rows), blocks: asked }
    family.services.push(service)
    found.set(key, family)
  }
  return [...found.values()]
}

/** Two parts with about as many rows each. */
function halves<T extends { readonly rows: readonly Numbered[] }>(all: readonly T[]): T[][] {
  const parts: { size: number; members: T[] }[] = [
    { size: 0, members: [] },
    { size: 0, members: [] },
  ]
  for (const member of all.toSorted((a, b) => b.rows.length - a.rows.length)) {
    const [lighter] = parts.toSorted((a, b) => a.size - b.size)
    if (lighter === undefined) break
    lighter.size += member.rows.length
    lighter.members.push(member)
  }
  return parts.map((part) => part.members).filter((part) => part.length > 0)
}

function siftedSql(table: string, half: readonly Family[]): string {
  const branches = half.map(({ services, blocks }) => {
    const inner = blocks.map(({ number, file, rows }) => `WHEN ${matches(file, combined(rows))} THEN ${number}`)
    return `WHEN service IN (${services.map(literal).join(', ')}) THEN CASE ${inner.join('\n')} END`
  })
  const services = half.flatMap((family) => family.services)
  return `SELECT * FROM (SELECT service, field, CASE ${branches.join('\n')} END AS block
  FROM (SELECT DISTINCT service, field FROM ${table} WHERE field <> '' AND service IN (${services.map(literal).join(', ')}))) WHERE block IS NOT NULL`
}

function matchedSql(sifted: string, half: readonly Block[]): string {
  const branches = half.map(({ number, rows }) => `WHEN ${number} THEN CASE ${rows.map(branch).join('\n')} END`)
  return `SELECT * FROM (SELECT service, field, CASE block ${branches.join('\n')} END AS number
  FROM ${sifted} WHERE block IN (${half.map(({ number }) => number).join(', ')})) WHERE number IS NOT NULL`
}

function knownSql(matched: string, rows: readonly Numbered[]): string {
  if (rows.length === 0) {
    return `SELECT service, field, '' AS vendor, '' AS product, '' AS version, '' AS device_type FROM ${matched} WHERE false`
  }
  const values = rows.map(
    ({ number, row }) =>
      `(${number}, ${literal(row.vendor)}, ${literal(row.product)}, ${literal(row.deviceType ?? '')})`,
  )
  return `SELECT service, field, vendor, trim(product || ' ' || coalesce(${groupSql(rows, 'productGroup')}, '')) AS product,
  coalesce(${groupSql(rows, 'version')}, '') AS version, device_type
FROM ${matched} JOIN (VALUES ${values.join(',\n')}) fingerprint(number, vendor, product, device_type) USING (number)`
}

/** A WHEN branch for a row. */
function branch({ number, file, row }: Numbered): string {
  const silent = row.product === '' && row.productGroup === undefined
  return `WHEN ${matches(file, fullPattern(file, row))} THEN ${silent ? 'NULL' : number}`
}

/** A pattern that matches where one of the rows does. */
const combined = ([first, ...others]: NonEmpty<Numbered>): string =>
  `${first.file.start}(?:${[first, ...others].map(({ row }) => ungrouped(row.pattern)).join('|')})`

/** Expression for the text of a row's capture group, by the row's number; NULL for rows without that group. */
function groupSql(rows: readonly Numbered[], name: 'version' | 'productGroup'): string {
  const branches = chunks(rows, perBlock).flatMap((group) => {
    const inner = group.flatMap(({ number, file, row }) =>
      row[name] === undefined
        ? []
        : [`WHEN ${number} THEN regexp_extract(field, ${literal(fullPattern(file, row))}, ${row[name]}, 'i')`],
    )
    const last = group.at(-1)?.number ?? 0
    return [`WHEN number <= ${last} THEN ${inner.length === 0 ? 'NULL' : `CASE number ${inner.join('\n')} END`}`]
  })
  return `CASE ${branches.join('\n')} END`
}

/** A pattern without its capture groups: they would cost RE2 its fast automaton. */
const ungrouped = (pattern: string): string =>
  pattern.replace(/(\\.|\[(?:\\.|[^\]\\])*\])|\((?!\?)/g, (_, kept: string | undefined) => kept ?? '(?:')

const matches = (file: FingerprintFile, pattern: string): string => {
  const match = `regexp_matches(field, ${literal(pattern)}, 'i')`
  const gate = file.gate?.map((text) => `contains(field, ${literal(text)})`).join(' OR ')
  return gate === undefined ? match : `(${gate}) AND ${match}`
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

type NonEmpty<T> = readonly [T, ...T[]]

const chunks = <T>(list: readonly T[], size: number): NonEmpty<T>[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  ).filter((chunk): chunk is [T, ...T[]] => chunk.length > 0)
