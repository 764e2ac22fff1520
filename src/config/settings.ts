import { readFile } from 'node:fs/promises'
import { failed } from '../model/errors.ts'
import type { CsvDialect } from '../model/report-format.ts'

/** What the environment says; the only place that reads it, beside cli.ts. */
export interface Environment {
  readonly store: string | undefined
  /** Colour and progress are for terminals only, and NO_COLOR is honoured. */
  readonly terminal: boolean
}

export const environment = (): Environment => ({
  store: variable('CENSUS_STORE'),
  terminal: process.stderr.isTTY,
})

/** What the environment says of a secret called so: itself (`SHODAN_API_KEY`), or the file that holds it (`SHODAN_API_KEY_FILE`). */
export const secretSettings = (
  name: string,
): { readonly value: string | undefined; readonly file: string | undefined } => ({
  value: variable(name),
  file: variable(`${name}_FILE`),
})

/** Proxies the environment names, in either spelling. A CA file is Node's own business: NODE_EXTRA_CA_CERTS. */
export const proxySettings = (): { readonly https?: string; readonly http?: string; readonly none?: string } => {
  const told = (name: string): string | undefined => variable(name) ?? variable(name.toLowerCase())
  const [https, http, none] = [told('HTTPS_PROXY'), told('HTTP_PROXY'), told('NO_PROXY')]
  return {
    ...(https === undefined ? {} : { https }),
    ...(http === undefined ? {} : { http }),
    ...(none === undefined ? {} : { none }),
  }
}

/**
 * CSV as Excel opens it without being asked, in the locale that the environment names (LC_ALL, else LC_NUMERIC, else LANG): where that
 * writes decimals with a comma, columns are separated by semicolons.
 */
export function excelCsv(): CsvDialect {
  const locale = variable('LC_ALL') ?? variable('LC_NUMERIC') ?? variable('LANG') ?? 'C'
  const isComma = decimalMark(locale.replace(/[.@].*$/s, '').replaceAll('_', '-')) === ','
  return { delimiter: isComma ? ';' : ',', decimalMark: isComma ? ',' : '.', hasMark: true }
}

/** A point where there is no such language, as in C and POSIX. */
function decimalMark(language: string): string {
  try {
    return new Intl.NumberFormat(language).formatToParts(1.5).find(({ type }) => type === 'decimal')?.value ?? '.'
  } catch {
    return '.'
  }
}

/** A variable of the environment; empty is as good as unset. */
const variable = (name: string): string | undefined => (process.env[name] === '' ? undefined : process.env[name])

/** With fewer, not even all of the program can be loaded, and what fails then is hard to make sense of. */
const leastFiles = 192

/** @throws CensusError exit 1 where the system lets this process open too few files */
export async function checkFiles(): Promise<void> {
  const most = await mostFiles()
  if (most < leastFiles)
    throw failed(`this process may open ${most} files, and ${leastFiles} are needed`, 'allow more: ulimit -n 1024')
}

/** Files and sockets that the system lets this process open at a time; 1024 where it does not say. */
export async function mostFiles(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? []
  return soft === undefined ? 1024 : Number(soft)
}
