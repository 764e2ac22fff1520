import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { locationQuotient } from '../../src/statistics/location-quotient.ts'

describe('locationQuotient', () => {
  it('is the share of the region over the share of the country', () => {
    // 58 % of the region's services and 14.5 % of the country's.
    expect(locationQuotient({ service: 58, all: 100 }, { service: 145, all: 1_000 })).toBeCloseTo(4, 12)
    expect(locationQuotient({ service: 0, all: 100 }, { service: 145, all: 1_000 })).toBe(0)
  })

  it('is undefined where there is no share to compare', () => {
    expect(locationQuotient({ service: 0, all: 0 }, { service: 5, all: 10 })).toBeUndefined()
    expect(locationQuotient({ service: 0, all: 3 }, { service: 0, all: 10 })).toBeUndefined()
  })

  it('averages to 1 over the regions, weighed by their size', () => {
    const regions = fc.array(
      fc
        .tuple(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 1_000_000 }))
        .map(([service, rest]) => ({ service, all: service + rest })),
      { minLength: 1, maxLength: 20 },
    )
    fc.assert(
      fc.property(regions, (all) => {
        const country = {
          service: all.reduce((sum, region) => sum + region.service, 0),
          all: all.reduce((sum, region) => sum + region.all, 0),
        }
        if (country.service === 0) return
        const mean = all.reduce((sum, region) => sum + (locationQuotient(region, country) ?? 0) * region.all, 0)
        expect(mean / country.all).toBeCloseTo(1, 9)
      }),
    )
  })

  it.each([
    ['a service above all services', { service: 5, all: 4 }, { service: 5, all: 10 }],
    ['a country whose service is above all', { service: 1, all: 4 }, { service: 11, all: 10 }],
    ['a region above its country', { service: 6, all: 8 }, { service: 5, all: 10 }],
    ['a region of more services than its country', { service: 1, all: 18 }, { service: 5, all: 10 }],
    ['a negative count', { service: -1, all: 8 }, { service: 5, all: 10 }],
    ['NaN', { service: NaN, all: 8 }, { service: 5, all: 10 }],
    ['half a host', { service: 1, all: 8 }, { service: 5, all: 10.5 }],
  ])('throws for %s', (_, region, country) => {
    expect(() => locationQuotient(region, country)).toThrow(RangeError)
  })
})
