import type { Conversation, TcpProbe } from '../model/probe.ts'
import { Talk } from './talk.ts'

/**
 * Asks for a connection and offers TLS and CredSSP, reads which the server takes, and stops: no login, no screen. What proves
 * it: a Connection Confirm of X.224 to this request, with a negotiation of RDP or, of old servers, without ([MS-RDPBCGR]).
 */
export const rdp: TcpProbe = {
  id: 'rdp',
  transport: 'tcp',
  ports: [3389],
  sends: 'X.224 Connection Request that offers TLS and CredSSP, without a cookie',
  harmless: 'the conversation ends before security is set up; no user is named',
  identity: 'an X.224 Connection Confirm with or without a negotiation of RDP',
  reference: '[MS-RDPBCGR] 2.2.1.1, 2.2.1.2',
  talk: conversation,
}

/** TPKT; a Connection Request of 14 bytes, class 0; a negotiation request for TLS (1) and CredSSP (2). */
const connectionRequest = Uint8Array.of(3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0)
const protocols: Readonly<Record<number, readonly [string, string?]>> = {
  0: ['standard RDP security'],
  1: ['TLS', 'tls'],
  2: ['CredSSP', 'nla'],
  4: ['RDSTLS', 'tls'],
  8: ['CredSSP with early user authorization', 'nla'],
}

function* conversation(): Conversation {
  const talk = new Talk()
  yield* talk.send(connectionRequest)
  const start = yield* talk.take(4)
  const length = start?.readUInt16BE(2) ?? 0
  if (start?.readUInt16BE(0) !== 0x0300 || (length !== 11 && length !== 19)) return undefined
  const confirm = yield* talk.take(length - 4)
  // Its length, Connection Confirm, and the reference of the request, which was 0.
  if (confirm?.[0] !== length - 5 || confirm[1] !== 0xd0 || confirm.readUInt16BE(2) !== 0) return undefined
  if (length === 11) return { module: 'rdp', banner: 'no negotiation', tags: [] }
  const [type, code] = [confirm[7], confirm.readUInt32LE(11)]
  if (confirm.readUInt16LE(9) !== 8) return undefined
  if (type === 3 && code >= 1 && code <= 6) return { module: 'rdp', banner: `negotiation failure: ${code}`, tags: [] }
  const [name, tag] = protocols[code] ?? []
  if (type !== 2 || name === undefined) return undefined
  return { module: 'rdp', banner: `selected protocol: ${code} (${name})`, tags: tag === undefined ? [] : [tag] }
}
