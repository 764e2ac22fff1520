import type { UdpProbe } from '../model/probe.ts'
import { Bytes, words } from './bytes.ts'

const acknowledgement = 2
const reset = 3

/**
 * Asks for the list of resources, which servers have for this. What proves it: a response with the random token, or with the
 * message id alone an empty acknowledgement or a reset, which is all that an endpoint without a server says.
 */
export const coap: UdpProbe = {
  id: 'coap',
  transport: 'udp',
  ports: [5683],
  sends: 'one confirmable GET of /.well-known/core',
  harmless: 'GET is safe by definition, and this resource is made for discovery',
  identity: 'a response with the request’s token, or an acknowledgement or reset of its message id',
  reference: 'RFC 7252 §3, RFC 6690 §4',
  matching: '64-bit token and 16-bit message id; the message id alone where a message is empty',
  request: (random) =>
    Buffer.concat([
      // Version 1, confirmable, a token of 8 bytes; GET; message id; token.
      Buffer.of(0x48, 0x01),
      random.subarray(0, 10),
      // Uri-Path (11), 11 bytes; the same again, 4 bytes.
      Buffer.from('\xbb.well-known\x04core', 'latin1'),
    ]),
  read: (reply, request) => {
    const bytes = new Bytes(reply)
    const [first, code] = [bytes.number(1), bytes.number(1)]
    const isSameMessage = bytes.take(2).equals(request.subarray(2, 4))
    const token = bytes.take(first & 15)
    if (bytes.isShort || first >> 6 !== 1) return undefined
    const type = (first >> 4) & 3
    if (code === 0) {
      const isEmpty = reply.length === 4 && isSameMessage && (type === acknowledgement || type === reset)
      return isEmpty ? { module: 'coap', banner: type === reset ? 'reset' : 'acknowledged' } : undefined
    }
    if (!token.equals(request.subarray(4, 12)) || type === reset) return undefined
    if (![2, 4, 5].includes(code >> 5) || (type === acknowledgement && !isSameMessage)) return undefined
    const payload = payloadOf(bytes)
    if (payload === undefined) return undefined
    const status = `${code >> 5}.${String(code & 31).padStart(2, '0')}`
    return { module: 'coap', banner: words(`${status}\n${words(payload)}`).trimEnd() }
  },
}

/** What follows the options; undefined when they are not well-formed (RFC 7252 §3.1). */
function payloadOf(bytes: Bytes): Buffer | undefined {
  while (bytes.left > 0) {
    const first = bytes.number(1)
    if (first === 0xff) return bytes.left === 0 ? undefined : bytes.take(bytes.left)
    const delta = first >> 4
    const length = first & 15
    if (delta === 15 || length === 15) return undefined
    bytes.take(extended(delta))
    const more = bytes.number(extended(length))
    bytes.take(length < 13 ? length : more + (length === 13 ? 13 : 269))
  }
  return bytes.isShort ? undefined : Buffer.alloc(0)
}

/** How many further bytes a nibble of an option's header has. */
const extended = (nibble: number): number => (nibble === 14 ? 2 : nibble === 13 ? 1 : 0)
