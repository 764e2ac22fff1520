import { join } from 'node:path'
import { parquetFile, parquetFiles } from './duckdb.ts'

/** What is counted of a snapshot, as SQL to select from. */
export interface CensusSql {
  /**
   * One row for every exposed record that is no exact repeat, with its address's place, its service and product, and
   * whether it is the newest to speak for its endpoint: source, address, port, transport, observed_at, speaks (for the endpoint,
   * over all sources), speaks_in_source, country, region, service, vendor, product, version, device_type, asn, organisation,
   * flags (bits of model/flags.ts), digest. With the address, the digest is the observation's that the row was made of.
   */
  readonly rows: string
  /** The same rows with numbers for names: address, observed_at, speaks, speaks_in_source, flags, digest, named, place, made, network. */
  readonly numbers: string
  /** Rows of the same columns for what a probe asked, whatever came of it; only where one of the sources is a probe. */
  readonly asked: string
  /** What `named` stands for: source, port, transport, service. */
  readonly services: string
  /** What `place` stands for: country, region. */
  readonly places: string
  /** What `made` stands for: vendor, product, version, device_type. */
  readonly products: string
  /** What `network` stands for: asn (0 for none), organisation. */
  readonly networks: string
}

/** The keys of all IPv4 addresses. */
export const ipv4Keys = {
  first: '00000000-0000-0000-0000-ffff00000000',
  last: '00000000-0000-0000-0000-ffffffffffff',
} as const

/** @param folder the snapshot's */
export function censusOf(folder: string): CensusSql {
  const names = (of: string): string => parquetFile(join(folder, 'names', `${of}.parquet`))
  const parts = {
    numbers: parquetFiles(join(folder, 'census')),
    asked: parquetFiles(join(folder, 'asked')),
    services: names('services'),
    places: names('places'),
    products: names('products'),
    networks: names('networks'),
  }
  const columns =
    'source, address, port, transport, observed_at, speaks, speaks_in_source, country, region, service, vendor, product, version, device_type, asn, organisation, flags, digest'
  return {
    ...parts,
    rows: `(SELECT ${columns} FROM ${parts.numbers} n JOIN ${parts.services} s USING (named) JOIN ${parts.places} p USING (place)
      JOIN ${parts.products} m USING (made) JOIN ${parts.networks} w USING (network))`,
  }
}
