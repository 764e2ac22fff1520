import type { UdpCheck } from '../../model/probe.ts'
import { Bytes } from '../bytes.ts'
import { amplification } from './amplification.ts'

const privateMode = 7
const headerBytes = 8
/** The implementation XNTPD, and its request MON_GETLIST_1. */
const getList = Buffer.of(3, 42)

/**
 * Asks a time server for the clients it has seen lately, as ntpdc's monlist did: 8 bytes, for which up to 100 packets of 440 bytes
 * come. Servers before 4.2.7p26 answer anyone, and floods are reflected off them. Only how much came is told: the list is of
 * other people's addresses, and nothing of it is kept. What proves it: mode 7, a response to that request.
 */
export const ntpMonlist: UdpCheck = {
  id: 'ntp-monlist',
  probe: 'ntp',
  sends: 'one request (mode 7) for the list of clients, 8 bytes',
  harmless: 'it reads and changes nothing; of the list nothing is kept but how long it is',
  identity: 'a response (mode 7) to that request of that implementation',
  reference: 'CVE-2013-5211, US-CERT TA14-013A; ntpd’s ntp_request.h',
  matching: 'none but the socket that asked',
  request: () => Buffer.concat([Buffer.of((2 << 3) | privateMode, 0), getList], headerBytes),
  isReply: (reply) => {
    const [flags = 0] = reply
    const isResponse = (flags & 0x87) === (0x80 | privateMode)
    return reply.length >= headerBytes && isResponse && reply.subarray(2, 4).equals(getList)
  },
  read: (replies, request) => {
    const heads = replies.first.map(headOf)
    if (heads.some(({ error, items }) => error === 0 && items > 0))
      return { banner: `mode 7 monlist: ${amplification(replies, request)}`, tags: ['ntp-monlist'] }
    return { banner: `mode 7 monlist: error ${heads[0]?.error ?? 0}` }
  },
}

/** Four bits of an error and twelve of a number of items, of which each has so many bytes. */
function headOf(reply: Buffer): { readonly error: number; readonly items: number } {
  const bytes = new Bytes(reply)
  bytes.take(4)
  const [first, size] = [bytes.number(2), bytes.number(2) & 0xfff]
  const items = first & 0xfff
  return { error: first >> 12, items: size > 0 && items * size <= bytes.left ? items : 0 }
}
