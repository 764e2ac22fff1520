import type { Outcome } from '../../model/observation.ts'
import type { Reader, Reading } from '../../model/reader.ts'
import type { Row } from './csv-rows.ts'
import type { Header } from './csv-table.ts'
import { csvTable, headerOf } from './csv-table.ts'
import { observation, time } from './observation.ts'

/**
 * ZMap's CSV output: https://github.com/zmap/zmap/wiki/Output-Modules and `zmap --list-output-fields`. The answering
 * port is `sport`. ZMap's default output, one address a line without a header, names no port: each of its lines is a
 * reject that says what to do, for a port is never guessed.
 */
export const zmap: Reader = {
  id: 'zmap',
  source: 'zmap',
  title: 'ZMap CSV (-O csv with sport among its fields)',
  detect: (head) => headerOf(head)?.has('saddr') === true || isAddressList(head.text, head.whole),
  read: (input, options) =>
    csvTable(input, options.maxRecordBytes, (columns, first) => {
      if (columns.has('saddr')) return { read: (row) => zmapReading(columns, row, options.observedAt) }
      if (first.cells.length === 1 && isAddress(first.cells[0] ?? '')) return { read: portless, headerless: true }
      const detail = 'no column saddr: ZMap writes a header unless told not to'
      return { kind: 'reject', line: first.line, reason: 'bad-row', detail, text: first.excerpt }
    }),
}

const isAddress = (line: string): boolean =>
  /^\s*(\d{1,3}(\.\d{1,3}){3}|[\da-f:]*:[\da-f:.]*:[\da-f:.]*)\s*$/i.test(line)

/** Nothing but addresses, one a line; the last line of a longer input may be cut off. */
function isAddressList(head: string, whole: boolean): boolean {
  const lines = head.split('\n')
  if (!whole) lines.pop()
  const said = lines.filter((line) => line.trim() !== '')
  return said.length > 0 && said.every(isAddress)
}

function portless(row: Row): Reading {
  const detail =
    'a list of addresses names no port: run zmap with -f saddr,sport, or add a port column and use --format csv'
  return { kind: 'reject', line: row.line, reason: 'bad-port', detail, text: row.excerpt }
}

function zmapReading(columns: Header, row: Row, observedAt: string | undefined): Reading {
  const cell = (name: string): string | undefined => columns.cell(row, name)
  const classification = cell('classification')?.trim().toLowerCase()
  const transport = transportOf(columns, classification)
  return observation(
    'zmap',
    row.line,
    {
      ip: cell('saddr'),
      port: cell('sport') ?? (transport === 'icmp' ? 0 : undefined),
      transport,
      observedAt: timeOf(cell) ?? observedAt,
      outcome: outcomeOf(classification, cell('success')?.trim(), transport),
      banner: cell('data'),
    },
    row.excerpt,
  )
}

/** `timestamp_ts` and `_us` are Unix time; `timestamp_str` carries its zone. Old versions wrote hyphens. */
function timeOf(cell: (name: string) => string | undefined): string | undefined {
  const seconds = cell('timestamp_ts')?.trim()
  const micro = cell('timestamp_us')?.trim()
  const whole = time(seconds)
  if (whole === undefined) return cell('timestamp_str')
  if (whole === 'bad' || micro === undefined || !/^\d{1,6}$/.test(micro)) return seconds
  return `${whole.slice(0, 19)}.${micro.padStart(6, '0')}Z`
}

function transportOf(columns: Header, classification: string | undefined): string {
  if (classification === 'synack' || classification === 'rst' || columns.has('seqnum')) return 'tcp'
  if (columns.has('udp_pkt_size') || columns.has('udp_payload') || columns.has('app_success')) return 'udp'
  if (classification !== undefined && ['udp', 'dns', 'ntp', 'upnp'].includes(classification)) return 'udp'
  if (classification === 'echoreply' || columns.has('icmp_id')) return 'icmp'
  return 'tcp'
}

/** A UDP module counts only what its application answered as success; a SYN scan hears of no application. */
function outcomeOf(classification: string | undefined, success: string | undefined, transport: string): Outcome {
  if (classification === 'rst') return 'closed'
  if (success !== undefined && !/^(1|true)$/i.test(success))
    return classification !== undefined && classification.startsWith('icmp') ? 'filtered' : 'closed'
  return transport === 'udp' ? 'answered' : 'open'
}
