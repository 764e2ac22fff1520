import { Option } from 'commander'
import type { ServeOptions } from '../commands/serve.ts'
import { addressDatabase, regionTables, whole, type CommandLine } from './options.ts'

export function declareServe(cli: CommandLine): void {
  cli
    .command('serve')
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
      const { serveCommand } = await import('../commands/serve.ts')
      const stopped = cli.signalled()
      await serveCommand(options, cli.globals(options), cli.console, stopped)
      cli.end(await stopped)
    })
}
