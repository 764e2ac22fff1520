import { addressSet, ofIPv4Bits, parseRange, type AddressNumber, type AddressRange } from './address-set.ts'

/*
 * Blocks that no probe may ask: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890; registries of
 * 2025-05), multicast (RFC 5771, RFC 4291 §2.7), and for IPv6 everything outside of the global unicast space 2000::/3.
 * Those that a scope may ask for all the same are marked.
 */

/** `private` ones are asked only where a scope says so; `documentation` stands for the Internet in examples and tests. */
type Leave = 'loopback' | 'documentation' | 'private'

interface SpecialBlock {
  readonly prefix: string
  readonly name: string
  readonly leave?: Leave
}

export const specialBlocks: readonly SpecialBlock[] = [
  { prefix: '0.0.0.0/8', name: 'this network (RFC 791)' },
  { prefix: '10.0.0.0/8', name: 'private use (RFC 1918)', leave: 'private' },
  { prefix: '100.64.0.0/10', name: 'shared address space (RFC 6598)' },
  { prefix: '127.0.0.0/8', name: 'loopback (RFC 1122)', leave: 'loopback' },
  { prefix: '169.254.0.0/16', name: 'link local (RFC 3927)' },
  { prefix: '172.16.0.0/12', name: 'private use (RFC 1918)', leave: 'private' },
  { prefix: '192.0.0.0/24', name: 'IETF protocol assignments (RFC 6890)' },
  { prefix: '192.0.2.0/24', name: 'documentation (RFC 5737)', leave: 'documentation' },
  { prefix: '192.31.196.0/24', name: 'AS112 (RFC 7535)' },
  { prefix: '192.52.193.0/24', name: 'AMT (RFC 7450)' },
  { prefix: '192.88.99.0/24', name: '6to4 relay (RFC 7526)' },
  { prefix: '192.168.0.0/16', name: 'private use (RFC 1918)', leave: 'private' },
  { prefix: '192.175.48.0/24', name: 'AS112 (RFC 7534)' },
  { prefix: '198.18.0.0/15', name: 'benchmarking (RFC 2544)' },
  { prefix: '198.51.100.0/24', name: 'documentation (RFC 5737)', leave: 'documentation' },
  { prefix: '203.0.113.0/24', name: 'documentation (RFC 5737)', leave: 'documentation' },
  { prefix: '224.0.0.0/4', name: 'multicast (RFC 5771)' },
  { prefix: '240.0.0.0/4', name: 'reserved, and limited broadcast (RFC 1112, RFC 8190)' },
  { prefix: '::1', name: 'loopback (RFC 4291)', leave: 'loopback' },
  { prefix: '::/128', name: 'unspecified (RFC 4291)' },
  { prefix: '::/96', name: 'IPv4-compatible (RFC 4291 §2.5.5.1)' },
  { prefix: '::ffff:0:0/96', name: 'IPv4-mapped (RFC 4291 §2.5.5.2)' },
  { prefix: '64:ff9b::/96', name: 'NAT64 (RFC 6052)' },
  { prefix: '64:ff9b:1::/48', name: 'NAT64 (RFC 8215)' },
  { prefix: '100::/64', name: 'discard (RFC 6666)' },
  { prefix: '100:0:0:1::/64', name: 'dummy (RFC 9780)' },
  { prefix: '2001::/23', name: 'IETF protocol assignments, Teredo, ORCHID (RFC 2928, RFC 4380, RFC 7343)' },
  { prefix: '2001:db8::/32', name: 'documentation (RFC 3849)', leave: 'documentation' },
  { prefix: '2002::/16', name: '6to4 (RFC 3056)' },
  { prefix: '2620:4f:8000::/48', name: 'AS112 (RFC 7534)' },
  { prefix: '3fff::/20', name: 'documentation (RFC 9637)', leave: 'documentation' },
  { prefix: '5f00::/16', name: 'segment routing (RFC 9602)' },
  { prefix: 'fc00::/7', name: 'unique local (RFC 4193)', leave: 'private' },
  { prefix: 'fe80::/10', name: 'link local (RFC 4291)' },
  { prefix: 'ff00::/8', name: 'multicast (RFC 4291 §2.7)' },
  // What IANA has not given out as unicast, around the blocks above.
  { prefix: '::/3', name: 'no global unicast (RFC 4291 §2.4)' },
  { prefix: '4000::/2', name: 'no global unicast (RFC 4291 §2.4)' },
  { prefix: '8000::/1', name: 'no global unicast (RFC 4291 §2.4)' },
]

const parsed = specialBlocks.map((block) => {
  const range = parseRange(block.prefix)
  if ('fault' in range) throw new Error(`${block.prefix} ${range.fault}`)
  return { ...block, ...range }
})

/** Blocks that may be asked although wider ones, which hold them, may not. */
const left = (isPrivate: boolean): readonly AddressRange[] =>
  parsed.filter(({ leave }) => leave !== undefined && (leave !== 'private' || isPrivate))

const local = addressSet(parsed.filter(({ leave }) => leave !== 'documentation'))

/** Whether an address says nothing of where on the Internet its host is: loopback, private, link-local, shared and the like. */
export const isLocal = (address: AddressNumber): boolean => local.has(address)

/** Says why an address may never be asked, if it may not. @param isPrivate whether the scope asks for private ranges */
export function specialPurpose(isPrivate: boolean): (address: AddressNumber | number) => string | undefined {
  const allowed = addressSet(left(isPrivate))
  const refused = addressSet(parsed)
  return (asked) => {
    if (!refused.has(asked) || allowed.has(asked)) return undefined
    const address = typeof asked === 'number' ? ofIPv4Bits(asked) : asked
    // The narrowest block that holds it says it best.
    const holding = parsed.filter(({ first, last }) => address >= first && address <= last)
    return holding.toSorted((a, b) => (a.last - a.first < b.last - b.first ? -1 : 1))[0]?.name
  }
}

/** The first special-purpose block that a range touches and that may not be asked, if there is one. */
export function specialBlockIn(range: AddressRange, isPrivate: boolean): SpecialBlock | undefined {
  const allowed = left(isPrivate)
  return parsed
    .toSorted((a, b) => (a.last - a.first < b.last - b.first ? -1 : 1))
    .find(({ first, last }) => {
      if (last < range.first || first > range.last) return false
      const from = first > range.first ? first : range.first
      const to = last < range.last ? last : range.last
      return !allowed.some((block) => from >= block.first && to <= block.last)
    })
}
