import { asText } from './talk.ts'

/**
 * Reads bytes in their order. Past their end it gives zeros and empty bytes and remembers that, so that a reader asks once,
 * at its end.
 */
export class Bytes {
  readonly all: Buffer
  at = 0
  /** Whether more was asked for than there is. */
  isShort = false

  constructor(all: Buffer) {
    this.all = all
  }

  get left(): number {
    return this.all.length - this.at
  }

  take(length: number): Buffer {
    if (length > this.left) {
      this.isShort = true
      this.at = this.all.length
      return Buffer.alloc(0)
    }
    this.at += length
    return this.all.subarray(this.at - length, this.at)
  }

  /** A number of up to four bytes, the first the highest. */
  number(length: number): number {
    return this.take(length).reduce((number, byte) => number * 256 + byte, 0)
  }

  /** The same, the first the lowest. */
  numberLE(length: number): number {
    return this.take(length).reduceRight((number, byte) => number * 256 + byte, 0)
  }
}

const mostCharacters = 4096

/** Words of a server, as text of bounded length without NUL. */
export const words = (said: Uint8Array | string, most = mostCharacters): string =>
  (typeof said === 'string' ? said : asText(said)).replaceAll('\0', '').slice(0, most).toWellFormed()

const mostOfField = 256

/** A banner of lines `name: value`, without those that say nothing. White space in a value does not end its line. */
export const lines = (facts: Readonly<Record<string, string | number | undefined>>): string =>
  Object.entries(facts)
    .map(([name, value]) => [name, tidy(String(value ?? ''))] as const)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')

const tidy = (value: string): string => words(value, mostOfField).replaceAll(/\s+/g, ' ').trim()

/** Fields of a finding from what a server gave for them: what is empty is left out. */
export function given<Key extends string>(
  fields: Readonly<Record<Key, string | undefined>>,
): { [key in Key]?: string } {
  const all = Object.entries(fields) as [Key, string | undefined][]
  return Object.fromEntries(
    all.map(([key, value]) => [key, tidy(value ?? '')]).filter(([, value]) => value !== ''),
  ) as { [key in Key]?: string }
}
