/**
 * Writes a MaxMind DB file (format 2.0, 24-bit records, a tree of `ipVersion` bits) of a few prefixes for tests.
 * Prefixes are bit strings such as `11000000` (192.0.0.0/8); values are made of maps, arrays, strings and numbers.
 */
export function mmdb(
  prefixes: Readonly<Record<string, unknown>>,
  options: { readonly ipVersion?: 4 | 6; readonly databaseType?: string } = {},
): Buffer {
  const nodes: [Link, Link][] = [[undefined, undefined]]
  const data: Buffer[] = []
  let dataLength = 0
  for (const [bits, value] of Object.entries(prefixes)) {
    let at = 0
    for (const bit of bits.slice(0, -1)) {
      const side = bit === '1' ? 1 : 0
      const node = nodes[at]!
      node[side] ??= { node: nodes.push([undefined, undefined]) - 1 }
      at = 'node' in node[side] ? node[side].node : at
    }
    nodes[at]![bits.endsWith('1') ? 1 : 0] = { data: dataLength }
    const encoded = encode(value)
    data.push(encoded)
    dataLength += encoded.length
  }
  const tree = Buffer.alloc(nodes.length * 6)
  for (const [index, node] of nodes.entries()) {
    for (const [side, link] of node.entries()) {
      const pointer = !link ? nodes.length : 'node' in link ? link.node : nodes.length + 16 + link.data
      tree.writeUIntBE(pointer, index * 6 + side * 3, 3)
    }
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: Date.UTC(2026, 0, 2) / 1000,
    database_type: options.databaseType ?? 'Test-City',
    ip_version: options.ipVersion ?? 4,
    node_count: nodes.length,
    record_size: 24,
  })
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata])
}

type Link = { readonly node: number } | { readonly data: number } | undefined

function encode(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([control(6, 4), bytes])
  }
  // Extended type 11 (array): the type less 7 follows in a byte of its own.
  if (Array.isArray(value)) return Buffer.concat([Buffer.from([value.length, 11 - 7]), ...value.map(encode)])
  const entries = Object.entries(value ?? {})
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, item]) => [encode(key), encode(item)])])
}

/** Type in the upper three bits, size in the lower five; sizes from 29 to 284 take one more byte. */
const control = (type: number, size: number): Buffer =>
  size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29])

/** `192.0.2.0/24` as the bits of a tree of IPv4. */
export function ipv4Bits(prefix: string): string {
  const [address = '', length = '32'] = prefix.split('/')
  const bits = address.split('.').map((byte) => Number(byte).toString(2).padStart(8, '0'))
  return bits.join('').slice(0, Number(length))
}
