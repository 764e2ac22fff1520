import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { repository } from '../helpers/source-graph.ts'
import { banner, ndjson } from '../helpers/shodan.ts'
import { temporaryFolder } from '../helpers/store.ts'

test('the program as it is built reads a large compressed file in a thread of its own', async () => {
  const folder = await temporaryFolder()
  for (const name of ['data', 'node_modules', 'package.json']) await symlink(join(repository, name), join(folder, name))
  const tsc = join(repository, 'node_modules/.bin/tsc')
  const built = spawnSync(tsc, ['-p', join(repository, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')])
  expect(built.status).toBe(0)
  // Random text, which no compression brings below the size from which on a thread is started.
  const records = 20_000
  const lines = Array.from({ length: records }, (_, at) =>
    banner({ ip_str: `198.18.${at >> 8}.${at & 255}`, data: randomBytes(900).toString('base64') }),
  )
  const file = join(folder, 'large.gz')
  await writeFile(file, gzipSync(ndjson(...lines), { level: 1 }))
  const census = (id: string) =>
    spawnSync(
      process.execPath,
      [join(folder, 'dist/cli.js'), 'import', file, '--store', join(folder, 'store'), '--id', id, '--json'],
      { encoding: 'utf8' },
    )
  const ran = census('one')
  expect(ran.stderr).toBe('')
  expect(JSON.parse(ran.stdout)).toMatchObject({ accounting: { in: records, kept: records } })
  // Without the thread's code there is no thread, and without a thread no import.
  await rm(join(folder, 'dist/sources/files/spool-worker.js'))
  expect(census('two')).toMatchObject({ status: 1, stdout: '' })
})
