import { readFile, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { ApiError } from '../api/errors.ts'
import type { RegionTable } from '../locate/regions.ts'
import { canonicalAddress } from '../model/address.ts'
import { CensusError, exitCodes } from '../model/errors.ts'
import type { StorePlace } from '../model/store-page.ts'
import { asset, script } from '../reports/page/assets.ts'
import { servedPolicy } from '../reports/page/security.ts'
import { refusedPage } from '../reports/store/compare.ts'
import { errorPage, withWay } from '../reports/store/frame.ts'
import { listPage } from '../reports/store/list.ts'
import { wordsIn, type Words } from '../reports/store/words.ts'
import { isOfRecords, listSnapshots, type RecordsSnapshot, type Snapshot } from '../store/snapshots.ts'
import { hostOf, hostsOnPage, networkHosts } from './browse-hosts.ts'
import { placeOf, placePattern, storeSnapshot } from './browse-place.ts'
import { routeOf, type Route } from './browse-routes.ts'
import type { CensusRequest } from './census.ts'
import { compare } from './compare.ts'
import { Busy, type Once } from './once.ts'
import { makeReport } from './report.ts'

/** A page as text; `policy` where it is not that of the store's own pages. */
export interface StorePage {
  readonly status: number
  readonly text: string
  readonly policy?: string
}

/** The page at an address. Never throws. */
export type Pages = (target: string, onError: (error: unknown) => void) => Promise<StorePage>

export interface PagesRequest extends CensusRequest {
  readonly store: string
  /** Whether addresses of hosts are shown. */
  readonly includeHosts: boolean
}

export interface PagesOf {
  readonly request: PagesRequest
  readonly regions: RegionTable
  readonly made: Once
  readonly temporary: string
}

type Status = keyof Words['store']['errors']

class NoPage extends Error {
  readonly status: Status
  readonly sentence: string | undefined

  constructor(status: Status, sentence?: string) {
    super(sentence)
    this.status = status
    this.sentence = sentence
  }
}
const notFound = (): NoPage => new NoPage(404)

/** The pages of a store: each request looks at the snapshots there are, and what takes long is made once. */
export function storePages(of: PagesOf): Pages {
  return async (target, onError) => {
    let words = wordsIn('en')
    try {
      const route = routeOf(target)
      words = wordsIn(route.language)
      return await pageOf(of, route, words)
    } catch (error) {
      const status = statusOf(error)
      if (status === 500) onError(error)
      const sentence = error instanceof NoPage ? error.sentence : undefined
      return { status, text: errorPage(words, sentence ?? words.store.errors[status]) }
    }
  }
}

function statusOf(error: unknown): Status {
  if (error instanceof NoPage) return error.status
  if (error instanceof ApiError) return 400
  return error instanceof Busy ? 503 : 500
}

async function pageOf(of: PagesOf, route: Route, words: Words): Promise<StorePage> {
  const snapshots = (await listSnapshots(of.request.store)).toSorted((a, b) =>
    a.manifest.createdAt === b.manifest.createdAt
      ? a.id < b.id
        ? 1
        : -1
      : a.manifest.createdAt < b.manifest.createdAt
        ? 1
        : -1,
  )
  const [first, id, kind, ...rest] = route.parts
  if (first === undefined) return { status: 200, text: listPage(words, snapshots.map(storeSnapshot)) }
  if (first === 'compare' && id === undefined) return comparison(of, route, words, snapshots)
  const snapshot = snapshots.find((each) => each.id === id)
  if (first !== 'snapshots' || snapshot === undefined) throw notFound()
  try {
    if (kind === undefined) return await place(of, route, words, snapshot, '', [])
    if (kind === 'report' && rest.length === 0) return await report(of, words, snapshot)
    if (kind === 'places' && rest[0] !== undefined)
      return await place(of, route, words, snapshot, rest[0], rest.slice(1))
    if (kind === 'hosts' && rest[0] !== undefined && rest.length === 1) return await host(of, words, snapshot, rest[0])
  } catch (error) {
    // Of a snapshot that was removed meanwhile nothing more can be said.
    if (!(error instanceof NoPage) && !(await isThere(of, snapshot))) throw notFound()
    throw error
  }
  throw notFound()
}

const isThere = async ({ request }: PagesOf, { id }: Snapshot): Promise<boolean> =>
  (await listSnapshots(request.store)).some((each) => each.id === id)

/** Another snapshot of the same name is another one. */
const keyOf = ({ id, manifest }: Snapshot, ...more: readonly string[]): string =>
  JSON.stringify([id, manifest.createdAt, ...more])

/** A folder for what one page needs while it is made. */
const folderIn = ({ temporary }: PagesOf): string => join(temporary, randomUUID())

/** The page of `census report`. */
async function report(of: PagesOf, words: Words, snapshot: Snapshot): Promise<StorePage> {
  const text = await of.made.get(keyOf(snapshot, 'report', words.language), () =>
    inFolder(of, async (out) => {
      await makeReport({
        ...tablesOf(of.request),
        snapshot: snapshot.id,
        per: 100_000,
        out,
        formats: ['html'],
        language: words.language,
      })
      return readFile(join(out, 'report.html'), 'utf8')
    }),
  )
  return written(words, text, 'page.js', ['snapshots', snapshot.id, 'report'])
}

async function inFolder<T>(of: PagesOf, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = folderIn(of)
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A page that a command writes, with its own policy, and a way back. */
const written = (
  words: Words,
  text: string,
  code: string,
  parts: readonly string[],
  query?: Readonly<Record<string, string>>,
): StorePage => ({
  status: 200,
  text: withWay(words, text, parts, query),
  policy: servedPolicy(asset('page.css'), script(code), false),
})

const tablesOf = ({ store, regionTables, addressDatabase }: PagesRequest): Omit<PagesRequest, 'includeHosts'> => ({
  store,
  ...(regionTables === undefined ? {} : { regionTables }),
  ...(addressDatabase === undefined ? {} : { addressDatabase }),
})

async function place(
  of: PagesOf,
  route: Route,
  words: Words,
  snapshot: Snapshot,
  code: string,
  [kind, id, ...more]: readonly string[],
): Promise<StorePage> {
  if (!placePattern.test(code) || more.length > 0) throw notFound()
  const { regions, request } = of
  const facts = await of.made.get(keyOf(snapshot, 'place', code), () =>
    placeOf(snapshot, code, regions, tablesOf(request), folderIn(of)),
  )
  if (facts === undefined) throw notFound()
  if (kind === 'networks' && id !== undefined) return network(of, route, words, snapshot, facts, id)
  if (kind !== undefined) throw notFound()
  const service = route.query('service') || 'all'
  if (service !== 'all' && !facts.views.some((view) => view.services.some((each) => each.id === service)))
    throw notFound()
  // Loaded here, as drawing a map needs much that nothing else does.
  const { placePage } = await import('../reports/store/place.ts')
  return { status: 200, text: placePage(words, facts, service) }
}

async function network(
  of: PagesOf,
  route: Route,
  words: Words,
  snapshot: Snapshot,
  facts: StorePlace,
  id: string,
): Promise<StorePage> {
  const found = facts.sources
    .flatMap(({ unit, networks = [] }) => networks.map((each) => ({ unit, each })))
    .find(({ each }) => each.id === id)
  const number = Number(route.query('page') || '1')
  if (found === undefined || !Number.isInteger(number) || number < 1 || number > 1e6) throw notFound()
  const { each, unit } = found
  const hosts =
    of.request.includeHosts && isOfRecords(snapshot)
      ? await of.made.get(keyOf(snapshot, 'hosts', facts.place.code, id, String(number)), () =>
          networkHosts(hostsAsked(of, snapshot), facts.place.code, each.keys, number),
        )
      : undefined
  if (number > 1 && (hosts === undefined || (number - 1) * hostsOnPage >= hosts.total)) throw notFound()
  const { networkPage } = await import('../reports/store/hosts.ts')
  return { status: 200, text: networkPage(words, facts, each, words.page.units[unit], hosts, number) }
}

const hostsAsked = (of: PagesOf, snapshot: RecordsSnapshot): Parameters<typeof hostOf>[0] => ({
  snapshot,
  regions: of.regions,
  request: tablesOf(of.request),
  temporary: folderIn(of),
})

async function host(of: PagesOf, words: Words, snapshot: Snapshot, text: string): Promise<StorePage> {
  // Before it is known whether there is one.
  if (!of.request.includeHosts) throw new NoPage(403, words.store.hostsRefused)
  const address = canonicalAddress(text)
  if (address === undefined || !isOfRecords(snapshot)) throw notFound()
  const found = await of.made.get(keyOf(snapshot, 'host', address), () => hostOf(hostsAsked(of, snapshot), address))
  if (found === undefined) throw notFound()
  const { hostPage } = await import('../reports/store/hosts.ts')
  return { status: 200, text: hostPage(words, found) }
}

/** The page of `census compare`. */
async function comparison(
  of: PagesOf,
  { query }: Route,
  words: Words,
  snapshots: readonly Snapshot[],
): Promise<StorePage> {
  const [old, now] = [sideOf(snapshots, query('old')), sideOf(snapshots, query('new'))]
  if (old === undefined || now === undefined) throw notFound()
  if (old.name === now.name) throw new NoPage(400, words.store.same)
  const isForced = query('force') === '1'
  const asked = { old: old.name, new: now.name, ...(isForced ? { force: '1' } : {}) }
  const key = JSON.stringify([keyOf(old.snapshot), keyOf(now.snapshot), asked, 'compare', words.language])
  const found = await of.made.get(key, () =>
    inFolder(of, async (out) => {
      try {
        const { language } = words
        const { page } = await compare({ ...tablesOf(of.request), ...asked, out, isForced, language })
        return { text: await readFile(page, 'utf8') }
      } catch (error) {
        for (const { snapshot } of [old, now]) if (!(await isThere(of, snapshot))) throw notFound()
        // That two cannot be compared is an answer.
        if (error instanceof CensusError && error.exit === exitCodes.wrongInput) return { refused: error }
        throw error
      }
    }),
  )
  return found.text === undefined
    ? { status: 409, text: refusedPage(words, asked, found.refused) }
    : written(words, found.text, 'comparison.js', ['compare'], asked)
}

/** `SNAPSHOT` or `SNAPSHOT/SOURCE`, of what there is. */
function sideOf(
  snapshots: readonly Snapshot[],
  name: string,
): { readonly name: string; readonly snapshot: Snapshot } | undefined {
  const snapshot = snapshots.find(
    ({ id, manifest: { sources } }) => name === id || sources.some((source) => name === `${id}/${source}`),
  )
  return snapshot === undefined ? undefined : { name, snapshot }
}
