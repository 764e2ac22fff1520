import { hash } from 'node:crypto'
import { mkdir, open, readdir, rm, stat, truncate } from 'node:fs/promises'
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

/** The journal of a scan, or a part of it. A target is in it once it is settled, and is not asked again. Hold the store's lock. */
export interface ProbeJournal {
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
 * What is written goes into a part of its own, so that several processes can write at a time; what is read is of all.
 * @throws CensusError exit 1 for one that is damaged
 */
export async function openProbeJournal(store: string, scope: ProbeScope, part = 0): Promise<ProbeJournal> {
  const key = hash('sha256', JSON.stringify(identity(scope)), 'hex').slice(0, 16)
  const folder = join(resolve(store), 'probes', key)
  const own = partName(part)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const done = new Uint8Array(Math.ceil(scope.targets / 8))
  let doneBefore = 0
  // A plan may have more than 2^31 targets, which `>>` would fold.
  const byteOf = (index: number): number => Math.floor(index / 8)
  const isDone = (index: number): boolean => ((done[byteOf(index)] ?? 0) & (1 << (index & 7))) !== 0
  const damaged = (name: string, line: number, why: string): never => {
    throw failed(`${join(folder, name)}, line ${line}: ${why}`, `remove ${folder}, and everything is asked anew`)
  }
  /** Bytes of whole lines in the part that is written to, and how many there are. */
  let whole = 0
  let lines = 0
  for (const name of await partsOf(folder)) {
    let number = 0
    for await (const { text, end } of wholeLines(join(folder, name))) {
      number++
      if (name === own) [whole, lines] = [end, number]
      if (number === 1) {
        const first = beganSchema.safeParse(parsed(text))
        if (!first.success) return damaged(name, 1, 'no beginning of a scan')
        if (JSON.stringify(identity(first.data)) !== JSON.stringify(identity(scope)))
          return damaged(name, 1, 'the beginning of another scan')
        continue
      }
      for (const kept of entriesOf(text) ?? damaged(name, number, 'not what a scan writes')) {
        if (kept.index >= scope.targets) damaged(name, number, `there is no target ${kept.index}`)
        if (isDone(kept.index)) damaged(name, number, `target ${kept.index} is settled twice`)
        done[byteOf(kept.index)] = (done[byteOf(kept.index)] ?? 0) | (1 << (kept.index & 7))
        doneBefore++
      }
    }
  }
  const path = join(folder, own)
  if (((await stat(path).catch(() => undefined))?.size ?? 0) > whole) await truncate(path, whole)
  const file = await open(path, 'a', 0o600)
  if (lines === 0) await file.appendFile(`${JSON.stringify({ ...scope, began: Date.now() })}\n`)
  let isClosed = false
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    await file.sync()
    await file.close()
  }
  return {
    doneBefore,
    isDone,
    write: async (batch) => {
      if (batch.length > 0) await file.appendFile(`${JSON.stringify(batchOf(batch))}\n`)
    },
    all: async function* () {
      for (const name of await partsOf(folder)) {
        let line = 0
        for await (const { text } of wholeLines(join(folder, name)))
          if (++line > 1) yield* entriesOf(text) ?? damaged(name, line, 'unreadable')
      }
    },
    close,
    remove: async () => {
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const partName = (part: number): string => `part-${String(part).padStart(3, '0')}.ndjson`
const partsOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => /^part-\d{3}\.ndjson$/.test(name)).toSorted()

const identity = ({ scope, doors, targets, seed }: ProbeScope): readonly unknown[] => [scope, doors, targets, seed]

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
