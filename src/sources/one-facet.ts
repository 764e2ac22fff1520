import { facets, type Bucket, type Counted, type Facet } from '../model/engine.ts'
import type { Wanted } from './surveyor.ts'

/** What one request is by, where an engine takes one facet a request. */
export interface WantedFacet {
  readonly facet: Facet
  /** Buckets. */
  readonly size: number
}

/** A request for each facet; without any, one for the total. */
export function requestsOf(wanted: Wanted): readonly (WantedFacet | undefined)[] {
  const list = facets.flatMap((facet) => {
    const size = wanted[facet]
    return size === undefined ? [] : [{ facet, size }]
  })
  return list.length === 0 ? [undefined] : list
}

/** Counts by one facet after another. The total is that of the first, regions: their sum is held against it. */
export async function countEach(
  what: string,
  wanted: Wanted,
  count: (what: string, facet: WantedFacet | undefined) => Promise<Counted>,
): Promise<Counted> {
  const requests = requestsOf(wanted)
  const buckets: Partial<Record<Facet, readonly Bucket[]>> = {}
  let total = 0
  for (const facet of requests.toReversed()) {
    const counted = await count(
      facet === undefined || requests.length === 1 ? what : `${what}, by ${facet.facet}`,
      facet,
    )
    ;({ total } = counted)
    Object.assign(buckets, counted.buckets)
  }
  return { total, buckets }
}
