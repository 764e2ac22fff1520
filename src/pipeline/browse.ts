import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadRegions } from '../locate/regions.ts'
import { gated, sessionPath, type PageAnswer } from '../net/gate.ts'
import { isLoopback, listen, type ServerRequest } from '../net/server.ts'
import { sessions } from '../net/sessions.ts'
import { errorPage, storePolicy } from '../reports/store/frame.ts'
import { wordsIn } from '../reports/store/words.ts'
import { listSnapshots } from '../store/snapshots.ts'
import { storePages, type Pages, type PagesRequest } from './browse-pages.ts'
import { once } from './once.ts'

export interface BrowseRequest extends PagesRequest {
  /** 0: any that is free. */
  readonly port: number
  /** The literal address that is listened on. */
  readonly address: string
  /** Whether a session is asked for on loopback, too. Beyond it, and where hosts are shown, it always is. */
  readonly link: boolean
  /** Told each link that begins a session. */
  readonly onLink: (url: string) => void
  /** Told what a page failed of, of which whoever asked is told nothing. */
  readonly onError: (error: unknown) => void
}

export interface Browsing {
  /** `http://127.0.0.1:8417` */
  readonly url: string
  readonly isBeyondLoopback: boolean
  readonly close: () => Promise<void>
}

/** Answers worked on at a time: what takes long is made one after another, and most only wait for it. */
const atATime = 32
/** Things made that are kept, and that may wait to be made. */
const [kept, waiting] = [64, 16]

/**
 * Serves the snapshots of a store as pages, on loopback unless told otherwise.
 * @throws CensusError exit 2 for a store or table that cannot be read, exit 1 for a port that is taken
 */
export async function browse(request: BrowseRequest): Promise<Browsing> {
  const { address } = request
  // What is wrong with either is told before anybody asks.
  const regions = await loadRegions(request.regionTables === undefined ? {} : { userTables: request.regionTables })
  await listSnapshots(request.store)
  const isBeyondLoopback = !isLoopback(address)
  const needsLink = isBeyondLoopback || request.includeHosts || request.link
  const temporary = await mkdtemp(join(tmpdir(), 'census-serve-'))
  const made = once(kept, waiting)
  const pages = storePages({ request, regions, made, temporary })
  // Sessions are named by the port, which is known when somebody listens.
  let handle: ReturnType<typeof gated> = async () => told(503, 'This server is beginning')
  try {
    const listening = await listen(request.port, (asked) => handle(asked), { address, told, atATime })
    const tokens = needsLink
      ? sessions({
          cookie: `census-${listening.port}`,
          onToken: (token) => request.onLink(`${listening.url}${sessionPath}${token}`),
        })
      : undefined
    handle = gated((asked) => answered(asked, pages, request.onError), told, tokens)
    return {
      url: listening.url,
      isBeyondLoopback,
      close: async () => {
        await listening.close()
        await made.close()
        await rm(temporary, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
}

const told = (status: number, error: string): PageAnswer => html(status, errorPage(wordsIn('en'), error), storePolicy)

const html = (status: number, text: string, policy: string): PageAnswer => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
  text,
})

/** A page's answer; what fails is told where census runs, and to whoever asked only that it failed. */
async function answered(
  { target, signal }: ServerRequest,
  pages: Pages,
  onError: (error: unknown) => void,
): Promise<PageAnswer> {
  const gone = new Promise<'gone'>((resolve) => signal.addEventListener('abort', () => resolve('gone'), { once: true }))
  // Who waits too long is sent away, and what is being made goes on for those who come after.
  const found = await Promise.race([gone, pages(target, onError)])
  if (found === 'gone') return html(503, errorPage(wordsIn('en'), wordsIn('en').store.errors[503]), storePolicy)
  return html(found.status, found.text, found.policy ?? storePolicy)
}
