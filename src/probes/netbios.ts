import type { UdpProbe } from '../model/probe.ts'
import { Bytes, words } from './bytes.ts'

/** The name `*` and fifteen zeros, each half byte as a letter (RFC 1001 §14.1), and NBSTAT, class IN. */
const question = Buffer.from(`\x20CK${'A'.repeat(30)}\0\0\x21\0\x01`, 'latin1')

/**
 * Asks a node for the names that it has. What proves it: a node status response with that id. Port 138 of the service is left
 * alone: its datagrams have no answer.
 */
export const netbios: UdpProbe = {
  id: 'netbios',
  transport: 'udp',
  ports: [137],
  sends: 'one node status request for the name *',
  harmless: 'it reads the table of names, as nbtstat does; no share is asked for and no login made',
  identity: 'a node status response with the request’s id',
  reference: 'RFC 1002 §4.2.17 and §4.2.18',
  matching: '16-bit transaction id',
  request: (random) => Buffer.concat([random.subarray(0, 2), Buffer.of(0, 0, 0, 1, 0, 0, 0, 0, 0, 0), question]),
  read: (reply, request) => {
    const bytes = new Bytes(reply)
    const isSame = bytes.take(2).equals(request.subarray(0, 2))
    const [flags, questions, answers] = [bytes.number(2), bytes.number(2), bytes.number(2)]
    bytes.take(4)
    const isOfQuestion = bytes.take(question.length).equals(question)
    bytes.take(4)
    const data = new Bytes(bytes.take(bytes.number(2)))
    // A response, of opcode 0 and without an error, to a question that it does not repeat.
    if (!isSame || (flags & 0xf8_0f) !== 0x80_00 || questions !== 0 || answers !== 1 || !isOfQuestion) return undefined
    const names = Array.from({ length: data.number(1) }, () => nameOf(data.take(18)))
    const unit = data.take(6).toString('hex')
    if (bytes.isShort || data.isShort) return undefined
    return { module: 'netbios', banner: words([...names, `unit ${unit}`].join('\n')) }
  },
}

/** `WORKGROUP <00> group`: fifteen characters, what it is the name of, and flags. */
const nameOf = (entry: Buffer): string => {
  const suffix = entry.subarray(15, 16).toString('hex')
  const name = words(entry.toString('latin1', 0, 15))
    .replaceAll(/[\r\n]/g, ' ')
    .trimEnd()
  return `${name} <${suffix}>${((entry[16] ?? 0) & 0x80) === 0 ? '' : ' group'}`
}
