import { fit, grouped, moved, printable, table } from './text.ts'

/** What is told of a survey; its manifest has it. */
export interface SurveyFacts {
  readonly id: string
  readonly survey: { readonly country: string; readonly engines: readonly EngineFigures[] }
}

interface EngineFigures {
  readonly source: string
  readonly unit: string
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

const remainders = { none: 'complete', confirmed: 'complete, rest confirmed', unconfirmed: 'rest not confirmed' }
const codeSets: Readonly<Record<string, string>> = { iso: 'ISO 3166-2', geonames: 'GeoNames' }

/** A region that was asked to be told of: an engine's counts by service row. */
export interface ShownRegion {
  /** ISO 3166-2. */
  readonly region: string
  readonly source: string
  readonly counts: ReadonlyMap<string, number>
}

/** A survey in a terminal of 80 columns, engine by engine; as many regions as fit are told of. */
export function surveyLines({ id, survey }: SurveyFacts, shown: readonly ShownRegion[] = []): string[] {
  return survey.engines.flatMap((engine, index) => [
    ...(index === 0 ? [] : ['']),
    fit(`Snapshot ${id}: ${engine.source}, ${engine.unit} of ${survey.country} by region.`, 80),
    ...engineLines(engine, shown.filter(({ source }) => source === engine.source).slice(0, mostRegions)),
  ])
}

function engineLines({ ledger, drift, regions, rows, unit }: EngineFigures, shown: readonly ShownRegion[]): string[] {
  return [
    `${grouped(ledger.attempts)} requests (${ledger.retries} of at most ${ledger.retryBudget} retries), ${ledger.credits} of at most ${ledger.maxCredits} credits.`,
    regions.spelled === 'names'
      ? 'The engine spells regions as names.'
      : fit(`Regions are ${regions.spelled}, read as ${codeSets[regions.codeSet]} (${regions.decidedBy}).`, 80),
    ...(regions.undecoded.length === 0
      ? []
      : [
          fit(
            printable(
              `Counted as unknown, being no region known: ${regions.undecoded.map((each) => each || '(empty)').join(', ')}.`,
            ),
            80,
          ),
        ]),
    ...(drift === undefined ? [] : [moved('The total', drift)]),
    '',
    ...figures(rows, unit, shown),
  ]
}

/** Columns of figures that fit beside the names of services. */
const mostRegions = 3

function figures(rows: EngineFigures['rows'], unit: string, shown: readonly ShownRegion[]): string[] {
  const count = (region: ShownRegion, service: string): string => grouped(region.counts.get(service) ?? 0)
  return table(
    [
      { title: 'Service', align: 'left', maxWidth: 20 },
      { title: `${unit.slice(0, 1).toUpperCase()}${unit.slice(1)}`, align: 'right' },
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

/** What an engine would be asked, before it is. */
export interface PlannedEngine {
  readonly title: string
  readonly requests: readonly { readonly what: string; readonly request: string; readonly credits: number }[]
  /** What may be asked beside, at most. */
  readonly more: readonly { readonly what: string; readonly requests: number; readonly credits: number }[]
  readonly requestsPerSecond: number
  readonly retryBudget: number
  readonly maxCredits: number
  readonly account: { readonly plan: string; readonly credits: number } | string
}

/** Plans, a line for each request. */
export const planLines = (plans: readonly PlannedEngine[]): string[] =>
  plans.flatMap((plan, index) => [...(index === 0 ? [] : ['']), ...enginePlan(plan)])

function enginePlan({ title, requests, more, account, ...plan }: PlannedEngine): string[] {
  const credits = requests.reduce((sum, request) => sum + request.credits, 0)
  const most = more.reduce((sum, each) => sum + each.requests, requests.length)
  const seconds = Math.ceil(most / plan.requestsPerSecond)
  const priced = (count: number): string => `${grouped(count)} credit${count === 1 ? '' : 's'}`
  return [
    `${title}:`,
    ...requests.map(({ what, request, ...each }) => `${priced(each.credits)}  ${what}: ${request}`),
    '',
    `${grouped(requests.length)} requests for ${priced(credits)}. As far as answers ask for it, also up to`,
    ...more
      .filter((each) => each.requests > 0)
      .map((each) => `- ${grouped(each.requests)} for ${priced(each.credits)}: ${each.what}`),
    `At most about ${grouped(seconds)} s at ${plan.requestsPerSecond} a second.`,
    `At most ${plan.retryBudget} retries and ${priced(plan.maxCredits)}${credits > plan.maxCredits ? ': too few' : ''}.`,
    typeof account === 'string'
      ? `Credits left: not known (${account}).`
      : `Credits left: ${grouped(account.credits)} (plan ${account.plan}).`,
  ]
}
