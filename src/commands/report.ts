import { excelCsv } from '../config/settings.ts'
import { exitCodes, wrongInput, type ExitCode } from '../model/errors.ts'
import type { Language } from '../model/page.ts'
import { reportFormats, type ReportFormat } from '../model/report-format.ts'
import { makeReport, type Report } from '../pipeline/report.ts'
import { measuredRows, survivalLines } from '../reports/denominators-text.ts'
import { grouped } from '../reports/text.ts'
import { placingLines, summaryLines } from '../reports/summary.ts'
import { list, printResult, progressLine, warn, type Console, type Global } from './output.ts'

export interface ReportOptions {
  readonly snapshot?: string
  readonly snapshots?: string
  readonly force?: boolean
  readonly country?: string
  readonly services?: string
  readonly regions?: string
  readonly by?: string
  readonly per: number
  readonly populationYear?: number
  readonly out: string
  readonly format: string
  readonly csvExcel?: true
  readonly suppress?: number
  readonly lang: Language
  readonly denominator?: string
  readonly denominatorTable?: string
  readonly regionTables?: string
  readonly addressDatabase?: string
}

const formatsOf = (text: string): ReportFormat[] => {
  const formats = list(text) ?? []
  const wrong = formats.find((format) => !reportFormats.some((known) => known === format))
  if (wrong !== undefined || formats.length === 0)
    throw wrongInput(
      wrong === undefined ? '--format names no format' : `there is no report format ${JSON.stringify(wrong)}`,
      `formats: ${reportFormats.join(', ')}`,
    )
  return reportFormats.filter((known) => formats.includes(known))
}

/** `census report` */
export async function reportCommand(options: ReportOptions, global: Global, console: Console): Promise<ExitCode> {
  const formats = formatsOf(options.format)
  const { snapshots, force, services, regions, by, denominator, format: _, csvExcel, lang, ...rest } = options
  if (snapshots !== undefined && options.snapshot !== undefined)
    throw wrongInput(
      '--snapshot and --snapshots are both given',
      'leave one out: a series has its newest snapshot’s report',
    )
  if (snapshots === undefined && force === true)
    throw wrongInput('--force is given without --snapshots', 'name the snapshots that are to stand beside each other')
  if (csvExcel && !formats.includes('csv'))
    throw wrongInput(
      '--csv-excel is given without csv among the formats',
      'add it to --format, or leave --csv-excel out',
    )
  if (denominator === undefined && rest.denominatorTable !== undefined)
    throw wrongInput(
      '--denominator-table is given without --denominator',
      'name what rates are for: households, slash24',
    )
  const lists = Object.entries({
    snapshots: list(snapshots),
    services: list(services),
    regions: list(regions),
    by: list(by),
    denominators: list(denominator),
  }).filter(([, value]) => value !== undefined)
  const request = {
    ...rest,
    isForced: force === true,
    ...Object.fromEntries(lists),
    formats,
    language: lang,
    ...(csvExcel ? { csv: excelCsv() } : {}),
  }
  const progress = progressLine(console, global)
  const report = await makeReport({ ...request, store: global.store, onCounting: progress.count }).finally(() =>
    progress.clear(),
  )
  printReport(report, options.out, global, console)
  return report.isComplete ? exitCodes.done : exitCodes.partial
}

/** What is told of a snapshot without a source. */
const nothing: Report['shown'] = [{ source: 'all', unit: 'addresses', rows: [] }]

/** Prints what a report found; warnings go to stderr. */
export function printReport(report: Report, out: string, global: Global, console: Console): void {
  const { manifest } = report.snapshot
  const { basis, sources } = manifest
  const { measured } = report
  const summaries = (report.shown.length > 0 ? report.shown : nothing).map(({ source, unit, rows, drift }) =>
    summaryLines({
      snapshotId: manifest.id,
      sources: basis === 'records' ? sources : [source],
      basis,
      unit,
      ...(drift === undefined ? {} : { drift }),
      observed: manifest.observed,
      rows: measured === undefined ? rows : measuredRows(rows, measured.found, measured.printed),
      denominator: measured?.printed ?? 'people',
      survival: survivalLines(measured?.found ?? [], source, report.country),
      country: report.country,
      restricted: report.restricted,
      region: (code) => report.regions.region(code),
      per: report.per,
      services: report.services,
      withoutSuspects: report.withoutSuspects,
      mailProducts: report.mailProducts,
    }),
  )
  const lines = [
    ...summaries.flatMap((summary) => [...summary, '']),
    ...(report.census === undefined ? [] : [...placingLines(report.census), '']),
    `Written to ${out}:`,
    ...report.files.map((file) => `  ${file.name}${file.rows === 0 ? '' : ` (${grouped(file.rows)} rows)`}`),
  ]
  printResult(console, global, lines, {
    snapshot: manifest.id,
    country: report.country,
    populationYear: report.populationYear,
    files: report.files,
    warnings: report.warnings,
    withoutSuspects: [...report.withoutSuspects].map(([key, addresses]) => {
      const [country, service] = key.split('\0')
      return { country, service, addresses }
    }),
    mailProducts: report.mailProducts,
    ...(report.census === undefined
      ? {}
      : {
          placedAddresses: report.census.placedAddresses,
          defaultGeolocationAddresses: report.census.defaultGeolocationAddresses,
          suspectAddresses: report.census.suspectAddresses,
        }),
    rows: report.shown.flatMap(({ rows }) => rows),
  })
  for (const warning of report.warnings) warn(console, warning)
}
