import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { facets, type Question } from '../../../src/model/engine.ts'
import { countedFacets, countRequest, isAskable, mostBuckets, objection } from '../../../src/sources/quake/counts.ts'

const regions = { facet: 'region', size: 1000 } as const

const queryOf = (question: Question): unknown =>
  (JSON.parse(countRequest(question, regions).body) as Record<string, unknown>)['query']

describe('a request', () => {
  it('asks for services of a country by province, and for their total', () => {
    const request = countRequest({ country: 'JP', modules: ['smtp'] }, regions)
    // Nothing else: the key is put in where it is sent.
    expect(Object.keys(request).toSorted()).toEqual(['body', 'path'])
    expect(request.path).toBe('/api/v3/aggregation/quake_service')
    expect(JSON.parse(request.body)).toEqual({
      query: 'country:"JP" AND (service:"smtp")',
      ignore_cache: true,
      latest: true,
      aggregation_list: ['country_code', 'province'],
      size: 1000,
    })
  })

  test.each([
    [{ country: 'JP' }, 'country:"JP"'],
    [{ country: 'JP', ports: [25, 465] }, 'country:"JP" AND (port:"25" OR port:"465")'],
    [
      { country: 'JP', modules: ['http', 'http/ssl'], ports: [80] },
      'country:"JP" AND (service:"http" OR service:"http/ssl") AND (port:"80")',
    ],
    [{ country: 'JP', where: { facet: 'network', value: '64496' } }, 'country:"JP" AND asn:"64496"'],
    [
      { country: 'JP', where: { facet: 'region', value: 'Aichi' }, notRegions: ['Mie', 'Tōkyō-to'] },
      'country:"JP" AND province:"Aichi" AND NOT province:"Mie" AND NOT province:"Tōkyō-to"',
    ],
    [{ country: 'JP', notRegions: [] }, 'country:"JP"'],
  ] as const)('%j', (question, query) => {
    expect(queryOf(question)).toBe(query)
  })

  it('has one facet beside the total, or none', () => {
    const listOf = (wanted: Parameters<typeof countRequest>[1]): unknown =>
      (JSON.parse(countRequest({ country: 'JP' }, wanted).body) as Record<string, unknown>)['aggregation_list']
    expect(listOf(undefined)).toEqual(['country_code'])
    expect(listOf({ facet: 'network', size: mostBuckets })).toEqual(['country_code', 'asn'])
    for (const size of [0, 1, 10_001, 2.5, Number.NaN])
      expect(() => listOf({ facet: 'region', size })).toThrow('cannot be asked for')
  })

  test.each(facets)('by %s: asked for if it is said to be counted, else refused', (facet) => {
    const request = (): unknown => countRequest({ country: 'JP' }, { facet, size: 10 })
    if (countedFacets.has(facet)) expect(request).not.toThrow()
    else expect(request).toThrow(`Quake cannot count by ${facet}`)
  })

  test.each([
    [{ country: 'jp' }, 'no country code'],
    [{ country: 'JP" OR ip:"' }, 'no country code'],
    [{ country: 'JP', modules: [] }, 'any of nothing'],
    [{ country: 'JP', ports: [] }, 'any of nothing'],
    [{ country: 'JP', ports: [65_536] }, 'no port'],
    [{ country: 'JP', modules: ['a" OR "b'] }, 'cannot be asked for'],
    [{ country: 'JP', modules: ['*'] }, 'cannot be asked for'],
    [{ country: 'JP', notRegions: ['a\\'] }, 'cannot be asked for'],
    [{ country: 'JP', notRegions: ['a?'] }, 'cannot be asked for'],
    [{ country: 'JP', where: { facet: 'region', value: '' } }, 'cannot be asked for'],
    [{ country: 'JP', where: { facet: 'network', value: '1 OR 2' } }, 'cannot be asked for'],
    [{ country: 'JP', where: { facet: 'product', value: 'nginx' } }, 'cannot count by product'],
    [{ country: 'JP', modules: ['http'] }, 'cannot tell HTTP from HTTPS'],
    [{ country: 'JP', modules: ['http/ssl'] }, 'cannot tell HTTP from HTTPS'],
  ] as const)('%j cannot be asked', (question, message) => {
    expect(() => countRequest(question, regions)).toThrow(message)
  })

  test.each([
    [undefined, undefined],
    [['http', 'http/ssl'], undefined],
    [['smtp'], undefined],
    [['http'], 'it cannot tell HTTP from HTTPS: ask for `web`'],
    [['smtp', 'http/ssl'], 'it cannot tell HTTP from HTTPS: ask for `web`'],
  ])('the objection to %j is %j', (modules, why) => {
    expect(objection({ country: 'JP', ...(modules === undefined ? {} : { modules }) })).toBe(why)
  })

  it('a value cannot leave its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        fc.pre(isAskable('region', value))
        const query = queryOf({ country: 'JP', where: { facet: 'region', value } })
        expect(query).toBe(`country:"JP" AND province:"${value}"`)
        expect(value).not.toMatch(/["\\*?\n\0]/)
      }),
    )
  })
})
