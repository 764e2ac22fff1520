import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressSet, addressText, isOfIPv4, parseRange } from '../../src/model/address-set.ts'
import { ntp } from '../../src/probes/ntp.ts'
import { smtp } from '../../src/probes/smtp.ts'
import { openFeed, type Attempt } from '../../src/scan/feed.ts'
import { permutation } from '../../src/scan/permutation.ts'
import { doorsOf, planOf, type Plan } from '../../src/scan/plan.ts'

function planOver(...ranges: readonly string[]): Plan {
  const parsed = ranges.map((text) => {
    const range = parseRange(text)
    if ('fault' in range) throw new Error(range.fault)
    return range
  })
  return planOf(addressSet(parsed), doorsOf([smtp, ntp]))
}

interface Played {
  /** Targets in the order they were begun, with the time of each. */
  readonly begun: readonly { readonly attempt: Attempt; readonly at: number }[]
}

/** Plays an engine: asks for the next while fewer than `most` are under way, each of which takes its time. */
function play(
  plan: Plan,
  options: {
    readonly seed: number
    readonly perPrefix: number
    readonly most: number
    readonly done?: ReadonlySet<number>
    readonly takes: (index: number) => number
    /** How often a target is to be asked again at last. */
    readonly again?: (index: number) => number
  },
): Played {
  const { seed, perPrefix, most, done = new Set(), takes, again = () => 0 } = options
  const feed = openFeed({ plan, order: permutation(plan.size, seed), isDone: (index) => done.has(index), perPrefix })
  const begun: { attempt: Attempt; at: number }[] = []
  let under: { attempt: Attempt; until: number }[] = []
  for (let now = 0; ; now += 7) {
    for (const each of under.filter(({ until }) => until <= now)) {
      feed.end(each.attempt)
      if (each.attempt.nth < again(each.attempt.target.index))
        feed.atLast({ ...each.attempt, nth: each.attempt.nth + 1 })
    }
    under = under.filter(({ until }) => until > now)
    while (under.length < most) {
      const attempt = feed.next(now)
      if (attempt === undefined) break
      expect(under.some((each) => each.attempt.target.host === attempt.target.host)).toBe(false)
      feed.begin(attempt, now)
      begun.push({ attempt, at: now })
      under.push({ attempt, until: now + 1 + takes(attempt.target.index) })
    }
    if (under.length === 0 && feed.isEmpty) return { begun }
    if (now > 10_000_000) throw new Error('it does not come to an end')
  }
}

