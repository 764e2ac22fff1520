import { expect } from 'vitest'
import { firstOf, fuzzed } from './hostile.ts'

/** `FUZZ_RUNS=1000 npx vitest run test/probes` gives every parser a million replies, times each, and prints the slowest. */
const isLong = process.env['FUZZ_RUNS'] !== undefined
const thousands = Number(process.env['FUZZ_RUNS'] ?? 1)

/** What a parser may take for one reply. */
const mostMs = 50
/** The slowest is read again, and its least time counts: this machine may have been busy with something else. */
const readings = 5

/**
 * Hands a parser a thousand replies made of those it knows. It must not throw, and what it makes of them must not be wrong; in
 * the long form none may take it longer than 50 ms.
 */
export function expectUnmoved(name: string, replies: readonly Buffer[], isWrong: (reply: Buffer) => boolean): void {
  const hex = (reply: Buffer | undefined): string => `${name}: ${reply?.toString('hex', 0, 1024)}`
  const judged = (reply: Buffer): boolean => {
    try {
      return isWrong(reply)
    } catch (error) {
      throw new Error(hex(reply), { cause: error })
    }
  }
  let slowestMs = 0
  let slowest: Buffer | undefined
  const timed = (reply: Buffer): boolean => {
    const before = performance.now()
    const found = judged(reply)
    let ms = performance.now() - before
    for (let again = 1; ms > slowestMs && again < readings; again++) {
      const start = performance.now()
      isWrong(reply)
      ms = Math.min(ms, performance.now() - start)
    }
    if (ms > slowestMs) [slowestMs, slowest] = [ms, reply]
    return found
  }
  const count = thousands * 1000
  expect(firstOf(fuzzed(replies, count), isLong ? timed : judged), `${name}: fuzzed replies`).toBeUndefined()
  if (!isLong) return
  console.log(`${name}: ${count.toLocaleString('en')} replies, the slowest ${slowestMs.toFixed(1)} ms`)
  expect(slowestMs, hex(slowest)).toBeLessThanOrEqual(mostMs)
}
