import { performance } from 'node:perf_hooks'
import { CensusError } from '../model/errors.ts'
import type { EngineProgress } from '../scan/engine-options.ts'
import { askPart, prepareScan } from './probe-ask.ts'
import { requestOf, type FromWorker, type WorkerTask } from './probe-workers.ts'

/*
 * The process behind probe-workers.ts: it asks its part of a scope, and writes what came of it into its own part of the
 * journal. It ends when the process that began it is gone.
 */

const tell = (message: FromWorker): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, () => resolve())
  })

/** Often enough for people. */
const progressMs = 250
let toldAt = 0
const told = (progress: EngineProgress): void => {
  if (performance.now() - toldAt < progressMs) return
  toldAt = performance.now()
  void tell({ kind: 'progress', progress })
}

async function work({ request: sent, part, doneBefore }: WorkerTask): Promise<void> {
  const request = requestOf(sent)
  try {
    const scanned = await askPart(request, prepareScan(request), part, { doneBefore, onProgress: told })
    await tell({ kind: 'done', scanned })
  } catch (error) {
    const { message, stack, code } = error as NodeJS.ErrnoException
    await tell({
      kind: 'failed',
      message,
      ...(code === undefined ? {} : { code }),
      ...(error instanceof CensusError ? { exit: error.exit, hint: error.hint } : {}),
      ...(stack === undefined ? {} : { stack }),
    })
  }
  process.disconnect()
}

process.on('disconnect', () => process.exit())
process.once('message', (task: WorkerTask) => void work(task))
