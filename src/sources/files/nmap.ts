import type { Outcome } from '../../model/observation.ts'
import type { Reader, Reading } from '../../model/reader.ts'
import type { ScannedPort } from './nmap-xml.ts'
import { isMasscan, scannedPorts } from './nmap-xml.ts'
import { at, observation, text } from './observation.ts'

/**
 * nmap's XML output (`-oX`), with what `-sV` and scripts add: https://nmap.org/book/output-formats-xml-output.html and
 * https://nmap.org/book/nmap-dtd.html. Port states: https://nmap.org/book/man-port-scanning-basics.html.
 */
export const nmap: Reader = {
  id: 'nmap',
  source: 'nmap',
  title: 'nmap XML (-oX)',
  detect: ({ text: head }) => looksLikeXml(head) && /<nmaprun[\s>]/.test(head) && !isMasscan(head),
  async *read(input, options) {
    for await (const item of scannedPorts(input, options.maxRecordBytes))
      yield item.kind === 'port' ? reading(item, options.observedAt) : item
  },
}

const looksLikeXml = (head: string): boolean => /^\s*<[?!n]/.test(head)

function reading(port: ScannedPort, observedAt: string | undefined): Reading {
  const { host, service, scripts } = port
  const attribute = (name: string): string | undefined => text(at(service, name))
  const outcome = outcomeOf(port)
  const excerpt = `${host.address ?? ''} ${port.port ?? ''}/${port.protocol ?? ''} ${port.state ?? ''}`
  if (outcome === undefined)
    return {
      kind: 'reject',
      line: port.line,
      reason: 'not-a-record',
      detail: `unknown port state ${(port.state ?? '').slice(0, 100)}`,
      text: excerpt.slice(0, 1000),
    }
  const name = attribute('name')
  const { deviceType, os } = { deviceType: attribute('devicetype'), os: attribute('ostype') }
  return observation(
    'nmap',
    port.line,
    {
      ip: host.address,
      port: port.port,
      transport: port.protocol,
      observedAt: host.endTime ?? host.startTime ?? port.runStart ?? observedAt,
      outcome,
      module: name !== undefined && attribute('tunnel') === 'ssl' ? `ssl/${name}` : name,
      product: attribute('product'),
      version: attribute('version'),
      deviceType,
      os,
      cpe: port.cpe.filter((uri) => /^cpe:(\/|2\.3:)[aho]/.test(uri)),
      banner: bannerOf(scripts, attribute('extrainfo')),
      hostnames: [...new Set([...host.hostnames, attribute('hostname')?.trim() ?? ''])],
    },
    excerpt,
  )
}

/** Absent when nmap does not have this state. */
function outcomeOf(port: ScannedPort): Outcome | undefined {
  switch (port.state) {
    case 'open':
      return answered(port) ? 'answered' : 'open'
    case 'closed':
      return 'closed'
    case 'filtered':
    case 'unfiltered':
    case 'open|filtered':
    case 'closed|filtered':
      return 'filtered'
    default:
      return undefined
  }
}

/**
 * Whether an application spoke: nmap identified it by probing, or got an answer it did not know (`servicefp`), or a
 * script had something to print. `tcpwrapped` means that the connection was accepted and closed without a word.
 */
function answered({ service, scripts }: ScannedPort): boolean {
  if (scripts.length > 0 || at(service, 'servicefp') !== undefined) return true
  return at(service, 'method') === 'probed' && at(service, 'name') !== 'tcpwrapped'
}

/** Scripts whose output is what the service said, and the header line it came from where nmap strips that. */
const bannerScripts = new Map([
  ['banner', ''],
  ['http-server-header', 'Server: '],
  ['http-headers', ''],
  ['http-title', 'Title: '],
])

/** What the service said as scripts print it, first its own words, then the findings of other scripts by their name. */
function bannerOf(scripts: ScannedPort['scripts'], extraInfo: string | undefined): string | undefined {
  const own = scripts.flatMap(({ id, output }) => {
    const prefix = bannerScripts.get(id)
    return prefix === undefined ? [] : [`${prefix}${output.trim().replace(/[ \t]*\n[ \t]*/g, '\n')}`]
  })
  const others = scripts.filter(({ id }) => !bannerScripts.has(id)).map(({ id, output }) => `${id}: ${output.trim()}`)
  const lines = [...own, ...(extraInfo === undefined ? [] : [`extrainfo: ${extraInfo}`]), ...others]
  return lines.length === 0 ? undefined : lines.join('\n')
}
