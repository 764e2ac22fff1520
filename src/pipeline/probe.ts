import { loadRegions } from '../locate/regions.ts'
import { addressNumber } from '../model/address-set.ts'
import { wrongInput } from '../model/errors.ts'
import type { Observation, Outcome } from '../model/observation.ts'
import type { Check, Probe, ProbeStatus, Relay, TcpProbe } from '../model/probe.ts'
import { rangeOf, type Scope } from '../model/scope.ts'
import { scopeGuard } from '../net/guard.ts'
import { OffScope } from '../net/tcp.ts'
import { asText } from '../probes/talk.ts'
import { scan, type EngineProgress, type Scanned } from '../scan/engine.ts'
import { permutation } from '../scan/permutation.ts'
import type { Plan } from '../scan/plan.ts'
import { storageError } from '../store/duckdb.ts'
import { lockStore } from '../store/lock.ts'
import { storeFormat, type RecordsManifest } from '../store/manifest.ts'
import { openProbeJournal, type Kept, type ProbeJournal } from '../store/probe-journal.ts'
import {
  beginSnapshot,
  checkSnapshotId,
  isMissing,
  listSnapshots,
  prepareStore,
  removeEmptyStore,
  type RecordsSnapshot,
} from '../store/snapshots.ts'
import { version } from '../version.ts'
import { fill } from './fill.ts'
import { newId } from './import.ts'
import { checksOf, relayOf } from './probe-checks.ts'
import { checkRegions, describePlan, doorName, planScan, probesOf, type ProbePlan } from './probe-plan.ts'

export type ProbeProgress = EngineProgress

export interface ProbeRequest {
  readonly store: string
  readonly scope: Scope
  /** Services and categories, normalised; all but industrial control when absent. */
  readonly services?: readonly string[]
  /** Ids of checks; none when absent. */
  readonly checks?: readonly string[]
  readonly id?: string
  /** Fixes the order; made of the scope when absent. */
  readonly seed?: number
  readonly mostInFlight: number
  readonly connectMs: number
  readonly talkMs: number
  readonly retries: number
  readonly regionTables?: string
  /** What is asked with, for tests and benchmarks. */
  readonly probes?: readonly Probe[]
  readonly onProgress?: (progress: ProbeProgress) => void
}

/** What a probe would send. Sends and writes nothing. @throws CensusError exit 2 */
export async function planProbe(request: ProbeRequest): Promise<ProbePlan> {
  const { plan, checks } = await prepare(request)
  return describePlan(request.scope, plan, checks, request.retries)
}

interface Prepared {
  readonly plan: Plan
  readonly asked: readonly Probe[]
  readonly checks: readonly Check[]
  readonly relay: Relay | undefined
  readonly seed: number
}

async function prepare({ scope, services, regionTables, probes, seed, ...request }: ProbeRequest): Promise<Prepared> {
  const regions = await loadRegions(regionTables === undefined ? {} : { userTables: regionTables })
  checkRegions(scope, regions)
  const asked = probes ?? probesOf(services)
  const checks = checksOf(request.checks ?? [], asked)
  return {
    plan: planScan(scope, asked),
    asked,
    checks,
    relay: relayOf(scope, checks),
    seed: seed ?? Number.parseInt(scope.hash.slice(0, 8), 16),
  }
}

/**
 * Asks every address of a scope at every door, and keeps what came of it as a snapshot. Each target is journalled when it is
 * settled: the same command goes on where it stopped, however it was ended.
 * @throws CensusError exit 2 for a wrong request, 4 when another writer holds the store, 1 for a full disk
 */
export async function probe(request: ProbeRequest): Promise<RecordsSnapshot> {
  const id = request.id ?? newId()
  checkSnapshotId(id)
  const prepared = await prepare(request)
  const { store, scope } = request
  if ((await listSnapshots(store)).some((snapshot) => snapshot.id === id))
    throw wrongInput(
      `the store ${store} already holds a snapshot ${JSON.stringify(id)}`,
      'a snapshot stays as it is: choose another --id',
    )
  const isNew = await isMissing(store)
  await prepareStore(store).catch((error: unknown) => {
    throw storageError(error, `the store ${store} cannot be made`)
  })
  const lock = await lockStore(store)
  try {
    const { plan, checks, seed } = prepared
    const journal = await openProbeJournal(store, {
      scope: scope.hash,
      doors: plan.doors.map(doorName),
      checks: checks.map(({ id: name }) => name),
      targets: plan.size,
      seed,
    })
    try {
      const scanned = await ask(request, prepared, journal)
      const snapshot = await publish(id, request, prepared, journal, scanned)
      await journal.remove()
      return snapshot
    } finally {
      await journal.close()
    }
  } catch (error) {
    if (error instanceof OffScope && Date.now() > scope.valid.to)
      throw wrongInput(
        'the scope is not valid any more: it ended while it was probed',
        'nothing more was sent; a scope with other lines is probed anew',
      )
    throw storageError(error, 'the probe failed', 'what was answered is kept: the same command goes on with it')
  } finally {
    lock.release()
    if (isNew) await removeEmptyStore(store)
  }
}

