import type { EngineConfig, SurveyConfig } from '../config/config.ts'
import { proxySettings } from '../config/settings.ts'
import { readKey } from '../config/secrets.ts'
import { engineIds, type EngineId } from '../model/engine.ts'
import { exitCodes, wrongInput, type ExitCode } from '../model/errors.ts'
import { crossBreakdowns, type CrossBreakdown } from '../model/tally.ts'
import type { EngineRequest } from '../pipeline/engine.ts'
import { checkRecords, downloadRecords, planRecords, type RecordsRequest } from '../pipeline/records.ts'
import { breakdownsOf } from '../pipeline/report-scope.ts'
import { accountsOf, survey } from '../pipeline/survey.ts'
import { checkSurvey, planSurvey, type SurveyRequest } from '../pipeline/survey-plan.ts'
import { importLines, recordsLines, recordsPlanLines } from '../reports/import-text.ts'
import { planLines, surveyLines } from '../reports/survey-text.ts'
import { grouped } from '../reports/text.ts'
import { engines } from '../sources/engines.ts'
import type { Snapshot } from '../store/snapshots.ts'
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
  readonly experimental: boolean
  readonly dryRun: boolean
  /** Download records, not counts. */
  readonly records: boolean
  readonly id?: string
  readonly regionTables?: string
  readonly keyFile?: string
}

