import { performance } from 'node:perf_hooks'

/** Milliseconds between ticks. */
export const tickMs = 20

/**
 * A clock for deadlines that this process's own lag cannot falsify: it is moved by ticks of the event loop, and no tick
 * counts for more than two, as nothing was heard while the loop was busy or the process stopped.
 */
export interface FairClock {
  /** Milliseconds since it began. */
  readonly now: number
  /** The longest the loop was busy elsewhere since this was last asked. */
  lag(): number
  tick(): void
}

export function fairClock(): FairClock {
  let now = 0
  let lag = 0
  let tickedAt = performance.now()
  return {
    get now() {
      return now
    },
    lag: () => {
      const most = lag
      lag = 0
      return most
    },
    tick: () => {
      const at = performance.now()
      const passed = at - tickedAt
      tickedAt = at
      now += Math.min(passed, 2 * tickMs)
      lag = Math.max(lag, passed - tickMs)
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
