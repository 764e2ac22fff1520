import { apiKey, type ApiKey } from '../config/api-key.ts'
import { wrongInput } from '../model/errors.ts'
import { serve } from '../pipeline/serve.ts'
import { printResult, progressLine, type Console, type Global } from './output.ts'

export interface ServeOptions {
  readonly api?: boolean
  readonly snapshot?: string
  readonly port: number
  readonly keyFile?: string
  readonly regionTables?: string
  readonly addressDatabase?: string
}

/**
 * `census serve --api`: a Shodan-compatible API over a snapshot, on loopback, until it is stopped.
 * @param stopped settles when it is to end
 */
export async function serveCommand(
  options: ServeOptions,
  global: Global,
  console: Console,
  stopped: Promise<unknown>,
): Promise<void> {
  if (options.api !== true) throw wrongInput('`census serve` serves the API only', 'say so: `census serve --api`')
  const { key, from } = await apiKey(options.keyFile)
  const progress = progressLine(console, global)
  const { api: _, keyFile, ...request } = options
  const serving = await serve({
    ...request,
    store: global.store,
    key: key.reveal(),
    onCounting: progress.count,
  }).finally(() => progress.clear())
  const { id } = serving.snapshot
  printResult(console, global, [`Snapshot ${id}: ${serving.url}`], { snapshot: id, url: serving.url, key: from })
  // Nobody else can know it. It goes where results do not, and is not repeated.
  if (from === 'made') console.err(`census: the key of this run is ${key.reveal()}\n`)
  else if (!global.quiet) console.err(`census: the key is ${whereIs(from, keyFile)}\n`)
  await stopped
  await serving.close()
}

const whereIs = (from: ApiKey['from'], keyFile = ''): string =>
  from === 'file' ? `what ${keyFile} holds` : 'what the environment says (CENSUS_API_KEY)'
