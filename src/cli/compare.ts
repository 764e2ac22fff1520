import { Option } from 'commander'
import type { CompareOptions } from '../commands/compare.ts'
import { languages } from '../model/page.ts'
import { addressDatabase, regionTables, type CommandLine } from './options.ts'

export function declareCompare(cli: CommandLine): void {
  cli
    .command('compare')
    .description('compare two snapshots, or two sources of one, by region and service')
    .argument('<old>', 'SNAPSHOT, or SNAPSHOT/SOURCE')
    .argument('<new>', 'the same of the other')
    .option('--country <CC>', 'only this country')
    .option('--services <LIST>', 'services and categories (mail, time, iot, …)')
    .option('--regions <LIST>', 'ISO 3166-2 codes or names, English or Japanese')
    .option('--out <DIR>', 'where the files go', 'comparison')
    .option('--force', 'compare what was not made in the same way', false)
    .addOption(new Option('--lang <LANG>', 'language of the page').choices(languages).default('en'))
    .addOption(regionTables)
    .addOption(addressDatabase)
    .option('--old-address-database <FILE>', 'the one that decides the old snapshot, where it was another')
    .action(async (old: string, now: string, options: CompareOptions & Record<string, unknown>) => {
      const { compareCommand } = await import('../commands/compare.ts')
      cli.end(await compareCommand(old, now, options, cli.globals(options), cli.console))
    })
}
