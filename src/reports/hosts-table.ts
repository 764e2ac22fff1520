import type { HostRow } from '../model/host.ts'
import type { Column, Table } from '../model/table.ts'

export const hostsFile = 'hosts.csv'

/** Who may have it (FIRST, Traffic Light Protocol 2.0): organisations that need it to protect themselves, and their clients. */
export const hostsMarking = 'TLP:AMBER'

/** Shadowserver's names, as far as it has them: what reads its reports reads this. */
const cells: readonly (readonly [Column, (host: HostRow, regionName: (code: string) => string) => string | number])[] =
  [
    [
      { name: 'timestamp', type: 'datetime', description: 'Time of the record, UTC; empty where undated.' },
      ({ seen }) => seen,
    ],
    [{ name: 'ip', type: 'string', description: 'Address, IPv4 or IPv6.' }, ({ address }) => address],
    [{ name: 'protocol', type: 'string', description: 'Transport: `tcp`, `udp`.' }, ({ transport }) => transport],
    [{ name: 'port', type: 'integer', description: 'Port.' }, ({ port }) => port],
    [
      { name: 'hostname', type: 'string', description: 'Names that the source told, separated by spaces.' },
      ({ hostnames }) => hostnames,
    ],
    [{ name: 'tag', type: 'string', description: 'Service.' }, ({ service }) => service],
    [{ name: 'asn', type: 'string', description: 'Autonomous system number; empty where not told.' }, ({ asn }) => asn],
    [
      { name: 'geo', type: 'string', description: 'ISO 3166-1 alpha-2 code; empty where no country is known.' },
      ({ country }) => country,
    ],
    [
      { name: 'region', type: 'string', description: 'English name of the region.' },
      ({ region }, nameOf) => nameOf(region),
    ],
    [{ name: 'city', type: 'string', description: 'City, as the source told it.' }, ({ city }) => city],
    [
      { name: 'device_vendor', type: 'string', description: 'Maker of the product; empty where not told.' },
      ({ vendor }) => vendor,
    ],
    [
      { name: 'device_type', type: 'string', description: 'Kind of device; empty where not told.' },
      ({ deviceType }) => deviceType,
    ],
    [{ name: 'device_model', type: 'string', description: 'Product; empty where not told.' }, ({ product }) => product],
    [{ name: 'device_version', type: 'string', description: 'Version as told.' }, ({ version }) => version],
    [
      { name: 'region_code', type: 'string', description: 'ISO 3166-2 level 1 code; empty where no region is known.' },
      ({ region }) => region,
    ],
    [
      { name: 'organisation', type: 'string', description: 'Organisation the source names for the address.' },
      ({ organisation }) => organisation,
    ],
    [{ name: 'seen_by', type: 'string', description: 'Who saw it.' }, ({ source }) => source],
    [
      { name: 'flags', type: 'string', description: 'Semicolon-separated, as docs/method.md tells them.' },
      ({ flags }) => flags.join(';'),
    ],
    [
      { name: 'tlp', type: 'string', description: 'Traffic Light Protocol 2.0: who may have this.' },
      () => hostsMarking,
    ],
  ]

/** The endpoints behind a report's figures, one a row, as Shadowserver's reports have them. */
export const hostsTable = (regionName: (code: string) => string): Table<HostRow> => ({
  stem: hostsFile.replace('.csv', ''),
  columns: cells.map(([column]) => column),
  row: (host) => [cells.map(([, cell]) => cell(host, regionName))],
})
