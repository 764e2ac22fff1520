import { once } from 'node:events'
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { CensusError } from '../../model/errors.ts'
import { openInput } from './input.ts'
import { spool } from './spool.ts'
import type { FromWorker, WorkerTask } from './spool-thread.ts'

/*
 * The thread behind spool-thread.ts. Its heap is small: with a large one, every few megabytes of decompressed bytes cost a
 * collection of all garbage.
 */

async function work(port: MessagePort, { name, input: inputOptions, spool: options }: WorkerTask): Promise<void> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  const tell = (message: FromWorker): void => port.postMessage(message)
  const nextFile = async (): Promise<string> => {
    tell({ kind: 'wanted' })
    const [path] = (await once(port, 'message')) as [string]
    return path
  }
  try {
    const input = await openInput(name, inputOptions)
    for await (const piece of spool(input.bytes, options, nextFile))
      tell({ kind: 'spool', piece, bytesRead: input.bytesRead() })
    tell({ kind: 'end', bytesRead: input.bytesRead(), cut: input.cut() })
  } catch (error) {
    // An error's class does not come through.
    tell(
      error instanceof CensusError
        ? { kind: 'failed', message: error.message, exit: error.exit, hint: error.hint }
        : { kind: 'broken', error },
    )
  }
  port.close()
}

if (parentPort !== null) await work(parentPort, workerData as WorkerTask)
