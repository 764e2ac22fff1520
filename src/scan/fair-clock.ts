import { performance } from 'node:perf_hooks'

/** A clock for deadlines that this process's own lag cannot falsify. */
export interface FairClock {
  /** Milliseconds since it began, at its last tick. */
  readonly now: number
  /** The same at a time since then, in milliseconds of performance.now(). */
  at(time: number): number
  /** To be called in each turn of the event loop: up to that time, peers were heard. */
  tick(time: number): void
}

/**
 * @param mostMs what one turn counts for at most. Little, where a turn's lag keeps the other side from going on; much, where
 * all that came meanwhile is heard before the clock is looked at, and only a machine that slept must not count.
 */
export function fairClock(mostMs: number): FairClock {
  let now = 0
  let tickedAt = performance.now()
  return {
    get now() {
      return now
    },
    at: (time) => now + Math.min(time - tickedAt, mostMs),
    tick: (time) => {
      now += Math.min(time - tickedAt, mostMs)
      tickedAt = time
    },
  }
}

/** Things that each have the same time, so that they are due in the order they were added in. */
export interface Deadlines<T> {
  add(item: T, due: number): void
  /** Hands over what is due and not settled yet, until `take` says that it has enough. */
  expire(now: number, isSettled: (item: T) => boolean, take: (item: T) => boolean): void
  [Symbol.iterator](): Iterator<T>
}

export function deadlines<T>(): Deadlines<T> {
  /** What is passed is let go of at once: it may hold a socket. */
  let entries: ({ readonly item: T; readonly due: number } | undefined)[] = []
  let first = 0
  return {
    add: (item, due) => void entries.push({ item, due }),
    expire: (now, isSettled, take) => {
      for (; first < entries.length; first++) {
        const entry = entries[first]
        if (entry === undefined || (entry.due > now && !isSettled(entry.item))) break
        entries[first] = undefined
        if (!isSettled(entry.item) && !take(entry.item)) {
          first++
          break
        }
      }
      if (first > 1024 && first * 2 > entries.length) {
        entries = entries.slice(first)
        first = 0
      }
    },
    [Symbol.iterator]: function* () {
      for (let index = first; index < entries.length; index++) {
        const entry = entries[index]
        if (entry !== undefined) yield entry.item
      }
    },
  }
}
