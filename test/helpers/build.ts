import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const folder = join(repository, 'node_modules', '.cache', 'census-test')

/** The program as it is built, beside what it reads. Not `dist`, which may be in use. */
export const builtCli = join(folder, 'dist', 'cli.js')

/** Builds it, before any test: started from its sources it would take twice as long, hundreds of times. */
export function setup(): void {
  mkdirSync(folder, { recursive: true })
  for (const name of ['data', 'package.json']) {
    rmSync(join(folder, name), { force: true })
    symlinkSync(join(repository, name), join(folder, name))
  }
  const tsc = join(repository, 'node_modules', '.bin', 'tsc')
  const words = ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist'), '--incremental']
  const { status, stdout } = spawnSync(tsc, [...words, '--tsBuildInfoFile', join(folder, 'tsbuildinfo')], {
    cwd: repository,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the program cannot be built: ${stdout}`)
}
