/** Which of so many there are: a bit each. */
export interface Marks {
  has(index: number): boolean
  add(index: number): void
}

/** None of 0 to size - 1. */
export function marks(size: number): Marks {
  const bits = new Uint8Array(Math.ceil(size / 8))
  // A plan may have more than 2^31 targets, which `>>` would fold.
  const byteOf = (index: number): number => Math.floor(index / 8)
  return {
    has: (index) => ((bits[byteOf(index)] ?? 0) & (1 << (index & 7))) !== 0,
    add: (index) => void (bits[byteOf(index)] = (bits[byteOf(index)] ?? 0) | (1 << (index & 7))),
  }
}
