import type { ImportOptions } from '../commands/import.ts'
import { formatIds } from '../model/reader.ts'
import { maxExpansion, maxRecordBytes, type CommandLine } from './options.ts'

export function declareImport(cli: CommandLine): void {
  cli
    .command('import')
    .description('read exports and scanner outputs (plain, .gz, .zst, - for stdin) into a new snapshot')
    .argument('<file...>')
    .option('--format <NAME>', `auto or one of ${formatIds.join(', ')}`, 'auto')
    .option('--observed-at <T>', 'when formats that carry no time were observed, ISO 8601')
    .option('--id <NAME>', 'name of the snapshot (default: the time, as 20240501T225745Z)')
    .option('--columns <LIST>', 'for csv: FIELD=COLUMN, comma-separated')
    .addOption(maxRecordBytes)
    .addOption(maxExpansion)
    .action(async (files: string[], options: ImportOptions & Record<string, unknown>) => {
      const { importCommand } = await import('../commands/import.ts')
      cli.end(await importCommand(files, options, cli.globals(options), cli.console))
    })
}
