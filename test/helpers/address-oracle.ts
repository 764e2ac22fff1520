/*
 * Addresses as strings of 0 and 1, read and compared by their definitions (RFC 4291 §2.2, RFC 4632 §3.1) and by nothing
 * of src/: what the numbers of src/model/address-set.ts are held against.
 */

const decimal = '0123456789'
const hexadecimal = '0123456789abcdefABCDEF'
const madeOf = (text: string, letters: string): boolean => text.split('').every((letter) => letters.includes(letter))

/** The bits of a literal address, 32 or 128 of them; undefined for everything that inet_pton(3) would not take. */
export const bitsOf = (text: string): string | undefined => (text.includes(':') ? bitsOfIPv6(text) : bitsOfIPv4(text))

function bitsOfIPv4(text: string): string | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  for (const part of parts) {
    if (part.length < 1 || part.length > 3 || !madeOf(part, decimal)) return undefined
    if ((part.length > 1 && part.startsWith('0')) || Number(part) > 255) return undefined
  }
  return parts.map((part) => Number(part).toString(2).padStart(8, '0')).join('')
}

function bitsOfIPv6(text: string): string | undefined {
  /** The bits of groups and where among them `::` stands. */
  let bits = ''
  let gap: number | undefined
  let rest = text
  if (rest.startsWith('::')) {
    gap = 0
    rest = rest.slice(2)
  }
  while (rest !== '') {
    const end = rest.indexOf(':')
    const group = end < 0 ? rest : rest.slice(0, end)
    if (group.includes('.')) {
      const tail = end < 0 ? bitsOfIPv4(group) : undefined
      if (tail === undefined) return undefined
      bits += tail
      break
    }
    if (group.length < 1 || group.length > 4 || !madeOf(group, hexadecimal)) return undefined
    bits += Number.parseInt(group, 16).toString(2).padStart(16, '0')
    if (end < 0) break
    rest = rest.slice(end + 1)
    if (rest === '') return undefined
    if (rest.startsWith(':')) {
      if (gap !== undefined) return undefined
      gap = bits.length
      rest = rest.slice(1)
    }
  }
  if (gap === undefined) return bits.length === 128 ? bits : undefined
  if (bits.length > 112) return undefined
  return bits.slice(0, gap) + '0'.repeat(128 - bits.length) + bits.slice(gap)
}

/** The plainest spelling of bits: a dotted quad, or eight groups of four. */
export function spelt(bits: string): string {
  const pieces = bits.match(bits.length === 32 ? /.{8}/g : /.{16}/g) ?? []
  return bits.length === 32
    ? pieces.map((piece) => Number.parseInt(piece, 2)).join('.')
    : pieces.map((piece) => Number.parseInt(piece, 2).toString(16).padStart(4, '0')).join(':')
}

/** The bits that come `step` behind these, within their family; undefined beyond its ends. */
export function neighbour(bits: string, step: -1 | 1): string | undefined {
  // Adding one: trailing ones become zeros, and the zero before them a one.
  const [carried, taken] = step === 1 ? ['1', '0'] : ['0', '1']
  const at = bits.lastIndexOf(taken)
  return at < 0 ? undefined : bits.slice(0, at) + carried + taken.repeat(bits.length - at - 1)
}

/** A prefix as its bits: those of the address up to the length. */
export interface Prefix {
  readonly family: 32 | 128
  readonly bits: string
}

export function prefixOf(text: string): Prefix {
  const [address = '', length] = text.split('/')
  const bits = bitsOf(address)
  if (bits === undefined) throw new Error(`${text} is no prefix`)
  return { family: bits.length as 32 | 128, bits: length === undefined ? bits : bits.slice(0, Number(length)) }
}

export const prefixText = ({ family, bits }: Prefix): string => `${spelt(bits.padEnd(family, '0'))}/${bits.length}`
export const firstOf = ({ family, bits }: Prefix): string => bits.padEnd(family, '0')
export const lastOf = ({ family, bits }: Prefix): string => bits.padEnd(family, '1')

/** Whether an address lies in a prefix: bit by bit. */
export function lies(address: string, { family, bits }: Prefix): boolean {
  if (address.length !== family) return false
  for (let bit = 0; bit < bits.length; bit++) if (address[bit] !== bits[bit]) return false
  return true
}

