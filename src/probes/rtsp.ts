import type { Conversation, ProbeContext, TcpProbe } from '../model/probe.ts'
import { asBanner, authority, body, head, header, userAgent } from './message.ts'
import { Talk } from './talk.ts'

/**
 * Asks what can be asked (OPTIONS) and for the description of what is at / (DESCRIBE), without a login. No session is set up,
 * no picture is seen. What proves it: a status line of RTSP (RFC 2326 §7.1).
 */
export const rtsp: TcpProbe = {
  id: 'rtsp',
  transport: 'tcp',
  ports: [554, 8554],
  sends: 'OPTIONS and DESCRIBE for / with a User-Agent that says who asks and where to complain',
  harmless: 'a description is read; no session is set up, no stream is played, nothing is sent to log in',
  identity: 'a status line of RTSP/1.0 or RTSP/2.0',
  reference: 'RFC 2326, RFC 7826',
  recognises: (first) => /^RTSP\/[12]\.0 [1-9]\d\d[ \r\n]/.test(first.toString('latin1')),
  talk: conversation,
}

const protocol = String.raw`RTSP/[12]\.0`
const mostHead = 8192

function* conversation(context: ProbeContext): Conversation {
  const talk = new Talk(context.tls)
  yield* talk.send(ask(context, 'OPTIONS', 1))
  const options = yield* head(talk, protocol, mostHead)
  if (options === undefined) return undefined
  // The body of an answer to OPTIONS is passed over; without a length there is none (RFC 2326 §4.4).
  if (header(options, 'content-length') !== undefined) yield* body(talk, options)
  const found = { module: 'rtsp', banner: asBanner(options), tags: [] }
  if (!options.isWhole) return found
  yield* talk.send(ask(context, 'DESCRIBE', 2, ['Accept: application/sdp']))
  const description = yield* head(talk, protocol, mostHead)
  if (description === undefined) return found
  const tags = description.status === 200 ? ['open'] : description.status === 401 ? ['auth'] : []
  return { ...found, banner: asBanner(options, asBanner(description)), tags }
}

const ask = (context: ProbeContext, method: string, number: number, fields: readonly string[] = []): string =>
  [
    `${method} rtsp://${authority(context)}/ RTSP/1.0`,
    `CSeq: ${number}`,
    `User-Agent: ${userAgent(context)}`,
    ...fields,
    '',
    '',
  ].join('\r\n')
