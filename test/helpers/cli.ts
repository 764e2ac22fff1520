import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import type { Console, Global } from '../../src/commands/output.ts'
import { builtCli } from './build.ts'

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** What is written to standard input, which then ends; `open` leaves it to the test. */
  readonly stdin?: string | Uint8Array
}

/** Starts `census` as a process of its own, without a terminal. */
export function startCensus(args: readonly string[], { cwd, env, stdin }: RunOptions = {}): ChildProcess {
  const child = spawn(process.execPath, [builtCli, ...args], {
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  if (stdin !== undefined && stdin !== 'open') child.stdin?.end(stdin)
  return child
}

/** What became of a started `census`. */
export async function ended(child: ChildProcess): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stdout, stderr }
}

/** Runs `census` as a process of its own. */
export const census = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  ended(startCensus(args, options))

/** A console that keeps what is written to it. */
export function recorded(terminal = false): Console & { stdout(): string; stderr(): string } {
  let [stdout, stderr] = ['', '']
  return {
    out: (text) => void (stdout += text),
    err: (text) => void (stderr += text),
    terminal,
    interactive: terminal,
    stdout: () => stdout,
    stderr: () => stderr,
  }
}

/** Options every command takes, as they are when none is given. */
export const globals = (store: string, options: Partial<Global> = {}): Global => ({
  store,
  json: false,
  quiet: false,
  verbose: false,
  progress: true,
  ...options,
})

/** The words that start `census` in a shell. */
export const censusCommand: readonly string[] = [process.execPath, builtCli]

export const quoted = (words: readonly string[]): string =>
  words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')

/** Runs a shell script where it may mount file systems of its own. */
export const inNamespace = (script: string) =>
  spawnSync('unshare', ['--mount', '--user', '--map-root-user', '/bin/sh', '-c', script], { encoding: 'utf8' })
