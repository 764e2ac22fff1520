import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { errorOf, readBalance, readCounted } from '../../../src/sources/censys/answers.ts'

const regions = { facet: 'region', size: 1000 } as const

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
  it('counts hosts', () => {
    expect(readCounted(answer(), regions)).toEqual({
      total: 25,
      buckets: {
        region: [
          { value: 'Aichi', count: 12 },
          { value: 'Tōkyō-to', count: 7 },
        ],
      },
    })
  })

  it('is of the facet that was asked for', () => {
    const { buckets } = readCounted(answer(), { facet: 'network', size: 2 }) ?? {}
    expect(Object.keys(buckets ?? {})).toEqual(['network'])
  })

  it('without buckets, or asked for its total only', () => {
    const none = { total: 0, buckets: { region: [] } }
    expect(readCounted(answer({ buckets: null, total_count: 0, other_count: 0 }), regions)).toEqual(none)
    expect(readCounted(answer({ buckets: undefined, total_count: 0, other_count: 0 }), regions)).toEqual(none)
    expect(readCounted(answer(), undefined)).toEqual({ total: 25, buckets: {} })
  })

  test.each([
    ['null', null],
    ['a list', []],
    ['text', 'canary'],
    ['an error of HTTP APIs (RFC 9457)', { title: 'Forbidden', status: 403, detail: 'canary' }],
    ['an error in place of the result', { result: { error: 'canary' } }],
    ['a result that is a list', { result: [answer()] }],
    ['the shape of Search v2', { code: 200, result: { total: 1, buckets: [] } }],
    ['a total that is not exact', answer({ is_more_than_total_hits: true })],
    ['no word on whether the total is exact', answer({ is_more_than_total_hits: undefined })],
    ['no total', answer({ total_count: undefined })],
    ['a negative total', answer({ total_count: -1 })],
    ['a total beyond what numbers can count', answer({ total_count: 2 ** 53 })],
    ['a total as text', answer({ total_count: '25' })],
    ['no others', answer({ other_count: null })],
    ['negative others', answer({ other_count: -1 })],
    ['buckets that are no list', answer({ buckets: { key: 'canary' } })],
    ['a bucket that is none', answer({ buckets: [null] })],
    ['a bucket without a key', answer({ buckets: [{ count: 1 }] })],
    ['a key that is a number', answer({ buckets: [{ key: 13, count: 1 }] })],
    ['a bucket without a count', answer({ buckets: [{ key: 'canary' }] })],
    ['a fraction', answer({ buckets: [{ key: 'canary', count: 1.5 }] })],
    ['a negative count', answer({ buckets: [{ key: 'canary', count: -1 }] })],
    [
      'a bucket twice',
      answer({
        buckets: [
          { key: 'canary', count: 1 },
          { key: 'canary', count: 2 },
        ],
      }),
    ],
    ['more in the buckets than there are', answer({ buckets: [{ key: 'canary', count: 26 }], other_count: 0 })],
    ['more in the buckets and beside them than there are', answer({ other_count: 7 })],
  ])('%s: no answer', (_, json) => {
    expect(readCounted(json, regions)).toBeUndefined()
  })

  it('as much in the buckets and beside them as there are, or less', () => {
    // Hosts of no province are in neither.
    for (const others of [0, 5, 6]) expect(readCounted(answer({ other_count: others }), regions)?.total).toBe(25)
  })

  it('with more buckets than were asked for: no answer', () => {
    expect(readCounted(answer(), { facet: 'region', size: 1 })).toBeUndefined()
    expect(readCounted(answer(), { facet: 'region', size: 2 })).toBeDefined()
  })

  it('of any kind: a count or none, never a crash', () => {
    const anything = fc.jsonValue({ depthSize: 'small' })
    const near = fc.record(
      {
        buckets: fc.oneof(
          fc.array(fc.record({ key: fc.oneof(fc.string(), anything), count: fc.oneof(fc.nat({ max: 9 }), anything) }), {
            maxLength: 5,
          }),
          anything,
        ),
        is_more_than_total_hits: fc.oneof(fc.constant(false), anything),
        other_count: fc.oneof(fc.nat({ max: 9 }), anything),
        total_count: fc.oneof(fc.nat({ max: 99 }), anything),
        ['__proto__']: anything,
      },
      { requiredKeys: [] },
    )
    let counts = 0
    fc.assert(
      fc.property(fc.oneof(anything, fc.record({ result: near })), (json) => {
        const counted = readCounted(json, regions)
        if (counted === undefined) return
        counts++
        const list = counted.buckets.region ?? []
        for (const count of [counted.total, ...list.map((bucket) => bucket.count)])
          expect(Number.isSafeInteger(count) && count >= 0).toBe(true)
        expect(list.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(counted.total)
        expect(new Set(list.map(({ value }) => value)).size).toBe(list.length)
      }),
      { numRuns: 2000 },
    )
    expect(counts).toBeGreaterThan(10)
  })
})

describe('an error', () => {
  test.each([
    [
      { error: { message: 'Access token is invalid', reason: 'invalid_token' } },
      'Access token is invalid: invalid_token',
    ],
    [{ error: { code: 401, message: 'Access token is invalid' } }, 'Access token is invalid'],
    [{ title: 'Forbidden', status: 403, detail: 'no credits' }, 'no credits'],
    [{ title: 'Forbidden', status: 403 }, 'Forbidden'],
    [{ error: 'the search timed out' }, 'the search timed out'],
    [{ error: { code: 401 } }, undefined],
    [{ detail: ['a list'] }, undefined],
    [{}, undefined],
    [[{ title: 'a list' }], undefined],
    ['text', undefined],
    [null, undefined],
    [undefined, undefined],
    // What has a result is an answer, whatever else it says.
    [{ ...answer(), title: 'a title' }, undefined],
  ])('of %j is told as %j', (json, told) => {
    expect(errorOf(json)).toBe(told)
  })

  it('of any kind is text or none', () => {
    const anything = fc.jsonValue({ depthSize: 'small' })
    const near = fc.record(
      {
        error: fc.oneof(anything, fc.record({ message: anything, reason: anything })),
        detail: anything,
        title: anything,
        result: anything,
      },
      { requiredKeys: [] },
    )
    fc.assert(fc.property(fc.oneof(anything, near), (json) => ['string', 'undefined'].includes(typeof errorOf(json))))
  })
})

describe('an account', () => {
  it('says how many credits are left', () => {
    expect(readBalance({ result: { balance: 12, resets_at: '2026-06-01T00:00:00Z' } })).toMatchObject({ credits: 12 })
    expect(readBalance({ result: { balance: 0 } })).toMatchObject({ credits: 0 })
  })

  test.each([
    [null],
    [[]],
    [{}],
    [{ balance: 12 }],
    [{ result: null }],
    [{ result: [] }],
    [{ result: {} }],
    [{ result: { balance: '12' } }],
    [{ result: { balance: -1 } }],
    [{ result: { balance: 1.5 } }],
    [{ result: { balance: null } }],
  ])('%j says nothing of credits', (json) => {
    expect(readBalance(json)).toBeUndefined()
  })

  it('of any kind: credits or none, never a crash', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'small' }), (json) => {
        const account = readBalance({ result: json }) ?? readBalance(json)
        expect(account === undefined || Number.isSafeInteger(account.credits)).toBe(true)
      }),
    )
  })
})
