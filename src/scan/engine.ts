import { performance } from 'node:perf_hooks'
import type { ProbeStatus } from '../model/probe.ts'
import { openDatagrams, type Datagrams } from './datagrams.ts'
import type { EngineOptions, Scanned } from './engine-options.ts'
import { Exchange, type Exchanged, type ExchangeTerms } from './exchange.ts'
import { deadlines, fairClock } from './fair-clock.ts'
import { openFeed, type Attempt, type Feed } from './feed.ts'
import { followUp } from './follow-up.ts'
import { evenPace, type Pace } from './pace.ts'

/** Milliseconds between turns of the loop when nothing happens. */
const tickMs = 20
/** How much of a turn counts for a conversation, which our own lag holds up. */
const fairMs = 2 * tickMs
/** And for a connection: what came while this process was busy is heard before its time is up. A machine that slept hears nothing. */
const awakeMs = 1000
/** How long beginnings and endings may keep this process from hearing: then peers are heard before more is done. */
const turnMs = 5
/** Received beyond this, and with what the last read may bring on top of it, a peer is cut off at 96 KiB. */
const budgetBytes = 32 * 2 ** 10
/** How long a target waits after this machine could not ask it, doubled each time, and how often. */
const localPauseMs = 250
const mostLocal = 5

type Flight = Exchange<Attempt>

/**
 * Asks every target of a plan that is not done, in the order given: one at a time of a host, no more a second than allowed, in all
 * and to a prefix. Resolves when all are done.
 * @throws what `onAsked` throws, and OffScope; then nothing more is asked
 */
export function scan(options: EngineOptions): Promise<Scanned> {
  return new Engine(options).run()
}

class Engine {
  readonly #options: EngineOptions
  readonly #terms: ExchangeTerms<Attempt>
  readonly #datagrams: Datagrams<Attempt>
  readonly #feed: Feed
  readonly #pace: Pace
  readonly #connectClock = fairClock(awakeMs)
  readonly #clock = fairClock(fairMs)
  readonly #connecting = deadlines<Flight>()
  readonly #talking = deadlines<Flight>()
  /** When this turn of the loop began to begin and end things. */
  #turnBegan: number | undefined
  #turnedAt = performance.now()
  #lag = 0
  #inFlight = 0
  /** How many may be: fewer than asked for while this machine has trouble. */
  #most: number
  #begun = 0
  #done: number
  #answered = 0
  #mostLag = 0
  readonly #statuses: Partial<Record<ProbeStatus, number>> = {}
  /** Writes to the disk that are waited for until more is asked. */
  #held = 0
  #failure: { readonly error: unknown } | undefined
  #finished: () => void = () => undefined

