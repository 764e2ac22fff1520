import type { Conversation, TcpProbe } from '../model/probe.ts'
import { Talk, type Step } from './talk.ts'
import { certificateNames } from './tls.ts'

/**
 * Waits for the greeting, asks for CAPABILITY, goes over to TLS where STARTTLS is offered, asks again and says LOGOUT. No user,
 * no password, no mailbox. What proves it: an untagged OK, PREAUTH or BYE as greeting (RFC 9051 §7.1).
 */
export const imap: TcpProbe = {
  id: 'imap',
  transport: 'tcp',
  ports: [143, 993],
  tlsPorts: [993],
  sends: 'CAPABILITY, STARTTLS where it is offered, CAPABILITY, LOGOUT',
  harmless: 'a mailbox server is told no user and no password',
  identity: 'an untagged OK, PREAUTH or BYE as greeting, and answers that are untagged or bear the tag of the command',
  reference: 'RFC 9051, RFC 3501, RFC 8314',
  recognises: (first) => greets.test(first.toString('latin1')),
  talk: conversation,
}

const greets = /^\* (OK|PREAUTH|BYE)(?=[ \r\n]|$)/i

function* conversation({ tls }: Parameters<TcpProbe['talk']>[0]): Conversation {
  const talk = new Talk(tls)
  const greeting = yield* talk.line(4096)
  if (greeting === undefined || !greets.test(greeting)) return undefined
  const tags = /^\* PREAUTH/i.test(greeting) ? ['no-auth'] : []
  yield* talk.send('a1 CAPABILITY\r\n')
  let capabilities = yield* answer(talk, 'a1')
  if (capabilities === undefined) return undefined
  if (/^\* CAPABILITY .*\bSTARTTLS\b/im.test(capabilities.lines.join('\n'))) {
    tags.push('starttls')
    yield* talk.send('a2 STARTTLS\r\n')
    if ((yield* answer(talk, 'a2'))?.isOk === true && (yield* talk.secure())) {
      yield* talk.send('a3 CAPABILITY\r\n')
      const within = yield* answer(talk, 'a3')
      if (within?.isOk === true) capabilities = within
    }
  }
  yield* talk.send('a4 LOGOUT\r\n')
  const banner = [greeting, ...capabilities.lines].join('\r\n')
  return { module: 'imap', banner, hostnames: certificateNames(talk.tls), tags }
}

interface Answer {
  readonly isOk: boolean
  /** Untagged ones. */
  readonly lines: readonly string[]
}

const mostCharacters = 8192

/** The untagged lines up to the one with the command's tag, or up to the end. Undefined for lines that are neither. */
function* answer(talk: Talk, tag: string): Step<Answer | undefined> {
  const lines: string[] = []
  for (let room = mostCharacters; room > 0;) {
    const line = yield* talk.line(4096)
    if (line === undefined) return talk.over === undefined ? undefined : { isOk: false, lines }
    if (line.startsWith(`${tag} `)) return { isOk: /^OK\b/i.test(line.slice(tag.length + 1)), lines }
    // Where the peer broke off, the last line may be a piece of either.
    if (!line.startsWith('* ')) return talk.over === undefined ? undefined : { isOk: false, lines }
    lines.push(line)
    room -= line.length + 2
  }
  return undefined
}
