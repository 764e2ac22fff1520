import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { fieldOf } from './fields.ts'

/** A file to describe. */
export interface Described {
  readonly name: string
  readonly path: string
  /** Of a table; a page has none. */
  readonly columns?: readonly string[]
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
    // A page is no table.
    profile: files.every((file) => file.columns !== undefined) ? 'tabular-data-package' : 'data-package',
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

async function resource(file: Described): Promise<object> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file.path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer)
  const { size } = await stat(file.path)
  const common = { path: file.name, encoding: 'utf-8', bytes: size, hash: `sha256:${hash.digest('hex')}` }
  const { columns } = file
  if (columns === undefined)
    return {
      profile: 'data-resource',
      name: file.name.replace(/\.\w+$/, ''),
      ...common,
      format: 'html',
      mediatype: 'text/html',
    }
  return {
    profile: 'tabular-data-resource',
    name: file.name.replace(/\.csv$/, ''),
    ...common,
    format: 'csv',
    mediatype: 'text/csv',
    dialect: { delimiter: ',', lineTerminator: '\r\n', quoteChar: '"', doubleQuote: true, header: true },
    schema: {
      fields: columns.map((name) => ({ name, ...fieldOf(name) })),
      missingValues: [''],
    },
  }
}
