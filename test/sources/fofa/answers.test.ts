import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { errorOf, readAccount, readCounted } from '../../../src/sources/fofa/answers.ts'

const regions = [
  { name: 'Aichi', count: 12, code: '' },
  { name: 'Tōkyō-to', count: 7, code: '' },
]
const japan = { name: 'Japan', name_code: 'JP', count: 25, code: '', regions }

/** In the shape of the documentation, with figures of our own. */
const answer = (rest: Record<string, unknown> = {}): Record<string, unknown> => ({
  error: false,
  consumed_fpoint: 0,
  required_fpoints: 0,
  size: 25,
  distinct: { ip: 20 },
  aggs: { countries: [japan] },
  lastupdatetime: '2026-05-31 00:00:00',
  ...rest,
})
const of = (rest: Record<string, unknown>): Record<string, unknown> =>
  answer({ aggs: { countries: [{ ...japan, ...rest }] } })
const read = (json: unknown) => readCounted(json, 'JP', 100)

describe('an answer', () => {
  it('counts records', () => {
    const region = [
      { value: 'Aichi', count: 12 },
      { value: 'Tōkyō-to', count: 7 },
    ]
    expect(read(answer())).toEqual({ total: 25, buckets: { region } })
    expect(readCounted(answer(), 'JP', undefined)).toEqual({ total: 25, buckets: {} })
  })

  it('without any: of no country, too', () => {
    const none = { total: 0, buckets: { region: [] } }
    for (const aggs of [{ countries: [] }, { countries: null }, {}])
      expect(read(answer({ size: 0, aggs }))).toEqual(none)
  })

  it('may have no region, and what has none is in no region', () => {
    const none = { total: 25, buckets: { region: [] } }
    expect(read(of({ regions: null }))).toEqual(none)
    expect(read(of({ regions: [] }))).toEqual(none)
    expect(
      read(
        of({
          regions: [
            { name: 'Unknown', count: 2 },
            { name: '', count: 1 },
          ],
        }),
      ),
    ).toEqual(none)
  })

  test.each([
    ['null', null],
    ['a list', []],
    ['text', 'canary'],
    ['an error', answer({ error: true })],
    ['no word on an error', answer({ error: undefined })],
    ['no total', answer({ size: undefined })],
    ['a negative total', answer({ size: -1 })],
    ['a total beyond what can be counted', answer({ size: 2 ** 53 })],
    ['a total as text', answer({ size: '25' })],
    ['no statistics', answer({ aggs: undefined })],
    ['statistics that are a list', answer({ aggs: [] })],
    ['no list of countries, and a total', answer({ aggs: {} })],
    ['an empty list of countries, and a total', answer({ aggs: { countries: [] } })],
    ['a country without anything in it', answer({ size: 0 })],
    ['another country', of({ name_code: 'KR' })],
    ['a country by its name alone', of({ name_code: undefined })],
    ['several countries', answer({ aggs: { countries: [japan, { ...japan, name_code: 'KR' }] } })],
    ['a country that is none', answer({ aggs: { countries: [null] } })],
    ['countries that are no list', answer({ aggs: { countries: { JP: 25 } } })],
    ['a country without a count', of({ count: undefined })],
    ['regions that are no list', of({ regions: { Aichi: 12 } })],
    ['a region that is none', of({ regions: [null] })],
    ['a region without a name', of({ regions: [{ count: 1 }] })],
    ['a name that is a number', of({ regions: [{ name: 13, count: 1 }] })],
    ['a region without a count', of({ regions: [{ name: 'Aichi' }] })],
    ['a fraction', of({ regions: [{ name: 'Aichi', count: 1.5 }] })],
    ['a negative count', of({ regions: [{ name: 'Aichi', count: -1 }] })],
    ['a region twice', of({ regions: [...regions, { name: 'Aichi', count: 1 }] })],
    ['more in the regions than there are', of({ regions: [...regions, { name: 'Mie', count: 7 }] })],
  ])('%s: no answer', (_, json) => {
    expect(read(json)).toBeUndefined()
  })

  it('of any kind: a count or none, never a crash', () => {
    const anything = fc.jsonValue({ depthSize: 'small' })
    const mostly = (right: fc.Arbitrary<unknown>) =>
      fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: anything })
    const count = mostly(fc.nat({ max: 9 }))
    const list = fc.array(fc.record({ name: mostly(fc.string()), count }), { maxLength: 4 })
    const country = fc.record({
      name_code: mostly(fc.constant('JP')),
      count,
      regions: mostly(list),
      ['__proto__']: anything,
    })
    const near = fc.record({
      error: mostly(fc.constant(false)),
      size: mostly(fc.nat({ max: 99 })),
      aggs: mostly(fc.record({ countries: mostly(fc.tuple(country)) })),
    })
    let counts = 0
    fc.assert(
      fc.property(fc.oneof(anything, near), (json) => {
        expect(['string', 'object', 'undefined']).toContain(typeof errorOf(json))
        const counted = read(json)
        if (counted === undefined) return
        counts++
        const buckets = counted.buckets.region ?? []
        expect(Number.isSafeInteger(counted.total)).toBe(true)
        expect(buckets.every((bucket) => Number.isSafeInteger(bucket.count) && bucket.count >= 0)).toBe(true)
        expect(buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBeLessThanOrEqual(counted.total)
        expect(new Set(buckets.map(({ value }) => value)).size).toBe(buckets.length)
      }),
      { numRuns: 2000 },
    )
    expect(counts).toBeGreaterThan(10)
  })
})

