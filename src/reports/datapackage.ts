import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { plainCsv, type CsvDialect } from '../model/report-format.ts'
import type { Column } from '../model/table.ts'

/** A file to describe. */
export interface Described {
  readonly name: string
  readonly path: string
  /** Of a file that is a table. */
  readonly columns?: readonly Column[]
  /** Who may have it, where not everybody may (Traffic Light Protocol 2.0). */
  readonly marking?: string
  /** Of CSV, where it is not the plain one. */
  readonly dialect?: CsvDialect
  /** What it is made of beside what the whole folder is made of. */
  readonly sources?: readonly string[]
}

/** What the description says of every snapshot; its manifest has it. */
export interface SnapshotFacts {
  readonly id: string
  readonly observed: { readonly from: string; readonly to: string }
  readonly complete: boolean
  readonly missing: readonly string[]
}

/** What a folder of files is of. */
export interface Subject {
  readonly id: string
  readonly title: string
  readonly sources: readonly string[]
  /** Snapshots, by what they are here: `snapshotFacts` of each. */
  readonly snapshots: Readonly<Record<string, object>>
}

/** The Frictionless description of a folder: every file with fields, size and hash. Holds no time of making. */
export async function datapackage(
  { id, title, sources, snapshots }: Subject,
  files: readonly Described[],
  version: string,
): Promise<object> {
  return {
    // A page is no table, and Parquet no tabular resource to Frictionless.
    profile: files.every((file) => file.name.endsWith('.csv')) ? 'tabular-data-package' : 'data-package',
    name: `exposure-census-${id.toLowerCase().replaceAll(/[^a-z0-9._-]/g, '-')}`,
    title,
    description: 'How every figure comes about is told in docs/method.md of exposure-census.',
    version,
    sources: sources.map((source) => ({ title: source })),
    licenses: [
      {
        name: 'other-at',
        title:
          'Populations and names: see data/regions/datapackage.json of exposure-census. Placements by address database: IP Geolocation by DB-IP (CC BY 4.0), https://db-ip.com. Places: GeoNames (CC BY 4.0).',
      },
    ],
    ...snapshots,
    resources: await Promise.all(files.map(resource)),
  }
}

/** @param regionTables SHA-256 of the tables that regions are named by */
export const snapshotFacts = (
  snapshot: SnapshotFacts,
  facts: Readonly<Record<string, object>>,
  regionTables: string,
): object => ({
  id: snapshot.id,
  observed: snapshot.observed,
  complete: snapshot.complete,
  // Sorted, as reasons and files come in the order they were met, which must not show.
  missing: snapshot.missing.toSorted(),
  ...sorted(facts),
  tables: { ...facts['tables'], reportRegions: regionTables },
})

/** The same counts with their names in order, at every level. */
const sorted = (counts: object): object =>
  Object.fromEntries(
    Object.entries(counts)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]: [string, unknown]) => [
        name,
        typeof value === 'object' && value !== null ? sorted(value) : value,
      ]),
  )

/** Media types of the files, by extension. */
const kinds: Readonly<Record<string, { readonly mediatype: string; readonly isText: boolean }>> = {
  csv: { mediatype: 'text/csv', isText: true },
  html: { mediatype: 'text/html', isText: true },
  geojson: { mediatype: 'application/geo+json', isText: true },
  md: { mediatype: 'text/markdown', isText: true },
  xlsx: { mediatype: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', isText: false },
  parquet: { mediatype: 'application/vnd.apache.parquet', isText: false },
}

async function resource(file: Described): Promise<object> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file.path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer)
  const { size } = await stat(file.path)
  const extension = file.name.slice(file.name.lastIndexOf('.') + 1)
  const { mediatype, isText } = kinds[extension] ?? { mediatype: 'application/octet-stream', isText: false }
  const common = {
    path: file.name,
    ...(isText ? { encoding: 'utf-8' } : {}),
    bytes: size,
    hash: `sha256:${hash.digest('hex')}`,
    format: extension,
    mediatype,
    ...(file.marking === undefined ? {} : { tlp: file.marking }),
  }
  const stem = file.name.slice(0, -extension.length - 1)
  const { columns } = file
  const { delimiter, decimalMark } = file.dialect ?? plainCsv
  const schema = columns && {
    fields: columns.map((column) => {
      // A point is what Table Schema takes for granted.
      const isMarked = extension === 'csv' && decimalMark !== '.' && column.type === 'number'
      return { ...column, ...(isMarked ? { decimalChar: decimalMark } : {}) }
    }),
    missingValues: [''],
  }
  if (extension === 'csv')
    return {
      profile: 'tabular-data-resource',
      name: stem,
      ...common,
      dialect: { delimiter, lineTerminator: '\r\n', quoteChar: '"', doubleQuote: true, header: true },
      schema,
    }
  // Names are unique: a table may be there as CSV, too.
  return {
    profile: 'data-resource',
    name: extension === 'html' ? stem : file.name,
    ...common,
    ...(schema === undefined ? {} : { schema }),
    ...(file.sources === undefined ? {} : { sources: file.sources.map((title) => ({ title })) }),
  }
}
