import type { RejectReason } from '../../model/reader.ts'
import { excerptBytes, HeldBytes } from './held-bytes.ts'
import { BrokenElement, type Start, startsAnew } from './json-broken.ts'
import type { JsonItem } from './json-items.ts'
import { JsonScanner } from './json-scanner.ts'

/** The object around an open list, whose scan waits for the list's end; an array at top level has none. */
interface Envelope {
  readonly scanner: JsonScanner
  readonly held: HeldBytes
  readonly start: Start
}

const newline = 0x0a
const byteOrderMark = [0xef, 0xbb, 0xbf]

/**
 * Splits bytes into JSON elements in memory bounded by `maxRecordBytes`: NDJSON, one document (indented or not),
 * documents one after the other, a top-level array (its members are the elements), or objects with an array at one of
 * the dotted key paths `lists` (`matches`, `result.hits`: its members are the elements, the rest is the envelope).
 *
 * Bytes that are not UTF-8 become U+FFFD and the record is kept: a banner's odd byte must not lose it. What is not JSON
 * or nests deeper than 200 levels is a `not-json` reject; reading goes on at the next line that is not part of the broken
 * element, or behind its closing bracket when it began in mid-line. An element longer than `maxRecordBytes` is skipped
 * as `line-too-long`. An input that ends inside an element or a list gives a `cut`. Chunking never changes the result.
 */
export class JsonSplitter {
  readonly #maxBytes: number
  readonly #lists: readonly string[]
  #state: 'between' | 'value' | 'line' | 'broken' = 'between'
  #line = 1
  /** As in Start, of the next byte. */
  #indent = 0
  #markBytes = 0
  #scanner: JsonScanner
  #held: HeldBytes
  #start: Start = { line: 1, indent: 0 }
  #isEnvelope = false
  #inList = false
  #envelope: Envelope | undefined
  #broken: BrokenElement | undefined
  #items: JsonItem[] = []

  constructor(maxRecordBytes: number, lists: readonly string[]) {
    this.#maxBytes = maxRecordBytes
    this.#lists = lists
    this.#scanner = new JsonScanner(lists)
    this.#held = new HeldBytes(maxRecordBytes)
  }

