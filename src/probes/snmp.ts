import type { UdpProbe } from '../model/probe.ts'
import { asText } from './talk.ts'
import { Bytes, lines } from './bytes.ts'

const integer = 0x02
const octets = 0x04
const objectId = 0x06
const sequence = 0x30
const getRequest = 0xa0
const report = 0xa8

/** 1.3.6.1.6.3.15.1.1: usmStats, the counters that a report tells. */
const usmStats = Buffer.from([0x2b, 6, 1, 6, 3, 15, 1, 1])

/**
 * Asks an SNMPv3 engine who it is, as everyone must before a first request: a get-request of no object, with no user, no
 * community and an empty engine id. What proves it: a report with that message id. Agents of versions 1 and 2c alone keep
 * silent: only a community string would make them speak, and none is tried.
 */
export const snmp: UdpProbe = {
  id: 'snmp',
  transport: 'udp',
  ports: [161],
  sends: 'one SNMPv3 discovery: a get-request of no object, without user, community or engine id',
  harmless: 'every SNMPv3 client begins so; no object is read and no credential is sent',
  identity: 'a report of the user-based security model with the request’s message id',
  reference: 'RFC 3414 §4, RFC 3412 §6, RFC 3411 §5',
  matching: '30-bit message id',
  request: (random) => {
    // Four bytes whatever is random: neither negative nor with a leading zero.
    const id = tlv(integer, Buffer.from([((random[0] ?? 0) & 0x3f) | 0x40, ...random.subarray(1, 4)]))
    const none = tlv(octets, Buffer.alloc(0))
    const zero = tlv(integer, Buffer.of(0))
    const three = tlv(integer, Buffer.of(3))
    const most = tlv(integer, Buffer.of(0, 0xff, 0xe3))
    return tlv(
      sequence,
      three,
      tlv(sequence, id, most, tlv(octets, Buffer.of(4)), three),
      tlv(octets, tlv(sequence, none, zero, zero, none, none, none)),
      tlv(sequence, none, none, tlv(getRequest, id, zero, zero, tlv(sequence))),
    )
  },
  read: (reply, request) => {
    const [asked, told] = [readMessage(request), readMessage(reply)]
    if (asked === undefined || told === undefined || !told.id.equals(asked.id)) return undefined
    if (told.kind !== report || !told.counter.subarray(0, usmStats.length).equals(usmStats)) return undefined
    return {
      module: 'snmp',
      banner: `SNMPv3\n${lines({ ...engineFacts(told.engine), boots: told.boots, time: told.time })}`,
    }
  },
}

/** Tag, length and content (X.690); short enough for a length of one byte. */
const tlv = (tag: number, ...content: readonly Buffer[]): Buffer => {
  const all = Buffer.concat(content)
  return Buffer.concat([Buffer.of(tag, all.length), all])
}

/** The content of the next element, which must have that tag; else it is short. */
function open(bytes: Bytes, tag: number): Bytes {
  const isOther = bytes.number(1) !== tag
  const first = bytes.number(1)
  const length = first < 0x80 ? first : first <= 0x84 ? bytes.number(first & 7) : Infinity
  const content = new Bytes(bytes.take(isOther ? Infinity : length))
  content.isShort = bytes.isShort
  return content
}

interface Message {
  readonly id: Buffer
  readonly engine: Buffer
  readonly boots: number
  readonly time: number
  readonly kind: number
  /** Object id of the first variable, encoded. */
  readonly counter: Buffer
}

function readMessage(message: Buffer): Message | undefined {
  const whole = open(new Bytes(message), sequence)
  const version = open(whole, integer).all
  const header = open(whole, sequence)
  const id = open(header, integer).all
  const security = open(open(whole, octets), sequence)
  const engine = open(security, octets).all
  const [boots, time] = [open(security, integer).all, open(security, integer).all]
  const scoped = open(whole, sequence)
  open(scoped, octets)
  open(scoped, octets)
  const kind = scoped.all[scoped.at] ?? 0
  const pdu = open(scoped, kind)
  for (let count = 0; count < 3; count++) open(pdu, integer)
  const variables = open(pdu, sequence)
  const counter = variables.left === 0 ? variables : open(open(variables, sequence), objectId)
  if ([whole, header, security, scoped, pdu, variables, counter].some(({ isShort }) => isShort)) return undefined
  if (!version.equals(Buffer.of(3)) || id.length === 0 || engine.length > 32) return undefined
  if (boots.length > 4 || time.length > 4) return undefined
  return { id, engine, boots: numberOf(boots), time: numberOf(time), kind, counter: counter.all }
}

const numberOf = (bytes: Buffer): number => new Bytes(bytes).number(bytes.length)

const formats: Readonly<Record<number, string>> = { 1: 'IPv4', 2: 'IPv6', 3: 'MAC', 4: 'text', 5: 'octets' }

/** What an engine id tells (RFC 3411 §5, SnmpEngineID). */
function engineFacts(engine: Buffer): Readonly<Record<string, string | number | undefined>> {
  if (engine.length < 5) return { engine: engine.toString('hex') }
  const first = engine.readUInt32BE(0)
  const format = first < 0x80_00_00_00 ? undefined : (engine[4] ?? 0)
  return {
    engine: engine.toString('hex'),
    enterprise: first % 0x80_00_00_00,
    format: format === undefined ? undefined : (formats[format] ?? format),
    text: format === 4 ? asText(engine.subarray(5)) : undefined,
  }
}
