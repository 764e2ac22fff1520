import type { ReportRow } from '../../src/model/report-row.ts'

/** A row as a report has it: of all addresses in Japan unless something else is given; its rate is that of its count. */
export function reportRow(given: Partial<ReportRow>): ReportRow {
  const { count = 0, population } = given
  return {
    source: 'shodan',
    country: 'JP',
    region: 'JP',
    regionName: '',
    regionNameLocal: '',
    service: 'all',
    keys: [],
    unit: 'addresses',
    asked: undefined,
    count,
    population,
    populationYear: population === undefined ? undefined : 2020,
    per100k: population === undefined ? undefined : (count / population) * 100_000,
    per100kLow: undefined,
    per100kHigh: undefined,
    rateRatio: undefined,
    rank: undefined,
    flags: [],
    ...given,
  }
}