  /** The next bytes; gives the elements that end in them. */
  push(chunk: Buffer): JsonItem[] {
    let bytes = chunk
    for (let at = 0; at < bytes.length;) {
      if (this.#state === 'between') at = this.#between(bytes, at)
      else if (this.#state === 'line') at = this.#takeLine(bytes, at)
      else if (this.#state === 'broken') at = this.#skipBroken(bytes, at)
      else {
        const stop = this.#scanner.scan(bytes, at)
        if (stop.kind !== 'error') at = this.#take(bytes, at, stop.at, stop.kind)
        else if (this.#isEnvelope || this.#held.length + stop.at - at > this.#maxBytes) {
          at = this.#giveUp(bytes, at, stop.at, stop.detail)
        } else {
          // An element that began in an earlier chunk is read again from its start, so that only its own lines are lost.
          const before = this.#held.length
          if (before > 0) bytes = Buffer.concat([this.#held.bytes(), bytes.subarray(at)])
          if (before > 0) at = 0
          this.#breakOff(stop.detail, bytes.subarray(at, stop.at + before + 1))
        }
      }
    }
    return this.#items.splice(0)
  }

  /** The end of the input; gives what was still held. */
  end(): JsonItem[] {
    const items: JsonItem[] = []
    while (this.#state === 'value' && !this.#scanner.endsHere() && this.#canReadOn()) {
      const bytes = this.#held.bytes()
      this.#breakOff('it does not go on in the next line', bytes)
      items.push(...this.push(bytes))
    }
    if (this.#state === 'line' || (this.#state === 'value' && this.#scanner.endsHere())) this.#finish()
    if (this.#state === 'value') this.#cut(this.#start.line, 'the input ends inside an element')
    else if (this.#inList) this.#cut(this.#line, 'the input ends inside a list')
    return [...items, ...this.#items.splice(0)]
  }

  /** What is held of an element that has not ended: all there is to know a format by when it is longer than the head. */
  unfinished(): string {
    return this.#state === 'value' ? this.#held.bytes().toString('utf8') : ''
  }

  #between(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (byte === byteOrderMark[this.#markBytes]) {
        this.#markBytes++
        continue
      }
      this.#markBytes = byteOrderMark.length
      if (byte === newline) {
        this.#line++
        this.#indent = 0
      } else if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) {
        if (this.#indent >= 0) this.#indent++
      } else if (byte === 0x2c) this.#indent = -1
      else if (byte === 0x5d && this.#inList) {
        this.#closeList()
        return at + 1
      } else if (byte === 0x5b && !this.#inList) {
        this.#inList = true
        this.#indent = -1
      } else {
        this.#begin(byte)
        return at
      }
    }
    return bytes.length
  }

  #begin(byte: number): void {
    this.#start = { line: this.#line, indent: this.#indent }
    this.#held = new HeldBytes(this.#maxBytes)
    this.#isEnvelope = false
    if (byte === 0x7d) this.#inList = false // the object around the list ends first: it is none
    this.#state = this.#inList || byte === 0x7b ? 'value' : 'line'
    this.#scanner = new JsonScanner(this.#inList ? [] : this.#lists)
    if (!this.#inList) this.#envelope = undefined
  }

  #openList(): void {
    this.#held.add(Buffer.from('null'))
    this.#envelope = { scanner: this.#scanner, held: this.#held, start: this.#start }
    if (!this.#held.tooLong) {
      const before = parse(this.#held.bytes().toString('utf8') + '}'.repeat(this.#scanner.depth))
      if (before) this.#items.push({ kind: 'envelope', line: this.#start.line, value: before.value, whole: false })
    }
    this.#inList = true
    this.#goOn(-1)
  }

  #closeList(): void {
    this.#inList = false
    this.#indent = -1
    if (!this.#envelope) return
    this.#state = 'value'
    this.#isEnvelope = true
    this.#scanner = this.#envelope.scanner
    this.#held = this.#envelope.held
    this.#start = this.#envelope.start
    this.#envelope = undefined
  }

  #goOn(indent: number): void {
    this.#state = 'between'
    this.#indent = indent
  }

  #take(bytes: Buffer, from: number, to: number, kind: 'end' | 'list' | 'more'): number {
    this.#hold(bytes.subarray(from, to))
    if (kind === 'end') this.#finish()
    if (kind !== 'list') return to
    this.#openList()
    return to + 1
  }

  #hold(part: Buffer): void {
    this.#held.add(part)
    for (let end = part.indexOf(newline); end !== -1; end = part.indexOf(newline, end + 1)) this.#line++
  }

  /** A line at top level that starts like no object or array: a lone number or literal is an element, else it is no JSON. */
  #takeLine(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(newline, from)
    this.#hold(bytes.subarray(from, end === -1 ? bytes.length : end))
    if (end !== -1) this.#finish()
    return end === -1 ? bytes.length : end
  }

  /** The held bytes are a whole value. */
  #finish(): void {
    const { line } = this.#start
    const bytes = this.#held.bytes()
    const text = bytes.toString('utf8')
    const whole = this.#held.tooLong ? undefined : parse(text)
    if (this.#held.tooLong) this.#reject('line-too-long', bytes)
    else if (!whole) this.#reject('not-json', bytes)
    else if (this.#isEnvelope) this.#items.push({ kind: 'envelope', line, value: whole.value, whole: true })
    else this.#items.push({ kind: 'element', line, value: whole.value, text })
    this.#goOn(-1)
  }

  /** The element is broken: it is rejected and skipped from its start. */
  #breakOff(detail: string, excerpt: Buffer): void {
    this.#reject('not-json', excerpt, detail)
    this.#line = this.#start.line
    this.#broken = new BrokenElement(this.#start, this.#inList, 0, false)
    this.#state = 'broken'
  }

  /** An element too long to be read again, or an envelope whose lists are read already, breaks at `to`. */
  #giveUp(bytes: Buffer, from: number, to: number, detail: string): number {
    this.#hold(bytes.subarray(from, to))
    if (this.#isEnvelope) this.#reject('not-json', this.#held.bytes(), detail)
    else this.#reject('line-too-long', this.#held.bytes())
    const byLine = this.#isEnvelope || this.#start.indent >= 0
    this.#broken = new BrokenElement(this.#start, this.#inList, this.#scanner.depth, byLine)
    this.#state = 'broken'
    return to
  }

  #skipBroken(bytes: Buffer, from: number): number {
    const broken = this.#broken
    const at = broken?.skip(bytes, from)
    this.#line += broken?.lines ?? 0
    if (broken) broken.lines = 0
    if (at !== undefined) this.#goOn(broken?.indent ?? -1)
    // An array that broke on its own line of NDJSON is not the list of all lines after it.
    if (broken?.newLine && !this.#envelope && this.#start.indent < 0) this.#inList = false
    return at ?? bytes.length
  }

  /** Whether the held element has lines after its first that are no part of it. */
  #canReadOn(): boolean {
    if (this.#isEnvelope || this.#start.indent < 0 || this.#held.tooLong) return false
    const [, ...later] = this.#held.bytes().toString('latin1').split('\n')
    return later.some((line) => {
      const indent = line.search(/[^ \t\r]/)
      return indent >= 0 && startsAnew(this.#start, this.#inList, indent, line.charCodeAt(indent))
    })
  }

  #reject(reason: RejectReason, excerpt: Buffer, detail?: string): void {
    const text = excerpt.subarray(0, excerptBytes).toString('utf8')
    this.#items.push({ kind: 'reject', line: this.#start.line, reason, ...(detail ? { detail } : {}), text })
  }

  #cut(line: number, detail: string): void {
    this.#items.push({ kind: 'cut', line, detail })
  }
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}