/** How often what was settled is written down, and how much of it may wait. */
const flushMs = 200
const mostWaiting = 20_000

async function ask(
  request: ProbeRequest,
  { plan, asked, relay, seed }: Prepared,
  journal: ProbeJournal,
): Promise<Scanned> {
  const { scope } = request
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
      ...(relay === undefined ? {} : { relay }),
      order: permutation(plan.size, seed),
      isDone: (index) => journal.isDone(index),
      doneBefore: journal.doneBefore,
      recognisers: asked.filter((each): each is TcpProbe => each.transport === 'tcp'),
      perSecond: scope.rate.perSecond,
      perPrefix: scope.rate.perPrefix,
      mostInFlight: request.mostInFlight,
      connectMs: request.connectMs,
      talkMs: request.talkMs,
      retries: request.retries,
      onAsked: ({ target, status, at, finding, heard }) => {
        if (failure !== undefined) return Promise.reject(failure)
        waiting.push({
          index: target.index,
          status,
          at,
          ...(finding === undefined ? {} : { finding }),
          ...(heard === undefined ? {} : { heard: asText(heard).toWellFormed() }),
        })
        return waiting.length < mostWaiting ? undefined : flush()
      },
      ...(request.onProgress === undefined ? {} : { onProgress: request.onProgress }),
    })
    await flush()
    return scanned
  } finally {
    clearInterval(timer)
    await writing.catch(() => undefined)
  }
}

async function publish(
  id: string,
  { store, scope, services }: ProbeRequest,
  { plan, checks, seed }: Prepared,
  journal: ProbeJournal,
  scanned: Scanned,
): Promise<RecordsSnapshot> {
  const draft = await beginSnapshot(store, id)
  try {
    const { taken, rejectedByReason, accounting } = await fill(draft, [], async (ingest) => {
      const statuses: Partial<Record<ProbeStatus, number>> = {}
      for await (const kept of journal.all()) {
        statuses[kept.status] = (statuses[kept.status] ?? 0) + 1
        for (const observation of observationsOf(kept, plan, scope))
          await ingest.reading(0, 'probe', { kind: 'record', line: kept.index + 1, observation })
      }
      await ingest.finish()
      return { statuses, records: ingest.counts(0).records }
    })
    const { kept, repeats, keptByOutcome, undated } = accounting
    const local = taken.statuses.local ?? 0
    const missing =
      local === 0
        ? []
        : [`${local} of ${plan.size} targets could not be asked: this machine lacked ports, files or a route`]
    return await draft.publish<RecordsManifest>({
      storeFormat,
      id,
      tool: { name: 'exposure-census', version },
      createdAt: new Date().toISOString(),
      basis: 'records',
      sources: accounting.sources as RecordsManifest['sources'],
      inputs: [],
      observed: accounting.observed,
      complete: missing.length === 0,
      missing,
      accounting: { in: taken.records, kept, repeats, rejected: 0, rejectedByReason, keptByOutcome, undated },
      probe: {
        owner: scope.owner,
        authorisation: scope.authorisation,
        coverage: scope.coverage,
        vantage: scope.vantage,
        scope: scope.hash,
        addresses: Number(scope.declared.size),
        excluded: Number(scope.declared.size - scope.targets.size),
        doors: plan.doors.map(doorName),
        ...(services === undefined ? {} : { services: [...services] }),
        ...(checks.length === 0 ? {} : { checks: checks.map(({ id: name }) => name) }),
        targets: plan.size,
        seed,
        begun: scanned.begun,
        statuses: taken.statuses,
      },
    })
  } catch (error) {
    await draft.discard()
    throw error
  }
}

/** What a status says of the service that was asked for. */
const outcomeOf: Readonly<Record<Exclude<ProbeStatus, 'local'>, Outcome>> = {
  answered: 'answered',
  foreign: 'failed',
  garbled: 'failed',
  mute: 'failed',
  dropped: 'failed',
  refused: 'closed',
  silent: 'filtered',
  unreachable: 'filtered',
}

/** What a settled target is in the store: nothing when it was not asked, and two when another protocol answered. */
function* observationsOf(
  { index, status, at, finding, heard }: Kept,
  plan: Plan,
  scope: Scope,
): Generator<Observation> {
  if (status === 'local') return
  const { address, port, probe: asked } = plan.at(index)
  const { region, owner } = rangeOf(scope, addressNumber(address) ?? -1n) ?? {}
  const common = {
    source: 'probe',
    ip: address,
    port,
    transport: asked.transport,
    observedAt: new Date(at).toISOString().replace('Z', '000Z'),
    ...(region === undefined ? {} : { regionCode: region }),
    organisation: owner ?? scope.owner,
  } as const
  if (status !== 'answered')
    yield { ...common, module: asked.id, outcome: outcomeOf[status], ...(heard === undefined ? {} : { banner: heard }) }
  if (finding === undefined) return
  const { hostnames = [], tags = [], ...said } = finding
  yield {
    ...common,
    ...said,
    outcome: 'answered',
    ...(hostnames.length === 0 ? {} : { hostnames: hostnames.join(' ') }),
    ...(tags.length === 0 ? {} : { tags: tags.join(' ') }),
  }
}
