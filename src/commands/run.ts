import { isOfFiles, isOfProbe, isOfSurvey, type Config, type ImportConfig } from '../config/config.ts'
import { excelCsv } from '../config/settings.ts'
import { exitCodes, type ExitCode } from '../model/errors.ts'
import { probeStatuses } from '../model/probe.ts'
import { denominatorRequest, preflight } from './preflight.ts'
import { importFiles, type ImportRequest } from '../pipeline/import.ts'
import { makeReport, type ReportRequest } from '../pipeline/report.ts'
import { importLines } from '../reports/import-text.ts'
import { probedLines } from '../reports/probe-text.ts'
import { surveyLines } from '../reports/survey-text.ts'
import type { Manifest, Snapshot } from '../store/snapshots.ts'
import { observedAtOf } from './import.ts'
import { printResult, progressLine, warn, type Console, type Global } from './output.ts'
import { printReport } from './report.ts'

export interface RunOptions {
  /** Print the summary even when stdout is no terminal. */
  readonly print: boolean
  readonly maxRecordBytes: number
  readonly maxExpansion: number
}

/** `census run [CONFIG]`: import and report as the configuration says; silent on success where stdout is no terminal (cron). */
export async function runCommand(
  config: Config,
  options: RunOptions,
  global: Global,
  console: Console,
): Promise<ExitCode> {
  const { made } = await preflight(config, global.store)
  const progress = progressLine(console, global)
  const make = async (): Promise<Snapshot> => {
    if (isOfProbe(config)) return (await import('./probe.ts')).configuredProbe(config, global, progress.probe)
    if (isOfSurvey(config)) return (await import('./survey.ts')).configuredSurvey(config, global, progress.ask)
    return importFiles({ ...importRequest(config, global, options), onProgress: progress.show })
  }
  if (made !== undefined && !isOfFiles(config))
    warn(console, `the snapshot ${made.id} is there already: nothing is asked; leave out id to ask anew`)
  const snapshot = made ?? (await make().finally(() => progress.clear()))
  const report = await makeReport({
    ...reportRequest(config, global, snapshot.id),
    onCounting: progress.count,
  }).finally(() => progress.clear())
  const shown = global.json || options.print || console.interactive
  if (shown && !global.json) printResult(console, global, [...linesOf(snapshot.manifest), ''], undefined)
  printReport(report, config.report.out, { ...global, quiet: global.quiet || !shown }, console)
  return report.isComplete ? exitCodes.done : exitCodes.partial
}

function linesOf(manifest: Manifest): string[] {
  if (manifest.basis === 'facets') return surveyLines(manifest)
  return manifest.probe === undefined ? importLines(manifest) : probedLines(manifest.id, manifest.probe, probeStatuses)
}

function importRequest(config: ImportConfig, global: Global, options: RunOptions): ImportRequest {
  const observedAt = observedAtOf(config.observed_at)
  return {
    store: global.store,
    files: config.inputs.map(({ file, format, columns }) => ({
      name: file,
      format,
      ...(columns === undefined ? {} : { columns }),
    })),
    maxRecordBytes: options.maxRecordBytes,
    maxExpansion: options.maxExpansion,
    ...(config.id === undefined ? {} : { id: config.id }),
    ...(observedAt === undefined ? {} : { observedAt }),
  }
}

function reportRequest(config: Config, global: Global, snapshot: string): ReportRequest {
  return {
    store: global.store,
    snapshot,
    out: config.report.out,
    per: config.report.per ?? 100_000,
    ...(config.country === undefined ? {} : { country: config.country }),
    ...(config.services === undefined ? {} : { services: config.services }),
    ...(config.regions === undefined ? {} : { regions: config.regions }),
    ...(config.report.by === undefined ? {} : { by: config.report.by }),
    ...(config.report.format === undefined ? {} : { formats: config.report.format }),
    ...(config.report.csv_excel === true ? { csv: excelCsv() } : {}),
    ...(config.report.history === undefined ? {} : { history: config.report.history }),
    ...denominatorRequest(config),
    ...(config.report.suppress === undefined ? {} : { suppress: config.report.suppress }),
    includeHosts: config.report.include_hosts === true,
    ...(config.report.lang === undefined ? {} : { language: config.report.lang }),
    ...(config.population_year === undefined ? {} : { populationYear: config.population_year }),
    ...(config.region_tables === undefined ? {} : { regionTables: config.region_tables }),
    ...(config.address_database === undefined ? {} : { addressDatabase: config.address_database }),
  }
}
