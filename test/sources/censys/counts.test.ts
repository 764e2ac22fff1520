import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { CensusError } from '../../../src/model/errors.ts'
import type { Question } from '../../../src/model/engine.ts'
import { countRequest, isAskable, mostBuckets, readCounted, withKey } from '../../../src/sources/censys/counts.ts'

const regions = [{ facet: 'region', size: 1000 }] as const

const queryOf = (question: Question): unknown =>
  (JSON.parse(countRequest(question, regions).body) as Record<string, unknown>)['query']

describe('a request', () => {
  it('asks for hosts of a country by province', () => {
    const request = countRequest({ country: 'JP', modules: ['SMTP', 'SMTPS'] }, regions)
    expect(request).toMatchObject({
      method: 'POST',
      path: '/v3/global/search/aggregate',
      params: {},
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    })
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
    expect(JSON.parse(countRequest({ country: 'JP' }, []).body)).toMatchObject({
      field: 'host.location.province',
      number_of_buckets: 1,
    })
    expect(JSON.parse(countRequest({ country: 'JP' }, [{ facet: 'network', size: 10_000 }]).body)).toMatchObject({
      field: 'host.autonomous_system.asn',
      number_of_buckets: mostBuckets,
    })
    for (const facet of ['product', 'device', 'module'] as const)
      expect(() => countRequest({ country: 'JP' }, [{ facet, size: 10 }])).toThrow(`Censys cannot count by ${facet}`)
    expect(() => countRequest({ country: 'JP' }, [...regions, { facet: 'city', size: 10 }])).toThrow('one facet')
    for (const size of [0, 10_001, 1.5, Number.NaN])
      expect(() => countRequest({ country: 'JP' }, [{ facet: 'region', size }])).toThrow('cannot be asked for')
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
    [{ country: 'JP', where: { facet: 'network', value: '1 or 2' } }, 'no number of a network'],
    [{ country: 'JP', where: { facet: 'product', value: 'nginx' } }, 'cannot count by product'],
    [{ country: 'JP', modules: ['HTTP'] }, 'cannot tell HTTP from HTTPS'],
    [{ country: 'JP', modules: ['HTTPS'] }, 'cannot tell HTTP from HTTPS'],
  ] as const)('%j cannot be asked', (question, message) => {
    expect(() => countRequest(question, regions)).toThrow(message)
  })

  it('asks for the web as a whole', () => {
    expect(queryOf({ country: 'JP', modules: ['HTTP', 'HTTPS'] })).toContain('protocol="HTTP" or protocol="HTTPS"')
  })

  it('a value cannot leave its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        fc.pre(isAskable(value))
        const query = queryOf({ country: 'JP', where: { facet: 'city', value } })
        expect(query).toBe(`host.location.country_code="JP" and host.location.city="${value}"`)
        expect(value).not.toMatch(/["\\\n\0]/)
      }),
    )
  })
})

describe('the key', () => {
  const request = countRequest({ country: 'JP' }, regions)

  it('is a bearer token, and may name an organisation', () => {
    expect(withKey(request, 'canary').headers).toEqual({ ...request.headers, authorization: 'Bearer canary' })
    expect(withKey(request, 'canary').params).toEqual({})
    const keyed = withKey(request, 'canary:11111111-2222-3333-4444-555555555555')
    expect(keyed.headers['authorization']).toBe('Bearer canary')
    expect(keyed.params).toEqual({ organization_id: '11111111-2222-3333-4444-555555555555' })
  })

  it('is in no request before', () => {
    withKey(request, 'canary')
    expect(JSON.stringify(request)).not.toContain('canary')
  })
})

/** In the shape of the documentation, with figures of our own. */
const answer = (result: Record<string, unknown> = {}): Record<string, unknown> => ({
  result: {
    buckets: [
      { key: 'Aichi', count: 12 },
      { key: 'Tōkyō-to', count: 7 },
    ],
    is_more_than_total_hits: false,
    other_count: 3,
    query_duration_millis: 15,
    total_count: 25,
    ...result,
  },
})

