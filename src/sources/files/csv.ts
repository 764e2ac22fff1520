import { wrongInput } from '../../model/errors.ts'
import type { Outcome } from '../../model/observation.ts'
import { observationFields, outcomes } from '../../model/observation.ts'
import type { ReadOptions, Reader, Reading } from '../../model/reader.ts'
import type { Row } from './csv-rows.ts'
import type { Header } from './csv-table.ts'
import { csvTable, headerOf } from './csv-table.ts'
import { observation } from './observation.ts'

/**
 * Any CSV table (RFC 4180; comma, semicolon or tab) with a column of addresses and one of ports. Columns are known by
 * their common spellings; `options.columns` names others (observation field → column). A row that says nothing of a
 * service, product or banner is an open port only, unless an `outcome` column says what became of it.
 */
export const csv: Reader = {
  id: 'csv',
  source: 'csv',
  title: 'CSV with a column of addresses and one of ports',
  detect(head) {
    const columns = headerOf(head)
    return columns !== undefined && columnFor(columns, 'ip') !== undefined && columnFor(columns, 'port') !== undefined
  },
  read: (input, options) =>
    csvTable(input, options.maxRecordBytes, (header, first) => {
      const columns = mapped(header, options)
      for (const [field, what] of [
        ['ip', 'addresses'],
        ['port', 'ports'],
      ] as const)
        if (!columns.has(field))
          return {
            kind: 'reject',
            line: first.line,
            reason: 'bad-row',
            detail: `no column of ${what} (${spellings[field].join(', ')}): map one to ${field}`,
            text: first.excerpt,
          }
      return { read: (row) => csvReading(header, columns, row, options.observedAt) }
    }),
}

type Field = Exclude<(typeof observationFields)[number], 'source'>
const fields = observationFields.filter((field): field is Field => field !== 'source')

/** Fields that only an application's answer gives. */
const speaking = ['vendor', 'product', 'version', 'banner', 'cpe', 'deviceType', 'os'] as const

/** Common names of each field's column, the likeliest first. */
const spellings: Readonly<Record<Field, readonly string[]>> = {
  ip: ['ip', 'ip_address', 'ipaddress', 'ip_addr', 'ip_str', 'address', 'saddr', 'host_ip', 'host'],
  port: ['port', 'dport', 'sport', 'portid', 'port_number', 'service_port'],
  transport: ['transport', 'protocol', 'proto', 'transport_protocol'],
  observedAt: ['observed_at', 'timestamp', 'time', 'date', 'datetime', 'last_seen', 'last_updated_at', 'seen'],
  outcome: ['outcome', 'state', 'status'],
  module: ['module', 'service', 'service_name'],
  vendor: ['vendor', 'manufacturer', 'device_vendor'],
  product: ['product', 'software', 'device_model'],
  version: ['version', 'product_version', 'software_version'],
  deviceType: ['device_type', 'devicetype', 'device'],
  os: ['os', 'operating_system'],
  cpe: ['cpe', 'cpe23'],
  banner: ['banner', 'data', 'response'],
  country: ['country', 'country_code', 'country_name', 'geo', 'cc'],
  regionCode: ['region_code', 'subdivision_code', 'state_code'],
  regionName: ['region', 'region_name', 'province', 'prefecture', 'subdivision'],
  city: ['city', 'city_name', 'town'],
  latitude: ['latitude', 'lat'],
  longitude: ['longitude', 'lon', 'lng', 'long'],
  asn: ['asn', 'as_number', 'autonomous_system_number'],
  organisation: ['organisation', 'organization', 'org', 'as_name', 'as_organization', 'isp'],
  hostnames: ['hostnames', 'hostname', 'domain', 'rdns', 'reverse_dns', 'fqdn'],
  tags: ['tags', 'tag'],
}

const columnFor = (header: Header, field: Field): string | undefined =>
  [...spellings[field], field.toLowerCase()].find((spelling) => header.has(spelling))

/** Field → column name. Throws a `CensusError` (exit 2) when `options.columns` does not fit the table. */
function mapped(header: Header, { columns = {}, fileName }: ReadOptions): ReadonlyMap<Field, string> {
  for (const [field, name] of Object.entries(columns)) {
    if (!fields.some((known) => known === field))
      throw wrongInput(`columns: no field ${JSON.stringify(field)}`, `fields are: ${fields.join(', ')}`)
    if (!header.has(name))
      throw wrongInput(
        `${fileName}: no column ${JSON.stringify(name)} for ${field}`,
        `columns are: ${header.names.slice(0, 100).join(', ').slice(0, 1000)}`,
      )
  }
  const found = new Map<Field, string>()
  for (const field of fields) {
    const name = Object.hasOwn(columns, field) ? columns[field] : columnFor(header, field)
    if (name !== undefined) found.set(field, name)
  }
  return found
}

function csvReading(
  header: Header,
  columns: ReadonlyMap<Field, string>,
  row: Row,
  observedAt: string | undefined,
): Reading {
  const cell = (field: Field): string | undefined => {
    const name = columns.get(field)
    return name === undefined ? undefined : header.cell(row, name)
  }
  // Some tables call the application protocol `protocol`.
  const transport = cell('transport')?.trim().toLowerCase()
  const named = transport === undefined || transports.has(transport)
  const module = cell('module') ?? (named ? undefined : transport)
  const spoke = module !== undefined || speaking.some((field) => cell(field) !== undefined)
  return observation(
    'csv',
    row.line,
    {
      ...Object.fromEntries(fields.map((field) => [field, cell(field)])),
      ip: cell('ip'),
      port: cell('port'),
      transport: named ? transport : undefined,
      observedAt: cell('observedAt') ?? observedAt,
      outcome: outcomeOf(cell('outcome'), spoke),
      module,
      hostnames: cell('hostnames')?.split(/[\s,;|]+/),
      tags: cell('tags')?.split(/[\s,;|]+/),
    },
    row.excerpt,
  )
}

const transports = new Set(['tcp', 'udp', 'sctp', 'dccp', 'icmp', 'icmp6', 'arp'])

function outcomeOf(said: string | undefined, spoke: boolean): Outcome {
  const known = outcomes.find((outcome) => outcome === said?.trim().toLowerCase())
  if (known !== undefined && known !== 'open') return known
  return spoke ? 'answered' : 'open'
}
