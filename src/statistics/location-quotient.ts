import { requireWhole } from './domain.ts'

/** Counts of one service and of all services together. */
export interface Share {
  readonly service: number
  readonly all: number
}

/**
 * How much more of a region is this service than of its country: the service's share of all services in the region,
 * over the same share in the whole country (U.S. Bureau of Labor Statistics, Location Quotient Calculator; Florence,
 * 1929). Undefined where the region has nothing, or the country nothing of the service.
 * @throws RangeError for counts that are no whole numbers from 0, a service above all, or a region above its country
 */
export function locationQuotient(region: Share, country: Share): number | undefined {
  for (const count of [region.service, region.all, country.service, country.all]) requireWhole('a count', count)
  const isPart = region.service <= country.service && region.all <= country.all
  if (!isPart || region.service > region.all || country.service > country.all)
    throw new RangeError('a part is larger than its whole')
  if (region.all === 0 || country.service === 0) return undefined
  return region.service / region.all / (country.service / country.all)
}
