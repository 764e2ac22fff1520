import type { Bucket, Counted, Facet, Question } from '../model/engine.ts'
import { Unanswered } from '../sources/asker.ts'
import type { Surveyor, Wanted } from '../sources/surveyor.ts'

/** What an engine counts for a question, by region as it spells them, and how sure it is that these are all. */
export interface RegionCounts {
  readonly total: number
  readonly buckets: readonly Bucket[]
  /** `total` minus the buckets. */
  readonly rest: number
  /** `confirmed`: the engine counts as many outside of the regions listed, and lists no region there. */
  readonly remainder: 'none' | 'confirmed' | 'unconfirmed'
  /** By how much the total and what was counted outside of the regions disagree. */
  readonly discrepancy: number
  /** Why the engine did not say what is outside of the regions, if it did not. */
  readonly unanswered: string | undefined
  /** Buckets of the other facets asked for along with the regions. */
  readonly others: Counted['buckets']
}

/** A list that is cut off so often is of no country: some give five regions at a time, and no country has 250. */
const mostRounds = 50

/**
 * Asks by region until the list is proved complete: what the total has beyond the regions listed is asked for by
 * excluding each of them. Regions that turn up there were cut off, and are listed too; what then remains has no region.
 * A total that moved between two answers is asked for once more.
 */
export async function countRegions(
  surveyor: Surveyor,
  what: string,
  question: Question,
  others: Wanted = {},
): Promise<RegionCounts> {
  const first = await attempt(surveyor, what, question, others)
  if (first.remainder !== 'unconfirmed' || first.unanswered !== undefined) return first
  const second = await attempt(surveyor, `${what}, again`, question, others)
  return Math.abs(second.discrepancy) <= Math.abs(first.discrepancy) ? second : first
}

async function attempt(surveyor: Surveyor, what: string, question: Question, others: Wanted): Promise<RegionCounts> {
  const region = surveyor.mostBuckets
  const counted = await surveyor.count(what, question, { ...others, region })
  const buckets = [...bucketsOf(counted, 'region')]
  const restOf = (): number => counted.total - buckets.reduce((sum, bucket) => sum + bucket.count, 0)
  const result = (remainder: RegionCounts['remainder'], discrepancy: number, unanswered?: string): RegionCounts => ({
    total: counted.total,
    buckets,
    rest: restOf(),
    remainder,
    discrepancy,
    unanswered,
    others: counted.buckets,
  })
  for (let round = 0; round < mostRounds; round++) {
    const rest = restOf()
    if (rest === 0) return result('none', 0)
    if (rest < 0) return result('unconfirmed', rest)
    // Those that cannot stand in a query are found outside, too.
    const [listed, beside] = [
      buckets.filter(({ value }) => surveyor.isAskable('region', value)),
      buckets.filter(({ value }) => !surveyor.isAskable('region', value)),
    ]
    const values = listed.map(({ value }) => value)
    const due = beside.reduce((sum, { count }) => sum + count, rest)
    const outside = await surveyor
      .count(`${what}, outside of the regions listed`, { ...question, notRegions: values }, { region })
      .catch((error: unknown) => {
        if (error instanceof Unanswered) return error
        throw error
      })
    if (outside instanceof Unanswered) return result('unconfirmed', rest, outside.why)
    const further = bucketsOf(outside, 'region').filter(
      ({ value }) => !buckets.some((bucket) => bucket.value === value),
    )
    if (further.length === 0)
      return outside.total === due ? result('confirmed', 0) : result('unconfirmed', due - outside.total)
    buckets.push(...further)
  }
  return result('unconfirmed', restOf())
}

export const bucketsOf = (counted: Pick<Counted, 'buckets'>, facet: Facet): readonly Bucket[] =>
  counted.buckets[facet] ?? []
