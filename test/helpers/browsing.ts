import { onTestFinished } from 'vitest'
import { browse, type BrowseRequest } from '../../src/pipeline/browse.ts'

export interface Page {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

export interface Browsed {
  readonly url: string
  /** Links that begin sessions, as they were told. */
  readonly links: readonly string[]
  /** What pages failed of. */
  readonly errors: readonly unknown[]
  /** A page, in the session that was begun, if there is one. */
  readonly get: (path: string) => Promise<Page>
  readonly close: () => Promise<void>
}

/** Serves a store's pages on a real socket, and begins a session where one is asked for. */
export async function browsed(store: string, request: Partial<BrowseRequest> = {}): Promise<Browsed> {
  const links: string[] = []
  const errors: unknown[] = []
  const { url, close } = await browse({
    store,
    port: 0,
    address: '127.0.0.1',
    includeHosts: false,
    link: false,
    onLink: (link) => void links.push(link),
    onError: (error) => void errors.push(error),
    ...request,
  })
  const cookie = links[0] === undefined ? '' : await begun(links[0])
  return {
    url,
    links,
    errors,
    get: async (path) => {
      // One that is kept open may be closed while this process, which serves it too, is busy.
      const headers = { connection: 'close', ...(cookie === '' ? {} : { cookie }) }
      const response = await fetch(url + path, { headers, redirect: 'manual' })
      return { status: response.status, text: await response.text(), headers: response.headers }
    },
    close,
  }
}

/** The same for one test. */
export async function browsing(store: string, request: Partial<BrowseRequest> = {}): Promise<Browsed> {
  const found = await browsed(store, request)
  onTestFinished(() => found.close())
  return found
}

/** The cookie, as it is sent, of a session that a link begins; empty where it begins none. */
export const begun = async (link: string): Promise<string> =>
  (await fetch(link, { redirect: 'manual' })).headers.getSetCookie()[0]?.split(';')[0] ?? ''
