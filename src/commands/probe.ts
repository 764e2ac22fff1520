import { probeDefaults, type ProbeConfig } from '../config/config.ts'
import { readScope } from '../config/scope.ts'
import { mostFiles } from '../config/settings.ts'
import type { DiscoveryTool } from '../model/discovery.ts'
import { exitCodes, wrongInput, type ExitCode } from '../model/errors.ts'
import { probeStatuses } from '../model/probe.ts'
import { planProbe, probe, type ProbeRequest } from '../pipeline/probe.ts'
import { probePlanLines, probedLines } from '../reports/probe-text.ts'
import type { RecordsSnapshot } from '../store/snapshots.ts'
import { list, printResult, progressLine, warn, type Console, type Global } from './output.ts'

export interface ProbeOptions {
  readonly scope: string
  readonly services?: string
  readonly checks?: string
  readonly discovery?: DiscoveryTool
  readonly seed?: number
  readonly inFlight: number
  readonly workers: number
  readonly timeout: number
  readonly retries: number
  readonly dryRun: boolean
  readonly id?: string
  readonly regionTables?: string
}

/** How long a conversation may take in all. */
const talkMs = 20_000
/** The same where open relays are checked for: some mail servers answer slowly whom they refuse. */
const relayTalkMs = 60_000
/** Files that this process needs beside sockets. */
const otherFiles = 40

/** `census probe` */
export async function probeCommand(options: ProbeOptions, global: Global, console: Console): Promise<ExitCode> {
  const request = await requestOf(options, global)
  if (options.dryRun) {
    const plan = await planProbe(request)
    printResult(console, global, probePlanLines(plan), plan)
    return exitCodes.done
  }
  const progress = progressLine(console, global)
  const { id, manifest } = await probe({ ...request, onProgress: progress.probe }).finally(() => progress.clear())
  if (manifest.probe !== undefined)
    printResult(console, global, probedLines(id, manifest.probe, probeStatuses), manifest)
  for (const what of manifest.missing) warn(console, `partial: ${what}`)
  return manifest.complete ? exitCodes.done : exitCodes.partial
}

/** A probe as a configuration asks for it. */
export async function configuredProbe(
  config: ProbeConfig,
  global: Global,
  onProgress: NonNullable<ProbeRequest['onProgress']>,
): Promise<RecordsSnapshot> {
  return probe({ ...(await configured(config, global)), onProgress })
}

/** What a configured probe would send, as lines. @throws CensusError exit 2 for a scope that is wrong or not valid now */
export async function checkedProbe(config: ProbeConfig, global: Global): Promise<string[]> {
  const plan = await planProbe(await configured(config, global))
  return [`scope ${config.probe.scope}: valid now`, ...probePlanLines(plan)]
}

const configured = ({ probe: asked, services, id, region_tables: regionTables }: ProbeConfig, global: Global) =>
  requestOf(
    {
      scope: asked.scope,
      inFlight: asked.in_flight ?? probeDefaults.inFlight,
      workers: asked.workers ?? probeDefaults.workers,
      timeout: asked.timeout ?? probeDefaults.timeout,
      retries: asked.retries ?? probeDefaults.retries,
      ...(services === undefined ? {} : { services: services.join(',') }),
      ...(asked.checks === undefined ? {} : { checks: asked.checks.join(',') }),
      ...(asked.discovery === undefined ? {} : { discovery: asked.discovery }),
      ...(asked.seed === undefined ? {} : { seed: asked.seed }),
      ...(id === undefined ? {} : { id }),
      ...(regionTables === undefined ? {} : { regionTables }),
    },
    global,
  )

/** @throws CensusError exit 2 for a scope or an option that is wrong */
async function requestOf(options: Omit<ProbeOptions, 'dryRun'>, global: Global): Promise<ProbeRequest> {
  const named = (option: 'services' | 'checks'): string[] | undefined => {
    const names = list(options[option])?.map((name) => name.toLowerCase())
    if (names?.length === 0) throw wrongInput(`--${option} names none`, '`census list probes` shows what there is')
    return names
  }
  const services = named('services')
  const checks = named('checks')
  const scope = await readScope(options.scope, Date.now())
  const most = await mostFiles()
  return {
    store: global.store,
    scope,
    mostInFlight: Math.max(1, Math.min(options.inFlight, most - otherFiles)),
    workers: options.workers,
    connectMs: options.timeout,
    talkMs: checks?.includes('open-relay') === true ? relayTalkMs : talkMs,
    retries: options.retries,
    ...(services === undefined ? {} : { services }),
    ...(checks === undefined ? {} : { checks }),
    ...(options.discovery === undefined ? {} : { discovery: options.discovery }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.id === undefined ? {} : { id: options.id }),
    ...(options.regionTables === undefined ? {} : { regionTables: options.regionTables }),
  }
}
