import { fork, type ChildProcess, type ForkOptions } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { addressSet, without, type AddressRange } from '../model/address-set.ts'
import { CensusError, failed, type ExitCode } from '../model/errors.ts'
import type { Scope } from '../model/scope.ts'
import type { EngineProgress, Scanned } from '../scan/engine-options.ts'
import type { AskOptions, Part, ScanRequest } from './probe-ask.ts'

/** A request as it is sent: sets of addresses as their ranges. */
type SentRequest = Omit<ScanRequest, 'scope'> & {
  readonly scope: Omit<Scope, 'declared' | 'excluded' | 'targets'> & {
    readonly declared: readonly AddressRange[]
    readonly excluded: readonly AddressRange[]
  }
}

/** What a worker is given. */
export interface WorkerTask {
  readonly request: SentRequest
  readonly part: Part
  readonly doneBefore: number
}

/** What it tells. */
export type FromWorker =
  | { readonly kind: 'progress'; readonly progress: EngineProgress }
  | { readonly kind: 'done'; readonly scanned: Scanned }
  | {
      readonly kind: 'failed'
      readonly message: string
      readonly code?: string
      readonly exit?: ExitCode
      readonly hint?: string | undefined
      readonly stack?: string
    }

/** Only what a worker needs: functions cannot be sent. */
function sent({ store, scope, services, checks, discovery, doors, seed, ...request }: ScanRequest): SentRequest {
  const { mostInFlight, connectMs, talkMs, retries } = request
  const { declared, excluded, targets: _, ...rest } = scope
  return {
    store,
    scope: { ...rest, declared: declared.ranges, excluded: excluded.ranges },
    mostInFlight,
    connectMs,
    talkMs,
    retries,
    ...(services === undefined ? {} : { services }),
    ...(checks === undefined ? {} : { checks }),
    ...(discovery === undefined ? {} : { discovery }),
    ...(doors === undefined ? {} : { doors }),
    ...(seed === undefined ? {} : { seed }),
  }
}

/** The request a worker was sent, with its sets of addresses. */
export function requestOf({ scope, ...request }: SentRequest): ScanRequest {
  const declared = addressSet(scope.declared)
  const excluded = addressSet(scope.excluded)
  return { ...request, scope: { ...scope, declared, excluded, targets: without(declared, excluded) } }
}

/**
 * Memory of a worker's own: sockets that are done hold on to theirs until the collector comes, which it does seldom where it
 * has much room.
 */
const heapMiB = 400

/** A process that waits for what it is to ask, or asks it. */
export interface Worker {
  readonly child: ChildProcess
  /** Its exit code, or the signal that ended it. */
  readonly gone: Promise<readonly [code: number | null, signal: string | null]>
}

/** Started before what they are to ask is known, as a process takes time to start. `endWorkers` when they are done with. */
export const startWorkers = (count: number): readonly Worker[] => Array.from({ length: count }, startWorker)

/** The process's code; where this is run from its sources (the tests), so is that, which Node 20 needs tsx for. */
function startWorker(): Worker {
  const isSource = import.meta.url.endsWith('.ts')
  const options: ForkOptions = {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [`--max-old-space-size=${heapMiB}`, ...(isSource ? ['--import', import.meta.resolve('tsx')] : [])],
  }
  const code = isSource ? new URL('./probe-worker.ts', import.meta.url) : new URL('./probe-worker.js', import.meta.url)
  const child = fork(fileURLToPath(code), options)
  const gone = once(child, 'exit') as Promise<[code: number | null, signal: string | null]>
  // Told where it is waited for.
  gone.catch(() => undefined)
  return { child, gone }
}

const disconnect = (workers: readonly Worker[]): void => {
  for (const { child } of workers) if (child.connected) child.disconnect()
}

/** Ends what still runs. Resolves when all are gone. */
export async function endWorkers(workers: readonly Worker[]): Promise<void> {
  disconnect(workers)
  await Promise.allSettled(workers.map(({ gone }) => gone))
}

/**
 * Asks a scope in processes of their own, each its part of the prefixes at its share of the rate, with files and ports of
 * its own. When one fails, or the signal comes, the others end, too.
 * @throws what a worker threw; CensusError exit 1 when one was ended
 */
export async function askInWorkers(
  workers: readonly Worker[],
  request: ScanRequest,
  { doneBefore, onProgress, signal }: AskOptions,
): Promise<Pick<Scanned, 'begun'>> {
  const latest: EngineProgress[] = []
  const end = (): void => disconnect(workers)
  const run = async ({ child, gone }: Worker, nth: number): Promise<Scanned> => {
    let told: FromWorker | undefined
    child.on('message', (message: FromWorker) => {
      if (message.kind !== 'progress') {
        told = message
        return
      }
      latest[nth] = message.progress
      onProgress?.(sum(latest))
    })
    const task: WorkerTask = {
      request: sent(request),
      part: { nth, of: workers.length },
      doneBefore: nth === 0 ? doneBefore : 0,
    }
    child.send(task, () => undefined)
    const [code, killedBy] = await gone
    if (told?.kind === 'done') return told.scanned
    if (told?.kind === 'failed') throw errorOf(told)
    throw failed(
      `a process that probes was ended (${killedBy ?? `exit ${code}`})`,
      'what was answered is kept: the same command goes on with it',
    )
  }
  signal?.addEventListener('abort', end)
  try {
    const parts = await Promise.all(workers.map(run))
    return { begun: parts.reduce((all, { begun }) => all + begun, 0) }
  } finally {
    signal?.removeEventListener('abort', end)
    await endWorkers(workers)
  }
}

/** Progress of all parts. */
function sum(parts: readonly (EngineProgress | undefined)[]): EngineProgress {
  const known = parts.filter((part) => part !== undefined)
  const total = (of: (part: EngineProgress) => number): number => known.reduce((all, part) => all + of(part), 0)
  return {
    done: total(({ done }) => done),
    size: known[0]?.size ?? 0,
    answered: total(({ answered }) => answered),
    inFlight: total(({ inFlight }) => inFlight),
    begun: total(({ begun }) => begun),
    lagMs: Math.max(...known.map(({ lagMs }) => lagMs)),
  }
}

/** An error's class does not come through. */
function errorOf({ message, code, exit, hint, stack }: Extract<FromWorker, { kind: 'failed' }>): Error {
  if (exit !== undefined) return new CensusError(message, { exit, ...(hint === undefined ? {} : { hint }) })
  return Object.assign(new Error(message), {
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack }),
  })
}
