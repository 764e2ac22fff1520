import type { Conversation, TcpProbe } from '../model/probe.ts'
import { asText, Talk, type Step } from './talk.ts'
import { certificateNames } from './tls.ts'

/**
 * Reads three attributes of the root DSE, which describes the server itself, without a bind, and takes leave (unbind). No user, no
 * password, no entry of the directory. What proves it: a search result with the request's number (RFC 4511, RFC 4512 §5.1).
 */
export const ldap: TcpProbe = {
  id: 'ldap',
  transport: 'tcp',
  ports: [389, 636, 3268, 3269],
  tlsPorts: [636, 3269],
  sends: 'a search of the root DSE for supportedLDAPVersion, vendorName and vendorVersion, and an unbind request',
  harmless: 'it reads what a server tells of itself; no bind is tried, no entry is asked for',
  identity: 'an LDAP message with a search result and the request’s number',
  reference: 'RFC 4511, RFC 4512 §5.1, RFC 3045',
  talk: conversation,
}

const mostMessages = 4
const mostBytes = 8192
const attributes = ['supportedLDAPVersion', 'vendorName', 'vendorVersion']

/** An element of BER with a short length (X.690 §8.1). */
const element = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.of(tag, content.length), content])
}
const text = (value: string, tag = 0x04): Buffer => element(tag, Buffer.from(value))
const number = (value: number, tag = 0x02): Buffer => element(tag, Buffer.of(value))

/** Base object '', this object only, aliases as they are, one entry, five seconds, values too, (objectClass=*). */
const searchRequest = element(
  0x30,
  number(1),
  element(
    0x63,
    text(''),
    number(0, 0x0a),
    number(0, 0x0a),
    number(1),
    number(5),
    number(0, 0x01),
    text('objectClass', 0x87),
    element(0x30, ...attributes.map((name) => text(name))),
  ),
)
const unbindRequest = element(0x30, number(2), element(0x42))
const [searchEntry, searchDone, extendedResponse] = [0x64, 0x65, 0x78]

function* conversation({ tls }: Parameters<TcpProbe['talk']>[0]): Conversation {
  const talk = new Talk(tls)
  yield* talk.send(searchRequest)
  const lines: string[] = []
  let isLdap = false
  for (let messages = 0; messages < mostMessages; messages++) {
    const [id, operation] = elements((yield* message(talk)) ?? Buffer.alloc(0))
    if (id?.tag !== 0x02 || operation === undefined || id.content.length !== 1) break
    const isAnswer = id.content[0] === 1 && [searchEntry, searchDone].includes(operation.tag)
    // A notice of disconnection has the number 0 (RFC 4511 §4.4.1).
    const isNotice = id.content[0] === 0 && operation.tag === extendedResponse
    if (!isAnswer && !isNotice) break
    isLdap = true
    if (operation.tag === searchEntry) lines.push(...attributeLines(operation.content))
    else break
  }
  if (!isLdap) return undefined
  yield* talk.send(unbindRequest)
  const [, version] = /^vendorVersion: (.{1,120})/m.exec(lines.join('\n')) ?? []
  const found = { module: 'ldap', hostnames: certificateNames(talk.tls), tags: [] }
  return {
    ...found,
    ...(lines.length === 0 ? {} : { banner: lines.join('\n') }),
    ...(version === undefined ? {} : { version }),
  }
}

interface Element {
  readonly tag: number
  readonly content: Buffer
}

/** A message's content. Undefined for what does not come whole, is too long, or is none. */
function* message(talk: Talk): Step<Buffer | undefined> {
  const start = yield* talk.take(2)
  const [tag, first = 0x80] = start ?? []
  if (tag !== 0x30 || first === 0x80 || first > 0x84) return undefined
  const long = first < 0x80 ? undefined : yield* talk.take(first - 0x80)
  if (first > 0x80 && long === undefined) return undefined
  const length = long?.readUIntBE(0, long.length) ?? first
  return length > mostBytes ? undefined : yield* talk.take(length)
}

/** The elements that follow one another in these bytes, up to one that does not fit. */
function elements(bytes: Buffer): readonly Element[] {
  const found: Element[] = []
  for (let at = 0; at + 2 <= bytes.length;) {
    const [tag, first] = [bytes.readUInt8(at), bytes.readUInt8(at + 1)]
    const digits = first < 0x80 ? 0 : first - 0x80
    const start = at + 2 + digits
    if (first === 0x80 || digits > 4 || start > bytes.length) break
    const end = start + (digits === 0 ? first : bytes.readUIntBE(at + 2, digits))
    if (end > bytes.length) break
    found.push({ tag, content: bytes.subarray(start, end) })
    at = end
  }
  return found
}

/** `vendorName: Example` for each value of an entry. */
const attributeLines = (entry: Buffer): readonly string[] =>
  elements(elements(entry)[1]?.content ?? Buffer.alloc(0)).flatMap(({ content }) => {
    const [type, values] = elements(content)
    const name = type?.content.toString('latin1') ?? ''
    return elements(values?.content ?? Buffer.alloc(0)).map((value) => `${name}: ${asText(value.content)}`)
  })
