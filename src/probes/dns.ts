import type { UdpProbe } from '../model/probe.ts'
import { Bytes, words } from './bytes.ts'
import { dnsQuery, isHeaderOnly, isResponse, readDns, resultText, type DnsRecord } from './dns-message.ts'

const txt = 16
const chaos = 3

/**
 * Asks a name server for its version: `version.bind`, TXT, class CHAOS, without recursion. No name of the Internet is asked
 * for, so that nothing is asked onward. What proves it: a response with that id and that question, also one that refuses.
 */
export const dns: UdpProbe = {
  id: 'dns',
  transport: 'udp',
  ports: [53],
  sends: 'one query for version.bind TXT CH, without recursion',
  harmless: 'it is answered from the server’s own settings or refused; nothing is asked onward',
  identity: 'a response with the query’s id and question, whatever its result',
  reference: 'RFC 1035 §4, RFC 4892',
  matching: '16-bit query id and the question',
  request: (random) => dnsQuery(random, 'version.bind', txt, chaos),
  read: (reply, request) => {
    const [asked, told] = [readDns(request), readDns(reply)]
    if (asked === undefined || told === undefined || !isResponse(told) || told.id !== asked.id) return undefined
    if (told.questions[0] !== asked.questions[0] && !isHeaderOnly(told, reply)) return undefined
    const version = words(textOf(told.answers), 256)
    return {
      module: 'dns',
      banner: version === '' ? resultText(told.flags) : version,
      tags: (told.flags & 0x80) === 0 ? [] : ['recursion-offered'],
    }
  },
}

/** The strings of the first TXT record. */
function textOf(answers: readonly DnsRecord[]): string {
  const data = new Bytes(
    answers.find((answer) => answer.type === txt && answer.class === chaos)?.data ?? Buffer.alloc(0),
  )
  const strings: Buffer[] = []
  while (data.left > 0) strings.push(data.take(data.number(1)))
  return words(Buffer.concat(strings))
}
