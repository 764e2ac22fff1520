const rotated = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits))

const mixed = (word: number): number => Math.imul(rotated(Math.imul(word, 0xcc_9e_2d_51), 15), 0x1b_87_35_93)

/**
 * MurmurHash3 for x86, 32 bits, as a signed number. After its author's description: A. Appleby, SMHasher, MurmurHash3.cpp
 * (public domain).
 */
export function murmur3(bytes: Buffer, seed = 0): number {
  let hash = seed
  const whole = bytes.length - (bytes.length % 4)
  for (let at = 0; at < whole; at += 4)
    hash = (Math.imul(rotated(hash ^ mixed(bytes.readInt32LE(at)), 13), 5) + 0xe6_54_6b_64) | 0
  if (whole < bytes.length) hash ^= mixed(bytes.readUIntLE(whole, bytes.length - whole))
  hash ^= bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35)
  return hash ^ (hash >>> 16)
}
