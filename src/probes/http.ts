import type { Conversation, ProbeContext, TcpProbe } from '../model/probe.ts'
import { favicon, staysOpen } from './favicon.ts'
import { asBanner, finalHead, request, titleElement, wholeBody } from './message.ts'
import { Talk } from './talk.ts'
import { certificateNames } from './tls.ts'

const facts = {
  transport: 'tcp',
  sends:
    'one GET / with the address as Host and a User-Agent that says who asks and where to complain; where a page comes, one GET of its icon in the same connection',
  harmless: 'it is what a browser asks for first; no redirect is followed, nothing is sent to log in',
  identity: 'a status line of HTTP/1.0 or HTTP/1.1',
  reference: 'RFC 9110, RFC 9112',
} as const

/**
 * Asks for the page at /, and keeps status line, headers and title, and the hash of its icon where that is small: `favicon:` and
 * the number of Shodan's `http.favicon.hash`. What proves it: a status line (RFC 9112 §4).
 */
export const http: TcpProbe = {
  ...facts,
  id: 'http',
  ports: [80, 81, 82, 83, 84, 85, 88, 3000, 5000, 7001, 8000, 8001, 8008, 8080, 8081, 8082, 8088, 8888],
  recognises: (first) => /^HTTP\/1\.[01] [1-9]\d\d[ \r\n]/.test(first.toString('latin1')),
  talk: (context) => conversation('http', 80, context),
}

/** As http, within TLS; what its certificate names is kept too. */
export const https: TcpProbe = {
  ...facts,
  id: 'https',
  ports: [443, 4443, 8443, 9443, 10_443],
  tlsPorts: [443, 4443, 8443, 9443, 10_443],
  talk: (context) => conversation('https', 443, context),
}

function* conversation(module: string, defaultPort: number, context: ProbeContext): Conversation {
  const talk = new Talk(context.tls)
  yield* talk.send(request(context, { defaultPort, isLast: false }))
  const answer = yield* finalHead(talk)
  if (answer === undefined) return undefined
  const page = yield* wholeBody(talk, answer)
  const mayAsk = answer.status === 200 && page.isWhole && staysOpen(answer)
  const icon = mayAsk ? yield* favicon(talk, context, page.bytes, defaultPort) : undefined
  return {
    module,
    banner: asBanner(answer, titleElement(page.bytes)),
    hostnames: certificateNames(talk.tls),
    tags: icon === undefined ? [] : [`favicon:${icon}`],
  }
}
