import type { RecordFlag } from './flags.ts'

/** What answers at an endpoint, by its newest record over all sources; texts are empty where not told. */
export interface HostRow {
  /** ISO 8601, UTC; empty where undated. */
  readonly seen: string
  readonly address: string
  readonly transport: string
  readonly port: number
  /** Names of the host, separated by spaces. */
  readonly hostnames: string
  readonly service: string
  readonly asn: string
  readonly organisation: string
  readonly country: string
  /** ISO 3166-2 code. */
  readonly region: string
  readonly city: string
  readonly vendor: string
  readonly product: string
  readonly version: string
  readonly deviceType: string
  readonly source: string
  readonly flags: readonly RecordFlag[]
}
