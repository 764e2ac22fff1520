import type { Conversation, ProbeContext, TcpProbe } from '../model/probe.ts'
import { askRelay, unasked } from './checks/open-relay.ts'
import { reply, type Reply } from './smtp-reply.ts'
import { Talk } from './talk.ts'
import { certificateNames } from './tls.ts'

/**
 * Waits for the greeting, says EHLO with a name that is no one's, goes over to TLS where it is offered, says EHLO again and QUIT.
 * No sender, no recipient, no mail. What proves it: a greeting of 220 or 554 and a reply to EHLO with a status of SMTP.
 */
export const smtp: TcpProbe = {
  id: 'smtp',
  transport: 'tcp',
  ports: [25, 465, 587, 2525],
  tlsPorts: [465],
  sends: 'EHLO, STARTTLS where it is offered, EHLO, QUIT',
  harmless: 'a mail server is told no sender and no recipient',
  identity: 'a greeting and a reply to EHLO with status codes of SMTP',
  reference: 'RFC 5321, RFC 3207, RFC 6409, RFC 8314',
  recognises: (first) => /^(220|421|554)[ -][^\r\n]*\be?smtp\b/i.test(first.toString('latin1')),
  talk: conversation,
}

/** `.invalid` belongs to nobody (RFC 6761). */
const ehlo = 'EHLO census.invalid\r\n'

function* conversation(context: ProbeContext): Conversation {
  const talk = new Talk(context.tls)
  const greeting = yield* reply(talk)
  if (greeting === undefined || ![220, 421, 554].includes(greeting.code)) return undefined
  yield* talk.send(ehlo)
  let capabilities = yield* reply(talk)
  // FTP greets with 220 too, and answers EHLO with 500 or 530.
  if (greeting.code === 220 && (capabilities === undefined || !isOfSmtp(greeting, capabilities))) return undefined
  const tags: string[] = []
  const offers = (capability: string): boolean =>
    capabilities?.lines.some((line) => line.slice(4).toUpperCase().split(' ')[0] === capability) === true
  if (offers('STARTTLS')) {
    tags.push('starttls')
    yield* talk.send('STARTTLS\r\n')
    const ready = yield* reply(talk)
    if (ready?.code === 220 && (yield* talk.secure())) {
      yield* talk.send(ehlo)
      capabilities = (yield* reply(talk)) ?? capabilities
    }
  }
  if (offers('AUTH')) tags.push('auth')
  const words: string[] = []
  if (context.relay !== undefined) {
    const isReady = greeting.code === 220 && capabilities?.code === 250
    const relayed = isReady ? yield* askRelay(talk, greeting, context, context.relay) : unasked
    tags.push(relayed.verdict)
    words.push(...relayed.words)
  }
  yield* talk.send('QUIT\r\n')
  return {
    module: 'smtp',
    banner: [...greeting.lines, ...(capabilities?.lines ?? []), ...words].join('\r\n'),
    hostnames: certificateNames(talk.tls),
    tags,
  }
}

const isOfSmtp = (greeting: Reply, { code, lines }: Reply): boolean =>
  code === 250 ||
  (/\b(e?smtp|mail)\b/i.test(greeting.lines[0] ?? '') && code >= 400) ||
  /\b5\.\d\.\d\b/.test(lines[0] ?? '')
