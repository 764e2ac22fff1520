import type { Reader, Reading } from '../../model/reader.ts'
import type { Row } from './csv-rows.ts'
import type { Header } from './csv-table.ts'
import { csvTable, headerOf } from './csv-table.ts'
import { observation } from './observation.ts'
import { reportColumns } from './shadowserver-columns.ts'

/**
 * Shadowserver's report CSVs: all `scan_*` and `scan6_*`, `device_id`, and the `population_*` scans. The type is in the
 * file name (`2024-05-01-scan_ntp-japan-geo.csv`), else it stays unknown and the columns have to do. Columns:
 * https://github.com/The-Shadowserver-Foundation/report_schema, names:
 * https://github.com/The-Shadowserver-Foundation/api_utils/wiki. Times are UTC. Reports of attacks, infections and
 * victims are recognised and refused: what they list was not found exposed.
 */
export const shadowserver: Reader = {
  id: 'shadowserver',
  source: 'shadowserver',
  title: 'Shadowserver report CSV (scan_*, device_id)',
  detect(head) {
    const columns = headerOf(head)
    return columns !== undefined && isReport(columns)
  },
  read: (input, options) =>
    csvTable(input, options.maxRecordBytes, (columns, first) => {
      const type = reportType(options.fileName)
      const exposure = type === undefined ? !attackColumns.some(columns.has) : /^(scan|device_id|population)/.test(type)
      if (exposure && columns.has('ip') && columns.has('port'))
        return { read: (row) => reportReading(columns, row, type, options.observedAt) }
      const detail = `not a report of exposed services${type === undefined ? '' : ` (${type})`}: leave it out`
      return { kind: 'reject', line: first.line, reason: 'not-a-record', detail, text: first.excerpt }
    }),
}

/** Every report is timed; it or its source or target part has a place and a network. */
const isReport = (columns: Header): boolean =>
  columns.has('timestamp') &&
  ['', 'src_', 'dst_'].some((part) =>
    ['ip', 'asn', 'geo', 'region', 'city'].every((name) => columns.has(`${part}${name}`)),
  ) &&
  ['naics', 'src_naics', 'dst_naics', 'hostname_source', 'tag'].some(columns.has)

/** Columns only reports of attacks, infections and victims have. */
const attackColumns = ['src_ip', 'dst_ip', 'infection', 'family', 'md5', 'sha256', 'source', 'public_source']

/** Types a report can have; a file name that begins with anything else tells none. */
const knownTypes =
  /^(scan6?|device|population6?|event[46]|compromised|blocklist|malware|sandbox|spam|ransomware|special)/

/** `scan_ntp` from `2024-05-01-scan_ntp-japan-geo.csv`; the IPv6 reports (`scan6_ntp`) are of the same type. */
function reportType(fileName: string): string | undefined {
  const type = /^(?:\d{4}-\d{2}-\d{2}-)?([a-z][a-z0-9_]*)(?=[-.]|$)/i.exec(fileName)?.[1]?.toLowerCase()
  if (type === undefined || !knownTypes.test(type)) return undefined
  return type.replace(/^(scan|population)6_/, '$1_').replace(/^device_id6$/, 'device_id')
}

function reportReading(columns: Header, row: Row, type: string | undefined, observedAt: string | undefined): Reading {
  const report = reportColumns(type)
  const cell = (name: string): string | undefined => columns.cell(row, name)
  /** The first of the columns that says something; `=Text` stands for itself. */
  const field = (names: readonly string[]): string | undefined => {
    for (const name of names) {
      const value = name.startsWith('=') ? name.slice(1) : cell(name)
      if (value !== undefined) return value
    }
    return undefined
  }
  const tags = cell('tag')
    ?.split(/[\s,;|]+/)
    .filter((tag) => tag !== '')
  return observation(
    'shadowserver',
    row.line,
    {
      ip: cell('ip'),
      port: cell('port'),
      transport: cell('protocol') ?? (type === 'scan_ipmi' ? 'udp' : 'tcp'),
      observedAt: cell('timestamp') ?? observedAt,
      outcome: 'answered',
      module: moduleOf(type, tags, cell('application')),
      vendor: field(report.vendor),
      product: field(report.product),
      version: field(report.version),
      deviceType: cell('device_type'),
      os: field(report.os),
      banner: field(report.banner) ?? httpHead(cell),
      country: cell('geo'),
      regionName: cell('region'),
      city: cell('city'),
      asn: cell('asn'),
      hostnames: cell('hostname')?.split(/[\s,;|]+/),
      tags,
    },
    row.excerpt,
  )
}

/**
 * The report's type, except where a report mixes services: then its tag or application, and for `device_id` nothing,
 * so that the port decides.
 */
function moduleOf(type: string | undefined, tags: readonly string[] = [], application?: string): string | undefined {
  if (type === 'device_id') return undefined
  if (type === undefined || type === 'scan_ics') return tags[0] ?? type
  return type === 'scan_loop_dos' ? (application ?? type) : type
}

/** The head of the HTTP response that Shadowserver took apart into columns. */
function httpHead(cell: (name: string) => string | undefined): string | undefined {
  const version = cell('http') ?? cell('http_response_type')
  if (version === undefined) return undefined
  const headers = [
    ['Server', cell('server') ?? cell('server_type')],
    ['WWW-Authenticate', cell('www_authenticate')],
    ['Set-Cookie', cell('set_cookie')],
    ['Via', cell('via')],
    ['Content-Type', cell('content_type')],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  const status = [version, cell('http_code'), cell('http_reason')].filter((part) => part !== undefined).join(' ')
  return [status, ...headers].join('\r\n')
}
