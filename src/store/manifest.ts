import { z } from 'zod'
import { recordSources, outcomes } from '../model/observation.ts'
import { formatIds, rejectReasons } from '../model/reader.ts'

/** The version of the store's layout; a store that says a higher one was written by a newer census. */
export const storeFormat = 3

const count = z.int().nonnegative()

/** What a snapshot says of itself: manifest.json. */
export const manifestSchema = z.object({
  storeFormat: z.literal(storeFormat),
  id: z.string(),
  tool: z.object({ name: z.literal('exposure-census'), version: z.string() }),
  createdAt: z.iso.datetime(),
  basis: z.literal('records'),
  sources: z.array(z.enum(recordSources)),
  inputs: z.array(
    z.object({
      name: z.string(),
      format: z.enum(formatIds),
      bytes: count,
      records: count,
      rejected: count,
      /** Why reading ended early, if it did. */
      cut: z.string().optional(),
    }),
  ),
  observedAtOption: z.string().optional(),
  observed: z.object({ from: z.string(), to: z.string() }),
  complete: z.boolean(),
  /** What is missing, one sentence each; empty when complete. */
  missing: z.array(z.string()),
  accounting: z.object({
    in: count,
    kept: count,
    repeats: count,
    rejected: count,
    rejectedByReason: z.partialRecord(z.enum(rejectReasons), count),
    keptByOutcome: z.partialRecord(z.enum(outcomes), count),
    undated: count,
  }),
})

export type Manifest = z.infer<typeof manifestSchema>
