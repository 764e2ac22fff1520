/**
 * What can be said of a counted record, or of a figure made from such records. The order gives each its bit in a
 * snapshot's census.parquet: append only. Each has a sentence in docs/method.md.
 */
export const recordFlags = [
  'region-inferred',
  'default-geolocation',
  'port-only',
  'undated',
  'suspect',
  'remainder-unconfirmed',
] as const
export type RecordFlag = (typeof recordFlags)[number]

/** Flags of a figure that come from the whole snapshot or from the figure itself. */
export const figureFlags = ['small-count', 'partial', 'scope-limited', 'forced', 'suppressed'] as const
export type Flag = RecordFlag | (typeof figureFlags)[number]

export const flagBit = (flag: RecordFlag): number => 1 << recordFlags.indexOf(flag)

/** The names of the bits set, in the documented order. */
export const flagNames = (bits: number): RecordFlag[] => recordFlags.filter((flag) => (bits & flagBit(flag)) !== 0)
