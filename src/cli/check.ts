import { maxExpansion, regionTables, type CommandLine } from './options.ts'

export function declareCheck(cli: CommandLine): void {
  cli
    .command('check')
    .description('validate configuration, inputs and tables; writes nothing')
    .argument('[config]', 'configuration')
    .option('--online', 'also ask the search engine whether it takes the key', false)
    .addOption(maxExpansion)
    .addOption(regionTables)
    .action(
      async (
        path: string | undefined,
        options: { maxExpansion: number; online: boolean } & Record<string, unknown>,
      ) => {
        const { readConfig } = await import('../config/config.ts')
        const { checkCommand } = await import('../commands/check.ts')
        const config = path === undefined ? undefined : await readConfig(path)
        cli.end(await checkCommand(config, options, cli.globals(options, config?.store), cli.console))
      },
    )
}
