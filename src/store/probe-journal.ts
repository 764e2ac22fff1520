import { hash } from 'node:crypto'
import { mkdir, open, readdir, rm, rmdir, type FileHandle } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { discoveryTools, type Discovery, type DiscoveryTool } from '../model/discovery.ts'
import { failed } from '../model/errors.ts'
import { marks, type Marks } from '../model/marks.ts'
import { probeStatusNames, type Finding, type ProbeStatus } from '../model/probe.ts'

/** How often parts are looked at that are being written, and how much is read at a time. */
const followMs = 250
const readBytes = 2 ** 20

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
  /** What asks first; nothing when absent. */
  readonly discovery?: DiscoveryTool | undefined
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
  discovery: z.enum(discoveryTools).optional(),
  began: place,
})
/** A first stage that ended. */
export const discoverySchema = z.strictObject({
  tool: z.enum(discoveryTools),
  version: z.string(),
  runs: place,
  rate: z.number().positive(),
  seed: place,
  asked: place,
  open: place,
  refused: place,
  dropped: place,
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
  discovery: discoverySchema.optional(),
})

type Batch = z.infer<typeof batchSchema>
/** One as it is written: no copies of findings, of which there may be tens of thousands a second. */
type Written = Omit<Batch, 'said'> & { readonly said: readonly Kept[] }

/** The journal of a scan. A target is in it once it is settled, and is not asked again. The store's lock is held by whoever began the scan. */
export interface ProbeJournal {
  readonly doneBefore: number
  /** The first stage, once it has ended and all it settled is written. */
  readonly discovery: Discovery | undefined
  isDone(index: number): boolean
  /** Writes what was settled since the last time. @throws what the disk says */
  write(batch: readonly Kept[], discovery?: Discovery): Promise<void>
  /** All targets settled so far, in the order they were, and those that are settled before `until` is; several at a time. */
  all(until?: Promise<unknown>): AsyncGenerator<readonly Kept[]>
  close(): Promise<void>
  remove(): Promise<void>
}

/**
 * Opens a scan's journal, one that was interrupted at any instant included: a last line that is not whole was never told.
 * Whoever opens it writes into a file of its own, so that several processes can at a time; what is read is of all. Of a
 * target that two tell of, as a process may that outlives its own for a moment, the first is believed.
 * @throws CensusError exit 1 for one that is damaged
 */
export async function openProbeJournal(store: string, scope: ProbeScope): Promise<ProbeJournal> {
  const key = hash('sha256', JSON.stringify(identity(scope)), 'hex').slice(0, 16)
  const folder = join(resolve(store), 'probes', key)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const damaged = (name: string, line: number, why: string): never => {
    throw failed(`${join(folder, name)}, line ${line}: ${why}`, `remove ${folder}, and everything is asked anew`)
  }
  let discovery: Discovery | undefined
  const all = async function* (done: Marks, until?: Promise<unknown>): AsyncGenerator<readonly Kept[]> {
    const tails = new Map<string, Tail>()
    let isLast = until === undefined
    const ended = until?.then(
      () => (isLast = true),
      () => (isLast = true),
    )
    for (;;) {
      // Asked before it is read: what was written before it ended is read by then.
      const isEnd = isLast
      for (const name of await partsOf(folder)) {
        const tail = tails.get(name) ?? { offset: 0, number: 0, held: [] }
        tails.set(name, tail)
        for await (const text of newLines(join(folder, name), tail)) yield entriesOfLine(name, tail.number, text, done)
      }
      if (isEnd) return
      await Promise.race([ended, setTimeout(followMs, undefined, { ref: false })])
    }
  }
  const entriesOfLine = (name: string, number: number, text: string, done: Marks): readonly Kept[] => {
    if (number === 1) {
      const first = beganSchema.safeParse(parsed(text))
      if (!first.success) damaged(name, 1, 'no beginning of a scan')
      if (JSON.stringify(identity(first.data ?? scope)) !== JSON.stringify(identity(scope)))
        damaged(name, 1, 'the beginning of another scan')
      return []
    }
    const batch = batchOfLine(text) ?? damaged(name, number, 'not what a scan writes')
    discovery ??= batch.discovery
    return entriesOf(batch).filter(({ index }) => {
      if (index >= scope.targets) damaged(name, number, `there is no target ${index}`)
      if (done.has(index)) return false
      done.add(index)
      return true
    })
  }
  const done = marks(scope.targets)
  let doneBefore = 0
  for await (const batch of all(done)) doneBefore += batch.length
  let opening: Promise<FileHandle> | undefined
  const close = async (): Promise<void> => {
    const file = await opening
    opening = undefined
    await file?.sync()
    await file?.close()
  }
  return {
    doneBefore,
    discovery,
    isDone: (index) => done.has(index),
    write: async (batch, ended) => {
      if (batch.length === 0 && ended === undefined) return
      opening ??= beginPart(folder, `${JSON.stringify({ ...scope, began: Date.now() })}\n`)
      await (await opening).appendFile(`${JSON.stringify({ ...batchOf(batch), discovery: ended })}\n`)
    },
    all: (until) => all(marks(scope.targets), until),
    close,
    remove: async () => {
      await close()
      await rm(folder, { recursive: true, force: true })
      // It stays while another scan's is in it.
      await rmdir(dirname(folder)).catch(() => undefined)
    },
  }
}

