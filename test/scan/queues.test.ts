import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deadlines } from '../../src/scan/fair-clock.ts'
import { dueQueue } from '../../src/scan/queues.ts'

test('what is due first comes first, and of the same time what was added first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer({ min: 0, max: 20 }), (dues, now) => {
      const queue = dueQueue<number>()
      for (const [item, due] of dues.entries()) queue.add(item, due)
      const taken: number[] = []
      for (let item = queue.take(now); item !== undefined; item = queue.take(now)) taken.push(item)
      const expected = dues.map((due, item) => ({ due, item })).filter(({ due }) => due <= now)
      expect(taken).toEqual(expected.toSorted((a, b) => a.due - b.due || a.item - b.item).map(({ item }) => item))
      expect(queue.size).toBe(dues.length - taken.length)
    }),
  )
})

test('deadlines: what is due and not settled is handed over once, in order, however many there are', () => {
  const waiting = deadlines<{ readonly id: number; settled: boolean }>()
  const items = Array.from({ length: 5000 }, (_, id) => ({ id, settled: id % 3 === 0 }))
  for (const item of items) waiting.add(item, item.id)
  const taken: number[] = []
  for (const now of [10, 2500, 2500, 10_000])
    waiting.expire(
      now,
      ({ settled }) => settled,
      (item) => {
        item.settled = true
        taken.push(item.id)
        return true
      },
    )
  expect(taken).toEqual(items.filter(({ id }) => id % 3 !== 0).map(({ id }) => id))
  expect([...waiting]).toEqual([])
})
