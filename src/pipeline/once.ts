import PQueue from 'p-queue'

/** Too much is being made already. */
export class Busy extends Error {}

/** Makes things that take long: each once for all who ask, one at a time. */
export interface Once {
  /**
   * What was made under a key before, or is being made, or is made now. What fails is made again when next asked for.
   * @throws Busy when too many are waiting
   */
  readonly get: <T>(key: string, make: () => Promise<T>) => Promise<T>
  /** Begins nothing more, and waits for what has begun. */
  readonly close: () => Promise<void>
}

/** @param kept how many are kept; of more, that goes which nobody asked for the longest @param waiting how many may wait */
export function once(kept: number, waiting: number): Once {
  const made = new Map<string, Promise<unknown>>()
  const queue = new PQueue({ concurrency: 1 })
  return {
    get: <T>(key: string, make: () => Promise<T>): Promise<T> => {
      // The key says what is made, and so of which type it is.
      const there = made.get(key) as Promise<T> | undefined
      if (there === undefined && queue.size >= waiting) return Promise.reject(new Busy())
      const found = there ?? queue.add(make)
      made.delete(key)
      made.set(key, found)
      if (there === undefined) found.catch(() => made.get(key) === found && made.delete(key))
      const [oldest] = made.keys()
      if (made.size > kept && oldest !== undefined) made.delete(oldest)
      return found
    },
    close: async () => {
      queue.clear()
      await queue.onIdle()
    },
  }
}
