import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { facets, type Question } from '../../../src/model/engine.ts'
import { countedFacets, countRequest, isAskable, mostBuckets, objection } from '../../../src/sources/censys/counts.ts'

const regions = { facet: 'region', size: 1000 } as const

const queryOf = (question: Question): unknown =>
  (JSON.parse(countRequest(question, regions).body) as Record<string, unknown>)['query']

describe('a request', () => {
  it('asks for hosts of a country by province', () => {
    const request = countRequest({ country: 'JP', modules: ['SMTP', 'SMTPS'] }, regions)
    // Nothing else: the key is put in where it is sent.
    expect(Object.keys(request).toSorted()).toEqual(['body', 'path'])
    expect(request.path).toBe('/v3/global/search/aggregate')
    expect(JSON.parse(request.body)).toEqual({
      query: 'host.location.country_code="JP" and host.services: ((protocol="SMTP" or protocol="SMTPS"))',
      field: 'host.location.province',
      number_of_buckets: 1000,
      count_by_level: '.',
    })
  })

  test.each([
    [{ country: 'JP' }, 'host.location.country_code="JP"'],
    [{ country: 'JP', ports: [25, 465] }, 'host.location.country_code="JP" and host.services: (port: {25, 465})'],
    [
      { country: 'JP', modules: ['NTP'], ports: [123] },
      'host.location.country_code="JP" and host.services: ((protocol="NTP") and port: {123})',
    ],
    [
      { country: 'JP', where: { facet: 'city', value: 'Nagoya' } },
      'host.location.country_code="JP" and host.location.city="Nagoya"',
    ],
    [
      { country: 'JP', where: { facet: 'network', value: '64496' } },
      'host.location.country_code="JP" and host.autonomous_system.asn=64496',
    ],
    [
      { country: 'JP', where: { facet: 'region', value: 'Aichi' }, notRegions: ['Mie', 'Tōkyō-to'] },
      'host.location.country_code="JP" and host.location.province="Aichi" and not (host.location.province="Mie" or host.location.province="Tōkyō-to")',
    ],
    [{ country: 'JP', notRegions: [] }, 'host.location.country_code="JP"'],
  ] as const)('%j', (question, query) => {
    expect(queryOf(question)).toBe(query)
  })

  it('has one facet, of the host itself; none is as good as a total', () => {
    expect(JSON.parse(countRequest({ country: 'JP' }, undefined).body)).toMatchObject({
      field: 'host.location.province',
      number_of_buckets: 1,
    })
    expect(JSON.parse(countRequest({ country: 'JP' }, { facet: 'network', size: 10_000 }).body)).toMatchObject({
      field: 'host.autonomous_system.asn',
      number_of_buckets: mostBuckets,
    })
    for (const size of [0, 10_001, 1.5, Number.NaN])
      expect(() => countRequest({ country: 'JP' }, { facet: 'region', size })).toThrow('cannot be asked for')
  })

  test.each(facets)('by %s: asked for if it is said to be counted, else refused', (facet) => {
    const request = (): unknown => JSON.parse(countRequest({ country: 'JP' }, { facet, size: 10 }).body)
    if (countedFacets.has(facet))
      expect(request()).toMatchObject({ field: expect.stringMatching(/^host\./) as unknown })
    else expect(request).toThrow(`Censys cannot count by ${facet}`)
  })

  it('counts by what is of the host, not of any of its services', () => {
    expect([...countedFacets].toSorted()).toEqual(['city', 'network', 'region'])
  })

  test.each([
    [{ country: 'jp' }, 'no country code'],
    [{ country: 'JP" or host.ip: "' }, 'no country code'],
    [{ country: 'JP', modules: [] }, 'any of nothing'],
    [{ country: 'JP', ports: [] }, 'any of nothing'],
    [{ country: 'JP', ports: [65_536] }, 'no port'],
    [{ country: 'JP', modules: ['A" or "B'] }, 'cannot be asked for'],
    [{ country: 'JP', notRegions: ['a\\'] }, 'cannot be asked for'],
    [{ country: 'JP', where: { facet: 'region', value: '' } }, 'cannot be asked for'],
    [{ country: 'JP', where: { facet: 'network', value: '1 or 2' } }, 'cannot be asked for'],
    [{ country: 'JP', where: { facet: 'product', value: 'nginx' } }, 'cannot count by product'],
    [{ country: 'JP', modules: ['HTTP'] }, 'cannot tell HTTP from HTTPS'],
    [{ country: 'JP', modules: ['HTTPS'] }, 'cannot tell HTTP from HTTPS'],
  ] as const)('%j cannot be asked', (question, message) => {
    expect(() => countRequest(question, regions)).toThrow(message)
  })

  it('asks for the web as a whole', () => {
    expect(queryOf({ country: 'JP', modules: ['HTTP', 'HTTPS'] })).toContain('protocol="HTTP" or protocol="HTTPS"')
  })

  test.each([
    [undefined, undefined],
    [['HTTP', 'HTTPS', 'QUIC'], undefined],
    [['SMTP'], undefined],
    [['HTTP'], 'it cannot tell HTTP from HTTPS: ask for `web`'],
    [['QUIC', 'HTTPS'], 'it cannot tell HTTP from HTTPS: ask for `web`'],
  ])('the objection to %j is %j, and is what is thrown', (modules, why) => {
    const question = { country: 'JP', ...(modules === undefined ? {} : { modules }) }
    expect(objection(question)).toBe(why)
    if (why === undefined) expect(() => countRequest(question, regions)).not.toThrow()
    else expect(() => countRequest(question, regions)).toThrow(why)
  })

  it('a value cannot leave its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        fc.pre(isAskable('city', value))
        const query = queryOf({ country: 'JP', where: { facet: 'city', value } })
        expect(query).toBe(`host.location.country_code="JP" and host.location.city="${value}"`)
        expect(value).not.toMatch(/["\\\n\0]/)
      }),
    )
  })
})