/** Begins the next part that nobody has begun. */
async function beginPart(folder: string, beginning: string): Promise<FileHandle> {
  for (let number = (await partsOf(folder)).length; ; number++) {
    const path = join(folder, `part-${String(number).padStart(6, '0')}.ndjson`)
    const file = await open(path, 'ax', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    if (file === undefined) continue
    await file.appendFile(beginning)
    return file
  }
}

/** In the order they were begun in. */
const partsOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => /^part-\d{6}\.ndjson$/.test(name)).toSorted()

const identity = ({ scope, doors, checks, targets, seed, discovery }: ProbeScope): readonly unknown[] => [
  scope,
  doors,
  checks,
  targets,
  seed,
  ...(discovery === undefined ? [] : [discovery]),
]

function batchOf(batch: readonly Kept[]): Omit<Written, 'discovery'> {
  const none: Partial<Record<ProbeStatus, number[]>> = {}
  const said: Kept[] = []
  for (const each of batch) {
    if (each.finding === undefined && each.heard === undefined) (none[each.status] ??= []).push(each.index)
    else said.push(each)
  }
  return { at: batch.at(-1)?.at ?? 0, none, said }
}

/** What a line says; undefined when it is none of ours. */
const batchOfLine = (text: string): Batch | undefined => batchSchema.safeParse(parsed(text)).data

/** The targets of a batch. */
const entriesOf = ({ at, none, said }: Batch): Kept[] => [
  ...Object.entries(none).flatMap(([status, list]) =>
    (list ?? []).map((index) => ({ index, at, status: status as ProbeStatus })),
  ),
  ...(said as Kept[]),
]

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How far a part was read. */
interface Tail {
  offset: number
  /** Lines that were read. */
  number: number
  /** The beginning of a line whose end is not there yet. */
  held: Buffer[]
}

/** Lines that are there by now and were not read before; one that has no end yet is left. */
async function* newLines(path: string, tail: Tail): AsyncGenerator<string> {
  const file = await open(path)
  try {
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(readBytes), 0, readBytes, tail.offset)
      if (bytesRead === 0) return
      tail.offset += bytesRead
      let start = 0
      for (let end = buffer.indexOf(0x0a); end !== -1 && end < bytesRead; end = buffer.indexOf(0x0a, start)) {
        const line = Buffer.concat([...tail.held, buffer.subarray(start, end)])
        tail.held = []
        tail.number++
        start = end + 1
        yield line.toString('utf8')
      }
      if (start < bytesRead) tail.held.push(buffer.subarray(start, bytesRead))
    }
  } finally {
    await file.close()
  }
}
