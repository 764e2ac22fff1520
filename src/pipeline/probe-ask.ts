import type { DiscoveryTool } from '../model/discovery.ts'
import { wrongInput } from '../model/errors.ts'
import type { Check, Probe, Relay, TcpProbe } from '../model/probe.ts'
import type { Scope } from '../model/scope.ts'
import { OffScope, scopeGuard } from '../net/guard.ts'
import { udpChecks } from '../probes/checks/index.ts'
import { asText } from '../probes/talk.ts'
import type { EngineProgress, Scanned } from '../scan/engine-options.ts'
import { scan } from '../scan/engine.ts'
import { askingOrder } from '../scan/permutation.ts'
import { doorsOf, planOf, type Plan, type Target } from '../scan/plan.ts'
import { openProbeJournal, type Kept, type ProbeJournal } from '../store/probe-journal.ts'
import { checksOf, relayOf } from './probe-checks.ts'
import { doorName, doorNamed, probesOf } from './probe-plan.ts'

/** What is asked, how, and where what comes of it is kept. */
export interface ScanRequest {
  readonly store: string
  readonly scope: Scope
  /** Services and categories, normalised; all but industrial control when absent. */
  readonly services?: readonly string[]
  /** Ids of checks; none when absent. */
  readonly checks?: readonly string[]
  /** What finds open ports first; nothing when absent. */
  readonly discovery?: DiscoveryTool
  /** Fixes the order; made of the scope when absent. */
  readonly seed?: number
  /** Of each process that asks. */
  readonly mostInFlight: number
  readonly connectMs: number
  readonly talkMs: number
  readonly retries: number
  /** `tcp/2526 smtp`: doors instead of those of the services, for tests and benchmarks. */
  readonly doors?: readonly string[]
}

/** A request, worked out. */
export interface PreparedScan {
  readonly plan: Plan
  readonly asked: readonly Probe[]
  readonly checks: readonly Check[]
  /** Where open relays are checked for. */
  readonly relay: Relay | undefined
  readonly seed: number
}

/** @throws CensusError exit 2 for a name there is not, and for a check that cannot be made */
export function prepareScan({ scope, services, checks: named = [], doors, seed }: ScanRequest): PreparedScan {
  const asked = doors === undefined ? doorsOf(probesOf(services)) : doors.map(doorNamed)
  const probes = [...new Set(asked.map(({ probe }) => probe))]
  const checks = checksOf(named, probes)
  return {
    plan: planOf(scope.targets, asked),
    asked: probes,
    checks,
    relay: relayOf(scope, checks),
    seed: seed ?? Number.parseInt(scope.hash.slice(0, 8), 16),
  }
}

/** The share of a scan that a process asks: whole prefixes, so that each host, and each limit of a prefix, is in one hand. */
export interface Part {
  /** 0 to of - 1. */
  readonly nth: number
  readonly of: number
}

export const whole: Part = { nth: 0, of: 1 }

const isOf =
  ({ nth, of }: Part) =>
  ({ prefix }: Target): boolean =>
    of === 1 || (typeof prefix === 'number' ? prefix % of : Number(prefix % BigInt(of))) === nth

export const journalOf = (
  { store, scope, discovery }: ScanRequest,
  { plan, checks, seed }: PreparedScan,
): Promise<ProbeJournal> =>
  openProbeJournal(store, {
    scope: scope.hash,
    doors: plan.doors.map(doorName),
    checks: checks.map(({ id }) => id),
    targets: plan.size,
    seed,
    ...(discovery === undefined ? {} : { discovery }),
  })

/** How often what was settled is written down, and how much of it may wait: what waits is moved by the collector each time. */
const flushMs = 50
const mostWaiting = 20_000

export interface AskOptions {
  /** How many targets were settled before any was asked, to be told as progress: of several parts one tells of it. */
  readonly doneBefore: number
  readonly onProgress?: (progress: EngineProgress) => void
  readonly signal?: AbortSignal
}

/**
 * Asks a part of a scan, from where its journal says that it stopped, until all is settled or the signal comes. Hold the
 * store's lock.
 * @throws CensusError exit 2 when the scope's time ends meanwhile, else what the disk says
 */
export async function askPart(
  request: ScanRequest,
  prepared: PreparedScan,
  part: Part,
  { doneBefore, onProgress, signal }: AskOptions,
): Promise<Scanned> {
  const { scope } = request
  const { plan, asked, checks, relay, seed } = prepared
  const journal = await journalOf(request, prepared)
  let waiting: Kept[] = []
  let writing: Promise<void> = Promise.resolve()
  const flush = (): Promise<void> => {
    const batch = waiting
    waiting = []
    writing = writing.then(() => journal.write(batch))
    return writing
  }
  let failure: unknown
  const timer = setInterval(() => {
    flush().catch((error: unknown) => {
      failure ??= error
    })
  }, flushMs)
  try {
    const scanned = await scan({
      plan,
      guard: scopeGuard(scope),
      contact: scope.contact,
      order: askingOrder(plan, seed),
      isMine: isOf(part),
      isDone: (index) => journal.isDone(index),
      doneBefore,
      recognisers: asked.filter((each): each is TcpProbe => each.transport === 'tcp'),
      checks: udpChecks.filter((each) => checks.includes(each)),
      ...(relay === undefined ? {} : { relay }),
      perSecond: shareOf(scope.rate.perSecond, part),
      perPrefix: scope.rate.perPrefix,
      mostInFlight: request.mostInFlight,
      connectMs: request.connectMs,
      talkMs: request.talkMs,
      retries: request.retries,
      onAsked: ({ target: { index }, status, at, finding, heard }) => {
        if (failure !== undefined) return Promise.reject(failure)
        // Spelt out, as there may be tens of thousands a second.
        if (heard !== undefined)
          waiting.push({ index, status, at, ...(finding && { finding }), heard: asText(heard).toWellFormed() })
        else if (finding !== undefined) waiting.push({ index, status, at, finding })
        else waiting.push({ index, status, at })
        return waiting.length < mostWaiting ? undefined : flush()
      },
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(signal === undefined ? {} : { signal }),
    })
    await flush()
    return scanned
  } catch (error) {
    if (error instanceof OffScope && Date.now() > scope.valid.to)
      throw wrongInput(
        'the scope is not valid any more: it ended while it was probed',
        'nothing more was sent; a scope with other lines is probed anew',
      )
    throw error
  } finally {
    clearInterval(timer)
    await writing.catch(() => undefined)
    await journal.close()
  }
}

/** All shares together are not more than the whole. */
const shareOf = (perSecond: number, { nth, of }: Part): number =>
  Math.max(1, Math.floor(perSecond / of) + (nth < perSecond % of ? 1 : 0))
