/** Why a scan stopped: the value is complete, a listed array begins at `at`, the text cannot be JSON, or the bytes are used up. */
export type ScanStop =
  | { readonly kind: 'end' | 'list' | 'more'; readonly at: number }
  | { readonly kind: 'error'; readonly at: number; readonly detail: string }

/** Deeper nesting than any source writes; bounds the work of reading on after a broken element. */
const maxDepth = 200

const quote = 0x22
const backslash = 0x5c
const newline = 0x0a

type Expecting = 'value' | 'value-or-close' | 'key' | 'key-or-close' | 'colon' | 'comma-or-close'

/**
 * Follows the structure of one JSON value (RFC 8259) through bytes that come in pieces, holding none of them: enough to
 * find its end and most of its errors early. Numbers, literals and escapes are left to `JSON.parse` of the whole.
 * `lists` are dotted key paths (`result.hits`): an array found there stops the scan, and counts as scanned already.
 */
export class JsonScanner {
  depth = 0
  readonly #lists: ReadonlySet<string>
  readonly #levels: number
  readonly #isObject = new Uint8Array(maxDepth + 2)
  readonly #path: string[] = []
  #expecting: Expecting = 'value'
  #inString = false
  #escaped = false
  #isKey = false
  #inScalar = false
  #key = ''

  constructor(lists: readonly string[]) {
    this.#lists = new Set(lists)
    this.#levels = Math.max(0, ...lists.map((list) => list.split('.').length))
  }

  /** Whether the value is complete if nothing follows: only a number or literal ends without saying so. */
  endsHere(): boolean {
    return this.#inScalar && this.depth === 0
  }

  /** Scans on from `from`; `at` of the answer is the index behind the last byte that belongs to the value. */
  scan(bytes: Uint8Array, from: number): ScanStop {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (this.#inString) {
        if (byte === newline) return { kind: 'error', at, detail: 'a line ends inside a string' }
        if (this.#stringEnds(byte) && this.#valueEnds()) return { kind: 'end', at: at + 1 }
        continue
      }
      if (this.#inScalar) {
        if (isScalar(byte)) continue
        this.#inScalar = false
        if (this.#valueEnds()) return { kind: 'end', at }
      }
      if (byte === 0x20 || byte === newline || byte === 0x0d || byte === 0x09) continue
      if (byte === 0x5b && this.#isListed()) {
        this.#expecting = 'comma-or-close'
        return { kind: 'list', at }
      }
      const wrong = this.#token(byte)
      if (wrong !== undefined) return { kind: 'error', at, detail: wrong }
      if (this.depth === 0 && (byte === 0x7d || byte === 0x5d)) return { kind: 'end', at: at + 1 }
    }
    return { kind: 'more', at: bytes.length }
  }

  /** One byte inside a string; true when it closes a string that is a value. */
  #stringEnds(byte: number): boolean {
    if (this.#escaped) this.#escaped = false
    else if (byte === backslash) this.#escaped = true
    else if (byte === quote) {
      this.#inString = false
      if (!this.#isKey) return true
      if (this.depth <= this.#levels) this.#path[this.depth - 1] = this.#key
      this.#expecting = 'colon'
      return false
    }
    if (this.#isKey && this.depth <= this.#levels && this.#key.length < 64) this.#key += String.fromCharCode(byte)
    return false
  }

  /** A value is complete; true when it was the outermost. */
  #valueEnds(): boolean {
    this.#expecting = 'comma-or-close'
    return this.depth === 0
  }

  #token(byte: number): string | undefined {
    const expecting = this.#expecting
    switch (byte) {
      case 0x7b: // {
      case 0x5b: // [
        if (expecting !== 'value' && expecting !== 'value-or-close') break
        if (this.depth === maxDepth) return `nested deeper than ${maxDepth} levels`
        this.#isObject[++this.depth] = byte === 0x7b ? 1 : 0
        this.#expecting = byte === 0x7b ? 'key-or-close' : 'value-or-close'
        return undefined
      case 0x7d: // }
        if (expecting !== 'key-or-close' && (expecting !== 'comma-or-close' || !this.#inObject())) break
        this.depth--
        this.#expecting = 'comma-or-close'
        return undefined
      case 0x5d: // ]
        if (expecting !== 'value-or-close' && (expecting !== 'comma-or-close' || this.#inObject())) break
        this.depth--
        this.#expecting = 'comma-or-close'
        return undefined
      case 0x2c: // ,
        if (expecting !== 'comma-or-close') break
        this.#expecting = this.#inObject() ? 'key' : 'value'
        return undefined
      case 0x3a: // :
        if (expecting !== 'colon') break
        this.#expecting = 'value'
        return undefined
      case quote:
        if (expecting === 'colon' || expecting === 'comma-or-close') break
        this.#isKey = expecting === 'key' || expecting === 'key-or-close'
        this.#inString = true
        this.#key = ''
        return undefined
      default:
        if ((expecting !== 'value' && expecting !== 'value-or-close') || !isScalar(byte)) break
        this.#inScalar = true
        return undefined
    }
    return `a ${expecting.replaceAll('-', ' ').replace('close', 'closing bracket')} is missing`
  }

  #inObject(): boolean {
    return this.#isObject[this.depth] === 1
  }

  /** Whether an array that begins here is at one of the listed paths. */
  #isListed(): boolean {
    if (this.depth === 0 || this.depth > this.#levels || this.#expecting !== 'value' || !this.#inObject()) return false
    for (let level = 1; level < this.depth; level++) if (this.#isObject[level] !== 1) return false
    return this.#lists.has(this.#path.slice(0, this.depth).join('.'))
  }
}

/** Bytes of numbers and of true, false, null; checked by JSON.parse later. */
function isScalar(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e
  )
}
