import { apiKey, type ApiKey } from '../config/api-key.ts'
import { canonicalAddress } from '../model/address.ts'
import { CensusError, wrongInput } from '../model/errors.ts'
import { browse } from '../pipeline/browse.ts'
import { serve } from '../pipeline/serve.ts'
import { printResult, progressLine, warn, type Console, type Global } from './output.ts'

export interface ServeOptions {
  readonly api?: boolean
  readonly snapshot?: string
  readonly port: number
  readonly keyFile?: string
  readonly listen?: string
  readonly link?: boolean
  readonly includeHosts?: boolean
  readonly regionTables?: string
  readonly addressDatabase?: string
}

/**
 * `census serve`: the store's pages, or with `--api` a Shodan-compatible API over a snapshot, until it is stopped.
 * @param stopped settles when it is to end
 */
export async function serveCommand(
  options: ServeOptions,
  global: Global,
  console: Console,
  stopped: Promise<unknown>,
): Promise<void> {
  const ofOther = Object.entries(options.api === true ? ofPages : ofApi).find(([name]) => Object.hasOwn(options, name))
  if (ofOther !== undefined)
    throw wrongInput(
      `${ofOther[1]} is of ${options.api === true ? 'the pages' : 'the API'}`,
      options.api === true ? 'leave out --api, or that' : 'add --api, or leave it out',
    )
  const serving = await (options.api === true ? serveApi : servePages)(options, global, console)
  await stopped
  await serving.close()
}

const ofApi: Readonly<Partial<Record<keyof ServeOptions, string>>> = { snapshot: '--snapshot', keyFile: '--key-file' }
const ofPages: Readonly<Partial<Record<keyof ServeOptions, string>>> = {
  listen: '--listen',
  link: '--link',
  includeHosts: '--include-hosts',
}

interface Closing {
  close(): Promise<void>
}

async function servePages(options: ServeOptions, global: Global, console: Console): Promise<Closing> {
  const { listen = '127.0.0.1', link = false, includeHosts = false, api: _, ...request } = options
  const address = canonicalAddress(listen)
  if (address === undefined)
    throw wrongInput(`--listen ${JSON.stringify(listen)} is no literal IP address`, 'name one of this machine')
  const browsing = await browse({
    ...request,
    store: global.store,
    address,
    link,
    includeHosts,
    // It goes where results do not.
    onLink: (url) => console.err(`census: to begin a session, open this once, within ten minutes: ${url}\n`),
    onError: (error) =>
      warn(
        console,
        error instanceof CensusError && error.hint !== undefined
          ? `${error.message}; ${error.hint}`
          : `a page could not be made: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
      ),
  })
  printResult(console, global, [`Store ${global.store}: ${browsing.url}`], {
    store: global.store,
    url: browsing.url,
    includeHosts,
  })
  if (browsing.isBeyondLoopback)
    warn(console, 'the pages go over the network unencrypted: whoever is on the way can read them and join a session')
  return browsing
}

async function serveApi(options: ServeOptions, global: Global, console: Console): Promise<Closing> {
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
  return serving
}

const whereIs = (from: ApiKey['from'], keyFile = ''): string =>
  from === 'file' ? `what ${keyFile} holds` : 'what the environment says (CENSUS_API_KEY)'
