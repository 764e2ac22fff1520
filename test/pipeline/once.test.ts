import { expect, test } from 'vitest'
import { Busy, once } from '../../src/pipeline/once.ts'

test('is made once for all who ask, before and after', async () => {
  const { get } = once(8, 8)
  let made = 0
  const make = async (): Promise<number> => {
    await new Promise((resolve) => setImmediate(resolve))
    return ++made
  }
  expect(await Promise.all(Array.from({ length: 20 }, () => get('a', make)))).toEqual(Array(20).fill(1))
  expect(await get('a', make)).toBe(1)
  expect(await get('b', make)).toBe(2)
})

test('one at a time; more than may wait are refused, and may come again', async () => {
  const { get } = once(8, 2)
  let working = 0
  let most = 0
  const go: (() => void)[] = []
  const make = async (): Promise<void> => {
    most = Math.max(most, ++working)
    await new Promise<void>((resolve) => go.push(resolve))
    working--
  }
  const three = ['a', 'b', 'c'].map((key) => get(key, make))
  await expect(get('d', make)).rejects.toBeInstanceOf(Busy)
  // Who asks for what is under way only waits.
  const again = get('b', make)
  for (const each of [...three, again]) {
    while (go.length > 0) go.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
    while (go.length > 0) go.shift()?.()
    await each
  }
  expect(most).toBe(1)
  const later = get('d', make)
  await new Promise((resolve) => setImmediate(resolve))
  go.shift()?.()
  await later
})

test('what fails is made again; what nobody asked for the longest goes first', async () => {
  const { get } = once(2, 8)
  await expect(get('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await get('a', () => Promise.resolve(1))).toBe(1)
  await get('b', () => Promise.resolve(1))
  await get('a', () => Promise.resolve(2))
  await get('c', () => Promise.resolve(1))
  expect(await get('a', () => Promise.resolve(3))).toBe(1)
  expect(await get('b', () => Promise.resolve(3))).toBe(3)
})

test('ends when what has begun has ended, and begins nothing more', async () => {
  const { get, close } = once(8, 8)
  let go: () => void = () => undefined
  let ended = false
  const first = get('a', () => new Promise<void>((resolve) => (go = resolve))).then(() => (ended = true))
  let isBegun = false
  void get('b', async () => (isBegun = true))
  await new Promise((resolve) => setImmediate(resolve))
  const closed = close()
  go()
  await closed
  await first
  expect([ended, isBegun]).toEqual([true, false])
})
