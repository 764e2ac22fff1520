import type { UdpProbe } from '../model/probe.ts'
import { words } from './bytes.ts'

/**
 * Asks what the peer can, which rings no telephone. It is asked to forward nothing (Max-Forwards: 0), and the names are no
 * one's. What proves it: a status line of SIP and the request's random Call-ID.
 */
export const sip: UdpProbe = {
  id: 'sip',
  transport: 'udp',
  ports: [5060, 5061],
  sends: 'one OPTIONS that may not be forwarded, with the contact in its User-Agent',
  harmless: 'OPTIONS asks for abilities; it makes no call, registers nothing and wants no login',
  identity: 'a status line of SIP and the request’s Call-ID',
  reference: 'RFC 3261 §11 and §8.1.1.6, RFC 3581',
  matching: '128-bit Call-ID',
  request: (random, { contact }) => Buffer.from(options(Buffer.from(random).toString('hex'), contact), 'latin1'),
  read: (reply, request) => {
    const said = reply.toString('latin1').split(/\r?\n\r?\n/, 1)[0] ?? ''
    if (!/^SIP\/2\.0 [1-6]\d\d /.test(said) || callId(said) !== callId(request.toString('latin1'))) return undefined
    const [status = '', ...headers] = words(Buffer.from(said, 'latin1')).split(/\r?\n/)
    return { module: 'sip', banner: [status, ...headers.filter((header) => !echoed.test(header))].join('\r\n') }
  },
}

/** The peer only repeats these, in full or in short: they are the request's words. */
const echoed = /^(?:via|v|from|f|to|t|call-id|i|cseq)[ \t]*:/i

const callId = (message: string): string =>
  /\n(?:call-id|i)[ \t]{0,8}:[ \t]{0,8}([^\s]{1,128})/i.exec(message)?.[1] ?? ''

/** What stands in a comment of a header must neither end it nor the line. */
const commentOf = (contact: string): string => contact.replaceAll(/[^\x20-\x7e]|[()\\]/g, ' ').slice(0, 128)

/** `.invalid` belongs to nobody (RFC 6761); `rport` asks for the answer to come whence the request came. */
const options = (id: string, contact: string): string =>
  [
    'OPTIONS sip:census.invalid SIP/2.0',
    `Via: SIP/2.0/UDP census.invalid:5060;branch=z9hG4bK${id.slice(0, 16)};rport`,
    'Max-Forwards: 0',
    `From: <sip:census@census.invalid>;tag=${id.slice(16)}`,
    'To: <sip:census.invalid>',
    `Call-ID: ${id}@census.invalid`,
    'CSeq: 1 OPTIONS',
    'Contact: <sip:census@census.invalid>',
    'Accept: application/sdp',
    `User-Agent: exposure-census (${commentOf(contact)})`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
