import { time } from '../sources/files/observation.ts'
import { wrongInput, exitCodes, type ExitCode } from '../model/errors.ts'
import { observationFields } from '../model/observation.ts'
import { formatIds, type FormatId } from '../model/reader.ts'
import { importFiles } from '../pipeline/import.ts'
import { importLines as manifestLines } from '../reports/import-text.ts'
import { printResult, progressLine, warn, type Console, type Global } from './output.ts'

export interface ImportOptions {
  readonly format: string
  readonly observedAt?: string
  readonly id?: string
  readonly columns?: string
  readonly maxRecordBytes: number
  readonly maxExpansion: number
}

/** `census import FILE...` */
export async function importCommand(
  files: readonly string[],
  options: ImportOptions,
  global: Global,
  console: Console,
): Promise<ExitCode> {
  // Columns are the generic CSV's: naming them names the format.
  const format = options.columns !== undefined && options.format === 'auto' ? 'csv' : formatOf(options.format)
  const observedAt = observedAtOf(options.observedAt)
  const columns = options.columns === undefined ? undefined : columnsOf(options.columns)
  const progress = progressLine(console, global)
  const snapshot = await importFiles({
    store: global.store,
    files: files.map((name) => ({ name, format, ...(columns === undefined ? {} : { columns }) })),
    maxRecordBytes: options.maxRecordBytes,
    maxExpansion: options.maxExpansion,
    onProgress: progress.show,
    ...(options.id === undefined ? {} : { id: options.id }),
    ...(observedAt === undefined ? {} : { observedAt }),
  }).finally(() => progress.clear())
  printResult(console, global, manifestLines(snapshot.manifest), snapshot.manifest)
  for (const what of snapshot.manifest.missing) warn(console, `partial: ${what}`)
  return snapshot.manifest.complete ? exitCodes.done : exitCodes.partial
}

function formatOf(text: string): FormatId | 'auto' {
  const found = (['auto', ...formatIds] as const).find((id) => id === text)
  if (found === undefined)
    throw wrongInput(`there is no format ${JSON.stringify(text)}`, `formats: auto, ${formatIds.join(', ')}`)
  return found
}

/** @throws CensusError exit 2 when the text is no time */
export function observedAtOf(text: string | undefined): string | undefined {
  const read = time(text)
  if (read === 'bad')
    throw wrongInput(`${JSON.stringify(text)} is no time`, 'write it as 2024-05-01 or 2024-05-01T22:57:45Z')
  return read
}

/** `ip=address,port=dport` → observation field → column. */
function columnsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.indexOf('=')
      const field = pair.slice(0, at)
      if (at < 1 || !observationFields.some((known) => known === field)) {
        throw wrongInput(
          `--columns cannot use ${JSON.stringify(pair)}`,
          `write FIELD=COLUMN with a field of: ${observationFields.join(', ')}`,
        )
      }
      return [field, pair.slice(at + 1)]
    }),
  )
}
