import type { Conversation, TcpProbe } from '../model/probe.ts'
import { Talk, type Step } from './talk.ts'
import { certificateNames } from './tls.ts'

/**
 * Waits for the greeting, says CAPA, goes over to TLS where STLS is offered, says CAPA again and QUIT. No user, no password,
 * no mail. What proves it: a greeting of +OK, or an -ERR that names POP3 or has one of its response codes, and no reply to
 * CAPA of another protocol (RFC 1939, RFC 2449, RFC 2595).
 */
export const pop3: TcpProbe = {
  id: 'pop3',
  transport: 'tcp',
  ports: [110, 995],
  tlsPorts: [995],
  sends: 'CAPA, STLS where it is offered, CAPA, QUIT',
  harmless: 'a mailbox server is told no user and no password',
  identity: 'a greeting of +OK (or an -ERR of POP3) and a reply to CAPA that begins with +OK or -ERR',
  reference: 'RFC 1939, RFC 2449, RFC 2595, RFC 8314',
  recognises: (first) => /^\+OK(?=[ \r\n])/.test(first.toString('latin1')),
  talk: conversation,
}

function* conversation({ tls }: Parameters<TcpProbe['talk']>[0]): Conversation {
  const talk = new Talk(tls)
  const greeting = yield* talk.line(1024)
  if (greeting === undefined || !/^\+OK(?= |$)|^-ERR .*(\bpop-?3?\b|\[(SYS|LOGIN|AUTH|IN-USE))/i.test(greeting)) {
    return undefined
  }
  yield* talk.send('CAPA\r\n')
  let capabilities = yield* list(talk)
  if (capabilities === undefined) return undefined
  const tags: string[] = []
  if (capabilities.some((line) => /^STLS\b/i.test(line))) {
    tags.push('starttls')
    yield* talk.send('STLS\r\n')
    const ready = yield* talk.line(1024)
    if (ready?.startsWith('+OK') === true && (yield* talk.secure())) {
      yield* talk.send('CAPA\r\n')
      const within = (yield* list(talk)) ?? []
      if (within.length > 0) capabilities = within
    }
  }
  yield* talk.send('QUIT\r\n')
  const banner = [greeting, ...capabilities].join('\r\n')
  return { module: 'pop3', banner, hostnames: certificateNames(talk.tls), tags }
}

const mostCharacters = 8192

/** A reply of many lines, up to a dot; none for -ERR and for silence. Undefined where it is no reply of POP3. */
function* list(talk: Talk): Step<readonly string[] | undefined> {
  const first = yield* talk.line(1024)
  if (first === undefined) return talk.over === undefined ? undefined : []
  if (/^-ERR(?= |$)/.test(first)) return []
  if (!/^\+OK(?= |$)/.test(first)) return undefined
  const lines: string[] = []
  for (let room = mostCharacters; ;) {
    const line = yield* talk.line(1024)
    room -= (line?.length ?? 0) + 2
    if (line === undefined || line === '.' || room < 0) return lines
    lines.push(line)
  }
}
