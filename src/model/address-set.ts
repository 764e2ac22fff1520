import { isIPv6 } from 'node:net'

/**
 * An address as a number: IPv6 as its 128 bits, IPv4 as its 32 bits with bit 128 set, so that both lie on one line and
 * `::192.0.2.1` is never taken for `192.0.2.1`.
 */
export type AddressNumber = bigint

const ofIPv4 = 1n << 128n

/** Addresses from `first` to `last`, both included, of one family. */
export interface AddressRange {
  readonly first: AddressNumber
  readonly last: AddressNumber
}

/** The number of a literal address; undefined for anything else (names, zones, ports, leading zeros). */
export function addressNumber(text: string): AddressNumber | undefined {
  // Whatever a release of Node makes of zones, NUL and foreign digits.
  if (!/^[\da-f:.]+$/i.test(text)) return undefined
  const quad = ipv4Bits(text)
  if (quad !== undefined) return ofIPv4Bits(quad)
  if (!isIPv6(text)) return undefined
  // An IPv4 tail (::ffff:192.0.2.1) is two groups.
  const tail = /[^:]*\.[^:]*$/.exec(text)?.[0]
  const groups = tail === undefined ? text : text.slice(0, -tail.length) + tailGroups(ipv4Bits(tail) ?? 0)
  const [head = '', rest] = groups.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = rest === undefined || rest === '' ? [] : rest.split(':')
  const gap = rest === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...gap, ...after].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n)
}

/**
 * The 32 bits of an IPv4 address: four numbers to 255 without leading zeros, and their dots; undefined for anything else. Asked
 * before every connection and datagram.
 */
export function ipv4Bits(text: string): number | undefined {
  let bits = 0
  let byte = 0
  let digits = 0
  let dots = 0
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - zero
    if (digit === dot) {
      if (digits === 0) return undefined
      bits = bits * 256 + byte
      byte = digits = 0
      dots++
    } else {
      byte = byte * 10 + digit
      if (digit < 0 || digit > 9 || byte > 255 || (digits > 0 && byte < 10)) return undefined
      digits++
    }
  }
  return dots === 3 && digits > 0 ? bits * 256 + byte : undefined
}
const zero = 0x30
const dot = 0x2e - zero
const tailGroups = (bits: number): string => `${(bits >>> 16).toString(16)}:${(bits & 0xffff).toString(16)}`

export const ofIPv4Bits = (bits: number): AddressNumber => ofIPv4 | BigInt(bits)
export const isOfIPv4 = (address: AddressNumber): boolean => address >= ofIPv4

/** An address as text: dotted quad, or IPv6 in the form of RFC 5952. */
export function addressText(address: AddressNumber): string {
  if (isOfIPv4(address)) return dotted(Number(address & 0xffff_ffffn))
  const hex = address.toString(16).padStart(32, '0')
  const groups = hex.match(/.{4}/g)?.join(':') ?? ''
  return new URL(`http://[${groups}]`).hostname.slice(1, -1)
}

/** 32 bits as a dotted quad. */
export const dotted = (bits: number): string =>
  `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`

/** What is wrong with a range as it is written, or the range. */
export type ParsedRange = AddressRange | { readonly fault: string }

/**
 * A range as people write it: an address, or a prefix whose host bits are 0 (RFC 4632 §3.1): `192.0.2.1/24` is either a
 * typing error in the address or in the length, so it is none.
 */
export function parseRange(text: string): ParsedRange {
  const [written = '', length, ...more] = text.split('/')
  const address = addressNumber(written)
  if (address === undefined || more.length > 0) return { fault: 'is no address and no prefix such as 192.0.2.0/24' }
  if (length === undefined) return { first: address, last: address }
  const bits = isOfIPv4(address) ? 32 : 128
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > bits)
    return { fault: `has a prefix length that is not from 0 to ${bits}` }
  const hostBits = (1n << BigInt(bits - Number(length))) - 1n
  if ((address & hostBits) !== 0n)
    return {
      fault: `has bits beyond its length: ${addressText(address - (address & hostBits))}/${length} is the prefix`,
    }
  return { first: address, last: address + hostBits }
}

