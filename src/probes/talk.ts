import type { Heard, Over, TlsFacts, Wish } from '../model/probe.ts'

/** A step of a conversation that gives T. */
export type Step<T> = Generator<Wish, T, Heard>

/** What a conversation has heard and not used yet. A generator's methods are called with `yield*`. */
export class Talk {
  /** Heard and not taken yet. */
  #held = Buffer.alloc(0)
  /** How many bytes were taken. */
  taken = 0
  /** Why nothing more comes, once that is so. */
  over: Over | undefined
  /** What the last handshake said. */
  tls: TlsFacts | undefined

  constructor(tls?: TlsFacts) {
    this.tls = tls
  }

  /** All that was heard and not taken. */
  get held(): Buffer {
    return this.#held
  }

  /** Waits for more. @returns whether there is more */
  *more(): Step<boolean> {
    if (this.over !== undefined) return false
    const heard = yield { kind: 'hear' }
    if (heard.kind === 'bytes') this.#held = Buffer.concat([this.#held, heard.bytes])
    else if (heard.kind === 'secured') this.tls = heard.tls
    else this.over = heard.why
    return this.over === undefined
  }

  /** Sends text of ASCII, or bytes. */
  *send(message: string | Uint8Array): Step<void> {
    yield { kind: 'send', bytes: typeof message === 'string' ? Buffer.from(message, 'latin1') : message }
  }

  /** Goes over to TLS. What was heard before is forgotten: it was not protected (RFC 3207 §4.2). @returns whether it worked */
  *secure(): Step<boolean> {
    this.#held = Buffer.alloc(0)
    yield { kind: 'secure' }
    return yield* this.more()
  }

  /** The next `length` bytes; undefined when they do not come. */
  *take(length: number): Step<Buffer | undefined> {
    while (this.#held.length < length) if (!(yield* this.more())) return undefined
    const taken = this.#held.subarray(0, length)
    this.#held = this.#held.subarray(length)
    this.taken += length
    return taken
  }

  /** The next line without its end; the rest where the peer stops within one. Undefined when there is none, or one too long. */
  *line(most = 2048): Step<string | undefined> {
    let from = 0
    for (;;) {
      const end = this.#held.indexOf(0x0a, from)
      if (end > most || (end < 0 && this.#held.length > most)) return undefined
      if (end >= 0) {
        const line = this.#held.subarray(0, end)
        this.#held = this.#held.subarray(end + 1)
        this.taken += end + 1
        return asText(line).replace(/\r$/, '')
      }
      from = this.#held.length
      if (!(yield* this.more())) {
        const rest = asText(this.#held)
        this.#held = Buffer.alloc(0)
        return rest === '' ? undefined : rest
      }
    }
  }

  /** Waits until what is held is enough, or nothing more comes. @param isEnough asked after every arrival */
  *until(isEnough: (held: Buffer) => boolean, most = 32_768): Step<Buffer> {
    while (!isEnough(this.#held) && this.#held.length < most) if (!(yield* this.more())) break
    return this.#held
  }
}

/** Bytes as text: UTF-8 where they are, else a character for each byte. */
export function asText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('latin1')
  }
}
