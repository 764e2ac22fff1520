import { Option } from 'commander'
import type { ProbeOptions } from '../commands/probe.ts'
import { discoveryTools } from '../model/discovery.ts'
import { regionTables, whole, type CommandLine } from './options.ts'

export function declareProbe(cli: CommandLine): void {
  cli
    .command('probe')
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
    .addOption(
      new Option('--seed <N>', 'fixes the order (default: made of the scope)').argParser(whole(0, 2 ** 32 - 1)),
    )
    .option('--dry-run', 'print what would be sent and how long it would take, and send nothing', false)
    .option('--id <NAME>', 'name of the snapshot (default: the time, as 20240501T225745Z)')
    .addOption(regionTables)
    .action(async (options: ProbeOptions & Record<string, unknown>) => {
      const { probeCommand } = await import('../commands/probe.ts')
      cli.end(await probeCommand(options, cli.globals(options), cli.console))
    })
}
