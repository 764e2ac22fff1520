#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander'
import type { CompareOptions } from './commands/compare.ts'
import type { ImportOptions } from './commands/import.ts'
import { addressDatabase, maxExpansion, maxRecordBytes, regionTables, whole } from './commands/options.ts'
import type { Console, Global } from './commands/output.ts'
import type { ProbeOptions } from './commands/probe.ts'
import type { ReportOptions } from './commands/report.ts'
import type { RunOptions } from './commands/run.ts'
import type { ServeOptions } from './commands/serve.ts'
import type { SurveyOptions } from './commands/survey.ts'
import { checkFiles, environment } from './config/settings.ts'
import { discoveryTools } from './model/discovery.ts'
import { CensusError, exitCodes } from './model/errors.ts'
import { languages } from './model/page.ts'
import { formatIds } from './model/reader.ts'
import { reportFormats } from './model/report-format.ts'
import { reportBreakdowns } from './model/tally.ts'
import { printable } from './reports/text.ts'
import { version } from './version.ts'

const console: Console = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  terminal: environment().terminal,
  interactive: process.stdout.isTTY,
}

// A command's code is loaded when the command is run: each needs only a part of it.

/** The command being run, and what its options were. */
let verbose = false

function globalOptions(command: Command): Command {
  return command
    .option('--store <DIR>', 'where snapshots are kept (default: census-store, or CENSUS_STORE)')
    .option('--json', 'one JSON document on stdout instead of text')
    .option('--quiet', 'no result on stdout')
    .option('--verbose', 'say more when something goes wrong')
    .option('--no-progress', 'no progress line')
}

