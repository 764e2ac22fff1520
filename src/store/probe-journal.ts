import { hash } from 'node:crypto'
import { mkdir, open, rm, stat, truncate } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { failed } from '../model/errors.ts'
import { probeStatusNames, type Finding, type ProbeStatus } from '../model/probe.ts'
import { lineBatches } from './lines.ts'

/** What is asked: the same scan goes on in the same folder. */
export interface ProbeScope {
  /** SHA-256 of the scope's file. */
  readonly scope: string
  /** `tcp/25 smtp`, … in the order targets are numbered by. */
  readonly doors: readonly string[]
  /** Ids of checks. */
  readonly checks: readonly string[]
  readonly targets: number
  readonly seed: number
}

/** What became of a target, as it is kept. */
export interface Kept {
  readonly index: number
  readonly status: ProbeStatus
  /** Milliseconds since 1970. */
  readonly at: number
  readonly finding?: Finding
  /** The beginning of what nobody understood, as text. */
  readonly heard?: string
}

const place = z.int().nonnegative()
const findingSchema = z.strictObject({
  module: z.string(),
  banner: z.string().optional(),
  product: z.string().optional(),
  version: z.string().optional(),
  deviceType: z.string().optional(),
  hostnames: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
})
const beganSchema = z.strictObject({
  scope: z.string(),
  doors: z.array(z.string()),
  checks: z.array(z.string()),
  targets: place,
  seed: place,
  began: place,
})
/** A batch: `none` are targets of which no more is known than their status. */
const batchSchema = z.strictObject({
  at: place,
  none: z.partialRecord(z.enum(probeStatusNames), z.array(place)),
  said: z.array(
    z.strictObject({
      index: place,
      at: place,
      status: z.enum(probeStatusNames),
      finding: findingSchema.optional(),
      heard: z.string().optional(),
    }),
  ),
})

/** The journal of a scan. A target is in it once it is settled, and is not asked again. Hold the store's lock. */
export interface ProbeJournal {
  /** When the scan began, in milliseconds since 1970: before an interruption, if there was one. */
  readonly began: number
  readonly doneBefore: number
  isDone(index: number): boolean
  /** Writes what was settled since the last time. @throws what the disk says */
  write(batch: readonly Kept[]): Promise<void>
  /** All targets settled so far, in the order they were. */
  all(): AsyncGenerator<Kept>
  close(): Promise<void>
  remove(): Promise<void>
}

/**
 * Opens a scan's journal, one that was interrupted at any instant included: a last line that is not whole was never told.
 * @throws CensusError exit 1 for one that is damaged
 */
export async function openProbeJournal(store: string, scope: ProbeScope): Promise<ProbeJournal> {
  const key = hash('sha256', JSON.stringify(identity(scope)), 'hex').slice(0, 16)
  const folder = join(resolve(store), 'probes', key)
  const path = join(folder, 'journal.ndjson')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const done = new Uint8Array(Math.ceil(scope.targets / 8))
  let doneBefore = 0
  // A plan may have more than 2^31 targets, which `>>` would fold.
  const byteOf = (index: number): number => Math.floor(index / 8)
  const isDone = (index: number): boolean => ((done[byteOf(index)] ?? 0) & (1 << (index & 7))) !== 0
  const damaged = (line: number, why: string): never => {
    throw failed(`${path}, line ${line}: ${why}`, `remove ${folder}, and everything is asked anew`)
  }
  let began = Date.now()
  let whole = 0
  let number = 0
  for await (const { text, end } of wholeLines(path)) {
    number++
    whole = end
    if (number === 1) {
      const first = beganSchema.safeParse(parsed(text))
      if (!first.success) return damaged(1, 'no beginning of a scan')
      if (JSON.stringify(identity(first.data)) !== JSON.stringify(identity(scope)))
        return damaged(1, 'the beginning of another scan')
      began = first.data.began
      continue
    }
    for (const kept of entriesOf(text) ?? damaged(number, 'not what a scan writes')) {
      if (kept.index >= scope.targets) damaged(number, `there is no target ${kept.index}`)
      if (isDone(kept.index)) damaged(number, `target ${kept.index} is settled twice`)
      done[byteOf(kept.index)] = (done[byteOf(kept.index)] ?? 0) | (1 << (kept.index & 7))
      doneBefore++
    }
  }
  if (((await stat(path).catch(() => undefined))?.size ?? 0) > whole) await truncate(path, whole)
  const file = await open(path, 'a', 0o600)
  if (number === 0) await file.appendFile(`${JSON.stringify({ ...scope, began })}\n`)
  let isClosed = false
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    await file.sync()
    await file.close()
  }
  return {
    began,
    doneBefore,
    isDone,
    write: async (batch) => {
      if (batch.length > 0) await file.appendFile(`${JSON.stringify(batchOf(batch))}\n`)
    },
    all: async function* () {
      let line = 0
      for await (const { text } of wholeLines(path))
        if (++line > 1) yield* entriesOf(text) ?? damaged(line, 'unreadable')
    },
    close,
    remove: async () => {
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const identity = ({ scope, doors, checks, targets, seed }: ProbeScope): readonly unknown[] => [
  scope,
  doors,
  checks,
  targets,
  seed,
]

function batchOf(batch: readonly Kept[]): z.infer<typeof batchSchema> {
  const none: Partial<Record<ProbeStatus, number[]>> = {}
  const said: z.infer<typeof batchSchema>['said'] = []
  for (const { index, status, at, finding, heard } of batch) {
    if (finding === undefined && heard === undefined) (none[status] ??= []).push(index)
    else
      said.push({
        index,
        at,
        status,
        ...(finding === undefined ? {} : { finding: mutable(finding) }),
        ...(heard === undefined ? {} : { heard }),
      })
  }
  return { at: batch.at(-1)?.at ?? 0, none, said }
}

const mutable = ({ hostnames, tags, ...rest }: Finding): z.infer<typeof findingSchema> => ({
  ...rest,
  ...(hostnames === undefined ? {} : { hostnames: [...hostnames] }),
  ...(tags === undefined ? {} : { tags: [...tags] }),
})

/** The targets of a line; undefined when it is none of ours. */
function entriesOf(text: string): Kept[] | undefined {
  const batch = batchSchema.safeParse(parsed(text))
  if (!batch.success) return undefined
  const { at, none, said } = batch.data
  return [
    ...Object.entries(none).flatMap(([status, list]) =>
      (list ?? []).map((index) => ({ index, at, status: status as ProbeStatus })),
    ),
    ...(said as Kept[]),
  ]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Lines that end in a line feed, with the place in the file behind each. */
async function* wholeLines(path: string): AsyncGenerator<{ readonly text: string; readonly end: number }> {
  if ((await stat(path).catch(() => undefined)) === undefined) return
  let end = 0
  let expected = 1
  for await (const batch of lineBatches(path))
    for (const { number, bytes, openEnd } of batch) {
      // Blank lines are passed over, and nothing behind one is where it seems to be: none is ours.
      if (number !== expected) yield { text: '', end }
      expected = number + 1
      end += bytes.length + 1
      if (!openEnd) yield { text: bytes.toString('utf8'), end }
    }
}
