import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'

/** What one run of a whole process cost, as GNU time tells it. */
export interface Run {
  readonly seconds: number
  readonly processorSeconds: number
  /** Peak resident memory of the process, or of the largest one of a pipe. */
  readonly peakMiB: number
}

/**
 * Runs a shell command under GNU time (`/usr/bin/time`, Debian package time), its standard output thrown away.
 * @throws when it ends with another exit code than 0, with what it said on standard error
 */
export async function run(command: string, folder: string): Promise<Run> {
  const report = join(folder, 'time.txt')
  const errors = join(folder, 'stderr.txt')
  const descriptor = openSync(errors, 'w')
  try {
    const child = spawn('/usr/bin/time', ['-f', '%e %U %S %M', '-o', report, 'bash', '-o', 'pipefail', '-c', command], {
      stdio: ['ignore', 'ignore', descriptor],
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', resolve)
    })
    if (code !== 0) throw new Error(`exit ${code}: ${command}\n${readFileSync(errors, 'utf8').slice(-2000)}`)
  } finally {
    closeSync(descriptor)
  }
  const [seconds, user, system, peakKiB] =
    readFileSync(report, 'utf8').trim().split('\n').at(-1)?.split(' ').map(Number) ?? []
  if (seconds === undefined || user === undefined || system === undefined || peakKiB === undefined)
    throw new Error(`GNU time said nothing of: ${command}`)
  return { seconds, processorSeconds: user + system, peakMiB: peakKiB / 1024 }
}

/** A text as one word of a shell command. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Whether a program can be found; what cannot is left out of the comparison and said so. */
export const installed = (program: string): boolean => spawnSync('bash', ['-c', `command -v ${program}`]).status === 0

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper
}

/** The machine and versions a table was measured on, as one line of Markdown. */
export const machine = (): string =>
  `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} threads, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.version}`

/** A Markdown table; all columns but the first are aligned to the right. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

/** Gives a folder for the measurement and removes it afterwards, also when interrupted. */
async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'census-bench-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const interrupted = (): never => {
    remove()
    process.exit(130)
  }
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    return await work(folder)
  } finally {
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
    remove()
  }
}

/**
 * Runs a benchmark as a command: checks what it needs, gives it a temporary folder, and sets exit code 1 when
 * something failed. Its figures are for people to judge; they never decide the exit code.
 */
export async function benchmark(usage: string, sound: boolean, work: (folder: string) => Promise<void>): Promise<void> {
  const needs = [
    ...(sound ? [] : [`usage: ${usage}`]),
    ...(existsSync('/usr/bin/time') ? [] : ['/usr/bin/time is missing: apt-get install time']),
    ...(existsSync(new URL('../dist/cli.js', import.meta.url)) ? [] : ['dist/cli.js is missing: npm run build']),
  ]
  try {
    if (needs.length > 0) throw new Error(needs.join('\n'))
    await inTemporaryFolder(work)
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
