import type { TcpProbe } from '../model/probe.ts'
import type { Checking } from './checking.ts'
import type { Exchanged } from './exchange.ts'
import { rateWindows } from './pace.ts'
import type { Plan, Target } from './plan.ts'
import { dueQueue } from './queues.ts'

/** A target, and how often it was tried. */
export interface Attempt {
  readonly target: Target
  /** How often it was asked before without an answer. */
  readonly nth: number
  /** How often this machine could not ask it. */
  readonly local: number
  /** What it is asked with, where it is not its door's probe. */
  readonly foreign?: TcpProbe
  /** Whether it is asked without the TLS of its door. */
  readonly isPlain?: boolean
  /** What came of it when it was connected to before. */
  readonly before?: Exchanged
  /** What it is checked for, once its door's probe is settled. */
  readonly checking?: Checking
}

export interface FeedOptions {
  readonly plan: Plan
  /** A permutation of 0 to plan.size - 1. */
  readonly order: (place: number) => number
  readonly isDone: (index: number) => boolean
  /** Which targets are this scan's, of which others ask the rest; all when absent. */
  readonly isMine?: (target: Target) => boolean
  readonly perPrefix: number
}

/** What is to be asked, in its order; times are in milliseconds of one clock. */
export interface Feed {
  /** The next that may be asked now: undefined when none may yet, or none is left. */
  next(now: number): Attempt | undefined
  /** It is being asked: its host and prefix are busy. */
  begin(attempt: Attempt, now: number): void
  end(attempt: Attempt): void
  /** It is to be asked once more, at that time. */
  later(attempt: Attempt, due: number): void
  /** It is to be asked once more when all others are settled. */
  atLast(attempt: Attempt): void
  readonly isEmpty: boolean
}

/** Targets set aside because their host or prefix is busy: beyond so many, the next waits until one is free. */
const mostAside = 20_000

export function openFeed({ plan, order, isDone, perPrefix, isMine = () => true }: FeedOptions): Feed {
  const prefixes = rateWindows<number | bigint>(perPrefix)
  /** Those that wait for a time. */
  const parked = dueQueue<Attempt>()
  /** Hosts that are being asked, and those that wait for them to be free. */
  const busy = new Map<number, Attempt[] | undefined>()
  /** Those whose host has become free. */
  const freed: Attempt[] = []
  let waiting = 0
  /** Those that are asked again this time, and the next. */
  let again: readonly Attempt[] = []
  let last: Attempt[] = []
  let place = 0
  let againPlace = 0

  const fresh = (): Attempt | undefined => {
    while (place < plan.size) {
      const index = order(place++)
      if (isDone(index)) continue
      const target = plan.at(index)
      if (isMine(target)) return { target, nth: 0, local: 0 }
    }
    if (againPlace === again.length) {
      // Only when everything else is settled, so that what was lost in a moment of trouble is asked in another.
      if (busy.size > 0 || aside() > 0) return undefined
      again = last
      last = []
      againPlace = 0
    }
    return againPlace < again.length ? again[againPlace++] : undefined
  }
  const aside = (): number => parked.size + waiting + freed.length
  /** Sets aside what may not be asked now. @returns whether it did */
  const setAside = (attempt: Attempt, now: number): boolean => {
    const { host, prefix } = attempt.target
    if (busy.has(host)) {
      const others = busy.get(host)
      if (others === undefined) busy.set(host, [attempt])
      else others.push(attempt)
      waiting++
      return true
    }
    const due = prefixes.free(prefix)
    if (due <= now) return false
    parked.add(attempt, due)
    return true
  }
  return {
    next: (now) => {
      for (;;) {
        const attempt = freed.pop() ?? parked.take(now) ?? (aside() < mostAside ? fresh() : undefined)
        if (attempt === undefined || !setAside(attempt, now)) return attempt
      }
    },
    begin: ({ target }, now) => {
      prefixes.begin(target.prefix, now)
      busy.set(target.host, undefined)
    },
    end: ({ target: { host } }) => {
      const others = busy.get(host)
      busy.delete(host)
      if (others === undefined) return
      waiting -= others.length
      freed.push(...others)
    },
    later: (attempt, due) => parked.add(attempt, due),
    atLast: (attempt) => void last.push(attempt),
    get isEmpty() {
      return place >= plan.size && aside() === 0 && againPlace >= again.length && last.length === 0
    },
  }
}
