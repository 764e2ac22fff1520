import { fit, grouped, table } from './text.ts'

/** What is told of a survey; its manifest has it. */
export interface SurveyFacts {
  readonly id: string
  readonly sources: readonly string[]
  readonly survey: {
    readonly country: string
    readonly rows: readonly {
      readonly service: string
      readonly total: number
      readonly listed: number
      readonly remainder: 'none' | 'confirmed' | 'unconfirmed'
    }[]
    readonly regions: {
      readonly spelled: string
      readonly codeSet: string
      readonly decidedBy: string
      readonly undecoded: readonly string[]
    }
    readonly drift?: { readonly first: number; readonly last: number } | undefined
    readonly ledger: {
      readonly attempts: number
      readonly retries: number
      readonly retryBudget: number
      readonly credits: number
      readonly maxCredits: number
    }
  }
}

const remainders = { none: 'complete', confirmed: 'complete, rest confirmed', unconfirmed: 'rest not confirmed' }
const codeSets: Readonly<Record<string, string>> = { iso: 'ISO 3166-2', geonames: 'GeoNames' }

/** A region that was asked to be told of: banners by service row. */
export interface ShownRegion {
  /** ISO 3166-2. */
  readonly region: string
  readonly counts: ReadonlyMap<string, number>
}

/** A survey in a terminal of 80 columns; as many regions as fit are told of. */
export function surveyLines({ id, sources, survey }: SurveyFacts, shown: readonly ShownRegion[] = []): string[] {
  const { ledger, drift, regions } = survey
  return [
    fit(`Snapshot ${id}: ${sources.join(', ')}, banners of ${survey.country} by region.`, 80),
    `${grouped(ledger.attempts)} requests (${ledger.retries} of at most ${ledger.retryBudget} retries), ${ledger.credits} of at most ${ledger.maxCredits} credits.`,
    regions.spelled === 'names'
      ? 'The engine spells regions as names.'
      : fit(`Regions are ${regions.spelled}, read as ${codeSets[regions.codeSet]} (${regions.decidedBy}).`, 80),
    ...(regions.undecoded.length === 0
      ? []
      : [fit(`Counted as unknown, being no region known: ${regions.undecoded.join(', ')}.`, 80)]),
    ...(drift === undefined
      ? []
      : [`The total went from ${grouped(drift.first)} to ${grouped(drift.last)} meanwhile.`]),
    '',
    ...figures(survey.rows, shown.slice(0, mostRegions)),
  ]
}

/** Columns of figures that fit beside the names of services. */
const mostRegions = 3

function figures(rows: SurveyFacts['survey']['rows'], shown: readonly ShownRegion[]): string[] {
  const count = (region: ShownRegion, service: string): string => grouped(region.counts.get(service) ?? 0)
  return table(
    [
      { title: 'Service', align: 'left', maxWidth: 20 },
      { title: 'Banners', align: 'right' },
      ...shown.map(({ region }) => ({ title: region, align: 'right' as const })),
      { title: 'Unknown', align: 'right' },
      { title: 'Regions', align: 'left' },
    ],
    rows.map((row) => [
      row.service,
      grouped(row.total),
      ...shown.map((region) => count(region, row.service)),
      grouped(row.total - row.listed),
      remainders[row.remainder],
    ]),
  )
}

/** What a survey would ask, before it asks. */
export interface PlannedSurvey {
  readonly requests: readonly { readonly what: string; readonly request: string }[]
  /** Requests for products, devices and networks, at most. */
  readonly cross: number
  readonly requestsPerSecond: number
  readonly retryBudget: number
  readonly maxCredits: number
  readonly account: { readonly plan: string; readonly credits: number } | string
}

/** A plan, a line for each request. */
export function planLines(plan: PlannedSurvey): string[] {
  const { requests, cross, account } = plan
  const most = requests.length + cross
  const seconds = Math.ceil(most / plan.requestsPerSecond)
  return [
    ...requests.map(({ what, request }) => `0 credits  ${what}: ${request}`),
    '',
    `${grouped(requests.length)} requests${cross === 0 ? '' : `, and up to ${grouped(cross)} for values listed`}; 0 credits.`,
    `About ${grouped(seconds)} s at ${plan.requestsPerSecond} a second. Each list of regions that leaves a remainder takes one more.`,
    `At most ${plan.retryBudget} retries and ${plan.maxCredits} credits.`,
    typeof account === 'string'
      ? `Credits left: not known (${account}).`
      : `Credits left: ${grouped(account.credits)} (plan ${account.plan}).`,
  ]
}
