import { appendFile, cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { compare } from '../../src/pipeline/compare.ts'
import { downloadRecords, planRecords, type RecordsRequest } from '../../src/pipeline/records.ts'
import { makeReport } from '../../src/pipeline/report.ts'
import { survey } from '../../src/pipeline/survey.ts'
import type { RecordsManifest } from '../../src/store/manifest.ts'
import type { RecordsSnapshot } from '../../src/store/snapshots.ts'
import { syntheticBanners } from '../helpers/engine-banners.ts'
import { shodanAnswers, type ShodanOptions } from '../helpers/engine-shodan.ts'
import { anyFaults, startEngine, type Answer, type Engine, type EngineRequest, type Fault } from '../helpers/engine.ts'
import { imported, observationRows, temporaryFolder } from '../helpers/store.ts'
import { faultStep, patience } from '../helpers/surveys.ts'

const everyBanner = syntheticBanners(4000, { seed: 5 })
/** Without those whose module says nothing: they are asked for by their ports, which is a query more for each service. */
const banners = everyBanner.filter(({ module }) => module !== 'auto')
const ofModule = (module: string): number => banners.filter((banner) => banner.module === module).length
const pagesOf = (module: string): number => Math.ceil(ofModule(module) / 100)
/** ntp and mqtt: a few pages each. */
const pages = pagesOf('ntp') + pagesOf('mqtt')

const engines: Engine[] = []
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close()
})

interface EngineChange extends ShodanOptions {
  readonly faults?: (n: number, request: EngineRequest) => Fault | undefined
  readonly change?: (answer: Answer) => Answer
}

async function started({ faults, change = (answer) => answer, ...options }: EngineChange = {}): Promise<Engine> {
  const answer = change(shodanAnswers(banners, { credits: 1000, ...options }))
  const engine = await startEngine({ answer, ...(faults === undefined ? {} : { faults }) })
  engines.push(engine)
  return engine
}

const requestOf = (engine: Engine, store: string, more: Partial<RecordsRequest> = {}): RecordsRequest => ({
  store,
  engine: 'shodan',
  country: 'JP',
  key: () => 'key',
  endpoint: engine.url,
  requestsPerSecond: 1000,
  maxCredits: pages,
  http: patience(),
  services: ['ntp', 'mqtt'],
  ...more,
})

async function downloaded(change: EngineChange = {}, more: Partial<RecordsRequest> = {}) {
  const engine = await started(change)
  const store = join(await temporaryFolder(), 'store')
  const run = (again: Partial<RecordsRequest> = {}): Promise<RecordsSnapshot> =>
    downloadRecords(requestOf(engine, store, { ...more, ...again }))
  return { engine, store, run }
}

const isPage = ({ path }: EngineRequest): boolean => path === '/shodan/host/search'
const paid = (engine: Engine): number => engine.requests.filter(isPage).length
const surveyOf = ({ manifest }: RecordsSnapshot): NonNullable<RecordsManifest['survey']> => {
  if (manifest.survey === undefined) throw new Error('a snapshot without a survey')
  return manifest.survey
}

/** What a download by the engine's own client would be imported as. */
async function truth(modules: readonly string[], options: ShodanOptions = {}) {
  const answer = shodanAnswers(banners, { credits: 1000, ...options })
  const lines: string[] = []
  for (const module of modules) {
    for (let page = 1; page <= pagesOf(module); page++) {
      const params = { query: `country:JP shodan.module:${module}`, page: String(page) }
      const { body } = await answer({
        method: 'GET',
        path: '/shodan/host/search',
        params,
        headers: {},
        body: '',
        at: 0,
      })
      lines.push(...(body as { matches: unknown[] }).matches.map((match) => JSON.stringify(match)))
    }
  }
  return rowsOf(await imported({ 'download.json.gz': gzipSync(`${lines.join('\n')}\n`) }))
}
/** Rows in short: one that differs anywhere has another digest. */
const rowsOf = async (snapshot: RecordsSnapshot): Promise<string[]> =>
  (await observationRows(snapshot)).map((row) =>
    ['address', 'port', 'digest'].map((name) => String(row[name])).join(' '),
  )
