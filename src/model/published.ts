import type { ReportRow } from './report-row.ts'

/** A row as it is told: what is hidden has no count, nor anything made of it. */
export interface PublishedRow extends Omit<ReportRow, 'count'> {
  readonly count: number | undefined
}

/** A cell of exposure-by-region.csv as an edition tells it. */
export type EditionCell = Pick<PublishedRow, 'source' | 'country' | 'region' | 'service' | 'count'>
