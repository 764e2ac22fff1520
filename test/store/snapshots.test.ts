import { randomBytes } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { importFiles } from '../../src/pipeline/import.ts'
import { lockStore } from '../../src/store/lock.ts'
import { storeFormat } from '../../src/store/manifest.ts'
import { findSnapshot, isOfRecords, listSnapshots, type Snapshot } from '../../src/store/snapshots.ts'
import { census, censusCommand, ended, inNamespace, quoted, startCensus } from '../helpers/cli.ts'
import { banner, ndjson } from '../helpers/shodan.ts'
import { censusRows, temporaryFolder } from '../helpers/store.ts'

const small = ndjson(banner())
const records = 20_000
/** Several megabytes that no compression makes small. */
const large = (): string =>
  ndjson(
    ...Array.from({ length: records }, (_, at) =>
      banner({ ip_str: `198.18.${at >> 8}.${at & 255}`, data: randomBytes(400).toString('base64') }),
    ),
  )

/** A store with one snapshot `old`, and a large file to import. */
async function prepared(): Promise<{ folder: string; store: string; old: Snapshot; file: string }> {
  const folder = await temporaryFolder()
  const store = join(folder, 'store')
  await writeFile(join(folder, 'small'), small)
  const file = join(folder, 'large')
  await writeFile(file, large())
  const old = await importFiles({
    store,
    id: 'old',
    files: [{ name: join(folder, 'small'), format: 'auto' }],
    maxRecordBytes: 2 ** 20,
    maxExpansion: 10,
  })
  return { folder, store, old, file }
}

test('kill -9 at any instant leaves the whole snapshot or none, and the next import clears up', async () => {
  const { store, file } = await prepared()
  const drafts = async (): Promise<string[]> =>
    (await readdir(join(store, 'snapshots'))).filter((name) => name.startsWith('.'))
  let interrupted = 0
  for (const [kill, afterMs] of [0, 50, 100, 200, 300].entries()) {
    const child = startCensus(['import', file, '--store', store, '--id', `new-${kill}`])
    const end = ended(child)
    while (child.exitCode === null && !existsSync(join(store, 'snapshots', `.draft-new-${kill}`))) await sleep(5)
    await sleep(afterMs)
    child.kill('SIGKILL')
    await end
    interrupted += (await drafts()).length
    expect((await census(['list', 'snapshots', '--store', store])).code).toBe(0)
    for (const snapshot of (await listSnapshots(store)).filter(isOfRecords)) {
      const expected = snapshot.id === 'old' ? 1 : records
      expect(snapshot.manifest.accounting.kept).toBe(expected)
      expect(await censusRows(snapshot)).toHaveLength(expected)
    }
  }
  expect(interrupted).toBeGreaterThan(0)
  expect(await census(['import', file, '--store', store, '--id', 'last'])).toMatchObject({ code: 0 })
  expect(await drafts()).toEqual([])
  expect(await findSnapshot(store, 'last')).toMatchObject({ manifest: { accounting: { kept: records } } })
}, 120_000)

test('a second writer is told so, readers are not locked out', async () => {
  const { store, file } = await prepared()
  const lock = await lockStore(store)
  const [writer, reader] = await Promise.all([
    census(['import', file, '--store', store, '--id', 'new']),
    census(['list', 'snapshots', '--store', store, '--json']),
  ])
  lock.release()
  expect(writer.code).toBe(4)
  expect(writer.stderr).toMatch(/^census: another census command is writing to the store .*\n$/)
  expect(reader.code).toBe(0)
  expect(reader.stdout).toContain('"old"')
  expect((await readdir(join(store, 'snapshots'))).toSorted()).toEqual(['old'])
})

test('a limit on the size of files ends an import with 1 and leaves what was there', async () => {
  const { store, file, old } = await prepared()
  const before = await readFile(join(old.folder, 'manifest.json'), 'utf8')
  const command = `ulimit -f 2000; exec ${quoted([...censusCommand, 'import', file, '--store', store, '--id', 'new'])}`
  const ran = spawnSync('/bin/bash', ['-c', command], { encoding: 'utf8' })
  expect(ran.stderr).toMatch(/^census: the import failed: .*\n$/)
  expect(ran.status).toBe(1)
  expect(await readdir(join(store, 'snapshots'))).toEqual(['old'])
  expect(await readFile(join(old.folder, 'manifest.json'), 'utf8')).toBe(before)
})

test('a full disk ends an import with 1 and leaves what was there', async ({ skip }) => {
  const { folder, file } = await prepared()
  const disk = join(folder, 'disk')
  await mkdir(disk)
  const store = join(disk, 'store')
  const mount = `mount -t tmpfs -o size=4m none ${quoted([disk])}`
  const possible = inNamespace(mount)
  skip(
    possible.status !== 0,
    `no file system of a given size can be mounted here: ${possible.error?.message ?? possible.stderr}`,
  )
  const run = (...words: string[]): string => quoted([...censusCommand, ...words, '--store', store])
  const ran = inNamespace(`${mount}
    ${run('import', join(folder, 'small'), '--id', 'old', '--quiet')} || exit 90
    ${run('import', file, '--id', 'new')}; echo "exit $?"
    ls -A ${quoted([join(store, 'snapshots')])}
    ${run('list', 'snapshots')} || exit 91
    ${run('import', join(folder, 'small'), '--id', 'next', '--quiet')} || exit 92`)
  expect(ran.status).toBe(0)
  expect(ran.stderr).toMatch(/^census: the import failed: .*disk is full.*\n$/)
  expect(ran.stdout).toMatch(/^exit 1\nold\n/)
  expect(ran.stdout).toMatch(/^old .*complete *$/m)
})

test.each([
  ['a newer', storeFormat + 1],
  ['an older', storeFormat - 1],
] as const)('a store that %s census wrote to is neither read nor added to', async (which, format) => {
  const { folder, store, old } = await prepared()
  const path = join(old.folder, 'manifest.json')
  await writeFile(path, JSON.stringify({ ...old.manifest, storeFormat: format, unheardOf: true }))
  for (const args of [
    ['list', 'snapshots'],
    ['report', '--out', join(folder, 'out')],
    ['import', join(folder, 'small'), '--id', 'new'],
  ]) {
    const ran = await census([...args, '--store', store])
    expect(ran.stderr).toContain(`by ${which} census`)
    expect(ran.code).toBe(2)
  }
  expect(await readdir(join(store, 'snapshots'))).toEqual(['old'])
  expect(existsSync(join(folder, 'out'))).toBe(false)
})

test.each([
  ['', 1],
  ['{', 1],
  ['{}', 1],
  ['null', 1],
  ['[]', 1],
])('a manifest of %j is an error that names it', async (text, exit) => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'snapshots', 'a'), { recursive: true })
  await writeFile(join(folder, 'snapshots', 'a', 'manifest.json'), text)
  await expect(listSnapshots(folder)).rejects.toMatchObject({
    exit,
    message: expect.stringContaining('a/manifest.json') as string,
  })
})

test('folders without a manifest, drafts and stray files are no snapshots', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'snapshots', 'a'), { recursive: true })
  await mkdir(join(folder, 'snapshots', '.draft-b'))
  await writeFile(join(folder, 'snapshots', 'notes.txt'), '')
  expect(await listSnapshots(folder)).toEqual([])
  await expect(findSnapshot(folder, undefined)).rejects.toMatchObject({ exit: 2 })
})
