/**
 * What became of asking one endpoint. Only `answered` (an application spoke) and `open` (the port is open, no
 * application asked or heard: flagged `port-only`) count as exposed; the others are kept as negatives.
 */
export const outcomes = ['answered', 'open', 'closed', 'filtered', 'failed'] as const
export type Outcome = (typeof outcomes)[number]

/** Origins of records. `source` of every tally made from them. */
export const recordSources = [
  'shodan',
  'censys',
  'zoomeye',
  'fofa',
  'onyphe',
  'nmap',
  'masscan',
  'zmap',
  'zgrab2',
  'shadowserver',
  'httpx',
  'csv',
  'probe',
] as const
export type RecordSource = (typeof recordSources)[number]

/**
 * One answer seen at one endpoint at one time, as its source told it. Every reader yields this; the store
 * normalises text into types. Absent means the source did not say; an empty string is never used for that.
 */
export interface Observation {
  readonly source: RecordSource
  /** IPv4 or IPv6 address in any valid spelling; validated by `observation()`. */
  readonly ip: string
  /** 0 to 65535; 0 only for transports without ports. */
  readonly port: number
  /** Lower case: `tcp`, `udp`, `sctp`, `icmp` … */
  readonly transport: string
  /** ISO 8601 in UTC, microseconds at most: `2024-05-01T22:57:45.950793Z`. Absent: undated. */
  readonly observedAt?: string
  readonly outcome: Outcome
  /** The source's own name of the service or module (`http-simple-new`, `imaps`, `ntp-monlist`). */
  readonly module?: string
  readonly vendor?: string
  readonly product?: string
  readonly version?: string
  readonly deviceType?: string
  readonly os?: string
  /** CPE URIs, space-separated. */
  readonly cpe?: string
  /** What the service said, verbatim text; the store bounds its length. */
  readonly banner?: string
  /** ISO 3166-1 alpha-2 code or a country's English name, as the source says it. */
  readonly country?: string
  /** The source's code of the region, in whatever code set it uses. */
  readonly regionCode?: string
  /** The source's name of the region. */
  readonly regionName?: string
  readonly city?: string
  readonly latitude?: number
  readonly longitude?: number
  /** Autonomous system number without `AS`. */
  readonly asn?: number
  readonly organisation?: string
  /** Host names, space-separated. */
  readonly hostnames?: string
  /** The source's tags, space-separated (`honeypot cloud`). */
  readonly tags?: string
}

/** Every field of an observation: the columns a snapshot's observations have, beside file, line and digest. */
export const observationFields = [
  'source',
  'ip',
  'port',
  'transport',
  'observedAt',
  'outcome',
  'module',
  'vendor',
  'product',
  'version',
  'deviceType',
  'os',
  'cpe',
  'banner',
  'country',
  'regionCode',
  'regionName',
  'city',
  'latitude',
  'longitude',
  'asn',
  'organisation',
  'hostnames',
  'tags',
] as const satisfies readonly (keyof Observation)[]
export type ObservationField = (typeof observationFields)[number]
