#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { declareCheck } from './cli/check.ts'
import { declareCompare } from './cli/compare.ts'
import { declareImport } from './cli/import.ts'
import { declareList } from './cli/list.ts'
import { declareProbe } from './cli/probe.ts'
import { declareQuery } from './cli/query.ts'
import { declareReport } from './cli/report.ts'
import { declareRun } from './cli/run.ts'
import { declareServe } from './cli/serve.ts'
import { declareSurvey } from './cli/survey.ts'
import { globalOptions, type CommandLine } from './cli/options.ts'
import type { Console } from './commands/output.ts'
import { checkFiles, environment } from './config/settings.ts'
import { CensusError, exitCodes } from './model/errors.ts'
import { printable } from './reports/text.ts'
import { version } from './version.ts'

const console: Console = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  terminal: environment().terminal,
  interactive: process.stdout.isTTY,
}

const program = new Command('census')
  .description('Counts exposed Internet services per region and per head.')
  .version(version)
  .exitOverride()
  .configureHelp({ helpWidth: 80 })
  // One line, as every other error.
  .configureOutput({
    outputError: (text, write) =>
      write(
        `census: ${text
          .replace(/^error: /, '')
          .trimEnd()
          .replaceAll('\n', ' ')}; --help shows what there is\n`,
      ),
  })

const cli: CommandLine = {
  command: (name) => globalOptions(program.command(name)),
  globals: (options, configStore) => ({
    store: (options['store'] as string | undefined) ?? configStore ?? environment().store ?? 'census-store',
    json: options['json'] === true,
    quiet: options['quiet'] === true,
    verbose: options['verbose'] === true,
    progress: options['progress'] !== false,
  }),
  console,
  end: (exit) => {
    process.exitCode = exit
  },
  signalled,
}
const commands = [
  declareImport,
  declareSurvey,
  declareProbe,
  declareReport,
  declareCompare,
  declareQuery,
  declareRun,
  declareCheck,
  declareServe,
  declareList,
]
for (const declare of commands) declare(cli)

/** Every error leaves as one line: what, where, what to do. */
function complain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongInput
  const known = error instanceof CensusError
  const message = error instanceof Error ? error.message : String(error)
  const hint = known && error.hint !== undefined ? `; ${error.hint}` : ''
  console.err(`census: ${printable(`${message.split('\n')[0] ?? ''}${hint}`)}\n`)
  if (verbose && error instanceof Error)
    console.err(`${error.stack ?? ''}\n${error.cause instanceof Error ? `caused by ${error.cause.stack ?? ''}\n` : ''}`)
  return known ? error.exit : exitCodes.failed
}

// A reader that has seen enough (`census list regions | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done)
  process.exit(complain(new Error(`the result cannot be written: ${error.message}`)))
})
const signals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const
// Nothing needs undoing: a draft that stays behind is no snapshot, and the next writer removes it.
const endAtOnce = (code: number): void => process.exit(code)
let onSignal = endAtOnce
// One listener for good: a signal that came while there is none, or just before it went, would be lost.
for (const [signal, code] of signals) process.on(signal, () => onSignal(code))

/** The exit code of the first signal; what is open is closed before. A second one ends the process at once. */
function signalled(): Promise<number> {
  return new Promise((resolve) => {
    onSignal = (code) => {
      onSignal = endAtOnce
      resolve(code)
    }
  })
}

/** Whether the command being run is to say more. */
let verbose = false
program.hook('preAction', async (_, command) => {
  verbose = command.opts()['verbose'] === true
  await checkFiles()
})
try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = complain(error)
}
