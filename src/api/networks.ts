import IPCIDR from 'ip-cidr'
import { canonicalAddress } from '../model/address.ts'

/** The first and the last address of a network, as the keys a snapshot has addresses under (store/observations.ts). */
export interface AddressRange {
  readonly first: string
  readonly last: string
  /** Whether it is of IPv6: IPv4 addresses, whose keys lie among those of IPv6, are then none of its. */
  readonly isIPv6: boolean
}

/** The addresses that `192.0.2.0/24`, `2001:db8::/32` or a single address stand for; undefined for anything else. */
export function addressRange(text: string): AddressRange | undefined {
  const [written = '', ...rest] = text.trim().split('/')
  const base = canonicalAddress(written)
  const isIPv6 = base?.includes(':') === true
  const bits = prefixBits(rest, isIPv6 ? 128 : 32, !isIPv6 && written.includes(':') ? 96 : 0)
  if (base === undefined || bits === undefined) return undefined
  // Only canonical text is handed on: ip-cidr takes any IPv6 address that ends in an IPv4 one for that IPv4 one.
  const cidr = new IPCIDR(`${base}/${bits}`)
  const [first, last] = cidr.toRange<bigint>({ type: 'bigInteger' })
  return { first: keyOf(first, isIPv6), last: keyOf(last, isIPv6), isIPv6 }
}

/** The length of a prefix; `mapped`: so many of its bits are those that make an IPv4-mapped address. */
function prefixBits([text, ...more]: readonly string[], most: number, mapped: number): number | undefined {
  if (text === undefined) return most
  const bits = Number(text) - mapped
  return more.length === 0 && /^\d{1,3}$/.test(text) && bits >= 0 && bits <= most ? bits : undefined
}

/** IPv4 addresses stand under their IPv4-mapped form, ::ffff:a.b.c.d. */
const keyOf = (address: bigint, isIPv6: boolean): string =>
  (isIPv6 ? address : address + 0xffff_0000_0000n)
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
