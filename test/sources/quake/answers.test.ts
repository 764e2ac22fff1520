import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { errorOf, readAccount, readCounted } from '../../../src/sources/quake/answers.ts'

const regions = { facet: 'region', size: 1000 } as const
const japan = { key: 'JP', doc_count: 25 }
const provinces = [
  { key: 'Aichi', doc_count: 12 },
  { key: 'Tōkyō-to', doc_count: 7 },
]

/** In the shape of the documentation, with figures of our own. */
const answer = (data: unknown = {}): Record<string, unknown> => ({ code: 0, message: 'Successful.', data, meta: {} })
const of = (country_code: unknown = [japan], province: unknown = provinces) => answer({ country_code, province })
const read = (json: unknown) => readCounted(json, 'JP', regions)

describe('an answer', () => {
  it('counts services', () => {
    const region = [
      { value: 'Aichi', count: 12 },
      { value: 'Tōkyō-to', count: 7 },
    ]
    expect(read(of())).toEqual({ total: 25, buckets: { region } })
    expect(readCounted(answer({ country_code: [japan] }), 'JP', undefined)).toEqual({ total: 25, buckets: {} })
  })

  it('of networks: their numbers', () => {
    const asn = [{ key: 64_496, doc_count: 3 }]
    const counted = readCounted(answer({ country_code: [japan], asn }), 'JP', { facet: 'network', size: 10 })
    expect(counted?.buckets).toEqual({ network: [{ value: '64496', count: 3 }] })
  })

  it('without any, and what has no province', () => {
    expect(read(of([], []))).toEqual({ total: 0, buckets: { region: [] } })
    expect(read(of([japan], [{ key: '', doc_count: 25 }]))).toEqual({ total: 25, buckets: { region: [] } })
  })

  test.each([
    ['null', null],
    ['a list', []],
    ['text', 'canary'],
    ['no data', { code: 0, message: 'Successful.' }],
    ['an error’s code', { ...of(), code: 'q3015' }],
    ['a code as text', { ...of(), code: '0' }],
    ['data that are a list', answer([])],
    ['data of nothing', answer({})],
    ['data of the total alone', answer({ country_code: [japan] })],
    ['data of provinces alone', answer({ province: provinces })],
    ['data of another field', answer({ country_code: [japan], city: provinces })],
    ['data of a field beside', answer({ country_code: [japan], province: provinces, city: [] })],
    ['another country', of([{ key: 'KR', doc_count: 25 }])],
    ['several countries', of([japan, { key: 'KR', doc_count: 1 }])],
    ['provinces of no country', of([])],
    ['countries that are no list', of({ JP: 25 })],
    ['a negative total', of([{ key: 'JP', doc_count: -1 }])],
    ['a total as text', of([{ key: 'JP', doc_count: '25' }])],
    ['a total beyond what can be counted', of([{ key: 'JP', doc_count: 2 ** 53 }])],
    ['provinces that are no list', of([japan], { Aichi: 12 })],
    ['a province that is none', of([japan], [null])],
    ['a province without a key', of([japan], [{ doc_count: 1 }])],
    ['a key that is a list', of([japan], [{ key: ['Aichi'], doc_count: 1 }])],
    ['a province without a count', of([japan], [{ key: 'Aichi' }])],
    ['a fraction', of([japan], [{ key: 'Aichi', doc_count: 1.5 }])],
    ['a province twice', of([japan], [...provinces, { key: 'Aichi', doc_count: 1 }])],
    ['more in the provinces than there are', of([japan], [...provinces, { key: 'Mie', doc_count: 7 }])],
  ])('%s: no answer', (_, json) => {
    expect(read(json)).toBeUndefined()
  })

  it('with more buckets than were asked for: no answer', () => {
    const three = [...provinces, { key: 'Mie', doc_count: 1 }]
    expect(readCounted(of([japan], three), 'JP', { facet: 'region', size: 2 })).toBeUndefined()
    expect(readCounted(of([japan], three), 'JP', { facet: 'region', size: 3 })).toBeDefined()
  })

  it('of any kind: a count or none, never a crash', () => {
    const anything = fc.jsonValue({ depthSize: 'small' })
    const mostly = (right: fc.Arbitrary<unknown>) =>
      fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: anything })
    const bucket = (key: fc.Arbitrary<unknown>, max: number) =>
      fc.record({ key: mostly(key), doc_count: mostly(fc.nat({ max })) })
    const data = fc.record({
      country_code: mostly(fc.tuple(bucket(fc.constant('JP'), 99))),
      province: mostly(fc.array(bucket(fc.string(), 9), { maxLength: 4 })),
    })
    const near = fc.record({ code: mostly(fc.constant(0)), message: anything, data: mostly(data) })
    let counts = 0
    fc.assert(
      fc.property(fc.oneof(anything, near), (json) => {
        expect(['string', 'object', 'undefined']).toContain(typeof errorOf(json))
        const counted = read(json)
        if (counted === undefined) return
        counts++
        const buckets = counted.buckets.region ?? []
        expect(Number.isSafeInteger(counted.total)).toBe(true)
        expect(buckets.every(({ count }) => Number.isSafeInteger(count) && count >= 0)).toBe(true)
        expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(counted.total)
        expect(new Set(buckets.map(({ value }) => value)).size).toBe(buckets.length)
      }),
      { numRuns: 2000 },
    )
    expect(counts).toBeGreaterThan(10)
  })
})

test.each([
  [
    { code: 'u3004', message: 'no such token' },
    { kind: 'refused', why: 'no such token (u3004)' },
  ],
  [
    { code: 'q3015', message: 'syntax' },
    { kind: 'refused', why: 'syntax (q3015)' },
  ],
  [
    { code: 'u3005', message: 'too fast' },
    { kind: 'again', why: 'too fast (u3005)' },
  ],
  [
    { code: 'q3005', message: 'too fast' },
    { kind: 'again', why: 'too fast (q3005)' },
  ],
  [{ code: 'q3007' }, { kind: 'refused', why: 'an error without words (q3007)' }],
  [{ code: 500, message: 'internal' }, 'internal'],
  [{ code: null, message: ['a list'] }, 'an error without words'],
  [of(), undefined],
  [{ message: 'no code' }, undefined],
  [[{ code: 'u3004' }], undefined],
  ['text', undefined],
  [null, undefined],
  [undefined, undefined],
])('the error of %j is told as %j', (json, told) => {
  expect(errorOf(json)).toEqual(told)
})

test.each([
  [{ data: { credit: 12, token: 'canary' } }, 12],
  [{ data: { credit: 12, month_remaining_credit: 3 } }, 3],
  [{ data: { credit: 0 } }, 0],
  [{ data: { credit: -1 } }, undefined],
  [{ data: { credit: '12' } }, undefined],
  [{ data: {} }, undefined],
  [{ data: [] }, undefined],
  [{ credit: 12 }, undefined],
  [null, undefined],
])('the account %j has %j credits', (json, credits) => {
  expect(readAccount(json)).toEqual(credits === undefined ? undefined : { plan: 'not told', credits })
})
