/** How long a window is in which no more may begin than is allowed. */
const windowMs = 1000

/** When something may begin so that no window of one second, wherever it lies, has more than `most` beginnings. */
export interface Window {
  /** The earliest time, in milliseconds of the clock that `begin` is told, at which one more may begin. */
  free(): number
  begin(now: number): void
}

/** Keeps the times of the last `most` beginnings. @param most 1 or more */
export const rateWindow = (most: number): Window => new RateWindow(most)

/** A class, as there is one for every prefix, and each is looked at for every target: one object, and no closures. */
class RateWindow implements Window {
  readonly #most: number
  #times: Float64Array
  #oldest = 0
  #begun = 0
  /** When the last one began. */
  last = -Infinity

  constructor(most: number) {
    this.#most = most
    this.#times = new Float64Array(Math.min(most, 16))
  }

  /** Strictly later than a whole second: the beginnings at both ends of a window are both in it. */
  free(): number {
    return this.#begun < this.#most ? -Infinity : (this.#times[this.#oldest] ?? -Infinity) + windowMs + 1
  }

  begin(now: number): void {
    this.last = now
    if (this.#begun === this.#most) {
      this.#times[this.#oldest] = now
      this.#oldest = (this.#oldest + 1) % this.#most
      return
    }
    if (this.#begun === this.#times.length) {
      const grown = new Float64Array(Math.min(this.#most, 2 * this.#times.length))
      grown.set(this.#times)
      this.#times = grown
    }
    this.#times[this.#begun++] = now
  }
}

/** What may begin at once: as many as are due in so long a time. */
const burstMs = 50

/** A pace that holds in every second and is even within it. */
export interface Pace {
  isDue(now: number): boolean
  begin(now: number): void
}

export function evenPace(perSecond: number): Pace {
  const window = rateWindow(perSecond)
  const most = Math.max(1, (perSecond * burstMs) / 1000)
  /** Beginnings that are due by now. */
  let allowance = 1
  let allowedAt = -Infinity
  return {
    isDue: (now) => {
      const due = allowedAt === -Infinity ? 0 : ((now - allowedAt) * perSecond) / 1000
      allowance = Math.min(most, allowance + due)
      allowedAt = now
      return allowance >= 1 && window.free() <= now
    },
    begin: (now) => {
      allowance--
      window.begin(now)
    },
  }
}

/** A window for each of many keys; what has not begun for a window is forgotten. */
export interface Windows<K> {
  free(key: K): number
  begin(key: K, now: number): void
}

export function rateWindows<K>(most: number): Windows<K> {
  const windows = new Map<K, RateWindow>()
  let sweptAt = 0
  return {
    free: (key) => windows.get(key)?.free() ?? -Infinity,
    begin: (key, now) => {
      let window = windows.get(key)
      if (window === undefined) windows.set(key, (window = new RateWindow(most)))
      window.begin(now)
      if (now - sweptAt < 10 * windowMs) return
      sweptAt = now
      for (const [each, { last }] of windows) if (now - last > 2 * windowMs) windows.delete(each)
    },
  }
}
