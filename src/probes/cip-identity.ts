import type { Finding } from '../model/probe.ts'
import { Bytes, given, lines } from './bytes.ts'

/** What both transports of EtherNet/IP say of themselves. */
export const listIdentityFacts = {
  id: 'ethernetip',
  ports: [44818],
  harmless: 'it is the question by which engineering tools list devices; no session is registered',
  identity: 'a ListIdentity reply with the request’s sender context and an identity item',
  reference: 'ODVA, CIP Networks Library volume 2, 2-4.2',
} as const

/** Command 0x63 without data and session. @param context eight bytes that come back */
export const listIdentity = (context: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(0x63), Buffer.alloc(11), context.subarray(0, 8), Buffer.alloc(4)])

export function readIdentity(reply: Buffer, request: Buffer): Finding | undefined {
  const bytes = new Bytes(reply)
  const [command, length] = [bytes.numberLE(2), bytes.numberLE(2)]
  const [session, status] = [bytes.numberLE(4), bytes.numberLE(4)]
  const isSame = bytes.take(8).equals(request.subarray(12, 20))
  bytes.take(4)
  const data = new Bytes(bytes.take(length))
  const [count, type] = [data.numberLE(2), data.numberLE(2)]
  const item = new Bytes(data.take(data.numberLE(2)))
  if (bytes.isShort || data.isShort || command !== 0x63 || !isSame) return undefined
  if (session !== 0 || status !== 0 || count === 0 || type !== 0x0c) return undefined
  // Version of the encapsulation, and a socket address.
  item.take(18)
  const [vendor, deviceType, code] = [item.numberLE(2), item.numberLE(2), item.numberLE(2)]
  const version = `${item.number(1)}.${String(item.number(1)).padStart(3, '0')}`
  // Status and serial number.
  item.take(6)
  const product = item.take(item.number(1)).toString('latin1')
  if (item.isShort) return undefined
  const facts = {
    'Product name': product,
    'Vendor ID': vendor,
    'Device type': deviceType,
    'Product code': code,
    Revision: version,
  }
  return { module: 'ethernetip', banner: lines(facts), ...given({ product, version }) }
}
