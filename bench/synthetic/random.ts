/** A seeded source of 32-bit integers (sfc32): integer arithmetic only, so every platform draws the same numbers. */
export interface Random {
  /** 0 to 2^32 - 1. */
  next(): number
  /** 0 to `limit` - 1, for limits below 2^32. */
  below(limit: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string
}

const twoTo32 = 2 ** 32

/** Four digits for every 16-bit number: a look-up is many times faster than formatting. */
const hexDigits = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, '0'))

export function randomFrom(seed: number): Random {
  let a = mix(seed)
  let b = mix(seed + 1)
  let c = mix(seed + 2)
  let counter = 1
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  const below = (limit: number): number => Math.floor((next() / twoTo32) * limit)
  const pick = <T>(list: readonly T[]): T => {
    const item = list[below(list.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }
  const hex = (digits: number): string => {
    let text = ''
    while (text.length < digits) text += hexDigits[next() >>> 16] ?? ''
    return text.slice(0, digits)
  }
  return { next, below, pick, hex, chance: (probability) => next() < probability * twoTo32 }
}

/** A well-mixed 32-bit integer from any integer (the finaliser of MurmurHash3). */
export function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const slots = 8192

/** A lookup from a 32-bit integer to one of `items`, each in proportion to its weight (every item gets at least one slot). */
export function weighted<T>(items: readonly T[], weight: (item: T) => number): (value: number) => T {
  const total = items.reduce((sum, item) => sum + weight(item), 0)
  const table: T[] = items.flatMap((item) =>
    Array.from({ length: Math.max(1, Math.round((weight(item) / total) * slots)) }, () => item),
  )
  return (value) => {
    const item = table[Math.floor((value / twoTo32) * table.length)]
    if (item === undefined) throw new RangeError('nothing to choose from')
    return item
  }
}
