import type { Reading } from '../../model/reader.ts'
import { at as property, text } from './observation.ts'
import type { XmlEvent } from './xml.ts'
import { xmlEvents } from './xml.ts'

/** masscan writes nmap's format under its own name. */
export const isMasscan = (head: string): boolean => /<nmaprun[^>]*\sscanner=["']masscan["']/.test(head)

/** One `<port>` of an nmap-style XML scan, with what stands around it. Texts are as foreign as they came. */
export interface ScannedPort {
  readonly kind: 'port'
  readonly line: number
  readonly runStart: string | undefined
  readonly host: ScannedHost
  readonly protocol: string | undefined
  readonly port: string | undefined
  readonly state: string | undefined
  readonly service: Readonly<Record<string, string>>
  readonly cpe: readonly string[]
  readonly scripts: readonly { readonly id: string; readonly output: string }[]
}

interface ScannedHost {
  address: string | undefined
  readonly startTime: string | undefined
  readonly endTime: string | undefined
  readonly hostnames: string[]
}

interface OpenPort extends ScannedPort {
  state: string | undefined
  service: Readonly<Record<string, string>>
  readonly cpe: string[]
  readonly scripts: { readonly id: string; readonly output: string }[]
  heldBytes: number
  /** Why this port cannot be trusted to be what the scanner wrote. */
  damage: string | undefined
}

/** Where in a scan the reading stands. Elements are known by name, not by nesting: a torn scan nests wrongly. */
interface Position {
  readonly maxRecordBytes: number
  run: { readonly start: string | undefined } | undefined
  host: ScannedHost | undefined
  port: OpenPort | undefined
}

type Trouble = Exclude<Reading, { kind: 'record' }>
type Opened = Extract<XmlEvent, { kind: 'open' }>
type Closed = Extract<XmlEvent, { kind: 'close' }>

const maxHostnames = 100

/**
 * Streams the ports of nmap's XML output, which masscan imitates: https://nmap.org/book/nmap-dtd.html. Several scans
 * may follow each other in one input. Each port comes as soon as it is closed, so that a truncated file keeps all that
 * is whole; the end of a scan that was never closed, or that nmap itself says failed, is a `cut`. Hosts that are down
 * have no ports, `<extraports>` are only counts: neither gives anything.
 */
export async function* scannedPorts(
  input: AsyncIterable<Uint8Array>,
  maxRecordBytes: number,
): AsyncGenerator<ScannedPort | Trouble> {
  const at: Position = { maxRecordBytes, run: undefined, host: undefined, port: undefined }
  let sawRun = false
  let noise: string | undefined
  let line = 1
  for await (const event of xmlEvents(input, maxRecordBytes)) {
    line = event.line
    if (event.kind === 'open') {
      sawRun ||= event.name === 'nmaprun'
      yield* opened(at, event)
    } else if (event.kind === 'close') yield* closed(at, event)
    else if (event.kind === 'too-large') yield { kind: 'reject', line, reason: 'line-too-long', detail: event.message }
    else if (at.port) at.port.damage ??= event.message
    else if (at.run) yield { kind: 'reject', line, reason: 'not-a-record', detail: `XML: ${event.message}` }
    // Between scans lie the XML declarations of concatenated files: errors to the letter, and harmless.
    else noise ??= event.message
  }
  if (at.run) yield { kind: 'cut', line, detail: 'the input ends before </nmaprun>' }
  else if (!sawRun && noise !== undefined)
    yield { kind: 'reject', line, reason: 'not-a-record', detail: `XML: ${noise}` }
  else if (!sawRun) yield { kind: 'cut', line, detail: 'the input ends before any <nmaprun>' }
}

function* opened(at: Position, { name, line, attributes }: Opened): Generator<Trouble> {
  const attribute = (key: string): string | undefined => text(property(attributes, key))
  const { host, port } = at
  switch (name) {
    case 'nmaprun':
      if (at.run) yield { kind: 'cut', line, detail: 'a scan ends before its </nmaprun>: another one begins here' }
      at.run = { start: attribute('start') }
      at.host = at.port = undefined
      break
    case 'host':
      at.port = undefined
      at.host = {
        address: undefined,
        startTime: attribute('starttime'),
        endTime: attribute('endtime'),
        hostnames: [],
      }
      break
    case 'address':
      if (host && attribute('addrtype') !== 'mac') host.address ??= attribute('addr')
      break
    case 'hostname':
      if (host && host.hostnames.length < maxHostnames) host.hostnames.push(attribute('name') ?? '')
      break
    case 'port':
      at.port = host && newPort(line, at.run?.start, host, attribute('protocol'), attribute('portid'))
      break
    case 'state':
      if (port) port.state = attribute('state')
      break
    case 'service':
      if (port && fits(at, JSON.stringify(attributes).length)) port.service = attributes
      break
    case 'script': {
      const [id = '', output] = [attribute('id'), attribute('output')]
      if (port && output !== undefined && fits(at, id.length + output.length)) port.scripts.push({ id, output })
      break
    }
    case 'finished':
      if (attribute('exit') === 'error')
        yield { kind: 'cut', line, detail: `the scan failed: ${(attribute('errormsg') ?? '').slice(0, 200)}` }
      break
    default:
  }
}

function* closed(at: Position, { name, text: content }: Closed): Generator<ScannedPort | Trouble> {
  const { port } = at
  if (name === 'cpe' && port && fits(at, content.length)) port.cpe.push(content)
  if (name === 'port' && port) {
    if (port.damage === undefined) yield port
    else yield { kind: 'reject', line: port.line, reason: 'not-a-record', detail: `XML: ${port.damage}` }
  }
  if (name === 'port' || name === 'host' || name === 'nmaprun') at.port = undefined
  if (name === 'host' || name === 'nmaprun') at.host = undefined
  if (name === 'nmaprun') at.run = undefined
}

const newPort = (
  line: number,
  runStart: string | undefined,
  host: ScannedHost,
  protocol: string | undefined,
  port: string | undefined,
): OpenPort => ({
  kind: 'port',
  line,
  runStart,
  host,
  protocol,
  port,
  state: undefined,
  service: {},
  cpe: [],
  scripts: [],
  heldBytes: 0,
  damage: undefined,
})

/** Whether the open port may say this much more: without a bound, a million scripts on it would all be held. */
function fits({ port, maxRecordBytes }: Position, bytes: number): boolean {
  if (!port) return false
  port.heldBytes += bytes + 64
  if (port.heldBytes > maxRecordBytes) port.damage ??= `a port with more than ${maxRecordBytes} bytes of output`
  return port.heldBytes <= maxRecordBytes
}
