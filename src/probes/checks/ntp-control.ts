import type { UdpCheck } from '../../model/probe.ts'
import { Bytes, words } from '../bytes.ts'
import { amplification } from './amplification.ts'

const control = 6
const readVariables = 2
const headerBytes = 12

/**
 * Asks a time server for its system variables as ntpq does: READVAR of association 0, 12 bytes. The answer tells version and
 * operating system, in several times as many bytes. What proves it: mode 6, a response to that operation and sequence number.
 */
export const ntpControl: UdpCheck = {
  id: 'ntp-control',
  probe: 'ntp',
  sends: 'one control message (mode 6) that reads the system variables',
  harmless: 'it is what ntpq asks first; it reads and changes nothing',
  identity: 'a response (mode 6) to that operation with the request’s sequence number',
  reference: 'RFC 9327 §2, §3.4, §4',
  matching: '16-bit sequence number',
  request: (random) => {
    const packet = Buffer.alloc(headerBytes)
    // Version 2, as ntpq: servers of every later one answer it.
    packet[0] = (2 << 3) | control
    packet[1] = readVariables
    packet.set(random.subarray(0, 2), 2)
    return packet
  },
  isReply: (reply, request) => {
    const [mode = 0, operation = 0] = reply
    // Of the flags, only the response bit says that it is one; error and more may be set or not.
    const isResponse = (mode & 7) === control && (operation & 0x9f) === (0x80 | readVariables)
    return reply.length >= headerBytes && isResponse && reply.subarray(2, 4).equals(request.subarray(2, 4))
  },
  read: (replies, request) => {
    const fragments = replies.first.map(fragmentOf)
    const error = fragments.find(({ error: code }) => code !== undefined)?.error
    if (error !== undefined) return { banner: `mode 6 readvar: error ${error}` }
    const banner = [variables(assembled(fragments)), `mode 6 readvar: ${amplification(replies, request)}`]
    return { banner: banner.filter((line) => line !== '').join('\n'), tags: ['ntp-control'] }
  },
}

interface Fragment {
  /** The code of an error response (§3.4). */
  readonly error: number | undefined
  readonly offset: number
  readonly data: Buffer
}

function fragmentOf(reply: Buffer): Fragment {
  const bytes = new Bytes(reply)
  const flags = bytes.number(2) & 0xff
  bytes.take(2)
  const status = bytes.number(2)
  bytes.take(2)
  const [offset, count] = [bytes.number(2), bytes.number(2)]
  return {
    error: (flags & 0x40) === 0 ? undefined : status >> 8,
    offset,
    data: bytes.take(Math.min(count, bytes.left)),
  }
}

/** The data from their beginning on, as far as there is no gap: fragments come in any order, and some twice. */
function assembled(fragments: readonly Fragment[]): Buffer {
  const parts: Buffer[] = []
  let length = 0
  for (const { offset, data } of fragments.toSorted((a, b) => a.offset - b.offset)) {
    if (offset > length) break
    if (offset < length) continue
    parts.push(data)
    length += data.length
  }
  return Buffer.concat(parts)
}

/** What of all variables is told: what the server is, and not whom else it talks with. */
const told = ['version', 'processor', 'system', 'stratum']

function variables(data: Buffer): string {
  const found = new Map<string, string>()
  for (const [, name = '', value = ''] of words(data).matchAll(
    /(?<![\w.])(\w{1,32})=("[^"]{0,256}"|[^",\r\n]{1,256})/g,
  ))
    if (!found.has(name)) found.set(name, value.replaceAll(/\s+/g, ' ').trim())
  return told.flatMap((name) => (found.has(name) ? [`${name}=${found.get(name)}`] : [])).join(', ')
}
