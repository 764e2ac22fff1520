import { hash } from 'node:crypto'
import { lstat, mkdir, open, readFile, readdir, rename, rm, rmdir, truncate, type FileHandle } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { failed } from '../model/errors.ts'
import { followJournal, parsed, readEvents, type JournalEvent, type JournalState } from './journal-events.ts'

/** What is downloaded: the same download goes on in the same folder. */
export interface JournalScope {
  readonly engine: string
  /** Where the engine is asked, without path or key. */
  readonly endpoint: string
  readonly country: string
  /** In the engine's own language. */
  readonly queries: readonly string[]
}

/** A page as it is kept: records one a line, without those of earlier pages. */
export interface PageToStore {
  readonly lines: readonly string[]
  /** Records that came, those of earlier pages included. */
  readonly rows: number
  readonly total: number
}

/** What a download has asked for and received, on the disk before anything else happens. Hold the store's lock. */
export interface Journal {
  readonly folder: string
  readonly state: JournalState
  /** Lines of the stored pages, a page at a time. */
  lines(): AsyncGenerator<readonly string[]>
  counted(query: number, total: number): Promise<void>
  attempt(query: number, page: number): Promise<void>
  failed(query: number, page: number, why: string): Promise<void>
  store(query: number, page: number, content: PageToStore): Promise<void>
  publishing(id: string, complete: boolean): Promise<void>
  /** Puts all stored pages into one file. */
  join(path: string): Promise<void>
  close(): Promise<void>
  /** Ends it: everything in it is given up. */
  remove(): Promise<void>
}

const surveysFolder = (store: string): string => join(resolve(store), 'surveys')
const folderOf = (store: string, { engine, endpoint, country, queries }: JournalScope): string => {
  const key = hash('sha256', JSON.stringify([engine, endpoint, country, ...queries]), 'hex')
  return join(surveysFolder(store), key.slice(0, 16))
}
/** Where a journal is while it is taken away. */
const endedFolder = (folder: string): string => `${folder}.ended`
const journalName = 'journal.ndjson'
const pageName = (query: number, page: number): string => `page-${query}-${page}.ndjson`
const pagePattern = /^page-(\d{1,6})-(\d{1,9})\.ndjson$/

/** What a journal says so far, without changing it. @throws CensusError exit 1 for one that cannot be read */
export async function readJournal(store: string, scope: JournalScope): Promise<JournalState> {
  const state = followJournal()
  const { events } = await readEventsOf(folderOf(store, scope))
  for (const event of events) state.follow(event)
  return state
}

async function readEventsOf(folder: string): Promise<ReturnType<typeof readEvents> & { isTorn: boolean }> {
  const path = join(folder, journalName)
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw failed(`${path} cannot be read: ${error.message}`, 'check its permissions', error)
  })
  const read = readEvents(bytes, path)
  return { ...read, isTorn: read.wholeBytes < bytes.length }
}

/**
 * Opens the journal of a download, one that was interrupted at any instant included; nothing is written before the first
 * event. A page whose file is in place is stored though nobody lived to say so; one whose file is damaged is not.
 * @throws CensusError exit 1 for one that cannot be read
 */
