import { counted, grouped, moved, printable, table } from './text.ts'

/** What an import says of itself; its manifest has it. */
export interface ImportFacts {
  readonly id: string
  readonly inputs: readonly {
    readonly name: string
    readonly format: string
    readonly records: number
    readonly rejected: number
  }[]
  readonly accounting: {
    readonly in: number
    readonly kept: number
    readonly repeats: number
    readonly rejected: number
    readonly undated: number
    readonly rejectedByReason: Readonly<Record<string, number | undefined>>
    readonly keptByOutcome: Readonly<Record<string, number | undefined>>
  }
}

/** The accounting of an import: what came in, and what was kept. */
export function importLines(facts: ImportFacts): string[] {
  const { accounting } = facts
  return [
    `Snapshot ${printable(facts.id)}`,
    ...table(
      [
        { title: 'Input', align: 'left', maxWidth: 40 },
        { title: 'Format', align: 'left' },
        { title: 'Records', align: 'right' },
        { title: 'Rejected', align: 'right' },
      ],
      facts.inputs.map((input) => [input.name, input.format, grouped(input.records), grouped(input.rejected)]),
    ),
    '',
    `${grouped(accounting.in)} in = ${grouped(accounting.kept)} kept + ${grouped(accounting.repeats)} repeats + ${grouped(accounting.rejected)} rejected`,
    ...(accounting.rejected === 0 ? [] : [`rejected: ${counted(accounting.rejectedByReason)}`]),
    `outcomes: ${counted(accounting.keptByOutcome) || 'none'}${accounting.undated === 0 ? '' : `; ${grouped(accounting.undated)} undated`}`,
  ]
}

/** What downloading records would cost, before it is paid. */
export interface PlannedRecords {
  readonly queries: readonly {
    readonly what: string
    /** In the engine's own language. */
    readonly query: string
    /** As it is sent, without the key. */
    readonly request: string
    /** Absent where only a first page tells it, which is yet to be paid for. */
    readonly total?: number
    readonly pages: number
    /** Pages that an earlier run stored. */
    readonly stored: number
    readonly credits: number
  }[]
  /** Requests there will be, and their credits: the least of both where `isLeast`. */
  readonly requests: number
  readonly credits: number
  /** Whether some queries are not counted yet, so that there may be more pages. */
  readonly isLeast: boolean
  /** Spent by earlier runs of the same download. */
  readonly spent: number
  /** When the first of them began. */
  readonly begunAt?: string
  readonly requestsPerSecond: number
  readonly retryBudget: number
  readonly maxCredits: number
  readonly account: { readonly plan: string; readonly credits: number } | string
}

/** A plan, a line for each query. */
export function recordsPlanLines(plan: PlannedRecords): string[] {
  const { queries, requests, credits, isLeast, spent, account, begunAt } = plan
  const pages = queries.reduce((sum, query) => sum + query.pages - query.stored, 0)
  const seconds = Math.ceil(requests / plan.requestsPerSecond)
  const least = isLeast ? 'At least ' : ''
  const orMore = (query: PlannedRecords['queries'][number], figure: number): string =>
    `${grouped(figure)}${query.total === undefined ? '+' : ''}`
  return [
    ...table(
      [
        { title: 'Records of', align: 'left', maxWidth: 28 },
        { title: 'Records', align: 'right' },
        { title: 'Pages', align: 'right' },
        { title: 'Stored', align: 'right' },
        { title: 'Credits', align: 'right' },
      ],
      queries.map((query) => [
        query.what,
        query.total === undefined ? '?' : grouped(query.total),
        orMore(query, query.pages),
        grouped(query.stored),
        orMore(query, query.credits),
      ]),
    ),
    '',
    ...queries.map(({ what, request }) => `${what}: ${request}`),
    '',
    ...(isLeast ? ['How many records there are is told by the first pages, which are paid for.'] : []),
    `${least}${grouped(pages)} pages for ${grouped(credits)} credits; about ${grouped(seconds)} s at ${plan.requestsPerSecond} a second.`,
    ...(begunAt === undefined
      ? []
      : [`It goes on with what was begun at ${begunAt.slice(0, 19)}Z, on which ${grouped(spent)} credits were spent.`]),
    `At most ${grouped(plan.maxCredits)} credits are allowed${spent + credits > plan.maxCredits ? `: too few, it takes --max-credits ${spent + credits}` : ''}.`,
    typeof account === 'string'
      ? `Credits left: not known (${account}).`
      : `Credits left: ${grouped(account.credits)} (plan ${account.plan}).`,
  ]
}

/** What is told of a download; its manifest has it. */
export interface RecordsFacts {
  readonly queries: readonly {
    readonly what: string
    readonly total: number
    readonly rows: number
    readonly duplicates: number
    readonly pages: number
  }[]
  readonly ledger: {
    readonly attempts: number
    readonly retries: number
    readonly credits: number
    readonly doubtful: number
    readonly maxCredits: number
    readonly free: number
  }
  readonly drift?: { readonly first: number; readonly last: number } | undefined
}

/** A download in a terminal of 80 columns. */
export function recordsLines({ queries, ledger, drift }: RecordsFacts): string[] {
  return [
    ...table(
      [
        { title: 'Records of', align: 'left', maxWidth: 28 },
        { title: 'Counted', align: 'right' },
        { title: 'Received', align: 'right' },
        { title: 'Duplicates', align: 'right' },
        { title: 'Pages', align: 'right' },
      ],
      queries.map((query) => [
        query.what,
        ...[query.total, query.rows, query.duplicates, query.pages].map((each) => grouped(each)),
      ]),
    ),
    '',
    `${grouped(ledger.attempts)} attempts at pages, ${grouped(ledger.retries)} of them again; at most ${grouped(ledger.credits)} credits spent of ${grouped(ledger.maxCredits)}.`,
    ...(ledger.doubtful === 0 ? [] : [`Of ${grouped(ledger.doubtful)} attempts is not known what became of them.`]),
    ...(drift === undefined ? [] : [moved('The total of the first', drift)]),
  ]
}
