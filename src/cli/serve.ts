import { Option } from 'commander'
import type { ServeOptions } from '../commands/serve.ts'
import { addressDatabase, regionTables, whole, type CommandLine } from './options.ts'

export function declareServe(cli: CommandLine): void {
  cli
    .command('serve')
    .description('the store’s snapshots and reports in a browser, or an API, on 127.0.0.1 until stopped')
    .option('--listen <ADDRESS>', 'address of this machine to listen on (default: 127.0.0.1)')
    .option('--link', 'ask for a session, begun by a printed link, on loopback too')
    .option('--include-hosts', 'show addresses of hosts, to sessions only')
    .option('--api', 'answer as Shodan’s API does instead, from one snapshot')
    .option('--snapshot <ID>', 'the snapshot of the API (default: the one made last)')
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
