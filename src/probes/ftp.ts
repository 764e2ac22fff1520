import type { Conversation, TcpProbe } from '../model/probe.ts'
import { Talk, type Step } from './talk.ts'
import { certificateNames } from './tls.ts'

/**
 * Waits for the greeting, asks for the features (FEAT), goes over to TLS where AUTH TLS is among them, and says QUIT. No user, no
 * password, no data connection, no file. What proves it: FEAT answered with 211, or with the 530 of a server that wants a login
 * first, or refused by a server whose greeting names FTP and not SMTP (RFC 959, RFC 2389, RFC 4217).
 */
export const ftp: TcpProbe = {
  id: 'ftp',
  transport: 'tcp',
  ports: [21, 990, 2121],
  tlsPorts: [990],
  sends: 'FEAT, AUTH TLS where it is offered, QUIT',
  harmless: 'a file server is told no user and no password, and no file is asked for',
  identity: 'FEAT answered with 211 or 530 after a greeting of 220, or a greeting that names FTP',
  reference: 'RFC 959, RFC 2389, RFC 4217',
  // What names mail as well is left to SMTP.
  recognises: (first) => /^(220|120|421)[ -](?![^\r\n]*\b(e?smtp|mail)\b)[^\r\n]*ftp/i.test(first.toString('latin1')),
  talk: conversation,
}

function* conversation({ tls }: Parameters<TcpProbe['talk']>[0]): Conversation {
  const talk = new Talk(tls)
  let greeting = yield* reply(talk)
  if (greeting?.code === 120) greeting = yield* reply(talk)
  if (greeting === undefined) return undefined
  const words = greeting.lines.join('\n')
  // Both of these greet and want a login like FTP.
  if (/VMware Authentication Daemon|HylaFAX/i.test(words)) return undefined
  const isNamed = /ftp/i.test(words) && !/\be?smtp\b/i.test(words)
  const names = certificateNames(talk.tls)
  const found = { module: 'ftp', banner: greeting.lines.join('\r\n'), hostnames: names, tags: [] }
  if (greeting.code !== 220) return isNamed && greeting.code >= 400 ? found : undefined
  yield* talk.send('FEAT\r\n')
  const features = yield* reply(talk)
  if (features === undefined) return isNamed && talk.over !== undefined ? found : undefined
  if (features.code !== 211 && !(features.code >= 500 && isOfFtp(features, isNamed))) return undefined
  const tags: string[] = []
  if (features.lines.some((line) => /^ *AUTH\b.*\bTLS\b/i.test(line))) {
    tags.push('starttls')
    yield* talk.send('AUTH TLS\r\n')
    if ((yield* reply(talk))?.code === 234) yield* talk.secure()
  }
  yield* talk.send('QUIT\r\n')
  const banner = [...greeting.lines, ...features.lines].join('\r\n')
  return { module: 'ftp', banner, hostnames: certificateNames(talk.tls), tags }
}

interface Reply {
  readonly code: number
  readonly lines: readonly string[]
}

const mostCharacters = 8192

/** A reply of one line or, after `211-`, of all up to the one that begins with `211 ` (RFC 959 §4.2). */
function* reply(talk: Talk): Step<Reply | undefined> {
  const lines: string[] = []
  let code = ''
  let room = mostCharacters
  for (;;) {
    const line = yield* talk.line(1024)
    if (line === undefined) return undefined
    room -= line.length + 2
    if (room < 0) return undefined
    lines.push(line)
    const [, status, more] = /^([1-5]\d\d)([ -]|$)/.exec(line) ?? []
    if (lines.length === 1) {
      if (status === undefined) return undefined
      code = status
    }
    if (status === code && more !== '-') return { code: Number(code), lines }
  }
}

/** A refusal without an enhanced status code, which SMTP has (RFC 3463). */
const isOfFtp = ({ code, lines }: Reply, isNamed: boolean): boolean =>
  (isNamed || code === 530) && !/^\d\d\d[ -]\d\.\d{1,3}\.\d/.test(lines[0] ?? '')