/** Addresses, however they were listed. Immutable. */
export interface AddressSet {
  /** Disjoint, ascending, none next to another of its family. */
  readonly ranges: readonly AddressRange[]
  readonly size: bigint
  /** A plain number is the 32 bits of an IPv4 address: looking one up is ten times as fast. */
  has(address: AddressNumber | number): boolean
  /** The place of an address: the inverse of `at`; undefined for one that is not in the set. */
  placeOf(address: AddressNumber): number | undefined
  /** The address at a place, 0 to size - 1, in ascending order (IPv6 first). @throws RangeError */
  at(place: number): AddressNumber
}

export function addressSet(list: readonly AddressRange[]): AddressSet {
  const merged: { first: AddressNumber; last: AddressNumber }[] = []
  for (const { first, last } of list.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))) {
    const before = merged.at(-1)
    // The last IPv6 address and the first IPv4 one are neighbours as numbers only.
    if (before !== undefined && (first <= before.last || (first === before.last + 1n && first !== ofIPv4))) {
      if (last > before.last) before.last = last
    } else merged.push({ first, last })
  }
  const starts: bigint[] = []
  let size = 0n
  for (const { first, last } of merged) {
    starts.push(size)
    size += last - first + 1n
  }
  const holderOf = (address: AddressNumber): number | undefined => {
    const index = lastNotAbove(merged.length, (each) => merged[each]?.first ?? 0n, address)
    return address <= (merged[index]?.last ?? -1n) ? index : undefined
  }
  const ofFour = merged.filter(({ first }) => isOfIPv4(first))
  const firsts = Float64Array.from(ofFour, ({ first }) => Number(first & 0xffff_ffffn))
  const lasts = Float64Array.from(ofFour, ({ last }) => Number(last & 0xffff_ffffn))
  const hasIPv4 = (bits: number): boolean => {
    let low = -1
    let high = firsts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((firsts[middle] ?? 0) <= bits) low = middle
      else high = middle
    }
    return bits <= (lasts[low] ?? -1)
  }
  return {
    ranges: merged,
    size,
    has: (address) => (typeof address === 'number' ? hasIPv4(address) : holderOf(address) !== undefined),
    placeOf: (address) => {
      const index = holderOf(address)
      return index === undefined ? undefined : Number((starts[index] ?? 0n) + address - (merged[index]?.first ?? 0n))
    },
    at: (place) => {
      const wanted = BigInt(place)
      if (wanted < 0n || wanted >= size) throw new RangeError(`no address at ${place} of ${size}`)
      const index = lastNotAbove(starts.length, (each) => starts[each] ?? 0n, wanted)
      return (merged[index]?.first ?? 0n) + wanted - (starts[index] ?? 0n)
    },
  }
}

/** The addresses of one set that are not in another. */
export function without(set: AddressSet, other: AddressSet): AddressSet {
  const left: AddressRange[] = []
  // Both are ascending: what was passed is not looked at again, so that long lists of opt-outs take no time.
  let next = 0
  for (const { first, last } of set.ranges) {
    let from = first
    for (let taken = other.ranges[next]; taken !== undefined && taken.first <= last; taken = other.ranges[next]) {
      if (taken.first > from) left.push({ first: from, last: taken.first - 1n })
      if (taken.last >= from) from = taken.last + 1n
      // The range behind may begin in it too.
      if (from > last) break
      next++
    }
    if (from <= last) left.push({ first: from, last })
  }
  return addressSet(left)
}

/** The last index whose value is not above what is sought; -1 when there is none. */
function lastNotAbove(length: number, valueOf: (index: number) => bigint, sought: bigint): number {
  let low = -1
  let high = length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (valueOf(middle) <= sought) low = middle
    else high = middle
  }
  return low
}
