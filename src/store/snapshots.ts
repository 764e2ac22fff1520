import { constants } from 'node:fs'
import { access, chmod, mkdir, open, readFile, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makeFolder } from './folders.ts'
import { z } from 'zod'
import { CensusError, failed, wrongInput } from '../model/errors.ts'
import { manifestSchema, storeFormat, type Manifest, type RecordsManifest } from './manifest.ts'

export type { Manifest }

/** A complete snapshot in a store. */
export interface Snapshot<M extends Manifest = Manifest> {
  readonly id: string
  readonly folder: string
  readonly manifest: M
}

/** A snapshot of records, of which places, services and products are to be decided. */
export type RecordsSnapshot = Snapshot<RecordsManifest>
export const isOfRecords = (snapshot: Snapshot): snapshot is RecordsSnapshot => snapshot.manifest.basis === 'records'

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** @throws CensusError exit 2 for an id that is no plain file name */
export function checkSnapshotId(id: string): void {
  if (!idPattern.test(id)) {
    throw wrongInput(
      `snapshot id ${JSON.stringify(id)} cannot be used`,
      'use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
    )
  }
}

/** An id that sorts by time and says when the snapshot was made: `20240501T225745Z`. */
const newId = (): string => new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')

/**
 * The id of a snapshot that is to be added to a store.
 * @throws CensusError exit 2 for one that is taken or no plain file name, and for a store of another census's format
 */
export async function unusedId(store: string, id = newId()): Promise<string> {
  checkSnapshotId(id)
  if ((await listSnapshots(store)).some((snapshot) => snapshot.id === id)) throw idTaken(store, id)
  return id
}

const snapshotsFolder = (store: string): string => join(resolve(store), 'snapshots')

/** Makes the store's folders, readable by their owner alone. */
export async function prepareStore(store: string): Promise<void> {
  await makeFolder(snapshotsFolder(store), 0o700)
}

export const isMissing = (path: string): Promise<boolean> => exists(path).then((there) => !there)

/** Takes away a store that nothing was written to; one that holds anything stays. */
export async function removeEmptyStore(store: string): Promise<void> {
  try {
    // rmdir fails on a folder that is not empty, which is what is wanted.
    await rmdir(snapshotsFolder(store))
    await rm(join(resolve(store), '.lock'), { force: true })
    await rmdir(resolve(store))
  } catch {
    // Something is in it, and stays.
  }
}

/** All complete snapshots, oldest id first. A folder without a manifest is one that was never finished, and no snapshot. */
export async function listSnapshots(store: string): Promise<Snapshot[]> {
  const folder = snapshotsFolder(store)
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw failed(`the store ${store} cannot be read: ${error.message}`, 'check its permissions', error)
  })
  const found: Snapshot[] = []
  for (const id of names.filter((name) => idPattern.test(name)).toSorted()) {
    const snapshot = await readSnapshot(store, id)
    if (snapshot) found.push(snapshot)
  }
  return found
}

/**
 * The snapshot called `id`, or the one made last when no id is given.
 * @throws CensusError exit 2 when there is none, naming those there are
 */
export async function findSnapshot(store: string, id: string | undefined): Promise<Snapshot> {
  const all = await listSnapshots(store)
  const found =
    id === undefined
      ? all.toSorted((a, b) => (a.manifest.createdAt < b.manifest.createdAt ? -1 : 1)).at(-1)
      : all.find((snapshot) => snapshot.id === id)
  if (found) return found
  if (all.length === 0) throw wrongInput(`the store ${store} holds no snapshot`, 'make one with `census import FILE`')
  throw wrongInput(
    `the store ${store} holds no snapshot ${JSON.stringify(id)}`,
    `it holds: ${all.map((each) => each.id).join(', ')}`,
  )
}

async function readSnapshot(store: string, id: string): Promise<Snapshot | undefined> {
  const folder = join(snapshotsFolder(store), id)
  const file = join(folder, 'manifest.json')
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw failed(`${file} cannot be read: ${(error as Error).message}`, 'check its permissions', error)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw failed(`${file} is not JSON: ${(error as Error).message}`, 'remove or restore that snapshot', error)
  }
  const version = z.object({ storeFormat: z.number() }).safeParse(json)
  if (version.success && version.data.storeFormat > storeFormat) {
    throw wrongInput(
      `${file} was written by a newer census (store format ${version.data.storeFormat}, this one reads ${storeFormat})`,
      'install that version, or name another store with --store',
    )
  }
  if (version.success && version.data.storeFormat < storeFormat) {
    throw wrongInput(
      `${file} was written by an older census (store format ${version.data.storeFormat}, this one reads ${storeFormat})`,
      'import those files again into another store, named with --store',
    )
  }
  const manifest = manifestSchema.safeParse(json)
  if (!manifest.success) {
    throw failed(
      `${file} is not a manifest: ${z.prettifyError(manifest.error).split('\n')[0] ?? ''}`,
      'remove or restore that snapshot',
    )
  }
  return { id, folder, manifest: manifest.data }
}

/** A snapshot being made, beside the finished ones. */
export interface Draft {
  readonly id: string
  readonly folder: string
  /** Makes it a snapshot: writes the manifest, syncs everything, renames the folder. */
  publish<M extends Manifest>(manifest: M): Promise<Snapshot<M>>
  /** Removes it and leaves the store as it was. */
  discard(): Promise<void>
}

/**
 * Begins a snapshot under a hidden name, so that a kill at any instant leaves the whole snapshot or none.
 * Drafts that an interrupted run left are removed first: call this only while holding the store's lock.
 * @throws CensusError exit 2 when the id is taken
 */
export async function beginSnapshot(store: string, id: string): Promise<Draft> {
  checkSnapshotId(id)
  const folder = snapshotsFolder(store)
  for (const name of await readdir(folder)) {
    if (name.startsWith('.draft-')) await rm(join(folder, name), { recursive: true, force: true })
  }
  const final = join(folder, id)
  if (await exists(final)) throw idTaken(store, id)
  const draft = join(folder, `.draft-${id}`)
  await mkdir(join(draft, 'observations'), { recursive: true, mode: 0o700 })
  return {
    id,
    folder: draft,
    publish: async (manifest) => {
      // A snapshot that cannot be read again would lock the whole store.
      manifestSchema.parse(manifest)
      await writeNew(join(draft, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
      await syncTree(draft)
      if (await exists(final)) throw idTaken(store, id)
      await rename(draft, final)
      await syncFolder(folder)
      return { id, folder: final, manifest }
    },
    discard: () => rm(draft, { recursive: true, force: true }),
  }
}

const idTaken = (store: string, id: string): CensusError =>
  wrongInput(
    `the store ${store} already holds a snapshot ${JSON.stringify(id)}`,
    'snapshots never change: choose another --id',
  )

const exists = (path: string): Promise<boolean> =>
  access(path, constants.F_OK).then(
    () => true,
    () => false,
  )

/** Writes a file that is not there yet, for its owner alone. */
export async function writeNew(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  await handle.writeFile(text)
  await handle.close()
}

/** Makes everything in a folder the owner's alone, and sees it onto the disk. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await syncTree(path)
    else {
      await chmod(path, 0o600)
      const handle = await open(path, 'r+')
      await handle.sync()
      await handle.close()
    }
  }
  await syncFolder(folder)
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  // Some file systems cannot sync a folder; they order renames by themselves.
  await handle.sync().catch(() => undefined)
  await handle.close()
}
