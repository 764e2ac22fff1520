import { randomUUID } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { placeMeans } from '../model/place.ts'
import { syncTree, writeNew, type Snapshot } from './snapshots.ts'

const count = z.int().nonnegative()

/** What a census says of itself: census.json. */
const factsSchema = z.object({
  snapshot: z.string(),
  tool: z.object({ name: z.literal('exposure-census'), version: z.string() }),
  /** Addresses by the means that placed them. */
  placedAddresses: z.partialRecord(z.enum(placeMeans), count),
  defaultGeolocationAddresses: count,
  suspectAddresses: count,
  /** SHA-256 of the tables that decided regions, services and products; the same tables give the same figures. */
  tables: z.object({
    regions: z.string(),
    services: z.string(),
    recognition: z.string(),
    addressDatabase: z.string().optional(),
  }),
})

export type CensusFacts = z.infer<typeof factsSchema>

/** What was derived from a snapshot: its places, services and products as certain tables decide them. */
export interface Census {
  readonly folder: string
  readonly facts: CensusFacts
}

/** A census being made. */
export interface CensusDraft {
  readonly folder: string
  /** Puts it where `findCensus` finds it, if the store can be written to. */
  publish(facts: CensusFacts): Promise<Census>
  discard(): Promise<void>
}

/** Censuses lie beside the snapshots, which never change: `census/<snapshot>/<key>`. */
const censusFolder = ({ folder, id }: Snapshot): string => join(folder, '..', '..', 'census', id)
const factsFile = 'census.json'
const draftPrefix = '.draft-'

/** The census of a snapshot under a key, which stands for the tables that decide; undefined when it is not made yet, or broken. */
export async function findCensus(snapshot: Snapshot, key: string): Promise<Census | undefined> {
  const folder = join(censusFolder(snapshot), key)
  try {
    const facts = factsSchema.safeParse(JSON.parse(await readFile(join(folder, factsFile), 'utf8')))
    if (!facts.success) return undefined
    await markUsed(folder)
    return { folder, facts: facts.data }
  } catch {
    return undefined
  }
}

/** Says that a census is in use: not to be removed for another day. Where that cannot be written, nothing is removed either. */
export async function markUsed(folder: string): Promise<void> {
  const now = new Date()
  await utimes(folder, now, now).catch(() => undefined)
}

/**
 * Begins a census. Needs no lock: two that make the same one do it each for itself, and one of the two stays. Where the store
 * cannot be written to, it is made in a temporary folder, which goes with `discard()`.
 */
export async function beginCensus(snapshot: Snapshot, key: string): Promise<CensusDraft> {
  const parent = censusFolder(snapshot)
  let draft = join(parent, `${draftPrefix}${randomUUID()}`)
  let isKept = true
  try {
    // Not `recursive`, which says ENOENT where a file system is read-only.
    for (const folder of [join(parent, '..'), parent, draft]) await mkdirUnlessThere(folder)
  } catch (error) {
    if (!['EACCES', 'EROFS', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    isKept = false
    draft = join(tmpdir(), `census-${randomUUID()}`)
    await mkdir(draft, { mode: 0o700 })
  }
  return {
    folder: draft,
    publish: async (facts) => {
      if (!isKept) return { folder: draft, facts }
      await writeNew(join(draft, factsFile), `${JSON.stringify(facts, null, 2)}\n`)
      await syncTree(draft)
      const final = join(parent, key)
      try {
        await rename(draft, final)
      } catch (error) {
        // Somebody was quicker, or what lies there is broken.
        const there = await findCensus(snapshot, key)
        if (there) {
          await rm(draft, { recursive: true })
          return there
        }
        if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
        await rm(final, { recursive: true })
        await rename(draft, final)
      }
      await removeOthers(parent, key)
      return { folder: final, facts }
    },
    discard: () => rm(draft, { recursive: true, force: true }),
  }
}

async function mkdirUnlessThere(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}

/** Removes what other tables decided, and drafts of the killed; not what was used within a day, as somebody may be reading or writing it. */
async function removeOthers(parent: string, key: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name === key) continue
    const made = await stat(join(parent, name)).catch(() => undefined)
    if (made && Date.now() - made.mtimeMs > 86_400_000) await rm(join(parent, name), { recursive: true, force: true })
  }
}
