import { Option } from 'commander'
import type { SurveyOptions } from '../commands/survey.ts'
import { regionTables, whole, type CommandLine } from './options.ts'

export function declareSurvey(cli: CommandLine): void {
  cli
    .command('survey')
    .description('count a country’s services by region through a search engine’s facets, without spending credits')
    .requiredOption('--country <CC>', 'the country')
    .option('--source <LIST>', 'the search engine, or several; `census list sources` shows them', 'shodan')
    .option('--services <LIST>', 'services and categories (mail, time, iot, …; default: all)')
    .option('--regions <LIST>', 'regions to print the counts of; all are counted')
    .option('--by <LIST>', 'product, device, network: also by their most frequent values')
    .option('--endpoint <URL>', 'another address of the API than the engine’s own (of several sources: SOURCE=URL, …)')
    .addOption(new Option('--rate <N>', 'requests a second (default: the engine’s own)').argParser(whole(1, 1000)))
    .addOption(
      new Option('--max-credits <N>', 'the most all requests to a source may cost, retries included')
        .default(0)
        .argParser(whole(0, 1_000_000)),
    )
    .option('--experimental', 'ask engines too whose answers nobody here has seen', false)
    .option('--records', 'download the records themselves, a credit a page; goes on where it stopped', false)
    .option('--dry-run', 'print every request and its cost, and ask for nothing but the credits left', false)
    .option('--id <NAME>', 'name of the snapshot (default: the time, as 20240501T225745Z)')
    .option('--key-file <FILE>', 'file with the engine’s key, readable by its owner alone')
    .addOption(regionTables)
    .action(async (options: SurveyOptions & Record<string, unknown>) => {
      const { surveyCommand } = await import('../commands/survey.ts')
      cli.end(await surveyCommand(options, cli.globals(options), cli.console))
    })
}
