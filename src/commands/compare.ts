import { exitCodes, type ExitCode } from '../model/errors.ts'
import type { Language } from '../model/page.ts'
import { compare } from '../pipeline/compare.ts'
import { comparisonLines } from '../reports/comparison-text.ts'
import { grouped } from '../reports/text.ts'
import { list, printResult, progressLine, warn, type Console, type Global } from './output.ts'

export interface CompareOptions {
  readonly country?: string
  readonly services?: string
  readonly regions?: string
  readonly out: string
  readonly regionTables?: string
  readonly addressDatabase?: string
  readonly oldAddressDatabase?: string
  readonly force?: boolean
  readonly lang?: Language
}

/** `census compare OLD NEW` */
export async function compareCommand(
  old: string,
  now: string,
  { services, regions, force, lang, ...options }: CompareOptions,
  global: Global,
  console: Console,
): Promise<ExitCode> {
  const lists = Object.fromEntries(
    Object.entries({ services: list(services), regions: list(regions) }).filter(([, value]) => value !== undefined),
  )
  const progress = progressLine(console, global)
  const comparison = await compare({
    ...options,
    ...lists,
    isForced: force === true,
    ...(lang === undefined ? {} : { language: lang }),
    store: global.store,
    old,
    new: now,
    onCounting: progress.count,
  }).finally(() => progress.clear())
  const { rows, file, page, warnings } = comparison
  const lines = [
    ...comparisonLines(comparison.old, comparison.new, rows),
    '',
    `Written: ${file} (${grouped(rows.length)} rows)`,
    `Written: ${page}`,
  ]
  printResult(console, global, lines, { old: comparison.old, new: comparison.new, file, page, warnings, rows })
  for (const warning of warnings) warn(console, warning)
  return comparison.isComplete ? exitCodes.done : exitCodes.partial
}
