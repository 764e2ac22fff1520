import { fieldSql } from './field-sql.ts'
import { fullPattern, loadFingerprints } from './fingerprints.ts'
import type { FingerprintFile, FingerprintRow } from './fingerprints.ts'

/** So many rows, or groups of rows, stand behind one combined expression: a field then costs a few regular expressions, not hundreds. */
const perGroup = 8

/**
 * How banners are recognised in DuckDB, for the services a table holds (all when not said: compiling every fingerprint
 * costs half a second, however few the rows).
 *
 * - `field(columns)`: expression for what of a banner the fingerprints read (see fieldSql); '' where they can say nothing.
 * - `matched(table)`: queries over a table with columns service and field: service, field and the number of the first
 *   fingerprint that matches, in the order of the files and of their rows. Each asks for services of its own, so that they
 *   can run side by side; all of them together are the answer.
 * - `known(matched, numbers)`: query over a table of such answers, in which no other numbers stand: service, field, vendor,
 *   product, version, device_type (VARCHAR, '' for what is not known).
 */
export interface RecogniseSql {
  readonly field: (columns: { readonly service: string; readonly banner: string }) => string
  readonly matched: (table: string) => readonly string[]
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
  return {
    field: (columns) => fieldSql(columns, files),
    matched: (table) => halves(rows).map((half) => matchedSql(table, half)),
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

/** Services that are asked for the same rows, and those rows. */
interface Family {
  readonly services: string[]
  readonly rows: readonly Numbered[]
}

/** All families in two parts with about as many rows each. */
function halves(rows: readonly Numbered[]): Family[][] {
  const families = new Map<string, Family>()
  for (const service of new Set(rows.flatMap(({ file }) => file.services))) {
    const asked = rows.filter(({ file }) => file.services.includes(service))
    const key = asked.map(({ number }) => number).join(' ')
    const family = families.get(key) ?? { services: [], rows: asked }
    family.services.push(service)
    families.set(key, family)
  }
  const parts: { size: number; families: Family[] }[] = [
    { size: 0, families: [] },
    { size: 0, families: [] },
  ]
  for (const family of [...families.values()].toSorted((a, b) => b.rows.length - a.rows.length)) {
    const [lighter] = parts.toSorted((a, b) => a.size - b.size)
    if (lighter === undefined) break
    lighter.size += family.rows.length
    lighter.families.push(family)
  }
  return parts.map((part) => part.families).filter((part) => part.length > 0)
}

function matchedSql(table: string, families: readonly Family[]): string {
  const branches = families.map((family) => {
    const inner = [...new Set(family.rows.map(({ file }) => file))].flatMap((file) =>
      branchesOf(family.rows.filter((row) => row.file === file)),
    )
    return `WHEN service IN (${family.services.map(literal).join(', ')}) THEN CASE ${inner.join('\n')} END`
  })
  const services = families.flatMap((family) => family.services)
  return `SELECT * FROM (SELECT service, field, CASE ${branches.join('\n')} END AS number
  FROM (SELECT DISTINCT service, field FROM ${table} WHERE field <> '' AND service IN (${services.map(literal).join(', ')}))) WHERE number IS NOT NULL`
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

/** WHEN branches for the rows of one file in their order: one per row, or one per group with the rows inside it. */
function branchesOf(rows: readonly Numbered[]): string[] {
  if (rows.length <= perGroup) {
    return rows.map(({ number, file, row }) => {
      const silent = row.product === '' && row.productGroup === undefined
      return `WHEN ${matches(file, fullPattern(file, row))} THEN ${silent ? 'NULL' : number}`
    })
  }
  const size = perGroup ** Math.ceil(Math.log(rows.length) / Math.log(perGroup) - 1)
  return chunks(rows, size).flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const combined = `${first.file.start}(?:${group.map(({ row }) => ungrouped(row.pattern)).join('|')})`
    return [`WHEN ${matches(first.file, combined)} THEN CASE ${branchesOf(group).join('\n')} END`]
  })
}

/** Expression for the text of a row's capture group, by the row's number; NULL for rows without that group. */
function groupSql(rows: readonly Numbered[], name: 'version' | 'productGroup'): string {
  const branches = chunks(rows, perGroup * 2).flatMap((group) => {
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

const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size))