/** Numbers that a seed fixes (mulberry32, public domain). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 to below - 1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }

  of<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)]
    if (one === undefined) throw new Error('nothing to choose from')
    return one
  }

  bits(count: number): string {
    return Array.from({ length: count }, () => String(this.below(2))).join('')
  }
}

const groupsOf = (bits: string): string[] =>
  (bits.match(/.{16}/g) ?? []).map((each) => Number.parseInt(each, 2).toString(16))
const bytesOf = (bits: string): number[] => (bits.match(/.{8}/g) ?? []).map((each) => Number.parseInt(each, 2))
const hexOf = (bits: string): string => groupsOf(bits).join(':')
const wide = (text: string): string => text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))
const arabic = (text: string): string => text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)))

/** Spellings that resolvers, browsers and shells take for an address, or that hold another one within. */
const ofIPv4: readonly ((bits: string, dice: Dice) => string)[] = [
  spelt,
  (bits) =>
    bytesOf(bits)
      .map((byte) => String(byte).padStart(3, '0'))
      .join('.'),
  (bits) =>
    bytesOf(bits)
      .map((byte) => `0${byte.toString(8)}`)
      .join('.'),
  (bits) =>
    bytesOf(bits)
      .map((byte) => `0x${byte.toString(16)}`)
      .join('.'),
  (bits) => String(Number.parseInt(bits, 2)),
  (bits) => `0x${Number.parseInt(bits, 2).toString(16)}`,
  (bits) => [...bytesOf(bits).slice(0, 2), Number.parseInt(bits.slice(16), 2)].join('.'),
  (bits) => bytesOf(bits).slice(0, 3).join('.'),
  (bits) => `${bytesOf(bits).slice(0, 3).join('.')}.${256 + (bytesOf(bits)[3] ?? 0)}`,
  (bits) => `::ffff:${spelt(bits)}`,
  (bits) => `::FFFF:${hexOf(bits)}`,
  (bits) => `0:0:0:0:0:ffff:${hexOf(bits)}`,
  (bits) => `::${spelt(bits)}`,
  (bits) => `64:ff9b::${spelt(bits)}`,
  (bits) => `64:ff9b:1::${hexOf(bits)}`,
  (bits) => `2002:${hexOf(bits)}::1`,
  (bits) => `2001:0:${hexOf(bits)}::`,
]
const ofIPv6: readonly ((bits: string, dice: Dice) => string)[] = [
  spelt,
  (bits) => spelt(bits).toUpperCase(),
  hexOf,
  (bits) =>
    groupsOf(bits)
      .map((group) => `0${group}`)
      .join(':'),
  (bits) => `${groupsOf(bits).slice(0, 6).join(':')}:${spelt(bits.slice(96))}`,
  // `::` in the place of one or more groups, zeros or not.
  (bits, dice) => {
    const groups = groupsOf(bits)
    const [from, count] = [dice.below(8), 1 + dice.below(3)]
    return `${groups.slice(0, from).join(':')}::${groups.slice(from + count).join(':')}`
  },
  (bits) => hexOf(bits).replace(/(^|:)0(:0)+(:|$)/, '::'),
  (bits) =>
    hexOf(bits)
      .replace(/(^|:)0(:0)+(:|$)/, '::')
      .toUpperCase(),
  (bits) => groupsOf(bits).slice(1).join(':'),
  (bits) => `${hexOf(bits)}:0`,
]
const around: readonly ((text: string) => string)[] = [
  (text) => `[${text}]`,
  (text) => ` ${text}`,
  (text) => `${text} `,
  (text) => `${text}\n`,
  (text) => `${text}\0`,
  (text) => `${text}\0.example.net`,
  (text) => `${text}.`,
  (text) => `${text}%lo`,
  (text) => `${text}%1`,
  (text) => `${text}%25eth0`,
  (text) => `${text}/32`,
  (text) => `${text}:25`,
  (text) => `+${text}`,
  (text) => `-${text}`,
  (text) => `${text}\u200b`,
  (text) => text.replaceAll('.', '\u3002'),
  wide,
  arabic,
]

/** One of many spellings of an address: half of them plain enough to be right. */
export function spelling(bits: string, dice: Dice): string {
  if (dice.below(3) === 0) return spelt(bits)
  const text = dice.of(bits.length === 32 ? ofIPv4 : ofIPv6)(bits, dice)
  return dice.below(5) === 0 ? dice.of(around)(text) : text
}

/** Every spelling there is. */
export function spellings(bits: string, dice: Dice): string[] {
  const plain = (bits.length === 32 ? ofIPv4 : ofIPv6).map((spell) => spell(bits, dice))
  return plain.flatMap((text) => [text, ...around.map((wrap) => wrap(text))])
}