describe('an answer', () => {
  it('counts hosts, and tells how many are in no bucket', () => {
    expect(readCounted(answer(), regions)).toEqual({
      total: 25,
      buckets: {
        region: [
          { value: 'Aichi', count: 12 },
          { value: 'Tōkyō-to', count: 7 },
        ],
      },
      others: { region: 3 },
    })
  })

  it('without buckets, or asked for its total only', () => {
    expect(readCounted(answer({ buckets: null, total_count: 0, other_count: 0 }), regions)).toEqual({
      total: 0,
      buckets: { region: [] },
      others: { region: 0 },
    })
    expect(readCounted(answer(), [])).toEqual({ total: 25, buckets: {} })
  })

  test.each([
    ['null', null, 'result is missing'],
    ['a list', [], 'result is missing'],
    ['an error of HTTP APIs (RFC 9457)', { title: 'Forbidden', status: 403, detail: 'canary' }, 'result is missing'],
    ['an error in place of the result', { result: { error: 'canary' } }, 'is_more_than_total_hits is not false'],
    ['the shape of Search v2', { code: 200, result: { total: 1, buckets: [] } }, 'is_more_than_total_hits'],
    ['a total that is not exact', answer({ is_more_than_total_hits: true }), 'is_more_than_total_hits is not false'],
    ['no total', answer({ total_count: undefined }), 'total_count is no count'],
    ['a negative total', answer({ total_count: -1 }), 'total_count is no count'],
    ['a total beyond what numbers can count', answer({ total_count: 2 ** 53 }), 'total_count is no count'],
    ['a total as text', answer({ total_count: '25' }), 'total_count is no count'],
    ['no others', answer({ other_count: null }), 'other_count is no count'],
    ['buckets that are no list', answer({ buckets: { key: 'canary' } }), 'buckets is no list'],
    ['a bucket that is none', answer({ buckets: [null] }), 'a bucket has no key'],
    ['a bucket without a key', answer({ buckets: [{ count: 1 }] }), 'a bucket has no key'],
    ['a key that is a number', answer({ buckets: [{ key: 13, count: 1 }] }), 'a bucket has no key'],
    ['a fraction', answer({ buckets: [{ key: 'canary', count: 1.5 }] }), 'count is no count'],
    [
      'a bucket twice',
      answer({
        buckets: [
          { key: 'canary', count: 1 },
          { key: 'canary', count: 2 },
        ],
      }),
      'buckets name something twice',
    ],
  ])('%s: exit 1, one line that repeats nothing of it', (_, json, message) => {
    try {
      readCounted(json, regions)
      expect.fail('no error')
    } catch (error) {
      expect(error).toBeInstanceOf(CensusError)
      expect(error).toMatchObject({ exit: 1, message: expect.stringContaining(message) as unknown })
      expect((error as Error).message).toMatch(/^Censys answers in another shape than documented: [^\n]+$/)
      expect(String((error as Error).stack)).not.toContain('canary')
    }
  })

  it('with more buckets than were asked for', () => {
    expect(() => readCounted(answer(), [{ facet: 'region', size: 1 }])).toThrow('more than were asked for')
  })

  it('of any kind: a count or an error with exit 1, never a crash', () => {
    const anything = fc.jsonValue({ depthSize: 'small' })
    const near = fc.record(
      {
        buckets: fc.oneof(
          fc.array(fc.record({ key: fc.oneof(fc.string(), anything), count: fc.oneof(fc.nat(), anything) })),
          anything,
        ),
        is_more_than_total_hits: fc.oneof(fc.constant(false), anything),
        other_count: fc.oneof(fc.nat(), anything),
        total_count: fc.oneof(fc.nat(), anything),
        ['__proto__']: anything,
      },
      { requiredKeys: [] },
    )
    let counts = 0
    fc.assert(
      fc.property(fc.oneof(anything, fc.record({ result: near })), (json) => {
        try {
          const { total, buckets, others } = readCounted(json, regions)
          counts++
          for (const count of [total, others?.region ?? -1, ...(buckets.region ?? []).map((bucket) => bucket.count)])
            expect(Number.isSafeInteger(count) && count >= 0).toBe(true)
        } catch (error) {
          expect(error).toMatchObject({ exit: 1 })
        }
      }),
      { numRuns: 2000 },
    )
    expect(counts).toBeGreaterThan(10)
  })
})
