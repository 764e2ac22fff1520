import type { ProbeContext } from '../model/probe.ts'
import { head, header, request, wholeBody, type Head } from './message.ts'
import { murmur3 } from './murmur3.ts'
import type { Step, Talk } from './talk.ts'

/** Whether another question may follow in the connection of an answer that was heard to its end (RFC 9112 §9.3). */
export const staysOpen = (answer: Head): boolean =>
  answer.lines[0]?.startsWith('HTTP/1.1 ') === true && !/\bclose\b/i.test(header(answer, 'connection') ?? '')

/** What is heard in a connection, and the least that is worth a question. */
const mostHeard = 32_768
const leastRoom = 8192
const mostHead = 2048

/**
 * Asks for a page's icon in the page's own connection. @returns its hash as Shodan's `http.favicon.hash`; undefined where it is
 * none, is not whole, or is too large
 */
export function* favicon(
  talk: Talk,
  context: ProbeContext,
  page: Buffer,
  defaultPort: number,
): Step<number | undefined> {
  if (mostHeard - talk.taken < leastRoom) return undefined
  yield* talk.send(request(context, { target: iconPath(page), defaultPort }))
  const answer = yield* head(talk, String.raw`HTTP/1\.[01]`, mostHead)
  if (answer?.status !== 200 || /html/i.test(header(answer, 'content-type') ?? '')) return undefined
  const icon = yield* wholeBody(talk, answer, mostHeard - talk.taken)
  return icon.isWhole && icon.bytes.length > 0 ? faviconHash(icon.bytes) : undefined
}

/** Of an icon's base64 in lines of 76 characters, as Python writes it (blog.shodan.io/deep-dive-http-favicon). */
export const faviconHash = (icon: Buffer): number =>
  murmur3(Buffer.from(icon.toString('base64').replaceAll(/.{1,76}/g, '$&\n'), 'latin1'))

/** No words of a page are sent back but a plain path on its own host, to an image, without a query. */
const plain = /^(?:\/[\w~-][\w.~-]*)+\.(?:ico|png|gif|svg|jpe?g|webp)$/
const mostPath = 100

/** The path of the icon that a page names; the usual one where it names none that may be asked for. */
export function iconPath(page: Buffer): string {
  for (const [link] of page.toString('latin1').matchAll(/<link\s[^<>]{1,400}>/gi)) {
    const rel = attribute(link, 'rel').toLowerCase().split(/\s+/)
    const path = attribute(link, 'href')
    if (rel.includes('icon') && path.length <= mostPath && plain.test(path)) return path
  }
  return '/favicon.ico'
}

function attribute(tag: string, name: string): string {
  const [, value = ''] = new RegExp(String.raw`\s${name}=("[^"]*"|'[^']*'|[^\s"'>]+)`, 'i').exec(tag) ?? []
  return value.replaceAll(/^["']|["']$/g, '')
}
