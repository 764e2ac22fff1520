import type { UdpProbe } from '../model/probe.ts'
import { Bytes, words } from './bytes.ts'
import { dnsQuery, isResponse, readDns, readName } from './dns-message.ts'

const services = '_services._dns-sd._udp.local'
const ptr = 12
/** Class IN, and the bit that asks for an answer to the asker alone (RFC 6762 §5.4). */
const internetUnicast = 0x8001

/**
 * Asks which kinds of services there are, by unicast to the one address. What proves it: a response with that id which repeats
 * the question, as responders owe to askers that are none themselves (RFC 6762 §6.7), or answers that name.
 */
export const mdns: UdpProbe = {
  id: 'mdns',
  transport: 'udp',
  ports: [5353],
  sends: 'one unicast query for _services._dns-sd._udp.local PTR, which asks for a unicast response',
  harmless: 'it is the question of every computer that looks for printers; no other device hears it',
  identity: 'a response with the query’s id and its question, or an answer to it',
  reference: 'RFC 6762 §5.5 and §6.7, RFC 6763 §9',
  matching: '16-bit query id and the question',
  request: (random) => dnsQuery(random, services, ptr, internetUnicast),
  read: (reply, request) => {
    const [asked, told] = [readDns(request), readDns(reply)]
    if (asked === undefined || told === undefined || !isResponse(told) || told.id !== asked.id) return undefined
    const answers = told.answers.filter(({ name, type }) => type === ptr && name.toLowerCase() === services)
    // The unicast bit need not come back.
    const isSame =
      told.questions[0]?.replace(/ (\d+)$/, (_, klass) => ` ${Number(klass) & 0x7fff}`) === `${services} ${ptr} 1`
    if (!isSame && (told.questions.length > 0 || answers.length === 0)) return undefined
    const names = answers.map(({ at, data }) => {
      const bytes = new Bytes(reply.subarray(0, at + data.length))
      bytes.at = at
      return readName(bytes) ?? ''
    })
    return { module: 'mdns', banner: words([...new Set(names)].filter((name) => name !== '').join('\n')) }
  },
}