describe('the feed', () => {
  test('gives every target once, one at a time of a host, and no prefix more than allowed in any second', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 400 }),
        (seed, perPrefix, most, longest) => {
          const plan = planOver('192.0.2.0/27', '198.51.100.16/29', '2001:db8::/126')
          const { begun } = play(plan, { seed, perPrefix, most, takes: (index) => (index * 31) % (longest + 1) })
          expect(begun.map(({ attempt }) => attempt.target.index).toSorted((a, b) => a - b)).toEqual(
            Array.from({ length: plan.size }, (_, index) => index),
          )
          for (const { attempt, at } of begun) {
            const near = begun.filter(
              (other) =>
                other.attempt.target.prefix === attempt.target.prefix && other.at >= at && other.at <= at + 1000,
            )
            expect(near.length).toBeLessThanOrEqual(perPrefix)
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  test('passes over what is done', () => {
    const plan = planOver('192.0.2.0/28')
    const done = new Set([0, 5, 17, 79])
    const { begun } = play(plan, { seed: 3, perPrefix: 1000, most: 10, done, takes: () => 5 })
    expect(begun).toHaveLength(plan.size - done.size)
    expect(begun.some(({ attempt }) => done.has(attempt.target.index))).toBe(false)
  })

  test('asks again when all others are settled, and a second time when all of the first are', () => {
    const plan = planOver('192.0.2.0/28')
    const { begun } = play(plan, { seed: 3, perPrefix: 1000, most: 8, takes: (n) => n % 50, again: (n) => n % 3 })
    const times = begun.map(({ attempt }) => attempt.nth)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    for (const nth of [0, 1, 2]) {
      const expected = Array.from({ length: plan.size }, (_, index) => index).filter((index) => index % 3 >= nth)
      const found = begun.filter(({ attempt }) => attempt.nth === nth).map(({ attempt }) => attempt.target.index)
      expect(found.toSorted((a, b) => a - b)).toEqual(expected)
    }
  })

  test('a feed of what is all done is empty', () => {
    const plan = planOver('192.0.2.1')
    const feed = openFeed({ plan, order: (place) => place, isDone: () => true, perPrefix: 1 })
    expect(feed.next(0)).toBeUndefined()
    expect(feed.isEmpty).toBe(true)
  })
})

describe('doors', () => {
  test('are each port of a probe once, with TLS where the protocol has it first', () => {
    const doors = doorsOf([smtp, ntp, { ...smtp, id: 'again' }])
    expect(doors.map(({ probe, port, isTls }) => [probe.id, port, isTls])).toEqual([
      ['smtp', 25, false],
      ['smtp', 465, true],
      ['smtp', 587, false],
      ['smtp', 2525, false],
      ['ntp', 123, false],
    ])
  })

  test('of addresses are numbered: address by address', () => {
    const plan = planOver('192.0.2.8/31')
    const all = Array.from({ length: plan.size }, (_, index) => plan.at(index))
    expect(all.map(({ address, port }) => `${address} ${port}`)).toEqual(
      ['192.0.2.8', '192.0.2.9'].flatMap((address) => [25, 465, 587, 2525, 123].map((port) => `${address} ${port}`)),
    )
    expect(() => plan.at(plan.size)).toThrow(RangeError)
    expect(() => plan.at(-1)).toThrow(RangeError)
  })
})

test('a plan has the addresses of its set, in their order, of both families', () => {
  const ranges = [
    '2001:db8::fe/127',
    '192.0.2.8/31',
    '2001:db8:1::/126',
    '198.51.100.0/30',
    '203.0.113.255',
    '0.0.0.0',
    '255.255.255.255',
  ]
  const parsed = ranges.map((text) => {
    const range = parseRange(text)
    if ('fault' in range) throw new Error(range.fault)
    return range
  })
  const set = addressSet(parsed)
  const plan = planOf(set, doorsOf([ntp]))
  for (let place = 0; place < plan.size; place++) {
    const { address, prefix } = plan.at(place)
    expect(address).toBe(addressText(set.at(place)))
    const number = set.at(place)
    // Two share a prefix where they share their first 24 or 64 bits.
    for (let other = 0; other < plan.size; other++) {
      const bits = isOfIPv4(number) ? 8n : 64n
      const isShared = number >> bits === set.at(other) >> bits && isOfIPv4(number) === isOfIPv4(set.at(other))
      expect(plan.at(other).prefix === prefix).toBe(isShared)
    }
  }
})

test('is not empty while one is left to be asked again', () => {
  const plan = planOver('127.0.0.0/31')
  const feed = openFeed({
    plan,
    order: (place) => place,
    isDone: (index) => index % (plan.size - 1) > 0,
    perPrefix: 1000,
  })
  const next = (now: number): Attempt => {
    const attempt = feed.next(now)
    if (attempt === undefined) throw new Error('none is left')
    feed.begin(attempt, now)
    feed.end(attempt)
    return attempt
  }
  for (let nth = 0; nth < 3; nth++) {
    expect(feed.isEmpty).toBe(false)
    const one = next(2 * nth)
    expect(feed.isEmpty).toBe(false)
    const other = next(2 * nth + 1)
    expect([one, other].map((attempt) => attempt.nth)).toEqual([nth, nth])
    expect(feed.isEmpty).toBe(true)
    if (nth < 2) for (const attempt of [one, other]) feed.atLast({ ...attempt, nth: nth + 1 })
  }
  expect(feed.next(100)).toBeUndefined()
})