const both = truthOnce()
function truthOnce() {
  let known: ReturnType<typeof truth> | undefined
  return () => (known ??= truth(['ntp', 'mqtt']))
}

/** Sends an answer of another page, or part of it. */
const changed =
  (isIt: (request: EngineRequest) => boolean, body: (whole: { matches: unknown[]; total: number }) => unknown) =>
  (answer: Answer): Answer =>
  async (request) => {
    const reply = await answer(request)
    return isIt(request) ? { ...reply, body: body(reply.body as { matches: unknown[]; total: number }) } : reply
  }

describe('a download', () => {
  test('becomes the snapshot that an import of the same records would be, and says what it cost', async () => {
    const { engine, store, run } = await downloaded()
    const snapshot = await run()
    expect(await rowsOf(snapshot)).toEqual(await both())
    expect(snapshot.manifest).toMatchObject({ basis: 'records', sources: ['shodan'], complete: true, missing: [] })
    const { queries, ledger, drift, endpoint, country } = surveyOf(snapshot)
    expect({ endpoint, country }).toEqual({ endpoint: engine.url, country: 'JP' })
    expect(queries).toEqual(
      // In the catalogue's order.
      ['ntp', 'mqtt'].map((module) => ({
        what: module,
        query: `country:JP shodan.module:${module},${module === 'ntp' ? 'ntp-monlist' : 'mqtts'}`,
        total: ofModule(module),
        rows: ofModule(module),
        duplicates: 0,
        pages: pagesOf(module),
      })),
    )
    expect(ledger).toEqual({
      attempts: pages,
      retries: 0,
      retryBudget: 10 + Math.ceil(pages / 4),
      credits: pages,
      doubtful: 0,
      maxCredits: pages,
      free: engine.requests.length - pages,
    })
    expect(drift).toEqual({ first: ofModule('ntp'), last: ofModule('ntp') })
    expect(paid(engine)).toBe(pages)
    expect((await readdir(store)).toSorted()).toEqual(['.lock', 'snapshots'])
  })

  test('of no service named is one query, and of a category its services', async () => {
    const { engine, run } = await downloaded({}, { maxCredits: 1000 })
    const everything = await run({ services: ['all', 'mail'], id: 'all' })
    expect(surveyOf(everything).queries).toMatchObject([{ what: 'all', query: 'country:JP', rows: banners.length }])
    expect(everything.manifest.accounting).toMatchObject({ in: banners.length, kept: banners.length })
    const mail = surveyOf(await run({ services: ['mail', 'smtp'], id: 'mail' }))
    expect(new Set(mail.queries.map(({ what }) => what)).size).toBe(mail.queries.length)
    expect(mail.queries.find(({ what }) => what === 'smtp')).toMatchObject({ rows: ofModule('smtp') })
    const asked = engine.requests.filter(isPage).map(({ params }) => `${params['query']} ${params['page']}`)
    expect(new Set(asked).size).toBe(asked.length)
  })

  test('has what a survey counts: records whose name says nothing, too', async () => {
    const engine = await startEngine({ answer: shodanAnswers(everyBanner, { credits: 1000, regions: 'name' }) })
    engines.push(engine)
    const store = join(await temporaryFolder(), 'store')
    const services = ['smtp', 'ntp']
    const request = requestOf(engine, store, { services, maxCredits: 1000 })
    const { id, manifest } = await downloadRecords({ ...request, id: 'records' })
    expect(manifest.survey).toMatchObject({ services })
    const { sources } = { sources: [request] }
    const counted = await survey({ store, country: 'JP', by: [], services, http: {}, sources, id: 'facets' })
    const compared = await compare({ store, old: id, new: counted.id, out: join(store, 'compared') })
    const totals = compared.rows.filter(({ region }) => region === 'JP')
    expect(totals.map(({ service }) => service)).toEqual(services)
    for (const { old, new: now } of totals) expect(now.count).toBe(old.count)
    const silent = everyBanner.filter(({ module, port }) => module === 'auto' && port === 25).length
    expect(silent).toBeGreaterThan(0)
    expect(totals[0]?.new.count).toBeGreaterThanOrEqual(ofModule('smtp') + silent)
    // What was not asked for is not there.
    await expect(
      makeReport({ store, snapshot: id, services: ['http'], per: 1, out: join(store, 'out') }),
    ).rejects.toMatchObject({
      exit: 2,
      message: 'the survey has no counts of "http"',
    })
  })

  test('keeps records that cannot be read whole', async () => {
    const odd =
      (answer: Answer): Answer =>
      async (request) => {
        const reply = await answer(request)
        if (!isPage(request)) return reply
        const { matches, total } = reply.body as { matches: Record<string, unknown>[]; total: number }
        // A line separator is no line end in JSON.
        const spoiled = matches.map((match, index) =>
          index === 5 ? { ...match, port: 'x'.repeat(2000), os: 'a\u2028b' } : { ...match, os: 'c\u2028d' },
        )
        return { ...reply, body: { matches: spoiled, total } }
      }
    const { run } = await downloaded({ change: odd })
    const { folder, manifest } = await run()
    expect(manifest.accounting.rejected).toBe(pages)
    const rejects = (await readFile(join(folder, 'rejects.ndjson'), 'utf8')).trimEnd().split('\n')
    expect(rejects).toHaveLength(pages)
    for (const reject of rejects.map((line) => JSON.parse(line) as { file: string; text: string })) {
      expect(reject.file).toBe('shodan-JP.ndjson')
      expect(JSON.parse(reject.text)).toMatchObject({ port: 'x'.repeat(2000), os: 'a\u2028b' })
    }
  })

  test('from another path of the same host is another one', async () => {
    const answer = shodanAnswers(banners, { credits: 1000 })
    const engine = await startEngine({
      answer: (request) => answer({ ...request, path: request.path.replace(/^\/[ab]/, '') }),
      faults: (_, { path, params }) =>
        path.startsWith('/a') && Number(params['page']) > 1 ? { fault: 'down', status: 500 } : undefined,
    })
    engines.push(engine)
    const store = join(await temporaryFolder(), 'store')
    const from = (path: string) => ({ ...requestOf(engine, store), endpoint: `${engine.url}/${path}`, id: path })
    expect((await downloadRecords({ ...from('a'), maxCredits: 100 })).manifest.complete).toBe(false)
    const pagesAsked = (): number => engine.requests.filter(({ path }) => path.endsWith('/host/search')).length
    const before = pagesAsked()
    const other = await downloadRecords(from('b'))
    expect(surveyOf(other).endpoint).toBe(`${engine.url}/b`)
    expect(pagesAsked() - before).toBe(pages)
  })

  test('is planned before it is paid for', async () => {
    const { engine, store, run } = await downloaded({ credits: 77 }, { maxCredits: pages - 1 })
    const plan = await planRecords(requestOf(engine, store, { maxCredits: 0 }))
    expect(plan).toMatchObject({
      queries: ['ntp', 'mqtt'].map((what) => ({ what, total: ofModule(what), pages: pagesOf(what), stored: 0 })),
      credits: pages,
      spent: 0,
      account: { plan: 'dev', credits: 77 },
    })
    await expect(run()).rejects.toMatchObject({
      exit: 2,
      message: `Shodan has ${pages} pages to download for ${pages} credits, and --max-credits allows ${pages - 1}`,
    })
    expect(paid(engine)).toBe(0)
    await expect(readdir(store)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('of nothing is none', async () => {
    const { store, run } = await downloaded({}, { services: ['telnet'], maxCredits: 5 })
    await expect(run()).rejects.toMatchObject({ exit: 1, message: expect.stringMatching(/it counts none/) as string })
    await expect(readdir(store)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('the journal', () => {
  const only = async (store: string): Promise<string> =>
    join(store, 'surveys', (await readdir(join(store, 'surveys')))[0] ?? '')

  test('has every attempt on the disk before it is sent, and every page before the next', async () => {
    const told: unknown[] = []
    let folder = ''
    const looking =
      (answer: Answer): Answer =>
      async (request) => {
        if (isPage(request)) {
          const lines = (await readFile(join(await only(folder), 'journal.ndjson'), 'utf8')).trimEnd().split('\n')
          const files = (await readdir(await only(folder))).filter((name) => name.startsWith('page-'))
          const { event, page } = JSON.parse(lines.at(-1) ?? '') as { event: string; page: number }
          const stored = lines.filter((line) => line.includes('"event":"stored"')).length
          told.push({ event, page: String(page), stored, files: files.length })
        }
        return answer(request)
      }
    const { engine, store, run } = await downloaded({ change: looking })
    folder = store
    await run()
    expect(told).toEqual(
      engine.requests
        .filter(isPage)
        .map(({ params }, at) => ({ event: 'attempt', page: params['page'], stored: at, files: at })),
    )
  })

  test('of a download that became a snapshot is at its end, though it was not taken away', async () => {
    const saved = join(await temporaryFolder(), 'saved')
    let folder = ''
    const saving =
      (answer: Answer): Answer =>
      async (request) => {
        const isLast = request.path === '/shodan/host/count' && folder !== '' && paid(engines[0] as Engine) === pages
        if (isLast) await cp(join(folder, 'surveys'), saved, { recursive: true })
        return answer(request)
      }
    const { engine, store, run } = await downloaded({ change: saving })
    folder = store
    await run({ id: 'first' })
    // Killed before the snapshot: it is made of what is there.
    folder = ''
    await cp(saved, join(store, 'surveys'), { recursive: true })
    expect(await rowsOf(await run({ id: 'second' }))).toEqual(await both())
    expect(paid(engine)).toBe(pages)
    // Killed after it: the next download is another one.
    await cp(saved, join(store, 'surveys'), { recursive: true })
    const event = { event: 'publishing', at: new Date().toISOString(), id: 'first', complete: true }
    await appendFile(join(await only(store), 'journal.ndjson'), `${JSON.stringify(event)}\n`)
    expect(surveyOf(await run({ id: 'third' })).ledger.attempts).toBe(pages)
    expect(paid(engine)).toBe(2 * pages)
  })
})

describe('pages that are not what they should be', () => {
  const second = ({ path, params }: EngineRequest): boolean =>
    path === '/shodan/host/search' && params['page'] === '2' && (params['query'] ?? '').includes('ntp')

  test('a page that always repeats the one before is missing, and comes with a later run', async () => {
    let isBroken = true
    const repeating =
      (answer: Answer): Answer =>
      (request) =>
        answer(isBroken && second(request) ? { ...request, params: { ...request.params, page: '1' } } : request)
    const { engine, store, run } = await downloaded({ change: repeating }, { maxCredits: pages + 1 })
    const partial = await run({ id: 'partial' })
    expect(partial.manifest.missing).toEqual([
      `ntp: page 2 of ${pagesOf('ntp')} missing (its records are those of pages before)`,
    ])
    expect(partial.manifest.complete).toBe(false)
    expect(paid(engine)).toBe(pages + 1)
    // Nothing more is allowed, then nothing better comes, then the page.
    await expect(run({ id: 'more' })).rejects.toMatchObject({ exit: 2 })
    await expect(run({ id: 'more', maxCredits: pages + 2 })).rejects.toMatchObject({ exit: 1 })
    expect(paid(engine)).toBe(pages + 2)
    isBroken = false
    const whole = await run({ id: 'whole', maxCredits: pages + 3 })
    expect(await rowsOf(whole)).toEqual(await both())
    expect(surveyOf(whole).ledger).toMatchObject({ attempts: pages + 3, retries: 3, credits: pages + 3, doubtful: 0 })
    expect(paid(engine)).toBe(pages + 3)
    expect(await readdir(store)).not.toContain('surveys')
  })

  test('a page that comes short is asked for once more, and told', async () => {
    const half = changed(second, ({ matches, total }) => ({ matches: matches.slice(0, 40), total }))
    const { engine, run } = await downloaded({ change: half }, { maxCredits: pages + 1 })
    const snapshot = await run()
    expect(snapshot.manifest.missing).toEqual([`ntp: 60 of ${ofModule('ntp')} records did not come`])
    expect(snapshot.manifest.accounting.in).toBe(ofModule('ntp') + ofModule('mqtt') - 60)
    expect(paid(engine)).toBe(pages + 1)
  })

  test('a page that comes short takes no credit of the pages to come', async () => {
    const half = changed(second, ({ matches, total }) => ({ matches: matches.slice(0, 40), total }))
    const { engine, run } = await downloaded({ change: half })
    const snapshot = await run()
    expect(snapshot.manifest.accounting.in).toBe(ofModule('ntp') + ofModule('mqtt') - 60)
    expect(paid(engine)).toBe(pages)
  })

  test('an engine that never ends is not followed', async () => {
    const endless =
      (answer: Answer): Answer =>
      (request) =>
        answer(isPage(request) ? { ...request, params: { ...request.params, page: '1' } } : request)
    const { engine, run } = await downloaded({ change: endless }, { services: ['http'], maxCredits: 100 })
    const { manifest } = await run()
    expect(manifest.missing).toEqual([
      `http: pages 2-${pagesOf('http')} of ${pagesOf('http')} missing (its records are those of pages before)`,
    ])
    expect(manifest.accounting.in).toBe(100)
    expect(paid(engine)).toBeLessThanOrEqual(pagesOf('http') + 3)
  })

  test('records that come twice are kept once, and counted', async () => {
    const twice = changed(second, ({ matches, total }) => ({ matches: [...matches.slice(1), matches[1]], total }))
    const { run } = await downloaded({ change: twice })
    const snapshot = await run()
    expect(surveyOf(snapshot).queries[0]).toMatchObject({ rows: ofModule('ntp') - 1, duplicates: 1 })
    expect(snapshot.manifest.missing).toEqual([`ntp: 1 of ${ofModule('ntp')} records did not come`])
    expect(snapshot.manifest.accounting).toMatchObject({ in: ofModule('ntp') + ofModule('mqtt') - 1, repeats: 0 })
  })

  test.each([100, 250])('a total that grows by %i is followed for a page, and the rest planned anew', async (grown) => {
    let counts = 0
    const few = changed(
      ({ path }) => path === '/shodan/host/count' && counts++ === 1,
      ({ total, ...rest }) => ({ ...rest, total: total - grown }),
    )
    const { engine, run } = await downloaded({ change: few }, { services: ['smtp'], maxCredits: 100 })
    const total = ofModule('smtp')
    const came = Math.ceil((total - grown) / 100) + 1
    const snapshot = await run({ id: 'first' })
    expect(paid(engine)).toBe(came)
    expect(surveyOf(snapshot)).toMatchObject({
      queries: [{ total, rows: Math.min(100 * came, total), pages: came }],
      drift: { first: total - grown, last: total },
    })
    expect(snapshot.manifest.complete).toBe(grown === 100)
    if (grown === 100) return
    expect(snapshot.manifest.missing).toEqual([
      expect.stringMatching(new RegExp(`^smtp: pages? .* of ${pagesOf('smtp')} missing`)) as string,
    ])
    expect(surveyOf(await run({ id: 'second' })).queries).toMatchObject([{ rows: total, pages: pagesOf('smtp') }])
    expect(paid(engine)).toBe(pagesOf('smtp'))
  })
})

describe('an engine that misbehaves', () => {
  const kinds: readonly Fault[] = [
    ...anyFaults,
    { fault: 'cut', at: 20_000 },
    { fault: 'gzip-cut', at: 2000 },
    { fault: 'shape', body: { total: 0, matches: [] } },
    { fault: 'shape', body: { total: 5, matches: ['x'] } },
  ]
  /** How many there are more than were planned, as an attempt may have to be made again. */
  const slack = 2

  /** Requests of a download without faults. */
  const requests = pages + 6

  test('of a download without faults there are so many', async () => {
    const { engine, run } = await downloaded({})
    await run()
    expect(engine.requests).toHaveLength(requests)
  })

  test.each(kinds.map((fault, kind) => ({ fault, kind })))(
    'once, at any request: $fault',
    async ({ fault, kind }) => {
      const step = faultStep(Math.ceil(requests / 3))
      for (let at = kind % step; at < requests; at += step) {
        const faults = (n: number): Fault | undefined => (n === at ? fault : undefined)
        const { engine, run } = await downloaded({ faults }, { maxCredits: pages + slack, http: patience(fault) })
        const snapshot = await run()
        const isPartial = snapshot.manifest.missing.length > 0
        // A count that is wrong by more than a page can be told only when pages have come.
        const mayBe = JSON.stringify(fault).includes('"total":5')
        if (!(isPartial && mayBe)) {
          expect({ at, missing: snapshot.manifest.missing }).toEqual({ at, missing: [] })
          expect(await rowsOf(snapshot), `request ${at}`).toEqual(await both())
        }
        expect(engine.trapped()).toBe(0)
        const { ledger } = surveyOf(snapshot)
        expect(paid(engine)).toBe(ledger.attempts)
        expect(ledger.attempts).toBeLessThanOrEqual(pages + slack)
        expect(ledger.retries).toBeLessThanOrEqual(ledger.retryBudget)
        expect(ledger.attempts + ledger.free).toBe(engine.requests.length)
        await engine.close()
      }
    },
    120_000,
  )

  const lasting = kinds.filter(({ fault }) => !['total', 'content-type'].includes(fault))
  test.each(lasting.map((fault, kind) => ({ fault, kind })))(
    'for good, from some page on: $fault',
    async ({ fault, kind }) => {
      const step = faultStep(pages - 1)
      for (let from = kind % step; from < pages - 1; from += step) {
        let isBroken = true
        let at = 0
        const faults = (_: number, request: EngineRequest): Fault | undefined =>
          isBroken && isPage(request) && at++ >= from ? fault : undefined
        const { engine, store, run } = await downloaded({ faults }, { maxCredits: pages + 3, http: patience(fault) })
        const first = run({ id: 'first' })
        if (from === 0) {
          await expect(first).rejects.toMatchObject({
            exit: 1,
            message: expect.stringMatching(/^Shodan (refuses|does not answer|gave no record)/) as string,
          })
        } else {
          const { manifest } = await first
          expect(manifest.complete).toBe(false)
          expect(manifest.missing.join('\n')).toMatch(/missing \(/)
          const rows = new Set(await both())
          expect((await rowsOf(await first)).filter((row) => !rows.has(row))).toEqual([])
        }
        expect(paid(engine)).toBeLessThanOrEqual(pages + 3)
        expect(engine.trapped()).toBe(0)
        isBroken = false
        const before = engine.requests.filter(isPage).length
        const whole = await run({ id: 'second', maxCredits: 3 * pages })
        expect(await rowsOf(whole)).toEqual(await both())
        // No page that came is asked for again.
        const came = from === 0 ? 0 : await surveyPages(store, 'first')
        expect(paid(engine) - before).toBe(pages - came)
        await engine.close()
      }
    },
    120_000,
  )

  test('a refusal before anything is paid is told in the engine’s words, and leaves nothing', async () => {
    const { store, run } = await downloaded({ key: 'another' })
    await expect(run()).rejects.toMatchObject({ exit: 1, message: 'Shodan refuses: Access denied' })
    await expect(readdir(store)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('credits that end half-way are told in the engine’s words', async () => {
    const { engine, run } = await downloaded({ credits: 3 }, { maxCredits: pages + 5 })
    const { manifest } = await run()
    expect(manifest.missing.join('\n')).toMatch(/Insufficient query credits/)
    expect(manifest.accounting.in).toBe(300)
    // The refusal once more, and then no other page.
    expect(paid(engine)).toBe(5)
  })
})

async function surveyPages(store: string, id: string): Promise<number> {
  const manifest = JSON.parse(await readFile(join(store, 'snapshots', id, 'manifest.json'), 'utf8')) as RecordsManifest
  return (manifest.survey?.queries ?? []).reduce((sum, query) => sum + query.pages, 0)
}
