import { mkdir, open, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import PQueue from 'p-queue'
import type { BulkMapping, Reading, RejectReason } from '../model/reader.ts'
import { openDatabase, type Database } from './duckdb.ts'
import { countLines, eachLine, type UnsoundLine } from './lines.ts'
import { stagedFor } from './staged.ts'
import { copySound, prepareObservations, stagedMapping, unsoundRows, writeObservations } from './observations.ts'

/** Bytes of staged readings that make one Parquet file. */
const stagedBytes = 16 * 2 ** 20
/** Files of lines that are read at a time: two are as fast as one thread can decompress and cut them. */
const spoolsAtATime = 2
/** What a draft snapshot has taken in so far. */
export interface Counts {
  records: number
  rejected: number
}

/** The way of readings and chunks into a draft's Parquet files and rejects.ndjson. */
export interface Ingest {
  /** Takes one reading of input number `file`. `name` is the input's name in rejects.ndjson. */
  reading(file: number, name: string, reading: Reading): Promise<void>
  /**
   * Has DuckDB read the whole of a plain file; `onUnsound` is told the lines it could not take. Resolves when they have
   * been told, to false when DuckDB cannot read the file (a line over its limit) and nothing came of it.
   */
  file(
    file: number,
    path: string,
    mapping: BulkMapping,
    onUnsound: (line: UnsoundLine) => Promise<void>,
  ): Promise<boolean>
  /** How much of the file that `file()` is at has been read, 0 to 1. */
  progress(): number
  /** Waits for a file that is free for lines on their way to `spool()`. */
  nextFile(): Promise<string>
  /**
   * Has DuckDB read a file of lines, which is free again then; `onUnsound` is told the rows it could not take, with their bytes, before
   * the promise of a later `drain()` resolves. Waits while too many files are under way.
   */
  spool(
    file: number,
    spool: { readonly path: string; readonly lines: number },
    mapping: BulkMapping,
    onUnsound: (row: number, line: Buffer) => Promise<void>,
  ): Promise<void>
  /** Waits until all of the input is in. */
  drain(): Promise<void>
  /** Writes what is left and closes the files. */
  finish(): Promise<void>
  /** Gives up: waits for what is under way, so that nothing writes any more, and closes the files. */
  abandon(): Promise<void>
  /** Records and rejects of input number `file`. */
  counts(file: number): Counts
  /** Rejects of all inputs by their reason. */
  rejectedByReason(): Partial<Record<RejectReason, number>>
}

/** @param folder the draft's folder, with `observations/` in it; files of lines are left in its `work/` */
export async function openIngest(database: Database, folder: string): Promise<Ingest> {
  const rejects = await open(join(folder, 'rejects.ndjson'), 'wx', 0o600)
  await prepareObservations(database.connection)
  const linesFolder = join(folder, 'work', 'lines')
  await mkdir(linesFolder, { recursive: true, mode: 0o700 })
  // One thread a statement, and several statements at a time: threads that share one wait for each other at its end, and
  // while they wait they spin.
  const linesDatabase = await openDatabase({ folders: [folder], temporary: linesFolder, oneThread: true })
  const connections = await Promise.all(
    Array.from({ length: spoolsAtATime + 1 }, async () => {
      const connection = await linesDatabase.connect()
      await prepareObservations(connection)
      return connection
    }),
  )
  const spoolQueue = new PQueue({ concurrency: spoolsAtATime })
  // A file's unsound lines are staged while it holds a place in its queue: were there one queue, they would wait for each other.
  const stagedQueue = new PQueue({ concurrency: 1 })
  const counted = new Map<number, Counts>()
  let failure: unknown
  let isReadingFile = false
  let parts = 0
  let staged = stagedFor(-1)
  let rejectLines: string[] = []
  let rejectBytes = 0
  const reasons: Partial<Record<RejectReason, number>> = {}

  const counts = (file: number): Counts => {
    const found = counted.get(file) ?? { records: 0, rejected: 0 }
    counted.set(file, found)
    return found
  }
  const nextPart = (): string => join(folder, 'observations', `part-${String(++parts).padStart(6, '0')}.parquet`)

  const throwFailure = (): void => {
    if (failure !== undefined) throw failure
  }

  // Read, waiting to be read, waiting to wait, and being written.
  const freeFiles = Array.from({ length: spoolsAtATime + 3 }, (_, index) => join(linesFolder, `${index + 1}.lines`))
  const wanting: (() => void)[] = []
  const lastOf = new Map<PQueue, Promise<void>>()
  /**
   * Runs work on a free connection; `before` resolves when what was put into the queue earlier has ended. The first failure
   * of any is kept and thrown at the next call.
   */
  const enqueue = async (
    queue: PQueue,
    work: (connection: DuckDBConnection, before: Promise<void> | undefined) => Promise<void>,
  ): Promise<void> => {
    // One file more than are being read waits, so that no reader goes idle and memory stays flat.
    await queue.onSizeLessThan(1)
    throwFailure()
    const before = lastOf.get(queue)
    const last = queue
      .add(async () => {
        const connection = connections.pop()
        if (connection === undefined) throw new Error('no free connection')
        try {
          await work(connection, before)
        } finally {
          connections.push(connection)
        }
      })
      .catch((error: unknown) => {
        failure ??= error
      })
    lastOf.set(queue, last)
  }

  /** `even` nothing is flushed when there is no part yet: a snapshot without records has an empty one. */
  const flushStaged = async (even = false): Promise<void> => {
    if (staged.rows === 0 && !even) return
    const { file, rows } = staged
    const bytes = staged.bytes()
    // A UTF-16 unit is at most three bytes of UTF-8.
    const longestLine = 3 * staged.longest
    staged = stagedFor(-1)
    const part = nextPart()
    await enqueue(stagedQueue, async (connection) => {
      const path = `${part}.lines`
      await writeFile(path, bytes, { flag: 'wx', mode: 0o600 })
      const written = await writeObservations(connection, { path, file, longestLine }, stagedMapping, part)
      if (written.rows !== rows || written.unsound > 0)
        throw new Error(`staged readings were not taken: ${written.rows - written.unsound} of ${rows}`)
      await unlink(path)
    })
  }

  /**
   * Counts the sound rows of a part, and takes the others out of it and hands their lines on. When DuckDB did not make a row of every
   * line, rows and lines cannot be told apart: the part goes, and every line is handed on.
   */
  const takeUnsound = async (
    connection: DuckDBConnection,
    part: { path: string; file: number; part: string; rows: number; unsound: number; isWhole: boolean },
    onUnsound: (line: UnsoundLine) => Promise<void>,
  ): Promise<void> => {
    const sound = part.isWhole ? part.rows - part.unsound : 0
    counts(part.file).records += sound
    if (part.isWhole && part.unsound === 0) return
    await eachLine(part.path, part.isWhole ? unsoundRows(connection, part.part) : undefined, onUnsound)
    const kept = `${part.part}.sound`
    if (sound > 0) await copySound(connection, part.part, kept)
    await rm(part.part, { force: true })
    if (sound > 0) await rename(kept, part.part)
  }

  const flushRejects = async (): Promise<void> => {
    if (rejectLines.length === 0) return
    const text = rejectLines.join('')
    rejectLines = []
    rejectBytes = 0
    await rejects.writeFile(text)
  }

  const close = async (): Promise<void> => {
    await rejects.close()
    for (const connection of connections.splice(0)) connection.closeSync()
    linesDatabase.close()
  }

  return {
    counts,
    rejectedByReason: () => reasons,
    reading: async (file, name, reading) => {
      if (reading.kind === 'record') {
        counts(file).records++
        if (staged.file !== file) {
          await flushStaged()
          staged = stagedFor(file)
        }
        staged.add(`${JSON.stringify(reading.observation)}\n`)
        if (staged.length >= stagedBytes) await flushStaged()
      } else if (reading.kind === 'reject') {
        counts(file).rejected++
        const { line, reason, detail, text } = reading
        reasons[reason] = (reasons[reason] ?? 0) + 1
        const written = `${JSON.stringify({ file: name, line, reason, detail, text })}\n`
        rejectLines.push(written)
        rejectBytes += written.length
        if (rejectBytes >= 2 ** 20) await flushRejects()
      }
    },
    progress: () => (isReadingFile ? Math.max(0, database.connection.progress.percentage) / 100 : 0),
    file: async (file, path, mapping, onUnsound) => {
      throwFailure()
      const { connection } = database
      isReadingFile = true
      try {
        const part = nextPart()
        // Whatever is wrong, the other way meets it again: a line that ends a statement, or a full disk, which it reports.
        const written = await writeObservations(connection, { path, file }, mapping, part).catch(() => undefined)
        if (written === undefined || (written.unsound > 0 && (await countLines(path)) !== written.rows)) {
          await rm(part, { force: true })
          return false
        }
        await takeUnsound(connection, { path, file, part, ...written, isWhole: true }, onUnsound)
        return true
      } finally {
        isReadingFile = false
      }
    },
    nextFile: async () => {
      for (;;) {
        throwFailure()
        const file = freeFiles.pop()
        if (file !== undefined) return file
        await new Promise<void>((resolve) => wanting.push(resolve))
      }
    },
    spool: async (file, { path, lines }, mapping, onUnsound) => {
      throwFailure()
      const part = nextPart()
      await enqueue(spoolQueue, async (connection, before) => {
        try {
          const written = await writeObservations(connection, { path, file }, mapping, part).catch((error: unknown) => {
            // Some broken lines end the whole statement, whatever it was told of errors: none of it can be told apart.
            if (error instanceof Error && error.message.startsWith('Invalid Input Error'))
              return { rows: 0, unsound: 0 }
            throw error
          })
          // So that rejects stand in the order of the lines.
          await before
          const isWhole = written.rows === lines
          await takeUnsound(connection, { path, file, part, ...written, isWhole }, ({ row, bytes }) =>
            onUnsound(row, bytes),
          )
        } finally {
          freeFiles.push(path)
          wanting.shift()?.()
        }
      })
    },
    drain: async () => {
      await spoolQueue.onIdle()
      await flushStaged()
      await stagedQueue.onIdle()
      throwFailure()
    },
    finish: async () => {
      if (parts === 0 || staged.rows > 0) await flushStaged(true)
      await stagedQueue.onIdle()
      throwFailure()
      await flushRejects()
      await close()
    },
    abandon: async () => {
      await spoolQueue.onIdle()
      await stagedQueue.onIdle()
      await close()
    },
  }
}
