/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Messages of no protocol: 64 KiB of one byte, and random bytes of 0 to 255. */
export function* noise(count = 10_000, seed = 1): Generator<Buffer> {
  for (const byte of [0, 0xff, 0x30, 0x0a]) yield Buffer.alloc(65_536, byte)
  const next = seeded(seed)
  for (let index = 0; index < count; index++) {
    const bytes = Buffer.alloc(Math.floor(next() * 256))
    for (let at = 0; at < bytes.length; at++) bytes[at] = next() * 256
    yield bytes
  }
}

const nasty = [0, 1, 0x0a, 0x3c, 0x7f, 0x80, 0x84, 0xc0, 0xff]

/** The same message with one to four bytes that are others: what noise alone would never get to. */
export function* mutants(message: Buffer, count = 5000, seed = 2): Generator<Buffer> {
  const next = seeded(seed)
  const below = (bound: number): number => Math.floor(next() * bound)
  for (let index = 0; index < count; index++) {
    const mutant = Buffer.from(message)
    for (let times = below(4); times >= 0; times--) {
      mutant[below(mutant.length)] = next() < 0.5 ? (nasty[below(nasty.length)] ?? 0) : below(256)
    }
    yield mutant
  }
  // Every byte once as each of the nasty ones.
  for (let at = 0; at < Math.min(message.length, 256); at++) {
    for (const byte of nasty) yield Buffer.concat([message.subarray(0, at), Buffer.of(byte), message.subarray(at + 1)])
  }
}

/** The message broken off at every byte. */
export const cuts = (message: Buffer): readonly Buffer[] =>
  Array.from({ length: message.length }, (_, end) => message.subarray(0, end))

/** The message with much behind it. */
export const tails = (message: Buffer): readonly Buffer[] =>
  [0, 0x41, 0xff].map((byte) => Buffer.concat([message, Buffer.alloc(60_000, byte)]))

/** The first message to which a probe finds what it must not, in hexadecimal; undefined when there is none. */
export function firstOf(messages: Iterable<Buffer>, isWrong: (message: Buffer) => boolean): string | undefined {
  for (const message of messages) if (isWrong(message)) return message.toString('hex', 0, 1024)
  return undefined
}

/** Messages made of others: bytes changed, taken out, put in or doubled, cut off, one's end behind another's beginning. */
export function* fuzzed(messages: readonly Buffer[], count: number, seed = 5): Generator<Buffer> {
  const next = seeded(seed)
  const below = (bound: number): number => Math.floor(next() * bound)
  const any = (): Buffer => messages[below(messages.length)] ?? Buffer.alloc(0)
  const nastyOrAny = (): number => (next() < 0.5 ? (nasty[below(nasty.length)] ?? 0) : below(256))
  for (let index = 0; index < count; index++) {
    let bytes = Buffer.from(any())
    for (let times = below(4); times >= 0; times--) {
      const at = below(bytes.length + 1)
      const kind = below(8)
      const piece = bytes.subarray(at, at + 1 + below(16))
      const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at + piece.length)]
      if (kind < 4) {
        if (at < bytes.length) bytes[at] = nastyOrAny()
      } else if (kind === 4) bytes = Buffer.concat([before, behind])
      else if (kind === 5) bytes = Buffer.concat([before, Buffer.of(nastyOrAny(), nastyOrAny()), piece, behind])
      else if (kind === 6) bytes = Buffer.concat([before, ...Array<Buffer>(below(32)).fill(piece), behind])
      else {
        const other = any()
        bytes = Buffer.concat([before, other.subarray(below(other.length + 1))])
      }
    }
    yield bytes
  }
}
