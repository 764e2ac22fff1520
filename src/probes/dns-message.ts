import { Bytes } from './bytes.ts'

/** A message of DNS, as far as probes read it (RFC 1035 §4). */
export interface DnsMessage {
  readonly id: number
  readonly flags: number
  /** The questions as they stand, with their types and classes; names in lower case. */
  readonly questions: readonly string[]
  /** Of the answer section alone. */
  readonly answers: readonly DnsRecord[]
}

export interface DnsRecord {
  readonly name: string
  readonly type: number
  readonly class: number
  readonly data: Buffer
  /** Where the data begin in the message: names in them may point back. */
  readonly at: number
}

export const isResponse = ({ flags }: DnsMessage): boolean => flags >> 15 === 1 && ((flags >> 11) & 15) === 0

/** A server that did not like a query may send its header alone (RFC 8906 §3.2.1): FORMERR, NOTIMP or REFUSED. */
export const isHeaderOnly = ({ flags, questions }: DnsMessage, message: Buffer): boolean =>
  message.length === 12 && questions.length === 0 && [1, 4, 5].includes(flags & 15)

const results = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']

/** The result that is among a message's flags, by its name. */
export const resultText = (flags: number): string => results[flags & 15] ?? `RCODE ${flags & 15}`

const mostRecords = 128

/** A question for one name; the root's is ''. */
export function dnsQuery(id: Uint8Array, name: string, type: number, klass: number): Buffer {
  const labels = name
    .split('.')
    .filter((label) => label !== '')
    .flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')])
  return Buffer.from([
    ...id.subarray(0, 2),
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    ...labels,
    0,
    0,
    type,
    klass >> 8,
    klass & 255,
  ])
}

/** Reads a message; undefined when it is none. Records beyond the answers are not read. */
export function readDns(message: Buffer): DnsMessage | undefined {
  const bytes = new Bytes(message)
  const [id = 0, flags = 0, questionCount = 0, answerCount = 0] = [1, 2, 3, 4].map(() => bytes.number(2))
  bytes.take(4)
  if (bytes.isShort || questionCount > 1 || answerCount > mostRecords) return undefined
  const questions: string[] = []
  const answers: DnsRecord[] = []
  for (let count = 0; count < questionCount; count++) {
    const name = readName(bytes)?.toLowerCase()
    questions.push([name, bytes.number(2), bytes.number(2)].join(' '))
    if (name === undefined || bytes.isShort) return undefined
  }
  for (let count = 0; count < answerCount; count++) {
    const name = readName(bytes)
    const [type, klass] = [bytes.number(2), bytes.number(2)]
    bytes.take(4)
    const length = bytes.number(2)
    const at = bytes.at
    const data = bytes.take(length)
    if (name === undefined || bytes.isShort) return undefined
    answers.push({ name, type, class: klass, data, at })
  }
  return { id, flags, questions, answers }
}

/** Without the last byte, which is the root (RFC 1035 §2.3.4). */
const mostOfName = 254
/** Labels, of which a name has 127 at most, and pointers. */
const mostSteps = 192

/** Reads a name; undefined when it is none. A pointer must lead back, each further than the one before, so that they end. */
export function readName(bytes: Bytes): string | undefined {
  const labels: string[] = []
  let part = bytes
  let start = bytes.at
  let length = 0
  for (let step = 0; step < mostSteps; step++) {
    const size = part.number(1)
    if (part.isShort) return undefined
    if (size === 0) return labels.join('.')
    if (size >= 0xc0) {
      const to = ((size & 0x3f) << 8) | part.number(1)
      if (part.isShort || to >= start) return undefined
      part = new Bytes(bytes.all)
      part.at = to
      start = to
    } else {
      length += size + 1
      if (size >= 0x40 || length > mostOfName) return undefined
      labels.push(part.take(size).toString('latin1'))
    }
  }
  return undefined
}
