import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evenPace, rateWindow, rateWindows } from '../../src/scan/pace.ts'

/** The most beginnings in any closed second. */
const mostInASecond = (times: readonly number[]): number =>
  Math.max(0, ...times.map((from) => times.filter((time) => time >= from && time <= from + 1000).length))

test('no second, wherever it lies, has more beginnings than allowed, and none is held back that could begin', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { minLength: 1, maxLength: 200 }),
      (most, gaps) => {
        const window = rateWindow(most)
        const times: number[] = []
        let now = 0
        for (const gap of gaps) {
          now = Math.max(now + gap, window.free())
          if (window.free() > now - gap && times.length >= most)
            // It was due no earlier than a second after the one that is `most` before it.
            expect(window.free()).toBeLessThanOrEqual((times.at(-most) ?? 0) + 1001)
          window.begin(now)
          times.push(now)
        }
        expect(mostInASecond(times)).toBeLessThanOrEqual(most)
      },
    ),
  )
})

test('what keeps no pace is seen: a window that is not asked', () => {
  const times = Array.from({ length: 30 }, (_, index) => index)
  expect(mostInASecond(times)).toBe(30)
})

test('each key has a window of its own, and forgotten ones are as good as new', () => {
  const windows = rateWindows<string>(2)
  for (const now of [0, 1]) windows.begin('a', now)
  expect(windows.free('a')).toBe(1001)
  expect(windows.free('b')).toBe(-Infinity)
  windows.begin('b', 20_000)
  expect(windows.free('a')).toBeLessThanOrEqual(1001)
  windows.begin('b', 20_500)
  expect(windows.free('b')).toBe(21_001)
})

test('an even pace: no second has more than allowed, and no twentieth of one more than its share', () => {
  for (const perSecond of [1, 7, 40, 1000, 5000]) {
    const pace = evenPace(perSecond)
    const times: number[] = []
    for (let now = 0; now < 3000; now++)
      while (pace.isDue(now)) {
        pace.begin(now)
        times.push(now)
      }
    const inWindow = (from: number, long: number): number =>
      times.filter((time) => time >= from && time <= from + long).length
    for (let from = 0; from < 2000; from += 13) {
      expect(inWindow(from, 1000)).toBeLessThanOrEqual(perSecond)
      // What was saved up for a burst, and what is due meanwhile.
      expect(inWindow(from, 50)).toBeLessThanOrEqual(Math.ceil(2.2 * Math.max(1, perSecond / 20)) + 1)
    }
    // And it is used: nearly as many as allowed begin.
    expect(times.length).toBeGreaterThan(2.8 * perSecond - 2)
  }
})
