import { performance } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import { fairClock } from '../../src/scan/fair-clock.ts'

test('a turn counts for what it took, and for no more than it may', () => {
  const began = performance.now()
  const clock = fairClock(40)
  clock.tick(began + 1000)
  const since = clock.now
  expect(since).toBe(40)
  clock.tick(began + 1030)
  expect(clock.now).toBeCloseTo(since + 30)
  clock.tick(began + 60_000)
  expect(clock.now).toBeCloseTo(since + 70)
})

test('what begins late in a turn has its whole time', () => {
  const began = performance.now()
  const clock = fairClock(1000)
  clock.tick(began)
  const before = clock.now
  // The turn takes 500 ms, and this begins at its end.
  const due = clock.at(began + 500) + 200
  clock.tick(began + 500)
  expect(clock.now).toBeCloseTo(before + 500)
  expect(due).toBeCloseTo(clock.now + 200)
  expect(clock.at(began + 5000)).toBeCloseTo(clock.now + 1000)
})
