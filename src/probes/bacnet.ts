import type { Finding, UdpProbe } from '../model/probe.ts'
import { Bytes, given, lines } from './bytes.ts'
import { asText } from './talk.ts'

const readPropertyMultiple = 0x0e
/** Properties of the device object, by their numbers. */
const properties: Readonly<Record<number, string>> = {
  77: 'Object Name',
  121: 'Vendor Name',
  70: 'Model Name',
  44: 'Firmware',
}

/**
 * Reads the names of the device object, by unicast and in one request: a datagram is all that there is, and ReadProperty reads
 * one property alone. Instance 4194303 stands for whichever the device has. What proves it: an acknowledgement, or an error,
 * reject or abort, with that invoke id; a device that has not this service rejects it.
 */
export const bacnet: UdpProbe = {
  id: 'bacnet',
  transport: 'udp',
  ports: [47808],
  sends:
    'one unicast ReadPropertyMultiple of the device object’s object-name, vendor-name, model-name and firmware-revision',
  harmless: 'it reads names; nothing is written, and no other device of the network hears it',
  identity: 'an acknowledgement, error, reject or abort with the request’s invoke id',
  reference: 'ASHRAE 135, Annex J and clauses 15.7, 20.1 and 21',
  matching: '8-bit invoke id',
  ownSocket: true,
  request: (random) => {
    const wanted = Object.keys(properties).flatMap((property) => [0x09, Number(property)])
    // Confirmed request, unsegmented, up to 1476 bytes; device object 4194303; a list in brackets of tag 1.
    const apdu = [0x00, 0x05, random[0] ?? 0, readPropertyMultiple, 0x0c, 0x02, 0x3f, 0xff, 0xff, 0x1e, ...wanted, 0x1f]
    return Buffer.from([0x81, 0x0a, 0x00, apdu.length + 6, 0x01, 0x04, ...apdu])
  },
  read: (reply, request) => {
    const bytes = apduOf(reply)
    const first = bytes?.number(1) ?? 0
    const kind = first >> 4
    if (bytes === undefined || bytes.number(1) !== request[8]) return undefined
    const last = bytes.number(1)
    if (bytes.isShort) return undefined
    if (kind === 6 || kind === 7) return { module: 'bacnet', banner: `${kind === 6 ? 'reject' : 'abort'} ${last}` }
    if (last !== readPropertyMultiple) return undefined
    if (kind === 5) return { module: 'bacnet', banner: 'error' }
    // A segmented acknowledgement was not asked for.
    return first === 0x30 ? findingOf(bytes) : undefined
  },
}

/** What the network layer carries, after its addresses (clause 6.2). */
function apduOf(reply: Buffer): Bytes | undefined {
  const link = new Bytes(reply)
  const [type, call, length] = [link.number(1), link.number(1), link.number(2)]
  // Original unicast, or one that a broadcast device forwarded with the address of the origin.
  if (type !== 0x81 || (call !== 0x0a && call !== 0x04) || length > reply.length) return undefined
  const bytes = new Bytes(reply.subarray(0, length))
  bytes.take(call === 0x0a ? 4 : 10)
  const [version, control] = [bytes.number(1), bytes.number(1)]
  const [isTo, isFrom] = [(control & 0x20) !== 0, (control & 0x08) !== 0]
  for (const isThere of [isTo, isFrom]) {
    if (!isThere) continue
    bytes.take(2)
    bytes.take(bytes.number(1))
  }
  if (isTo) bytes.take(1)
  // The highest bit is for messages of the network layer itself.
  return version !== 1 || (control & 0x80) !== 0 || bytes.isShort ? undefined : bytes
}

function findingOf(bytes: Bytes): Finding | undefined {
  const object = bytes.take(5)
  if (object[0] !== 0x0c || object.readUInt32BE(1) >> 22 !== 8 || bytes.number(1) !== 0x1e) return undefined
  const facts: Record<string, string | number> = { 'Instance ID': object.readUInt32BE(1) & 0x3f_ff_ff }
  while (bytes.number(1) === 0x29) {
    const name = properties[bytes.number(1)]
    const bracket = bytes.number(1)
    const value = primitive(bytes)
    if (bracket === 0x5e) primitive(bytes)
    const isClosed = bytes.number(1) === bracket + 1
    if (!isClosed || bytes.isShort) break
    if (name !== undefined && bracket === 0x4e && value.tag === 7) facts[name] = textOf(value.data)
  }
  const text = (name: string): string | undefined => facts[name]?.toString()
  return {
    module: 'bacnet',
    banner: lines(facts),
    ...given({ product: text('Model Name'), version: text('Firmware') }),
  }
}

/** A value with its application tag (clause 20.2.1). */
function primitive(bytes: Bytes): { readonly tag: number; readonly data: Buffer } {
  const first = bytes.number(1)
  let length = first & 7
  if (length === 5) length = bytes.number(1)
  if (length === 254) length = bytes.number(2)
  return { tag: first >> 4, data: bytes.take(length) }
}

/** The first byte of a string tells how it is encoded: 4 for UCS-2; the others are taken as they are. */
const textOf = (data: Buffer): string =>
  data[0] === 4
    ? Buffer.from(data.subarray(1, data.length - ((data.length - 1) & 1)))
        .swap16()
        .toString('utf16le')
    : asText(data.subarray(1))
