import type { Conversation, ProbeContext, TcpProbe } from '../model/probe.ts'
import { asBanner, body, finalHead, request, titleElement } from './message.ts'
import { Talk } from './talk.ts'
import { certificateNames } from './tls.ts'

/**
 * Asks a router's port for connection requests for /, without a login. What proves it: an answer of HTTP that is no page for
 * people (a success with a title), on the port that is registered for CWMP; the protocol has nothing of its own to tell it
 * from another small web server (TR-069 §3.2.2).
 */
export const cwmp: TcpProbe = {
  id: 'cwmp',
  transport: 'tcp',
  ports: [7547],
  sends: 'one GET / with the address as Host and a User-Agent that says who asks and where to complain',
  harmless: 'a connection request needs a login and a path that only the provider knows; neither is sent',
  identity: 'an answer of HTTP that is no page with a title, on the port registered for CWMP',
  reference: 'TR-069 §3.2.2, RFC 9112',
  talk: conversation,
}

function* conversation(context: ProbeContext): Conversation {
  const talk = new Talk(context.tls)
  yield* talk.send(request(context))
  const answer = yield* finalHead(talk)
  if (answer === undefined) return undefined
  const title = titleElement(yield* body(talk, answer))
  if (answer.status < 300 && title !== '') return undefined
  return { module: 'cwmp', banner: asBanner(answer, title), hostnames: certificateNames(talk.tls), tags: [] }
}