export async function openJournal(store: string, scope: JournalScope): Promise<Journal> {
  const folder = folderOf(store, scope)
  const path = join(folder, journalName)
  const state = followJournal()
  /** The journal, and the folder itself, which is synced after each rename in it. */
  let handles: { readonly log: FileHandle; readonly place: FileHandle } | undefined

  const opened = async (): Promise<{ readonly log: FileHandle; readonly place: FileHandle }> => {
    if (handles !== undefined) return handles
    await mkdir(folder, { recursive: true, mode: 0o700 })
    handles = { log: await open(path, 'a', 0o600), place: await open(folder, 'r') }
    if (state.begunAt === undefined) {
      for (const each of [folder, surveysFolder(store), resolve(store)]) await syncFolder(each)
      await append({ event: 'begun', at: now(), ...scope, queries: [...scope.queries] })
    }
    return handles
  }
  const append = async (event: JournalEvent): Promise<void> => {
    const { log } = await opened()
    await log.appendFile(`${JSON.stringify(event)}\n`)
    await log.datasync()
    state.follow(event)
  }
  const close = async (): Promise<void> => {
    await handles?.log.close()
    await handles?.place.close()
    handles = undefined
  }
  const put = async (name: string, bytes: Buffer): Promise<void> => {
    const { place } = await opened()
    const aside = join(folder, `${name}.part`)
    const file = await open(aside, 'w', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(aside, join(folder, name))
    // Some file systems cannot sync a folder; they order renames by themselves.
    await place.sync().catch(() => undefined)
  }
  const journal: Journal = {
    folder,
    state,
    lines: async function* () {
      for (const [query] of scope.queries.entries()) {
        for (const page of state.pages(query).keys()) yield linesOf(await readFile(join(folder, pageName(query, page))))
      }
    },
    counted: (query, total) => append({ event: 'counted', at: now(), query, total }),
    attempt: (query, page) => append({ event: 'attempt', at: now(), query, page }),
    failed: (query, page, why) => append({ event: 'failed', at: now(), query, page, why }),
    store: async (query, page, { lines, rows, total }) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
      await put(pageName(query, page), bytes)
      await append({ event: 'stored', at: now(), query, page, rows, fresh: lines.length, total, crc32: crc32(bytes) })
    },
    publishing: (id, complete) => append({ event: 'publishing', at: now(), id, complete }),
    join: async (target) => {
      const file = await open(target, 'w', 0o600)
      try {
        for (const [query] of scope.queries.entries()) {
          const pages = [...state.pages(query).keys()].toSorted((a, b) => a - b)
          for (const page of pages) await file.appendFile(await readFile(join(folder, pageName(query, page))))
        }
      } finally {
        await file.close()
      }
    },
    close,
    remove: async () => {
      await close()
      // In one step: of a journal half of which is gone, the pages that are left would pass for those of a new one.
      await rename(folder, endedFolder(folder)).catch(ifThere)
      await rm(endedFolder(folder), { recursive: true, force: true })
      // It stays while another download is in it.
      await rmdir(surveysFolder(store)).catch(() => undefined)
    },
  }
  await recover(journal, (event) => state.follow(event), append)
  return journal
}

/** Brings a journal and its folder in line with each other, after whatever ended its last writer. */
async function recover(
  { folder, state }: Journal,
  follow: (event: JournalEvent) => void,
  append: (event: JournalEvent) => Promise<void>,
): Promise<void> {
  await rm(endedFolder(folder), { recursive: true, force: true })
  const { events, wholeBytes, isTorn } = await readEventsOf(folder)
  if (isTorn) await truncate(join(folder, journalName), wholeBytes)
  for (const event of events) follow(event)
  const names: readonly string[] = await readdir(folder).catch(() => [])
  for (const name of names) {
    const [, query, page] = (pagePattern.exec(name) ?? []).map(Number)
    if (query === undefined || page === undefined) {
      if (name !== journalName) await rm(join(folder, name), { recursive: true, force: true })
      continue
    }
    const isFile = (await lstat(join(folder, name))).isFile()
    const bytes = isFile ? await readFile(join(folder, name)) : Buffer.alloc(0)
    const stored = state.page(query, page)
    if (stored?.crc32 === crc32(bytes)) continue
    const at = now()
    // One nobody spoke of got its name when it was whole; but others may have written here, too.
    if (stored !== undefined || !isWhole(bytes)) {
      await rm(join(folder, name), { recursive: true, force: true })
      await append({ event: 'failed', at, query, page, why: 'its file is damaged' })
    } else {
      const rows = linesOf(bytes).length
      await append({ event: 'stored', at, query, page, rows, fresh: rows, crc32: crc32(bytes) })
    }
  }
  for (const { event, ...each } of events) {
    if (event !== 'stored' || !('page' in each) || state.page(each.query, each.page) === undefined) continue
    if (!names.includes(pageName(each.query, each.page)))
      await append({ event: 'failed', at: now(), query: each.query, page: each.page, why: 'its file is not there' })
  }
}

const isWhole = (bytes: Buffer): boolean =>
  bytes.at(-1) === 0x0a && linesOf(bytes).every((line) => parsed(line) !== undefined)
const linesOf = (bytes: Buffer): string[] => bytes.toString('utf8').split('\n').slice(0, -1)
const ifThere = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error
}
const now = (): string => new Date().toISOString()

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  // Some file systems cannot sync a folder; they order renames by themselves.
  await handle.sync().catch(() => undefined)
  await handle.close()
}
