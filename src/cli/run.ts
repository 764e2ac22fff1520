import type { RunOptions } from '../commands/run.ts'
import { maxExpansion, maxRecordBytes, type CommandLine } from './options.ts'

export function declareRun(cli: CommandLine): void {
  cli
    .command('run')
    .description('the whole pipeline from a configuration file; silent on success under cron')
    .argument('[config]', 'configuration', 'census.yaml')
    .option('--print', 'print the summary even when stdout is no terminal', false)
    .addOption(maxRecordBytes)
    .addOption(maxExpansion)
    .action(async (path: string, options: RunOptions & Record<string, unknown>) => {
      const { readConfig } = await import('../config/config.ts')
      const { runCommand } = await import('../commands/run.ts')
      const config = await readConfig(path)
      cli.end(await runCommand(config, options, cli.globals(options, config.store), cli.console))
    })
}
