import type { ProbeContext } from '../model/probe.ts'
import { version } from '../version.ts'
import { asText, type Step, type Talk } from './talk.ts'

/** The head of an answer of HTTP (RFC 9112) or of RTSP, which has the same form. */
export interface Head {
  readonly status: number
  /** Status line and headers, in the server's words. */
  readonly lines: readonly string[]
  /** Whether the empty line after the headers came. */
  readonly isWhole: boolean
}

/** With a body of its own largest size, a conversation of 32 KiB. */
const mostHead = 16_384
const mostLine = 8192
const mostBody = 16_384

/** Reads an answer's head. Undefined where its first line is no status line of this protocol. @param protocol a pattern */
export function* head(talk: Talk, protocol: string, most: number): Step<Head | undefined> {
  const first = yield* talk.line(2048)
  const [, status] = new RegExp(`^${protocol} ([1-9]\\d\\d)(?: |$)`).exec(first ?? '') ?? []
  if (first === undefined || status === undefined) return undefined
  const lines = [first]
  let room = most
  for (;;) {
    const line = yield* talk.line(Math.min(mostLine, room))
    if (line === undefined || line === '') return { status: Number(status), lines, isWhole: line === '' }
    room -= line.length + 2
    if (room < 0) return { status: Number(status), lines, isWhole: false }
    lines.push(line)
  }
}

/** The head of an answer of HTTP that is no interim one (RFC 9110 §15.2). */
export function* finalHead(talk: Talk): Step<Head | undefined> {
  for (let room = mostHead; ;) {
    const answer = yield* head(talk, String.raw`HTTP/1\.[01]`, room)
    if (answer === undefined || answer.status >= 200 || answer.status === 101 || !answer.isWhole) return answer
    room -= answer.lines.join('\r\n').length + 4
  }
}

/** The first value of a header. @param name in lower case */
export const header = ({ lines }: Head, name: string): string | undefined =>
  lines
    .slice(1)
    .find((line) => line.slice(0, name.length + 1).toLowerCase() === `${name}:`)
    ?.slice(name.length + 1)
    .trim()

/** The beginning of an answer's body, without the marks of chunks. */
export function* body(talk: Talk, answer: Head): Step<Buffer> {
  return (yield* wholeBody(talk, answer)).bytes
}

interface Body {
  readonly bytes: Buffer
  /** Whether it is all of it by its own account, so that another answer may follow. */
  readonly isWhole: boolean
}

/** The same, and whether it is all. @param most bytes taken, the marks of chunks included */
export function* wholeBody(talk: Talk, answer: Head, most = mostBody): Step<Body> {
  if (!answer.isWhole || answer.status < 200) return { bytes: Buffer.alloc(0), isWhole: false }
  if ([204, 304].includes(answer.status)) return { bytes: Buffer.alloc(0), isWhole: true }
  if (/\bchunked\b/i.test(header(answer, 'transfer-encoding') ?? '')) return yield* chunks(talk, most)
  const told = header(answer, 'content-length') ?? ''
  const length = /^\d{1,9}$/.test(told) ? Number(told) : Infinity
  const bytes = yield* upTo(talk, Math.min(length, most))
  return { bytes, isWhole: bytes.length === length }
}

/** So many bytes, or those that come. */
function* upTo(talk: Talk, length: number): Step<Buffer> {
  return (yield* talk.take(length)) ?? talk.held
}

/** RFC 9112 §7.1. */
function* chunks(talk: Talk, most: number): Step<Body> {
  const parts: Buffer[] = []
  let isWhole = false
  for (let room = most; room > 0;) {
    const line = (yield* talk.line(1024)) ?? ''
    const [size] = /^[\da-f]{1,7}(?=[; \t]|$)/i.exec(line) ?? []
    const length = Math.min(Number.parseInt(size ?? '0', 16), room)
    if (length === 0) {
      // What follows are fields, of which there are none in practice, and an empty line.
      isWhole = size !== undefined && (yield* talk.line(1024)) === ''
      break
    }
    const part = yield* upTo(talk, length)
    parts.push(part)
    if (part.length < length || (yield* talk.line(2)) !== '') break
    // What is around the chunks counts too: they may be of one byte.
    room -= line.length + length + 4
  }
  return { bytes: Buffer.concat(parts), isWhole }
}

/** A page's title as an element, in the page's words; '' where there is none. */
export function titleElement(page: Buffer): string {
  const [, words = ''] = /<title[^>]{0,100}>([^<]{0,1024})/i.exec(page.toString('latin1')) ?? []
  const title = asText(Buffer.from(words, 'latin1')).trim()
  return title === '' ? '' : `<title>${title}</title>`
}

/** Status line, headers, an empty line and what follows it. */
export const asBanner = ({ lines }: Head, rest = ''): string => `${lines.join('\r\n')}\r\n\r\n${rest}`

/** Address and port as a URI has them (RFC 3986 §3.2). */
export const authority = ({ address, port }: Pick<ProbeContext, 'address' | 'port'>, defaultPort?: number): string =>
  `${address.includes(':') ? `[${address}]` : address}${port === defaultPort ? '' : `:${port}`}`

/** Who asks, and where to complain (RFC 9110 §10.1.5). */
export const userAgent = ({ contact }: Pick<ProbeContext, 'contact'>): string =>
  `exposure-census/${version.split('.', 2).join('.')} (+${contact.replaceAll(/[^\x20-\x7e]|[()\\]/g, '')})`

/** A request of HTTP/1.1. @param isLast whether the connection is to be closed after it */
export const request = (
  context: ProbeContext,
  { method = 'GET', target = '/', defaultPort = 80, fields = [] as readonly string[], isLast = true } = {},
): string =>
  [
    `${method} ${target} HTTP/1.1`,
    `Host: ${authority(context, defaultPort)}`,
    `User-Agent: ${userAgent(context)}`,
    'Accept: */*',
    'Accept-Encoding: identity',
    ...fields,
    ...(isLast ? ['Connection: close'] : []),
    '',
    '',
  ].join('\r\n')
