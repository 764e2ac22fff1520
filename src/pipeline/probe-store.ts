import { loadRegions } from '../locate/regions.ts'
import type { ProbeStatus } from '../model/probe.ts'
import type { EngineProgress, Scanned } from '../scan/engine-options.ts'
import { synToolVersion } from '../scan/syn-scan.ts'
import type { PlannedProbe } from '../reports/probe-text.ts'
import { storageError } from '../store/duckdb.ts'
import { storeFormat, type RecordsManifest } from '../store/manifest.ts'
import type { Kept, ProbeJournal } from '../store/probe-journal.ts'
import { beginSnapshot, unusedId, type RecordsSnapshot } from '../store/snapshots.ts'
import { writingTo } from '../store/writing.ts'
import { version } from '../version.ts'
import { fill } from './fill.ts'
import {
  askPart,
  journalOf,
  type AskOptions,
  prepareScan,
  whole,
  type PreparedScan,
  type ScanRequest,
} from './probe-ask.ts'
import { hostMarks } from './probe-marks.ts'
import { probeObservations } from './probe-observations.ts'
import { discover, planDiscovery } from './probe-discovery.ts'
import { checkRegions, describePlan, doorName } from './probe-plan.ts'
import { askInWorkers, type Worker } from './probe-workers.ts'

export interface StoreRequest extends ScanRequest {
  readonly id?: string
  readonly regionTables?: string
  readonly onProgress?: (progress: EngineProgress) => void
}

/** What a probe would send. */
export async function planOf(request: StoreRequest): Promise<PlannedProbe> {
  const prepared = await prepare(request)
  const { plan, checks } = prepared
  return describePlan(request.scope, plan, checks, request.retries, planDiscovery(request, prepared))
}

async function prepare(request: StoreRequest): Promise<PreparedScan> {
  const { scope, regionTables } = request
  const regions = await loadRegions(regionTables === undefined ? {} : { userTables: regionTables })
  checkRegions(scope, regions)
  return prepareScan(request)
}

/** What `probe` does, with the processes that ask; this one does when there are none. */
export async function probeIntoStore(
  request: StoreRequest,
  workers: readonly Worker[] | undefined,
): Promise<RecordsSnapshot> {
  const id = await unusedId(request.store, request.id)
  const prepared = await prepare(request)
  const { store } = request
  const discovery = planDiscovery(request, prepared)
  const toolVersion = discovery && (await synToolVersion(discovery.tool))
  return await writingTo(store, async () => {
    try {
      if (discovery !== undefined && toolVersion !== undefined)
        await discover(request, prepared, { tool: discovery.tool, version: toolVersion })
      const journal = await journalOf(request, prepared)
      try {
        const snapshot = await askAndPublish(id, request, workers, prepared, journal)
        await journal.remove()
        return snapshot
      } finally {
        await journal.close()
      }
    } catch (error) {
      throw storageError(error, 'the probe failed', 'what was answered is kept: the same command goes on with it')
    }
  })
}

/** What is settled is taken into the snapshot while the rest is asked. */
async function askAndPublish(
  id: string,
  request: StoreRequest,
  workers: readonly Worker[] | undefined,
  prepared: PreparedScan,
  journal: ProbeJournal,
): Promise<RecordsSnapshot> {
  const { store, scope, services, onProgress } = request
  const { plan, checks, seed } = prepared
  const draft = await beginSnapshot(store, id)
  const stop = new AbortController()
  const options: AskOptions = {
    doneBefore: journal.doneBefore,
    signal: stop.signal,
    ...(onProgress === undefined ? {} : { onProgress }),
  }
  const asking: Promise<Pick<Scanned, 'begun'>> =
    workers === undefined ? askPart(request, prepared, whole, options) : askInWorkers(workers, request, options)
  // Told where it is waited for.
  asking.catch(() => undefined)
  try {
    const { taken, rejectedByReason, accounting } = await fill(draft, [], async (ingest) => {
      const statuses: Partial<Record<ProbeStatus, number>> = {}
      const marks = hostMarks(plan)
      const observationsOf = probeObservations(plan, scope, marks)
      const take = async (kept: Kept): Promise<void> => {
        for (const observation of observationsOf(kept))
          await ingest.reading(0, 'probe', { kind: 'record', line: kept.index + 1, observation })
      }
      for await (const batch of journal.all(asking))
        for (const kept of batch) {
          statuses[kept.status] = (statuses[kept.status] ?? 0) + 1
          marks.tell(kept)
          if (kept.finding === undefined) await take(kept)
        }
      const { begun } = await asking
      // What a host is shows in all of its targets together, so that what was found is gone through once more.
      for await (const batch of journal.all())
        for (const kept of batch) if (kept.finding !== undefined) await take(kept)
      await ingest.finish()
      return { statuses, begun, records: ingest.counts(0).records }
    })
    const { kept, repeats, keptByOutcome, undated } = accounting
    const local = taken.statuses.local ?? 0
    const missing =
      local === 0
        ? []
        : [
            `${local} of ${plan.size} targets could not be asked, or not all: this machine lacked ports, files or a route`,
          ]
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
        ...(journal.discovery === undefined ? {} : { discovery: journal.discovery }),
        begun: taken.begun,
        statuses: taken.statuses,
      },
    })
  } catch (error) {
    stop.abort(error)
    // What asks ends first: it writes into the store.
    await asking.catch(() => undefined)
    await draft.discard()
    throw error
  }
}
