import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Console, Global } from '../commands/output.ts'

/** What a command is declared with. Its code is loaded when it is run: each needs only a part of it. */
export interface CommandLine {
  /** Declares a command that takes the options every command takes. */
  readonly command: (name: string) => Command
  /** The options every command takes, as they were given. @param configStore the store that a configuration names */
  readonly globals: (options: Readonly<Record<string, unknown>>, configStore?: string) => Global
  readonly console: Console
  /** What the process is to end with. */
  readonly end: (exit: number) => void
  /** The exit code of the first signal; what is open is closed before. A second one ends the process at once. */
  readonly signalled: () => Promise<number>
}

export const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`a whole number from ${least} to ${most} is due.`)
    return value
  }

export const maxRecordBytes = new Option('--max-record-bytes <N>', 'reject records longer than this')
  .default(16 * 2 ** 20)
  .argParser(whole(1024, 2 ** 29))
export const maxExpansion = new Option(
  '--max-expansion <N>',
  'refuse compressed files that expand to more than N times their size',
)
  .default(300)
  .argParser(whole(1, 1_000_000))
export const regionTables = new Option('--region-tables <DIR>', 'folder with region tables of your own (CSV)')
export const addressDatabase = new Option(
  '--address-database <FILE>',
  'MaxMind-format city database to use instead of DB-IP’s',
)

/** Adds the options that every command takes. */
export function globalOptions(command: Command): Command {
  return command
    .option('--store <DIR>', 'where snapshots are kept (default: census-store, or CENSUS_STORE)')
    .option('--json', 'one JSON document on stdout instead of text')
    .option('--quiet', 'no result on stdout')
    .option('--verbose', 'say more when something goes wrong')
    .option('--no-progress', 'no progress line')
}
