import type { SurveyConfig } from '../config/config.ts'
import { proxySettings } from '../config/settings.ts'
import { readKey } from '../config/secrets.ts'
import { engineIds, type EngineId } from '../model/engine.ts'
import { exitCodes, wrongInput, type ExitCode } from '../model/errors.ts'
import { downloadRecords, planRecords } from '../pipeline/records.ts'
import { breakdownsOf } from '../pipeline/report-scope.ts'
import { accountOf, planSurvey, survey, type SurveyRequest } from '../pipeline/survey.ts'
import { importLines, recordsLines, recordsPlanLines } from '../reports/import-text.ts'
import { planLines, surveyLines } from '../reports/survey-text.ts'
import { grouped } from '../reports/text.ts'
import { engines } from '../sources/engines.ts'
import { list, printResult, progressLine, warn, type Console, type Global } from './output.ts'

export interface SurveyOptions {
  readonly country: string
  readonly source: string
  readonly services?: string
  readonly regions?: string
  readonly by?: string
  readonly endpoint?: string
  readonly rate?: number
  readonly maxCredits: number
  readonly dryRun: boolean
  /** Download records, not counts. */
  readonly records?: boolean
  readonly id?: string
  readonly regionTables?: string
  readonly keyFile?: string
  readonly keyCommand?: readonly string[]
}

/** `census survey` */
export async function surveyCommand(options: SurveyOptions, global: Global, console: Console): Promise<ExitCode> {
  const request = await surveyRequest(options, global)
  if (options.records === true) return recordsCommand(options, request, global, console)
  if (options.dryRun) {
    const plan = await planSurvey(request)
    printResult(console, global, planLines(plan), plan)
    return exitCodes.done
  }
  const progress = progressLine(console, global)
  const { manifest, shown } = await survey({ ...request, onProgress: progress.ask }).finally(() => progress.clear())
  printResult(console, global, surveyLines(manifest, shown), manifest)
  for (const what of manifest.missing) warn(console, `partial: ${what}`)
  return manifest.complete ? exitCodes.done : exitCodes.partial
}

/** `census survey --records` */
async function recordsCommand(
  options: SurveyOptions,
  request: SurveyRequest,
  global: Global,
  console: Console,
): Promise<ExitCode> {
  for (const name of ['by', 'regions'] as const) {
    if (options[name] !== undefined)
      throw wrongInput(
        `--${name} is for counts, not for --records`,
        `\`census report --${name}\` counts what was downloaded`,
      )
  }
  const progress = progressLine(console, global)
  const asking = { ...request, onProgress: progress.ask }
  if (options.dryRun) {
    const plan = await planRecords(asking).finally(() => progress.clear())
    printResult(console, global, recordsPlanLines(plan), plan)
    return exitCodes.done
  }
  const { manifest } = await downloadRecords(asking).finally(() => progress.clear())
  const lines = manifest.survey === undefined ? [] : [...recordsLines(manifest.survey), '']
  printResult(console, global, [...lines, ...importLines(manifest)], manifest)
  for (const what of manifest.missing) warn(console, `partial: ${what}`)
  return manifest.complete ? exitCodes.done : exitCodes.partial
}

/** A survey as it was asked for. @throws CensusError exit 2 for a wrong option or a key that cannot be had */
async function surveyRequest(options: Omit<SurveyOptions, 'dryRun'>, global: Global): Promise<SurveyRequest> {
  const engine = engineOf(options.source)
  const facts = engines.find(({ id }) => id === engine)
  if (facts === undefined) throw new Error(`no facts of ${engine}`)
  const services = list(options.services)
  const regions = list(options.regions)
  const by = options.by === undefined ? [] : breakdownsOf(list(options.by)).filter((each) => each !== 'region')
  const endpoint = options.endpoint === undefined ? undefined : endpointOf(options.endpoint)
  const key = await readKey({
    engine: facts,
    ...(options.keyFile === undefined ? {} : { keyFile: options.keyFile }),
    ...(options.keyCommand === undefined ? {} : { keyCommand: options.keyCommand }),
  })
  return {
    store: global.store,
    engine,
    country: options.country,
    by,
    key: () => key.reveal(),
    maxCredits: options.maxCredits,
    http: { proxy: proxySettings() },
    ...(services === undefined ? {} : { services }),
    ...(regions === undefined ? {} : { regions }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(options.rate === undefined ? {} : { requestsPerSecond: options.rate }),
    ...(options.id === undefined ? {} : { id: options.id }),
    ...(options.regionTables === undefined ? {} : { regionTables: options.regionTables }),
  }
}

function engineOf(text: string): EngineId {
  const found = engineIds.find((id) => id === text.trim().toLowerCase())
  if (found === undefined)
    throw wrongInput(`there is no source ${JSON.stringify(text)}`, `sources: ${engineIds.join(', ')}`)
  return found
}

/** Plain HTTP only on this machine: a key is sent with every request. */
function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLocal = url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)))
    throw wrongInput('--endpoint is no https address', 'http is for this machine alone: http://127.0.0.1:8080')
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw wrongInput('--endpoint is more than an address', 'leave out names, keys and queries: https://api.example.org')
  return url.href
}

/** A survey as a configuration asks for it. */
export const configuredSurvey = async (
  config: SurveyConfig,
  global: Global,
  onProgress: NonNullable<SurveyRequest['onProgress']>,
) => survey({ ...(await surveyRequest(surveyOptions(config), global)), onProgress })

/** Whether there is a key for a configured survey, and, `online`, whether the engine takes it: a line for each. */
export async function checkedSurvey(config: SurveyConfig, global: Global, isOnline: boolean): Promise<string[]> {
  const request = await surveyRequest(surveyOptions(config), global)
  const there = `survey of ${request.country} by ${request.engine}: there is a key`
  if (!isOnline) return [there]
  const { plan, credits } = await accountOf(request)
  return [there, `${request.engine} takes the key: plan ${plan}, ${grouped(credits)} credits left`]
}

/** A configured survey as the options of `census survey`. */
function surveyOptions({ country, services, regions, id, region_tables, survey: asked }: SurveyConfig): SurveyOptions {
  return {
    country,
    source: asked.source,
    maxCredits: asked.max_credits,
    dryRun: false,
    ...(services === undefined ? {} : { services: services.join(',') }),
    ...(regions === undefined ? {} : { regions: regions.join(',') }),
    ...(asked.by === undefined ? {} : { by: asked.by.join(',') }),
    ...(asked.endpoint === undefined ? {} : { endpoint: asked.endpoint }),
    ...(asked.rate === undefined ? {} : { rate: asked.rate }),
    ...(asked.key_file === undefined ? {} : { keyFile: asked.key_file }),
    ...(asked.key_command === undefined ? {} : { keyCommand: asked.key_command }),
    ...(id === undefined ? {} : { id }),
    ...(region_tables === undefined ? {} : { regionTables: region_tables }),
  }
}
