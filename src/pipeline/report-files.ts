import { renameSync, rmSync } from 'node:fs'
import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { failed } from '../model/errors.ts'
import { exposureFiles } from '../reports/exposure-csv.ts'

export const draftPrefix = '.draft-'
export const pageFile = 'report.html'

/** Puts the files in their place, one right after the other, so that no second report's files come between them. */
export async function publish(names: readonly string[], draft: string, out: string): Promise<void> {
  for (const name of names) {
    const there = await stat(join(out, name)).catch(() => undefined)
    if (there?.isDirectory()) throw failed(`${join(out, name)} is a folder`, 'remove it, or name another --out')
  }
  for (const name of names) renameSync(join(draft, name), join(out, name))
  // A file that an earlier report left and this one does not write would stand there undescribed, of another snapshot.
  for (const name of [...Object.values(exposureFiles), pageFile])
    if (!names.includes(name)) rmSync(join(out, name), { force: true })
}

/** Removes drafts that killed reports left behind: those of yesterday and before, as no report takes a day. */
export async function removeOldDrafts(out: string): Promise<void> {
  const names = await readdir(out).catch(() => [])
  for (const name of names.filter((each) => each.startsWith(draftPrefix))) {
    const made = await stat(join(out, name)).catch(() => undefined)
    if (made && Date.now() - made.mtimeMs > 86_400_000) await rm(join(out, name), { recursive: true, force: true })
  }
}

/** Writes a new file, and waits until it is on the disk. */
export async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  await file.writeFile(text)
  await file.sync()
  await file.close()
}