describe('an error', () => {
  test.each([
    [
      { error: true, errmsg: '[-700] Account Invalid' },
      { kind: 'refused', why: '[-700] Account Invalid' },
    ],
    [
      { error: true, errmsg: '[820031] F点余额不足' },
      { kind: 'refused', why: '[820031] F点余额不足' },
    ],
    [
      { error: true, errmsg: '[45012] 请求速度过快' },
      { kind: 'again', why: '[45012] 请求速度过快' },
    ],
    [{ error: true, errmsg: 'no code' }, 'no code'],
    [{ error: 'in another place' }, 'in another place'],
    [{ error: true }, 'an error without words'],
    [{ error: { code: 1 } }, 'an error without words'],
    [{ error: false, errmsg: '' }, undefined],
    [{}, undefined],
    [[{ error: true }], undefined],
    ['text', undefined],
    [null, undefined],
    [undefined, undefined],
    [answer(), undefined],
    [answer({ consumed_fpoint: 1 }), undefined],
    [answer({ consumed_fpoint: undefined }), undefined],
  ])('of %j is told as %j', (json, told) => {
    expect(errorOf(json)).toEqual(told)
  })

  test.each([
    [2, 1],
    [100, 99],
    [1.5, 0],
    [-1, 0],
    ['5', 0],
    [null, 0],
    [2 ** 60, 0],
  ])('is what took %j F-points', (points, spent) => {
    for (const json of [
      answer({ consumed_fpoint: points }),
      { error: true, errmsg: '[45012]', consumed_fpoint: points },
    ])
      expect(errorOf(json)).toMatchObject({
        kind: 'refused',
        why: expect.stringContaining(`it took ${JSON.stringify(points)} F-points`) as unknown,
        spent,
      })
  })
})

test.each([
  [
    { error: false, fofa_point: 12, vip_level: 13 },
    { plan: 'level 13', credits: 12 },
  ],
  [{ fofa_point: 0 }, { plan: 'not told', credits: 0 }],
  [
    { fofa_point: 0, vip_level: 'x' },
    { plan: 'not told', credits: 0 },
  ],
  [{ fofa_point: -1 }, undefined],
  [{ fofa_point: '12' }, undefined],
  [{}, undefined],
  [[], undefined],
  [null, undefined],
])('the account %j is %j', (json, account) => {
  expect(readAccount(json)).toEqual(account)
})
