import { z } from 'zod'
import { engineIds, engineUnits } from '../model/engine.ts'
import { recordSources, outcomes } from '../model/observation.ts'
import { probeStatusNames } from '../model/probe.ts'
import { formatIds, rejectReasons } from '../model/reader.ts'
import { coverages, vantages } from '../model/scope.ts'
import { crossBreakdowns } from '../model/tally.ts'
import { discoverySchema } from './probe-journal.ts'

/** The version of the store's layout; a store that says a higher one was written by a newer census. */
export const storeFormat = 3

const count = z.int().nonnegative()

const common = {
  storeFormat: z.literal(storeFormat),
  id: z.string(),
  tool: z.object({ name: z.literal('exposure-census'), version: z.string() }),
  createdAt: z.iso.datetime(),
  observed: z.object({ from: z.string(), to: z.string() }),
  complete: z.boolean(),
  /** What is missing, one sentence each; empty when complete. */
  missing: z.array(z.string()),
}

/** A snapshot of records held. */
const recordsSchema = z.object({
  ...common,
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
  accounting: z.object({
    in: count,
    kept: count,
    repeats: count,
    rejected: count,
    rejectedByReason: z.partialRecord(z.enum(rejectReasons), count),
    keptByOutcome: z.partialRecord(z.enum(outcomes), count),
    undated: count,
  }),
  /** Where a search engine was asked for the records. */
  survey: z
    .object({
      /** Without a key. */
      endpoint: z.string(),
      country: z.string(),
      /** Services and categories asked for; all records when absent. */
      services: z.array(z.string()).optional(),
      /** Of them, and of their services, those all of whose records were asked for. */
      rows: z.array(z.string()).optional(),
      queries: z.array(
        z.object({
          what: z.string(),
          query: z.string(),
          /** Records the engine counted, at last. */
          total: count,
          /** Records received, without duplicates. */
          rows: count,
          /** Records received before: of the same address, port, transport and time. */
          duplicates: count,
          /** Pages received. */
          pages: count,
        }),
      ),
      ledger: z.object({
        /** Attempts at pages, in all runs. */
        attempts: count,
        retries: count,
        retryBudget: count,
        /** Spent at most: each attempt may have been billed. */
        credits: count,
        /** Attempts of which is not known what became of them. */
        doubtful: count,
        maxCredits: count,
        /** Requests that cost nothing, in the last run. */
        free: count,
      }),
      /** The first query's total at the beginning and at the end. */
      drift: z.object({ first: count, last: count }).optional(),
    })
    .optional(),
  /** Where ranges were probed for them. */
  probe: z
    .object({
      owner: z.string(),
      authorisation: z.string(),
      coverage: z.enum(coverages),
      vantage: z.enum(vantages),
      /** SHA-256 of the scope's file. */
      scope: z.string(),
      /** Of the ranges; those excluded are not asked. */
      addresses: count,
      excluded: count,
      /** `tcp/25 smtp` */
      doors: z.array(z.string()),
      /** Services and categories asked for by name; all there are probes for when absent. */
      services: z.array(z.string()).optional(),
      /** Ids of the checks made; none when absent. */
      checks: z.array(z.string()).optional(),
      /** Addresses times doors, in an order that the seed fixes. */
      targets: count,
      seed: count,
      /** What found open ports first; nothing when absent. */
      discovery: discoverySchema.optional(),
      /** Connections and datagrams, those asked again included, in the last run. */
      begun: count,
      /** What became of the targets. */
      statuses: z.partialRecord(z.enum(probeStatusNames), count),
    })
    .optional(),
})

/** What one engine was asked and counted. */
const engineSurveySchema = z.object({
  source: z.enum(engineIds),
  /** What its counts count. */
  unit: z.enum(engineUnits),
  /** Where it was asked, without a key. */
  endpoint: z.string(),
  /** What is missing of it, one sentence each. */
  missing: z.array(z.string()),
  /** When it was asked. */
  observed: z.object({ from: z.string(), to: z.string() }),
  /** Each service, category and `all`, and how its list of regions was proved complete. */
  rows: z.array(
    z.object({
      service: z.string(),
      /** The engine's total. */
      total: count,
      /** Of them in the regions listed. */
      listed: count,
      /** `none`: the regions are all. `confirmed`: the engine counts as many outside of them. */
      remainder: z.enum(['none', 'confirmed', 'unconfirmed']),
      /** What the service is by: the engine's name for it, its ports, or nothing (`all`). */
      asked: z.enum(['name', 'port', 'everything']),
    }),
  ),
  regions: z.object({
    spelled: z.enum(['names', 'codes', 'names and codes']),
    /** What the codes were read as, and why. */
    codeSet: z.enum(['iso', 'geonames']),
    decidedBy: z.enum(['no code is in doubt', 'the list', 'cities', 'the year']),
    /** Values that are no region we know; counted as unknown. */
    undecoded: z.array(z.string()),
  }),
  /** The first question's total at the beginning and at the end. */
  drift: z.object({ first: count, last: count }).optional(),
  ledger: z.object({ attempts: count, retries: count, retryBudget: count, credits: count, maxCredits: count }),
  requests: z.array(z.object({ what: z.string(), attempts: count, credits: count, failure: z.string().optional() })),
})

/** A snapshot of what search engines counted: tallies, no records. */
const facetsSchema = z.object({
  ...common,
  basis: z.literal('facets'),
  /** Engines that answered. */
  sources: z.array(z.enum(engineIds)).min(1),
  survey: z.object({
    country: z.string(),
    /** Services and categories asked for; everything when absent. */
    services: z.array(z.string()).optional(),
    /** What was asked for beside regions. */
    by: z.array(z.enum(crossBreakdowns)),
    engines: z.array(engineSurveySchema).min(1),
  }),
})

/** What a snapshot says of itself: manifest.json. */
export const manifestSchema = z.discriminatedUnion('basis', [recordsSchema, facetsSchema])

export type Manifest = z.infer<typeof manifestSchema>
export type RecordsManifest = z.infer<typeof recordsSchema>
export type FacetsManifest = z.infer<typeof facetsSchema>
export type EngineSurvey = z.infer<typeof engineSurveySchema>
