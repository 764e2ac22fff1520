import type { Conversation, TcpProbe } from '../model/probe.ts'
import { asText, Talk } from './talk.ts'

/**
 * Asks whether TLS can be spoken (SSLRequest), and nothing after the answer: no user, no database. What proves it: one byte,
 * S or N, after which the server waits, or an error of the protocol (PostgreSQL documentation, §55.2.10, §55.7).
 */
export const postgresql: TcpProbe = {
  id: 'postgresql',
  transport: 'tcp',
  ports: [5432],
  sends: 'SSLRequest',
  harmless: 'every client asks that before it says who it is; no user and no database is named',
  identity: 'the byte S or N and nothing after it, or an ErrorResponse with severity and SQLSTATE',
  reference: 'PostgreSQL: Frontend/Backend Protocol, SSL Session Encryption',
  talk: conversation,
}

const sslRequest = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f)
const mostBytes = 4096

function* conversation(): Conversation {
  const talk = new Talk()
  yield* talk.send(sslRequest)
  const answer = (yield* talk.take(1))?.toString('latin1')
  if (answer === 'S' || answer === 'N') {
    // Words begin with these letters too.
    if ((yield* talk.take(1)) !== undefined) return undefined
    return { module: 'postgresql', tags: answer === 'S' ? ['starttls'] : [] }
  }
  const length = answer === 'E' ? ((yield* talk.take(4))?.readUInt32BE(0) ?? 0) : 0
  if (length < 5 || length > mostBytes) return undefined
  const fields = asText((yield* talk.take(length - 4)) ?? Buffer.alloc(0)).split('\0')
  const field = (type: string): string | undefined => fields.find((each) => each.startsWith(type))?.slice(1)
  const [severity, state] = [field('S'), field('C')]
  if (severity === undefined || state === undefined || !/^[\dA-Z]{5}$/.test(state)) return undefined
  return { module: 'postgresql', banner: `${severity} ${state} ${field('M') ?? ''}`.trimEnd(), tags: [] }
}
