/** The tree of a MaxMind DB file; its metadata has the numbers. */
export interface AddressTree {
  readonly bytes: Buffer
  readonly nodeCount: number
  /** Bits of one of a node's two records: 24, 28 or 32. */
  readonly recordSize: number
  readonly ipVersion: number
}

export interface RecordAddresses {
  /** One of them. */
  readonly address: string
  /** IPv4 addresses that the same record is of. */
  count: number
}

/**
 * How many IPv4 addresses each record of a MaxMind DB file (format 2.0) is of, by the record's place in the file: a tree
 * with a bit of the address at each level, whose leaves point to records. In a tree for IPv6, IPv4 is below 96 zeros.
 * @throws Error for a file whose tree has loops
 */
export function addressesByRecord({
  bytes,
  nodeCount,
  recordSize,
  ipVersion,
}: AddressTree): Map<number, RecordAddresses> {
  const size = recordSize / 4
  const byte = (at: number): number => bytes[at] ?? 0
  const three = (at: number): number => byte(at) * 65_536 + byte(at + 1) * 256 + byte(at + 2)
  const child = (node: number, side: number): number => {
    const at = node * size
    if (recordSize === 24) return three(at + side * 3)
    if (recordSize === 32) return byte(at + side * 4) * 2 ** 24 + three(at + side * 4 + 1)
    return side === 0 ? (byte(at + 3) >> 4) * 2 ** 24 + three(at) : (byte(at + 3) & 15) * 2 ** 24 + three(at + 4)
  }
  let root = 0
  for (let level = 0; ipVersion === 6 && level < 96 && root < nodeCount; level++) root = child(root, 0)
  const found = new Map<number, RecordAddresses>()
  let visited = 0
  const walk = (node: number, address: number, span: number): void => {
    if (node < nodeCount) {
      // A tree has each node once; one that joins again could be walked for ever.
      if (++visited > nodeCount || span < 2) throw new Error('the tree of addresses has a loop')
      walk(child(node, 0), address, span / 2)
      walk(child(node, 1), address + span / 2, span / 2)
    } else if (node > nodeCount) {
      const known = found.get(node)
      if (known === undefined) found.set(node, { address: dotted(address), count: span })
      else known.count += span
    }
  }
  walk(root, 0, 2 ** 32)
  return found
}

const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
