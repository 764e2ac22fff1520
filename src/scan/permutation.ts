import type { Plan } from './plan.ts'

/**
 * A permutation of 0 to size - 1 that a seed fixes: a Feistel network over the next power of two (Luby and Rackoff 1988),
 * walked until it comes back below `size` (cycle walking: Black and Rogaway 2002). It needs no memory and any place of
 * it can be asked for, so that a scan goes on in the order it began in.
 * @param size 1 to 2^48
 * @param seed a whole number from 0 to 2^32 - 1
 * @throws RangeError
 */
export function permutation(size: number, seed: number): (index: number) => number {
  if (!Number.isSafeInteger(size) || size < 1 || size > 2 ** 48) throw new RangeError(`a permutation of ${size}`)
  const bits = Math.max(2, Math.ceil(Math.log2(size)))
  const lowBits = bits >> 1
  const low = 2 ** lowBits
  const high = 2 ** (bits - lowBits)
  const keys = Array.from({ length: 2 * rounds }, (_, round) => mixed(seed ^ mixed(round + 1)))
  const once = (value: number): number => {
    let [upper, lower] = [Math.floor(value / low), value % low]
    for (let round = 0; round < rounds; round++) {
      // Each half is changed by the other in turn, so that halves of unequal length need no exchange.
      upper = (upper + mixed(lower ^ (keys[2 * round] ?? 0))) % high
      lower = (lower + mixed(upper ^ (keys[2 * round + 1] ?? 0))) % low
    }
    return upper * low + lower
  }
  return (index) => {
    if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw new RangeError(`place ${index} of ${size}`)
    let value = once(index)
    while (value >= size) value = once(value)
    return value
  }
}

const rounds = 4

/**
 * The order in which every door of every host is asked: each host once, in a permutation of them, at a door of its own; then each
 * once more at its next one, in the same order. A host's questions are as far apart as they can be, and it is never the last one
 * alone, with several doors to be asked one after another.
 * @param seed a whole number from 0 to 2^32 - 1
 * @returns of a place, the index of the target in the plan
 * @throws RangeError for more than 2^48 hosts
 */
export function askingOrder({ size, doors }: Pick<Plan, 'size' | 'doors'>, seed: number): (place: number) => number {
  const hosts = size / doors.length
  const hostAt = permutation(hosts, seed)
  const key = mixed(~seed)
  return (place) => {
    const host = hostAt(place % hosts)
    return host * doors.length + ((mixed(host ^ key) + Math.floor(place / hosts)) % doors.length)
  }
}

/** 32 bits of which each depends on all (the finalizer of MurmurHash3, public domain). */
function mixed(value: number): number {
  let bits = value >>> 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
