import { Option } from 'commander'
import type { QueryOptions } from '../commands/query.ts'
import { addressDatabase, regionTables, whole, type CommandLine } from './options.ts'

export function declareQuery(cli: CommandLine): void {
  cli
    .command('query')
    .description('ask a question of one’s own, in SQL: one SELECT, which can change nothing (docs/query.md)')
    .argument('<sql>')
    .option('--snapshot <ID>', 'the snapshot to ask (default: the one made last)')
    .option('--format <NAME>', 'table, csv or json', 'table')
    .addOption(
      new Option('--max-seconds <N>', 'how long the database may work on it').default(60).argParser(whole(1, 86_400)),
    )
    .addOption(
      new Option('--max-memory <MIB>', 'memory the database may take').default(1024).argParser(whole(64, 1_000_000)),
    )
    .addOption(regionTables)
    .addOption(addressDatabase)
    .action(async (sql: string, options: QueryOptions & Record<string, unknown>) => {
      const { queryCommand } = await import('../commands/query.ts')
      cli.end(await queryCommand(sql, options, cli.globals(options), cli.console))
    })
}