function globals(options: Record<string, unknown>, configStore?: string): Global {
  verbose = options['verbose'] === true
  return {
    store: (options['store'] as string | undefined) ?? configStore ?? environment().store ?? 'census-store',
    json: options['json'] === true,
    quiet: options['quiet'] === true,
    verbose,
    progress: options['progress'] !== false,
  }
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

globalOptions(program.command('import'))
  .description('read exports and scanner outputs (plain, .gz, .zst, - for stdin) into a new snapshot')
  .argument('<file...>')
  .option('--format <NAME>', `auto or one of ${formatIds.join(', ')}`, 'auto')
  .option('--observed-at <T>', 'when formats that carry no time were observed, ISO 8601')
  .option('--id <NAME>', 'name of the snapshot (default: the time, as 20240501T225745Z)')
  .option('--columns <LIST>', 'for csv: FIELD=COLUMN, comma-separated')
  .addOption(maxRecordBytes)
  .addOption(maxExpansion)
  .action(async (files: string[], options: ImportOptions & Record<string, unknown>) => {
    const { importCommand } = await import('./commands/import.ts')
    process.exitCode = await importCommand(files, options, globals(options), console)
  })

globalOptions(program.command('survey'))
  .description('count a country’s services by region through a search engine’s facets, without spending credits')
  .requiredOption('--country <CC>', 'the country')
  .option('--source <LIST>', 'the search engine, or several; `census list sources` shows them', 'shodan')
  .option('--services <LIST>', 'services and categories (mail, time, iot, …; default: all)')
  .option('--regions <LIST>', 'regions to print the counts of; all are counted')
  .option('--by <LIST>', 'product, device, network: also by their most frequent values')
  .option('--endpoint <URL>', 'another address of the API than the engine’s own (of several sources: SOURCE=URL, …)')
  .addOption(new Option('--rate <N>', 'requests a second (default: the engine’s own)').argParser(whole(1, 1000)))
  .addOption(
    new Option('--max-credits <N>', 'the most all requests to a source may cost, retries included')
      .default(0)
      .argParser(whole(0, 1_000_000)),
  )
  .option('--experimental', 'ask engines too whose answers nobody here has seen', false)
  .option('--records', 'download the records themselves, a credit a page; goes on where it stopped', false)
  .option('--dry-run', 'print every request and its cost, and ask for nothing but the credits left', false)
  .option('--id <NAME>', 'name of the snapshot (default: the time, as 20240501T225745Z)')
  .option('--key-file <FILE>', 'file with the engine’s key, readable by its owner alone')
  .addOption(regionTables)
  .action(async (options: SurveyOptions & Record<string, unknown>) => {
    const { surveyCommand } = await import('./commands/survey.ts')
    process.exitCode = await surveyCommand(options, globals(options), console)
  })

globalOptions(program.command('probe'))
  .description('probe the ranges of a scope that its owner lets be probed, and nothing else')
  .requiredOption('--scope <FILE>', 'what may be asked, by whose authority, and how fast (docs/probing.md)')
  .option('--services <LIST>', 'services and categories (default: all there are probes for, but ics)')
  .option('--checks <LIST>', 'what is asked beyond that (`census list probes`; default: nothing)')
  .addOption(new Option('--discovery <TOOL>', 'finds open TCP ports first, by SYN').choices(discoveryTools))
  .addOption(
    new Option('--in-flight <N>', 'connections and datagrams under way at a time, at most')
      .default(4000)
      .argParser(whole(1, 100_000)),
  )
  .addOption(
    new Option('--workers <N>', 'processes that ask, each with as many under way').default(1).argParser(whole(1, 16)),
  )
  .addOption(
    new Option('--timeout <MS>', 'how long a connection or a reply is waited for')
      .default(3000)
      .argParser(whole(100, 60_000)),
  )
  .addOption(
    new Option('--retries <N>', 'how often what stayed silent is asked again, after all others')
      .default(1)
      .argParser(whole(0, 5)),
  )
  .addOption(new Option('--seed <N>', 'fixes the order (default: made of the scope)').argParser(whole(0, 2 ** 32 - 1)))
  .option('--dry-run', 'print what would be sent and how long it would take, and send nothing', false)
  .option('--id <NAME>', 'name of the snapshot (default: the time, as 20240501T225745Z)')
  .addOption(regionTables)
  .action(async (options: ProbeOptions & Record<string, unknown>) => {
    const { probeCommand } = await import('./commands/probe.ts')
    process.exitCode = await probeCommand(options, globals(options), console)
  })

globalOptions(program.command('report'))
  .description('count a snapshot per region and per head, and write the report files')
  .option('--snapshot <ID>', 'the snapshot to count (default: the one made last)')
  .option('--country <CC>', 'only this country')
  .option('--services <LIST>', 'services and categories (mail, time, iot, …)')
  .option('--regions <LIST>', 'ISO 3166-2 codes or names, English or Japanese')
  .option('--by <LIST>', `of ${reportBreakdowns.join(', ')} (default: all)`)
  .addOption(
    new Option('--per <N>', 'people a rate in the printed table is for; files are per 100,000')
      .default(100_000)
      .argParser(whole(1, 1_000_000_000)),
  )
  .addOption(
    new Option('--population-year <Y>', 'default: the year nearest the observations').argParser(whole(1900, 2200)),
  )
  .option('--out <DIR>', 'where the files go', 'report')
  .option('--format <LIST>', `of ${reportFormats.join(', ')}`, reportFormats.join(','))
  .addOption(new Option('--lang <LANG>', 'language of the page').choices(languages).default('en'))
  .addOption(regionTables)
  .addOption(addressDatabase)
  .action(async (options: ReportOptions & Record<string, unknown>) => {
    const { reportCommand } = await import('./commands/report.ts')
    process.exitCode = await reportCommand(options, globals(options), console)
  })

globalOptions(program.command('compare'))
  .description('compare two snapshots, or two sources of one, by region and service')
  .argument('<old>', 'SNAPSHOT, or SNAPSHOT/SOURCE')
  .argument('<new>', 'the same of the other')
  .option('--country <CC>', 'only this country')
  .option('--services <LIST>', 'services and categories (mail, time, iot, …)')
  .option('--regions <LIST>', 'ISO 3166-2 codes or names, English or Japanese')
  .option('--out <DIR>', 'where the files go', 'comparison')
  .option('--force', 'compare what was not made in the same way', false)
  .addOption(regionTables)
  .addOption(addressDatabase)
  .option('--old-address-database <FILE>', 'the one that decides the old snapshot, where it was another')
  .action(async (old: string, now: string, options: CompareOptions & Record<string, unknown>) => {
    const { compareCommand } = await import('./commands/compare.ts')
    process.exitCode = await compareCommand(old, now, options, globals(options), console)
  })

globalOptions(program.command('run'))
  .description('the whole pipeline from a configuration file; silent on success under cron')
  .argument('[config]', 'configuration', 'census.yaml')
  .option('--print', 'print the summary even when stdout is no terminal', false)
  .addOption(maxRecordBytes)
  .addOption(maxExpansion)
  .action(async (path: string, options: RunOptions & Record<string, unknown>) => {
    verbose = options['verbose'] === true
    const { readConfig } = await import('./config/config.ts')
    const { runCommand } = await import('./commands/run.ts')
    const config = await readConfig(path)
    process.exitCode = await runCommand(config, options, globals(options, config.store), console)
  })

globalOptions(program.command('check'))
  .description('validate configuration, inputs and tables; writes nothing')
  .argument('[config]', 'configuration')
  .option('--online', 'also ask the search engine whether it takes the key', false)
  .addOption(maxExpansion)
  .addOption(regionTables)
  .action(
    async (path: string | undefined, options: { maxExpansion: number; online: boolean } & Record<string, unknown>) => {
      verbose = options['verbose'] === true
      const { readConfig } = await import('./config/config.ts')
      const { checkCommand } = await import('./commands/check.ts')
      const config = path === undefined ? undefined : await readConfig(path)
      process.exitCode = await checkCommand(config, options, globals(options, config?.store), console)
    },
  )

globalOptions(program.command('serve'))
  .description('answer as Shodan’s API does, from a snapshot, on 127.0.0.1 until stopped')
  .option('--api', 'serve the API (there is nothing else to serve yet)')
  .option('--snapshot <ID>', 'the snapshot to serve (default: the one made last)')
  .addOption(
    new Option('--port <N>', 'port to listen on; 0 for any that is free').default(8417).argParser(whole(0, 65_535)),
  )
  .option('--key-file <FILE>', 'file with the API’s key (default: CENSUS_API_KEY, or a new key)')
  .addOption(regionTables)
  .addOption(addressDatabase)
  .action(async (options: ServeOptions & Record<string, unknown>) => {
    const { serveCommand } = await import('./commands/serve.ts')
    const stopped = signalled()
    await serveCommand(options, globals(options), console, stopped)
    process.exitCode = await stopped
  })

globalOptions(program.command('list'))
  .description('snapshots, services, probes, formats, regions or sources')
  .argument('<what>')
  .option('--country <CC>', 'for regions: those of this country')
  .addOption(regionTables)
  .action(async (what: string, options: { country?: string } & Record<string, unknown>) => {
    const { listCommand } = await import('./commands/list.ts')
    process.exitCode = await listCommand(what, options, globals(options), console)
  })

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
for (const [signal, code] of signals) {
  // Nothing needs undoing: a draft that stays behind is no snapshot, and the next writer removes it.
  process.once(signal, () => process.exit(code))
}

/** The exit code of the first signal; what is open is closed before. A second one ends the process at once. */
function signalled(): Promise<number> {
  return new Promise((resolve) => {
    for (const [signal, code] of signals) {
      process.removeAllListeners(signal)
      process.once(signal, () => resolve(code))
    }
  })
}

program.hook('preAction', checkFiles)
try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = complain(error)
}
