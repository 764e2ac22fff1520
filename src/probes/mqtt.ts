import type { Conversation, TcpProbe } from '../model/probe.ts'
import { Talk } from './talk.ts'
import { certificateNames } from './tls.ts'

/**
 * Asks for a connection without user and password (CONNECT of MQTT 3.1.1, clean session), reads whether it is granted, and
 * takes leave (DISCONNECT). No topic is subscribed to, nothing is published. What proves it: a CONNACK (MQTT 3.1.1 §3.2).
 */
export const mqtt: TcpProbe = {
  id: 'mqtt',
  transport: 'tcp',
  ports: [1883, 8883],
  tlsPorts: [8883],
  sends: 'CONNECT without user and password, and DISCONNECT where it is granted',
  harmless: 'the session is clean and ends at once; no topic is subscribed to, nothing is published, no will is left',
  identity: 'a CONNACK with a return code of the protocol',
  reference: 'MQTT 3.1.1 §3.1, §3.2, §3.14; MQTT 5.0 §3.2.2.2',
  talk: conversation,
}

/** A name that only another census would have: a broker hangs up on an older client of the same name. */
const client = 'exposurecensus'
const [connect, connack, disconnect] = [0x10, 0x20, 0xe0]
const cleanSession = 2
const keepAlive = 10

function* conversation({ tls }: Parameters<TcpProbe['talk']>[0]): Conversation {
  const talk = new Talk(tls)
  const payload = Buffer.from(
    `\0\u0004MQTT\u0004${String.fromCharCode(cleanSession, 0, keepAlive, 0, client.length)}${client}`,
  )
  yield* talk.send(Buffer.concat([Buffer.of(connect, payload.length), payload]))
  const answer = yield* talk.take(4)
  const [type, length, flags = 0xff, code = 0xff] = answer ?? []
  if (type !== connack || flags > 1) return undefined
  // A broker of MQTT 5 alone says so in its own form: unsupported protocol version.
  const isRefusedByFive = length === 3 && code === 0x84
  if (!isRefusedByFive && (length !== 2 || code > 5)) return undefined
  if (code === 0) yield* talk.send(Uint8Array.of(disconnect, 0))
  const tags = code === 0 ? ['anonymous'] : code === 4 || code === 5 ? ['auth'] : []
  return { module: 'mqtt', banner: `MQTT Connection Code: ${code}`, hostnames: certificateNames(talk.tls), tags }
}
