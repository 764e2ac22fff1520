import type { UdpCheck } from '../../model/probe.ts'
import { dnsQuery, isHeaderOnly, isResponse, readDns, resultText, type DnsRecord } from '../dns-message.ts'
import { amplification } from './amplification.ts'

const ns = 2
const internet = 1
/** OPT: the root's name, type 41, payloads of up to 1232 bytes (DNS flag day 2020), no flags, no options (RFC 6891 §6.1.2). */
const opt = Buffer.from('00002904d0000000000000', 'hex')

/**
 * Asks a name server to resolve for us: the name servers of the root, with recursion desired. Every resolver knows them, so that
 * nobody's name server is led to anything, and no domain of ours is needed. It is open when it offers recursion and answers. A
 * server that is asked for its own zones alone refuses, or refers to others without an answer. Measured is this one answer,
 * without signatures: larger ones can be asked for. What proves it: a response with that id and that question.
 */
export const openResolver: UdpCheck = {
  id: 'open-resolver',
  probe: 'dns',
  sends: 'one query for the root’s name servers (NS IN), with recursion desired and EDNS',
  harmless: 'it is what every resolver asks when it starts, and has at hand',
  identity: 'a response with the query’s id and question; open: recursion offered, no error, and the answer',
  reference: 'RFC 1035 §4, RFC 5358, RFC 6891 §6',
  matching: '16-bit query id and the question',
  request: (random) => {
    const query = Buffer.concat([dnsQuery(random, '', ns, internet), opt])
    query[2] = 1 // recursion desired
    query[11] = 1 // one additional record
    return query
  },
  isReply: (reply, request) => {
    const [asked, told] = [readDns(request), readDns(reply)]
    if (asked === undefined || told === undefined || !isResponse(told) || told.id !== asked.id) return false
    return told.questions[0] === asked.questions[0] || isHeaderOnly(told, reply)
  },
  read: (replies, request) => {
    const told = readDns(replies.first[0] ?? request)
    if (told === undefined) return { banner: 'recursion: unreadable' }
    const isOffered = (told.flags & 0x80) !== 0
    const result = resultText(told.flags)
    if (!isOffered || result !== 'NOERROR')
      return { banner: `recursion: ${result === 'NOERROR' ? 'not offered' : result}` }
    if (!told.answers.some(isOfRoot)) return { banner: 'recursion: no answer' }
    return { banner: `recursion: ${amplification(replies, request)}`, tags: ['open-resolver'] }
  },
}

const isOfRoot = ({ name, type, class: klass }: DnsRecord): boolean => name === '' && type === ns && klass === internet
