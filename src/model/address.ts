import { isIPv4, isIPv6 } from 'node:net'

/**
 * Canonical text of an IP address: dotted quad for IPv4 and for IPv4-mapped IPv6 (RFC 4291 §2.5.5.2), the form of
 * RFC 5952 for other IPv6. Zone ids (`%eth0`) and anything else that is not a literal address give undefined.
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  if (!isIPv6(text) || text.includes('%')) return undefined
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)
  if (!mapped) return canonical
  const high = Number.parseInt(mapped[1] ?? '', 16)
  const low = Number.parseInt(mapped[2] ?? '', 16)
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/** The address a key of a snapshot (store/observations.ts) stands for, as canonical text. */
export function addressOfKey(key: string): string {
  const hex = key.replaceAll('-', '')
  if (hex.startsWith('00000000000000000000ffff'))
    return [24, 26, 28, 30].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')
  return canonicalAddress(hex.match(/.{4}/g)?.join(':') ?? '') ?? ''
}
