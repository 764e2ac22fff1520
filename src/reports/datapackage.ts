import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { figureFlags, recordFlags } from '../model/flags.ts'
import type { Breakdown } from '../model/tally.ts'
import { exposureColumns } from './exposure-csv.ts'

/** A report file to describe. */
export interface Described {
  readonly name: string
  readonly path: string
  /** Of a table; a page has none. */
  readonly breakdown?: Breakdown
}

/** What the description says of every snapshot; its manifest has it. */
export interface SnapshotFacts {
  readonly id: string
  readonly sources: readonly string[]
  readonly observed: { readonly from: string; readonly to: string }
  readonly complete: boolean
  readonly missing: readonly string[]
}

const fieldTypes: Readonly<Record<string, { readonly type: string; readonly description: string }>> = {
  snapshot: { type: 'string', description: 'Id of the snapshot counted.' },
  observed_from: { type: 'datetime', description: 'Time of the oldest observation of that source, UTC.' },
  observed_to: { type: 'datetime', description: 'Time of the newest observation of that source, UTC.' },
  source: { type: 'string', description: 'Who saw it; `all` where several record sources are counted together.' },
  basis: {
    type: 'string',
    description:
      '`records`: counted from records held. `facets`: counted by the search engine; not to be added to the other.',
  },
  country: { type: 'string', description: 'ISO 3166-1 alpha-2 code; empty where no country is known.' },
  region: { type: 'string', description: 'ISO 3166-2 level 1 code; the country code for its total; `unknown`.' },
  region_name: { type: 'string', description: 'English name of the region.' },
  region_name_local: { type: 'string', description: "Name in the region's own language." },
  service: { type: 'string', description: 'Service, category of services, or `all`.' },
  vendor: { type: 'string', description: 'Maker of the product; empty where not told.' },
  product: {
    type: 'string',
    description: 'Product; empty where not told. Rows overlap: one address may show several.',
  },
  version: { type: 'string', description: 'Version as told.' },
  device_type: { type: 'string', description: 'Kind of device; empty where not told.' },
  asn: { type: 'string', description: 'Autonomous system number; empty where not told.' },
  organisation: { type: 'string', description: 'Organisation the source names for the address.' },
  unit: { type: 'string', description: '`addresses`, `endpoints` or `banners`.' },
  asked: { type: 'integer', description: 'Distinct addresses asked, where known (probes).' },
  count: { type: 'integer', description: 'Number found.' },
  population: { type: 'integer', description: 'People living in the region.' },
  population_year: { type: 'integer', description: 'Year of that population.' },
  per_100k: { type: 'number', description: 'Count per 100,000 people.' },
  per_100k_low: { type: 'number', description: 'Lower end of the exact 95 % Poisson interval; covers chance only.' },
  per_100k_high: { type: 'number', description: 'Upper end of the exact 95 % Poisson interval; covers chance only.' },
  rate_ratio: { type: 'number', description: 'Rate against that of the rest of the country; empty where undefined.' },
  rank: { type: 'integer', description: 'Competition rank by rate; empty below 10 events.' },
  flags: { type: 'string', description: `Semicolon-separated: ${[...recordFlags, ...figureFlags].join(', ')}.` },
}

/** The Frictionless description of a report: every file with fields, size and hash. Holds no time of making. */
export async function datapackage(
  snapshot: SnapshotFacts,
  facts: Readonly<Record<string, object>>,
  files: readonly Described[],
  regionTables: string,
  version: string,
): Promise<object> {
  return {
    // A page is no table.
    profile: files.every((file) => file.breakdown !== undefined) ? 'tabular-data-package' : 'data-package',
    name: `exposure-census-${snapshot.id.toLowerCase().replaceAll(/[^a-z0-9._-]/g, '-')}`,
    title: `Exposed services per region: snapshot ${snapshot.id}`,
    description: 'How every figure comes about is told in docs/method.md of exposure-census.',
    version,
    sources: snapshot.sources.map((source) => ({ title: source })),
    licenses: [
      {
        name: 'other-at',
        title:
          'Populations and names: see data/regions/datapackage.json of exposure-census. Placements by address database: IP Geolocation by DB-IP (CC BY 4.0), https://db-ip.com. Places: GeoNames (CC BY 4.0).',
      },
    ],
    snapshot: {
      id: snapshot.id,
      observed: snapshot.observed,
      complete: snapshot.complete,
      // Sorted, as reasons and files come in the order they were met, which must not show.
      missing: snapshot.missing.toSorted(),
      ...sorted(facts),
      tables: { ...facts['tables'], reportRegions: regionTables },
    },
    resources: await Promise.all(files.map(resource)),
  }
}

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
  if (file.breakdown === undefined)
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
      fields: exposureColumns(file.breakdown).map((name) => ({ name, ...fieldTypes[name] })),
      missingValues: [''],
    },
  }
}
