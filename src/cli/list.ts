import { regionTables, type CommandLine } from './options.ts'

export function declareList(cli: CommandLine): void {
  cli
    .command('list')
    .description('snapshots, services, probes, formats, regions or sources')
    .argument('<what>')
    .option('--country <CC>', 'for regions: those of this country')
    .addOption(regionTables)
    .action(async (what: string, options: { country?: string } & Record<string, unknown>) => {
      const { listCommand } = await import('../commands/list.ts')
      cli.end(await listCommand(what, options, cli.globals(options), cli.console))
    })
}
