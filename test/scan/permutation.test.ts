import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { smtp } from '../../src/probes/smtp.ts'
import { askingOrder, permutation } from '../../src/scan/permutation.ts'

const all = (size: number, seed: number): number[] =>
  Array.from({ length: size }, (_, index) => permutation(size, seed)(index))

describe('a permutation', () => {
  test('has every number once, whatever its size and seed', () => {
    for (let size = 1; size <= 130; size++)
      for (const seed of [0, 1, 0xffff_ffff]) expect(new Set(all(size, seed)).size).toBe(size)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 0xffff_ffff }), (size, seed) => {
        const order = permutation(size, seed)
        const seen = new Uint8Array(size)
        for (let index = 0; index < size; index++) seen[order(index)] = 1
        expect(seen.every((each) => each === 1)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('is the same for a seed, and another for another', () => {
    expect(all(1000, 7)).toEqual(all(1000, 7))
    expect(all(1000, 7)).not.toEqual(all(1000, 8))
  })

  test.each([256, 1280, 65_536])('of %i spreads: neighbours in it are of all parts alike', (size) => {
    const order = permutation(size, 42)
    // The chi-squared statistic of 16 parts in the first quarter; 15 degrees of freedom, above 44.3 in one of 10,000.
    const parts = Array.from({ length: 16 }, () => 0)
    const drawn = size / 4
    for (let index = 0; index < drawn; index++) parts[Math.floor((order(index) * 16) / size)]! += 1
    const expected = drawn / 16
    expect(parts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)).toBeLessThan(44.3)
    const steps = Array.from({ length: drawn }, (_, index) => Math.abs(order(index + 1) - order(index)))
    expect(steps.filter((step) => step === 1).length).toBeLessThan(drawn / 16)
  })

  test('of 2^48 stays within it', () => {
    const size = 2 ** 48 - 1
    const order = permutation(size, 1)
    const seen = new Set(Array.from({ length: 10_000 }, (_, index) => order(size - 1 - index)))
    expect(seen.size).toBe(10_000)
    for (const each of seen) expect(Number.isSafeInteger(each) && each >= 0 && each < size).toBe(true)
  })

  test.each([0, -1, 1.5, Number.NaN, 2 ** 49])('of %d is none', (size) => {
    expect(() => permutation(size, 1)).toThrow(RangeError)
  })

  test.each([-1, 10, 0.5, Number.NaN])('of ten has no place %d', (index) => {
    expect(() => permutation(10, 1)(index)).toThrow(RangeError)
  })
})

const planOfSize = (hosts: number, doors: number): Parameters<typeof askingOrder>[0] => ({
  size: hosts * doors,
  doors: Array.from({ length: doors }, (_, nth) => ({ probe: smtp, port: nth + 1, isTls: false })),
})

describe('the order of asking', () => {
  test('has every door of every host once, and every host once before any is asked again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (hosts, doors, seed) => {
          const order = askingOrder(planOfSize(hosts, doors), seed)
          const targets = Array.from({ length: hosts * doors }, (_, place) => order(place))
          expect(new Set(targets).size).toBe(hosts * doors)
          expect(targets.every((target) => target >= 0 && target < hosts * doors)).toBe(true)
          for (let round = 0; round < doors; round++) {
            const asked = targets.slice(round * hosts, (round + 1) * hosts).map((target) => Math.floor(target / doors))
            expect(new Set(asked).size).toBe(hosts)
          }
        },
      ),
    )
  })

  test('has every door among the first of hosts', () => {
    const order = askingOrder(planOfSize(5000, 5), 42)
    const counts = Array.from({ length: 5 }, () => 0)
    for (let place = 0; place < 5000; place++) counts[order(place) % 5]! += 1
    // Chi-squared, 4 degrees of freedom: above 23.5 in one of 10,000.
    expect(counts.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(23.5)
  })
})
