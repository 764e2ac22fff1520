import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import { CensusError, type ExitCode } from '../../model/errors.ts'
import type { Input, InputOptions } from './input.ts'
import type { NextFile, Spool, SpoolOptions } from './spool.ts'

/** What the thread is given. */
export interface WorkerTask {
  readonly name: string
  readonly input: InputOptions
  readonly spool: SpoolOptions
}

/** What the thread tells; `wanted` is a file, which it is sent. */
export type FromWorker =
  | { readonly kind: 'wanted' }
  | { readonly kind: 'spool'; readonly piece: Spool; readonly bytesRead: number }
  | { readonly kind: 'end'; readonly bytesRead: number; readonly cut: string | undefined }
  | { readonly kind: 'failed'; readonly message: string; readonly exit: ExitCode; readonly hint: string | undefined }
  | { readonly kind: 'broken'; readonly error: unknown }

/** The thread's code; where this is run from its sources (the tests), so is the thread, which Node 20 needs tsx for. */
function startThread(task: WorkerTask): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./spool-worker.js', import.meta.url), { workerData: task })
  const tsx = import.meta.resolve('tsx/esm/api')
  const source = new URL('./spool-worker.ts', import.meta.url).href
  const code = `import(${JSON.stringify(tsx)}).then(({ register }) => (register(), import(${JSON.stringify(source)})))`
  return new Worker(code, { eval: true, workerData: task })
}

/**
 * As `spool`, in a thread of its own that opens the input by its name: decompressing and cutting take as long as DuckDB
 * takes to read the lines. The input answers for what the thread has read.
 * @throws CensusError as openInput
 */
export async function* spoolInThread(
  input: Input,
  options: { readonly input: InputOptions; readonly spool: SpoolOptions },
  nextFile: NextFile,
): AsyncGenerator<Spool> {
  let progress: { readonly bytesRead: number; readonly cut?: string | undefined } = { bytesRead: input.bytesRead() }
  await input.readBy({ bytesRead: () => progress.bytesRead, cut: () => progress.cut })
  const task: WorkerTask = { name: input.name, ...options }
  const thread = startThread(task)
  try {
    for await (const [told] of on(thread, 'message', { close: ['exit'] }) as AsyncIterable<[FromWorker]>) {
      if (told.kind === 'failed') {
        throw new CensusError(told.message, {
          exit: told.exit,
          ...(told.hint === undefined ? {} : { hint: told.hint }),
        })
      }
      if (told.kind === 'broken') throw told.error
      if (told.kind === 'wanted') {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        thread.postMessage(await nextFile())
        continue
      }
      progress = told
      if (told.kind === 'end') return
      yield { ...told.piece, spare: withBuffers(told.piece.spare) }
    }
    throw new Error('the thread that reads lines ended before they did')
  } finally {
    await thread.terminate()
  }
}

/** Buffers come through as plain bytes. */
const withBuffers = (spare: Spool['spare']): Spool['spare'] =>
  new Map([...spare].map(([row, line]) => [row, { ...line, bytes: Buffer.from(line.bytes) }]))
