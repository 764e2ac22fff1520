/** Longest excerpt of the input that goes with a reject. */
export const excerptBytes = 1000

/** Bytes of one element as they come in pieces; beyond `maxBytes` only their number and an excerpt are kept. */
export class HeldBytes {
  length = 0
  readonly #maxBytes: number
  #pieces: Buffer[] = []

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get tooLong(): boolean {
    return this.length > this.#maxBytes
  }

  add(part: Buffer): void {
    if (part.length === 0) return
    if (!this.tooLong) this.#pieces.push(part)
    this.length += part.length
    if (this.tooLong) this.#pieces = [Buffer.from(this.bytes().subarray(0, Math.min(this.#maxBytes, excerptBytes)))]
  }

  bytes(): Buffer {
    const [first] = this.#pieces
    return first && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces)
  }
}
