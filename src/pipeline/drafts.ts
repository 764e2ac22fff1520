import { randomUUID } from 'node:crypto'
import { renameSync } from 'node:fs'
import { open, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { failed, wrongInput } from '../model/errors.ts'
import { makeFolder } from '../store/folders.ts'

const draftPrefix = '.draft-'

/** A draft of one's own in `out`, so that two who write there do not write into each other's files. It is yet to be made. */
export const draftIn = (out: string): string => join(out, `${draftPrefix}${randomUUID()}`)

/** Makes a draft, and the folder it is in. @throws CensusError exit 2 where a file is in the way */
export async function makeDraft(draft: string): Promise<void> {
  const out = dirname(draft)
  await removeOldDrafts(out)
  await makeFolder(draft).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTDIR' && error.code !== 'EEXIST') throw error
    throw wrongInput(`${out} cannot be a folder: it, or what it lies in, is a file`, 'name another --out')
  })
}

/** Writes a file that is not there yet, down to the disk. */
export async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  await file.writeFile(text)
  await file.sync()
  await file.close()
}

/** Puts the files in their place, one right after the other, so that no second report's files come between them. */
export async function publish(names: readonly string[], draft: string, out: string): Promise<void> {
  for (const name of names) {
    const there = await stat(join(out, name)).catch(() => undefined)
    if (there?.isDirectory()) throw failed(`${join(out, name)} is a folder`, 'remove it, or name another --out')
  }
  for (const name of names) renameSync(join(draft, name), join(out, name))
}

/** Removes drafts that the killed left behind: those of yesterday and before, as nothing takes a day. */
async function removeOldDrafts(out: string): Promise<void> {
  const names = await readdir(out).catch(() => [])
  for (const name of names.filter((each) => each.startsWith(draftPrefix))) {
    const made = await stat(join(out, name)).catch(() => undefined)
    if (made && Date.now() - made.mtimeMs > 86_400_000) await rm(join(out, name), { recursive: true, force: true })
  }
}
