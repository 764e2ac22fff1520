import { wrongInput } from '../model/errors.ts'
import type { ReportFormat } from '../model/report-format.ts'
import { hostsMarking, hostsTable } from '../reports/hosts-table.ts'
import type { ReportFiles } from './report-files.ts'
import type { RowsContext } from './report-rows.ts'
import { normalised } from './survey-rows.ts'

export interface HostsRequest {
  /** Whether the endpoints behind the figures are told, address by address. */
  readonly includeHosts?: boolean
}

/** @throws CensusError exit 2 where hosts are asked for and there are none, or no file they could be in */
export function checkHosts(
  { includeHosts }: HostsRequest,
  formats: readonly ReportFormat[],
  basis: 'records' | 'facets',
): void {
  if (includeHosts !== true) return
  if (!formats.includes('csv'))
    throw wrongInput('--include-hosts is given without csv among the formats', 'add it to --format')
  if (basis === 'facets')
    throw wrongInput(
      '--include-hosts is given for counts of a search engine, which tell of no host',
      'leave it out, or count records: `census survey --records`, `census import`',
    )
}

/** Writes the endpoints of the country, regions and services that were asked for. */
export async function writeHosts(
  { figures, only, ...asked }: RowsContext,
  services: readonly string[] | undefined,
  files: Pick<ReportFiles, 'marked'>,
): Promise<void> {
  const isAll = services === undefined || services.map(normalised).includes('all')
  const hosts = figures.hosts({
    ...asked,
    regions: only,
    services: isAll ? undefined : new Set(asked.serviceRows.flatMap((row) => row.services ?? [])),
  })
  if (hosts === undefined) throw new Error('hosts of what a search engine counted')
  await files.marked(
    hostsTable((code) => asked.view.region(code)?.name ?? ''),
    hosts,
    hostsMarking,
  )
}
