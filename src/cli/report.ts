import { Option } from 'commander'
import type { ReportOptions } from '../commands/report.ts'
import { languages } from '../model/page.ts'
import { defaultFormats, reportFormats } from '../model/report-format.ts'
import { denominators } from '../model/denominator.ts'
import { reportBreakdowns } from '../model/tally.ts'
import { addressDatabase, regionTables, whole, type CommandLine } from './options.ts'

export function declareReport(cli: CommandLine): void {
  cli
    .command('report')
    .description('count a snapshot per region and per head, and write the report files')
    .option('--snapshot <ID>', 'the snapshot to count (default: the one made last)')
    .option('--snapshots <LIST>', 'a series: the report is of the newest, beside those before it')
    .option('--force', 'of --snapshots: also what was not made in the same way', false)
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
    .option('--format <LIST>', `of ${reportFormats.join(', ')}`, defaultFormats.join(','))
    .option('--csv-excel', 'CSV for Excel: a byte order mark, and ; with decimal commas where the locale has those')
    .addOption(new Option('--lang <LANG>', 'language of the page').choices(languages).default('en'))
    .option('--denominator <LIST>', `rates also by ${denominators.join(', ')}; the first is printed`)
    .option('--denominator-table <FILE>', 'CSV of code, households and slash24 (announced IPv4 /24s)')
    .addOption(
      new Option('--suppress <N>', 'hides counts below N, and what would tell of them').argParser(whole(2, 1_000_000)),
    )
    .option('--include-hosts', 'also hosts.csv: every endpoint with its address, TLP:AMBER')
    .addOption(regionTables)
    .addOption(addressDatabase)
    .action(async (options: ReportOptions & Record<string, unknown>) => {
      const { reportCommand } = await import('../commands/report.ts')
      cli.end(await reportCommand(options, cli.globals(options), cli.console))
    })
}
