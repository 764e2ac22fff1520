import { isOfFiles, isOfProbe, isOfSurvey, type Config } from '../config/config.ts'
import { exitCodes, wrongInput, type ExitCode } from '../model/errors.ts'
import { tryInputs } from '../pipeline/inputs.ts'
import { loadRegions } from '../locate/regions.ts'
import { loadServices } from '../recognise/service.ts'
import { listSnapshots } from '../store/snapshots.ts'
import { printResult, type Console, type Global } from './output.ts'
import { preflight } from './preflight.ts'

/** `census check [CONFIG]`: everything `census run` would need, looked at without writing anything. */
export async function checkCommand(
  config: Config | undefined,
  options: { readonly maxExpansion: number; readonly regionTables?: string; readonly online: boolean },
  global: Global,
  console: Console,
): Promise<ExitCode> {
  const tables = options.regionTables === undefined ? {} : { userTables: options.regionTables }
  const regions = config ? (await preflight(config, global.store)).regions : await loadRegions(tables)
  const withRates = regions.countries.filter((country) => regions.years(country).length > 0)
  const lines = [
    `regions: ${regions.countries.length} countries, ${withRates.length} with populations by region`,
    `services: ${loadServices().services.length}`,
    `store ${global.store}: ${(await listSnapshots(global.store)).length} snapshots`,
  ]
  if (config && isOfProbe(config)) lines.push(...(await (await import('./probe.ts')).checkedProbe(config, global)))
  if (config && isOfFiles(config)) {
    const files = config.inputs.map(({ file, format, columns }) => ({
      name: file,
      format,
      ...(columns === undefined ? {} : { columns }),
    }))
    for (const { file, reader } of await tryInputs({
      files: files.filter(({ name }) => name !== '-'),
      maxExpansion: options.maxExpansion,
      maxRecordBytes: 2 ** 20,
    })) {
      lines.push(`input ${file.name}: ${reader.id}`)
    }
  }
  if (config && isOfSurvey(config)) {
    const { checkedSurvey } = await import('./survey.ts')
    lines.push(...(await checkedSurvey(config, global, options.online)))
  } else if (options.online) {
    throw wrongInput(
      'there is nothing online to check',
      'name a configuration with a survey: `census check census.yaml --online`',
    )
  }
  printResult(console, global, [...lines, 'Nothing to complain of.'], { ok: true, checked: lines })
  return exitCodes.done
}