/** `census survey` */
export async function surveyCommand(options: SurveyOptions, global: Global, console: Console): Promise<ExitCode> {
  const request = surveyOf(options, await sourcesOf(options), global)
  if (options.records) return recordsCommand(options, recordsOf(request), global, console)
  if (options.dryRun) {
    const plans = await planSurvey(request)
    printResult(console, global, planLines(plans), plans)
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
  request: RecordsRequest,
  global: Global,
  console: Console,
): Promise<ExitCode> {
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

/** A survey as options ask for it. @throws CensusError exit 2 for a wrong option */
function surveyOf(
  options: Pick<SurveyOptions, 'country' | 'services' | 'regions' | 'by' | 'id' | 'regionTables'>,
  sources: readonly EngineRequest[],
  global: Global,
): SurveyRequest {
  const services = list(options.services)
  if (services?.length === 0) throw wrongInput('--services names none', '`census list services` shows what there is')
  const regions = list(options.regions)
  return {
    store: global.store,
    country: options.country,
    by: options.by === undefined ? [] : breakdownsOf(list(options.by)).filter(isCross),
    sources,
    http: { proxy: proxySettings() },
    ...(services === undefined ? {} : { services }),
    ...(regions === undefined ? {} : { regions }),
    ...(options.id === undefined ? {} : { id: options.id }),
    ...(options.regionTables === undefined ? {} : { regionTables: options.regionTables }),
  }
}

const isCross = (breakdown: string): breakdown is CrossBreakdown => crossBreakdowns.some((each) => each === breakdown)

/** The download of a survey's records. @throws CensusError exit 2 for what only counts have */
function recordsOf({ by, regions, sources, ...request }: SurveyRequest): RecordsRequest {
  for (const [name, isThere] of [
    ['by', by.length > 0],
    ['regions', regions !== undefined],
  ] as const) {
    if (isThere)
      throw wrongInput(
        `--${name} is for counts, not for --records`,
        `\`census report --${name}\` counts what was downloaded`,
      )
  }
  const [source, ...others] = sources
  if (source === undefined || others.length > 0)
    throw wrongInput('records are downloaded from one source at a time', 'name one --source')
  return { ...request, ...source }
}

/** The engines that options name. @throws CensusError exit 2 for a wrong option or a key that cannot be had */
async function sourcesOf(options: SurveyOptions): Promise<EngineRequest[]> {
  const ids = (list(options.source) ?? []).map(engineOf)
  if (ids.length === 0) throw wrongInput('--source names none', `sources: ${engineIds.join(', ')}`)
  if (options.keyFile !== undefined && ids.length !== 1)
    throw wrongInput(
      '--key-file is of one source',
      'give the keys of several by their variables: `census list sources`',
    )
  const endpoints = endpointsOf(options.endpoint, ids)
  const sources: EngineRequest[] = []
  for (const id of ids) {
    const endpoint = endpoints.get(id)
    sources.push(
      await sourceOf(id, {
        max_credits: options.maxCredits,
        experimental: options.experimental,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(options.rate === undefined ? {} : { rate: options.rate }),
        ...(options.keyFile === undefined ? {} : { key_file: options.keyFile }),
      }),
    )
  }
  return sources
}

/** `URL` for one source, `SOURCE=URL,…` for several. */
function endpointsOf(text: string | undefined, ids: readonly EngineId[]): ReadonlyMap<EngineId, string> {
  const [only] = ids
  if (text !== undefined && only !== undefined && ids.length === 1) return new Map([[only, text]])
  const found = new Map<EngineId, string>()
  for (const each of text?.split(',') ?? []) {
    const [, id, url] = /^([a-z]+)=(.*)$/.exec(each.trim()) ?? []
    const engine = ids.find((known) => known === id)
    if (engine === undefined || url === undefined || found.has(engine))
      throw wrongInput(
        '--endpoint does not say once of which source it is',
        `as ${ids[0] ?? 'shodan'}=https://api.example.org`,
      )
    found.set(engine, url)
  }
  return found
}

/** An engine as a configuration asks for it. */
async function sourceOf(engine: EngineId, config: Omit<EngineConfig, 'source'>): Promise<EngineRequest> {
  const facts = engines.find(({ id }) => id === engine)
  if (facts === undefined) throw new Error(`no facts of ${engine}`)
  const endpoint = config.endpoint === undefined ? undefined : endpointOf(config.endpoint)
  const key = await readKey({
    engine: facts,
    ...(config.key_file === undefined ? {} : { keyFile: config.key_file }),
    ...(config.key_command === undefined ? {} : { keyCommand: config.key_command }),
  })
  return {
    engine,
    key: () => key.reveal(),
    maxCredits: config.max_credits,
    isExperimental: config.experimental,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(config.rate === undefined ? {} : { requestsPerSecond: config.rate }),
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

/** A survey, or the download of its records, as a configuration asks for it. */
export async function configuredSurvey(
  config: SurveyConfig,
  global: Global,
  onProgress: NonNullable<SurveyRequest['onProgress']>,
): Promise<Snapshot> {
  const request = { ...(await configured(config, global)), onProgress }
  return config.survey.records ? downloadRecords(recordsOf(request)) : survey(request)
}

async function configured(config: SurveyConfig, global: Global): Promise<SurveyRequest> {
  const { country, services, regions, id, region_tables: regionTables, survey: asked } = config
  const sources: EngineRequest[] = []
  for (const { source, ...rest } of asked.sources) sources.push(await sourceOf(source, rest))
  return surveyOf(
    {
      country,
      ...(services === undefined ? {} : { services: services.join(',') }),
      // A report of records tells of those regions; counts are of all.
      ...(regions === undefined || asked.records ? {} : { regions: regions.join(',') }),
      ...(asked.by === undefined ? {} : { by: asked.by.join(',') }),
      ...(id === undefined ? {} : { id }),
      ...(regionTables === undefined ? {} : { regionTables }),
    },
    sources,
    global,
  )
}

/** Whether there is a key for a configured survey, and, `online`, whether the engine takes it: lines for each source. */
export async function checkedSurvey(config: SurveyConfig, global: Global, isOnline: boolean): Promise<string[]> {
  const request = await configured(config, global)
  if (config.survey.records) await checkRecords(recordsOf(request))
  else await checkSurvey(request)
  const there = request.sources.map(({ engine }) => `survey of ${request.country} by ${engine}: there is a key`)
  if (!isOnline) return there
  const accounts = await accountsOf(request)
  return [
    ...there,
    ...request.sources.map(({ engine }, index) => {
      const { plan = 'unknown', credits = 0 } = accounts[index] ?? {}
      return `${engine} takes the key: plan ${plan}, ${grouped(credits)} credits left`
    }),
  ]
}