  constructor(options: EngineOptions) {
    this.#options = options
    this.#terms = {
      ...options,
      budgetBytes,
      onConnected: (each) => this.#talking.add(each, this.#clock.at(performance.now()) + options.talkMs),
      onDone: (each, result) => this.#landed(each.subject, result),
    }
    this.#datagrams = openDatagrams(options.guard, options.contact, (attempt, result) => this.#landed(attempt, result))
    this.#feed = openFeed(options)
    this.#pace = evenPace(options.perSecond)
    this.#most = options.mostInFlight
    this.#done = options.doneBefore
  }

  async run(): Promise<Scanned> {
    const timer = setInterval(() => {
      if (this.#options.signal?.aborted === true) this.#fail(this.#options.signal.reason)
      this.#takeTurn(performance.now())
      this.#progress()
    }, tickMs)
    try {
      await new Promise<void>((resolve) => {
        this.#finished = resolve
        this.#pump()
      })
    } finally {
      clearInterval(timer)
      this.#datagrams.close()
    }
    if (this.#failure !== undefined) throw this.#failure.error
    return { begun: this.#begun, statuses: this.#statuses, lagMs: this.#mostLag }
  }

  #progress(): void {
    this.#options.onProgress?.({
      done: this.#done,
      size: this.#options.plan.size,
      answered: this.#answered,
      inFlight: this.#inFlight,
      begun: this.#begun,
      lagMs: this.#lag,
    })
    this.#lag = 0
  }

  /** Ends what is due, for the rest of this turn of the loop. */
  #expire(): void {
    const expire = (each: Flight): boolean => {
      const before = performance.now()
      this.#takeTurn(before)
      this.#guarded(() => each.expire())
      return !this.#isTurnOver(before)
    }
    this.#connecting.expire(this.#connectClock.now, (each) => each.isOver || each.isConnected, expire)
    this.#talking.expire(this.#clock.now, (each) => each.isOver, expire)
    this.#guarded(() => this.#datagrams.expire(this.#clock.now))
  }

  /** Begins what may begin, for the rest of this turn of the loop. */
  #pump(): void {
    while (this.#failure === undefined && this.#held === 0 && this.#inFlight < this.#most) {
      const now = performance.now()
      if (!this.#pace.isDue(now) || this.#isTurnOver(now)) return
      const attempt = this.#feed.next(now)
      if (attempt === undefined) break
      this.#takeTurn(now)
      this.#guarded(() => this.#begin(attempt, now))
    }
    const isDone = this.#inFlight === 0 && this.#held === 0 && this.#feed.isEmpty
    if (this.#failure !== undefined || isDone) this.#finished()
  }

  /** Something is begun or ended in this turn of the loop, or some time has passed; the next one goes on, when peers were heard. */
  #takeTurn(now: number): void {
    if (this.#turnBegan !== undefined) return
    this.#turnBegan = now
    setImmediate(() => this.#turn(performance.now()))
  }

  #turn(now: number): void {
    this.#turnBegan = undefined
    this.#lag = Math.max(this.#lag, now - this.#turnedAt - tickMs)
    this.#mostLag = Math.max(this.#mostLag, this.#lag)
    // Not to the present: of what came since the last turn ended, some may not have been heard yet.
    this.#connectClock.tick(this.#turnedAt)
    this.#clock.tick(this.#turnedAt)
    this.#expire()
    this.#pump()
    this.#turnedAt = performance.now()
  }

  /** Whether peers are to be heard first. */
  #isTurnOver(now: number): boolean {
    return this.#turnBegan !== undefined && now - this.#turnBegan > turnMs
  }

  #begin(attempt: Attempt, now: number): void {
    this.#pace.begin(now)
    this.#feed.begin(attempt, now)
    this.#begun++
    this.#inFlight++
    const { address, port, isTls, probe } = attempt.target
    const { connectMs } = this.#options
    const asked = attempt.checking?.left[0] ?? attempt.foreign ?? probe
    if (!('talk' in asked)) {
      const due = this.#clock.at(now) + connectMs
      this.#datagrams.ask({ subject: attempt, asked, address, port, due }, Date.now())
      return
    }
    const peer = {
      probe: asked,
      address,
      port,
      isTls: isTls && attempt.foreign === undefined && attempt.isPlain !== true,
    }
    this.#connecting.add(new Exchange(this.#terms, peer, attempt, Date.now()), this.#connectClock.at(now) + connectMs)
  }

  /** An attempt came to an end: it is asked again, or done. */
  #landed(attempt: Attempt, result: Exchanged): void {
    this.#inFlight--
    this.#feed.end(attempt)
    if (this.#failure === undefined) this.#guarded(() => this.#settle(attempt, result))
    // Not at once: beginnings in a row cost half of what they cost between answers, as peers are awake for them.
    if (this.#turnBegan === undefined) this.#takeTurn(performance.now())
  }

  #settle(attempt: Attempt, result: Exchanged): void {
    const { retries, recognisers, checks = [], mostInFlight } = this.#options
    if (result.status === 'local' && attempt.local < mostLocal) {
      // This machine has no more to give: half as much at a time, and more again by and by.
      this.#most = Math.max(1, Math.floor(this.#most / 2))
      this.#feed.later({ ...attempt, local: attempt.local + 1 }, performance.now() + localPauseMs * 2 ** attempt.local)
      return
    }
    if (result.status !== 'local' && this.#most < mostInFlight) this.#most++
    if (result.status === 'silent' && attempt.nth < retries)
      return this.#feed.atLast({ ...attempt, nth: attempt.nth + 1 })
    const next = followUp(attempt, result, recognisers, checks)
    if ('again' in next) this.#feed.later(next.again, performance.now())
    else this.#tell(attempt, next.settled)
  }

  #tell({ target }: Attempt, { status, finding, heard }: Exchanged): void {
    this.#done++
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
    if (finding !== undefined) this.#answered++
    const told = this.#options.onAsked({ target, status, finding, heard, at: Date.now() })
    if (told !== undefined) void this.#holdUntil(told)
  }

  async #holdUntil(written: Promise<void>): Promise<void> {
    this.#held++
    try {
      await written
    } catch (error) {
      this.#fail(error)
    }
    this.#held--
    this.#pump()
  }

  /** Whatever goes wrong ends the scan: nothing more is asked. */
  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { error }
    for (const each of [...this.#connecting, ...this.#talking]) if (!each.isOver) each.expire()
    this.#finished()
  }
}
