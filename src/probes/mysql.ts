import type { Conversation, TcpProbe } from '../model/probe.ts'
import { asText, Talk } from './talk.ts'

/**
 * Waits for the server's handshake and says nothing. What proves it: a handshake packet of protocol 10, an error packet in its
 * place (`Host … is not allowed to connect`), or the hello of the X protocol (MySQL internals, Protocol::HandshakeV10).
 */
export const mysql: TcpProbe = {
  id: 'mysql',
  transport: 'tcp',
  ports: [3306, 33_060],
  sends: 'nothing',
  harmless: 'the server speaks first; no user and no password is told',
  identity: 'the packet of a handshake (protocol 10), of an error before it, or the hello of the X protocol',
  reference: 'MySQL internals: Protocol::HandshakeV10, ERR_Packet; Mysqlx.Notice.Frame',
  recognises: (first) =>
    first.subarray(0, xHello.length).equals(xHello) ||
    (first.length > 4 && read(first.subarray(4, 4 + first.readUIntLE(0, 3)), first.readUInt8(3)) !== undefined),
  talk: conversation,
}

/** Length, type NOTICE, and a frame of type SERVER_HELLO with an empty payload. */
const xHello = Buffer.from([5, 0, 0, 0, 11, 8, 5, 26, 0])
const mostBytes = 2048

function* conversation(): Conversation {
  const talk = new Talk()
  const start = yield* talk.take(4)
  const length = start?.readUIntLE(0, 3) ?? 0
  if (start === undefined || length < 3 || length > mostBytes) return undefined
  const packet = yield* talk.take(length)
  if (packet === undefined) return undefined
  if (Buffer.concat([start, packet]).equals(xHello)) return { module: 'mysql', tags: ['mysqlx'] }
  const banner = read(packet, start.readUInt8(3))
  return banner === undefined ? undefined : { module: 'mysql', banner, tags: [] }
}

/** The version of a handshake, the message of an error; undefined for what is neither. @param number the packet's */
function read(packet: Buffer, number: number): string | undefined {
  if (number !== 0) return undefined
  if (packet[0] === 0xff) {
    const code = packet.length < 4 ? 0 : packet.readUInt16LE(1)
    const text = asText(packet.subarray(3)).replace(/^#[\dA-Z]{5}/, '')
    return code >= 1000 && code < 5000 && !text.includes('\0') ? text : undefined
  }
  const end = packet.indexOf(0, 1)
  // After the version: the connection's number, eight bytes of salt, and a zero.
  if (packet[0] !== 10 || end < 2 || packet.length < end + 16 || packet[end + 13] !== 0) return undefined
  const version = packet.toString('latin1', 1, end)
  return /^\d[\x20-\x7e]*$/.test(version) ? version : undefined
}
