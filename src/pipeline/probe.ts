import type { EngineProgress } from '../scan/engine-options.ts'
import type { RecordsSnapshot } from '../store/snapshots.ts'
import type { PlannedProbe } from '../reports/probe-text.ts'
import type { StoreRequest } from './probe-store.ts'
import { endWorkers, startWorkers } from './probe-workers.ts'

export type ProbeProgress = EngineProgress

export interface ProbeRequest extends StoreRequest {
  /** Processes that ask; this one when absent. */
  readonly workers?: number
}

/** What a probe would send. Sends and writes nothing. @throws CensusError exit 2 */
export async function planProbe(request: ProbeRequest): Promise<PlannedProbe> {
  const { planOf } = await import('./probe-store.ts')
  return planOf(request)
}

/**
 * Asks every address of a scope at every door, and keeps what came of it as a snapshot. Each target is journalled when it is
 * settled: the same command goes on where it stopped, however it was ended.
 * @throws CensusError exit 2 for a wrong request, 4 when another writer holds the store, 1 for a full disk
 */
export async function probe({ workers: count, ...request }: ProbeRequest): Promise<RecordsSnapshot> {
  // They start while the rest of the program is loaded.
  const workers = count === undefined ? undefined : startWorkers(Math.min(count, request.scope.rate.perSecond))
  try {
    const { probeIntoStore } = await import('./probe-store.ts')
    return await probeIntoStore(request, workers)
  } finally {
    await endWorkers(workers ?? [])
  }
}
