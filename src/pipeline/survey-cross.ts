import { flagBit } from '../model/flags.ts'
import type { CrossBreakdown } from '../model/tally.ts'
import { Unanswered } from '../sources/asker.ts'
import type { Surveyor } from '../sources/surveyor.ts'
import type { FacetTally } from '../store/facets.ts'
import { bucketsOf, countRegions, type RegionCounts } from './survey-regions.ts'
import { valuesListed, type SurveyRow } from './survey-rows.ts'

/** The keys of a report's row for a value of an engine's facet: vendor, version and organisation are not asked. */
const keysOf = {
  product: (value: string) => ['', value, ''],
  device: (value: string) => [value],
  network: (value: string) => [value.replace(/^AS(?=\d)/i, ''), ''],
} as const satisfies Readonly<Record<CrossBreakdown, (value: string) => string[]>>

/** A filter that finds this share more or less than its facet counted means something else than the facet. */
const tolerableDifference = 0.02

/**
 * A service's most frequent products, devices or networks by region: a request for each. `other` is the rest of each
 * region, banners that tell none included.
 */
export async function crossTallies(
  surveyor: Surveyor,
  row: SurveyRow,
  facet: CrossBreakdown,
  counts: readonly RegionCounts[],
  decode: (value: string) => string,
): Promise<{ readonly tallies: FacetTally[]; readonly missing: string[] }> {
  const source = surveyor.facts.id
  const rest = regionSums(counts, decode)
  const tallies: FacetTally[] = []
  const missing: string[] = []
  const listed = bucketsOf({ buckets: counts[0]?.others ?? {} }, facet).filter(({ value }) =>
    surveyor.isAskable(facet, value),
  )
  for (const { value, count } of listed.slice(0, valuesListed)) {
    const what = `${row.id}, ${facet} ${value.slice(0, 100)}`
    try {
      const found = await countRegions(surveyor, what, { ...row.question, where: { facet, value } })
      if (Math.abs(found.total - count) > Math.max(1, tolerableDifference * count)) continue
      const flags = found.remainder === 'unconfirmed' ? flagBit('remainder-unconfirmed') : 0
      for (const [region, n] of regionSums([found], decode)) {
        if (n === 0) continue
        tallies.push({
          source,
          service: row.id,
          breakdown: facet,
          keys: keysOf[facet](value),
          region,
          count: n,
          flags: region === '' ? flags : 0,
        })
        rest.set(region, (rest.get(region) ?? 0) - n)
      }
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      missing.push(`${what}: ${error.why}`)
    }
  }
  for (const [region, n] of rest)
    if (n > 0)
      tallies.push({
        source,
        service: row.id,
        breakdown: facet,
        keys: keysOf[facet]('other'),
        region,
        count: n,
        flags: 0,
      })
  return { tallies, missing }
}

function regionSums(counts: readonly RegionCounts[], decode: (value: string) => string): Map<string, number> {
  const sums = new Map<string, number>()
  const add = (region: string, count: number): void => void sums.set(region, (sums.get(region) ?? 0) + count)
  for (const { buckets, rest } of counts) {
    for (const { value, count } of buckets) add(decode(value), count)
    add('', Math.max(0, rest))
  }
  return sums
}
