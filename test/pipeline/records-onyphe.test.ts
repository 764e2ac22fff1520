import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { downloadRecords, planRecords, type RecordsRequest } from '../../src/pipeline/records.ts'
import { makeReport } from '../../src/pipeline/report.ts'
import { recordsPlanLines } from '../../src/reports/import-text.ts'
import type { RecordsManifest } from '../../src/store/manifest.ts'
import type { RecordsSnapshot } from '../../src/store/snapshots.ts'
import { syntheticBanners } from '../helpers/engine-banners.ts'
import { onypheAnswers, onypheRecords, type OnypheOptions } from '../helpers/engine-onyphe.ts'
import { anyFaults, type Answer, type Engine, type EngineRequest, type Fault } from '../helpers/engine.ts'
import { imported, observationRows, temporaryFolder } from '../helpers/store.ts'
import { faultStep, patience, started, textsOf } from '../helpers/surveys.ts'

/** A few of them abroad. */
const banners = syntheticBanners(3000, { seed: 8 })
  .filter(({ module }) => module !== 'auto')
  .map((banner, index) => (index % 50 === 0 ? { ...banner, country: 'KR' } : banner))
const records = onypheRecords(banners)
const isHttps = ({ tls }: (typeof records)[number]): boolean => tls === 'true'
const recordsOf = (service: string) =>
  records.filter(
    (record) =>
      record['country'] === 'JP' &&
      (service === 'https' ? isHttps(record) : record['protocol'] === service && !isHttps(record)),
  )
const pagesOf = (...services: string[]): number =>
  services.reduce((sum, service) => sum + Math.max(1, Math.ceil(recordsOf(service).length / 100)), 0)

interface Change extends OnypheOptions {
  readonly faults?: (n: number, request: EngineRequest) => Fault | undefined
  readonly change?: (answer: Answer) => Answer
}

async function downloaded({ faults, change = (answer) => answer, ...options }: Change = {}) {
  const engine = await started(change(onypheAnswers(banners, options)), faults)
  const store = join(await temporaryFolder(), 'store')
  const request = (more: Partial<RecordsRequest> = {}): RecordsRequest => ({
    store,
    engine: 'onyphe',
    country: 'JP',
    key: () => 'key',
    endpoint: engine.url,
    requestsPerSecond: 1000,
    maxCredits: 100,
    http: patience(),
    services: ['ntp', 'smtp'],
    ...more,
  })
  return { engine, store, request, run: (more: Partial<RecordsRequest> = {}) => downloadRecords(request(more)) }
}

const isPage = ({ path }: EngineRequest): boolean => path === '/api/v2/search/'
const paid = (engine: Engine): number => engine.requests.filter(isPage).length
const surveyOf = ({ manifest }: RecordsSnapshot): NonNullable<RecordsManifest['survey']> =>
  manifest.survey ?? expect.fail('a snapshot without a survey')

const rowsOf = async (snapshot: RecordsSnapshot): Promise<string[]> =>
  (await observationRows(snapshot)).map((row) =>
    ['address', 'port', 'digest'].map((name) => String(row[name])).join(' '),
  )
/** What an export of the same records would be imported as. */
const exportOf = async (...services: string[]): Promise<string[]> => {
  const lines = services.flatMap(recordsOf).map((record) => `${JSON.stringify(record)}\n`)
  return rowsOf(await imported({ 'export.ndjson': lines.join('') }))
}

describe('records of ONYPHE', () => {
  test('become the snapshot that an import of an export of them would be, for a credit a page', async () => {
    const { engine, store, run } = await downloaded()
    const snapshot = await run()
    const pages = pagesOf('ntp', 'smtp')
    expect(pages).toBeGreaterThan(3)
    expect(await rowsOf(snapshot)).toEqual(await exportOf('ntp', 'smtp'))
    expect(snapshot.manifest).toMatchObject({ sources: ['onyphe'], complete: true, missing: [] })
    const { queries, ledger, drift } = surveyOf(snapshot)
    // In the catalogue's order.
    expect(queries).toEqual(
      ['smtp', 'ntp'].map((what) => ({
        what,
        query: `category:datascan country:JP ${what === 'ntp' ? 'protocol:ntp' : '?protocol:smtp ?protocol:smtps'}`,
        total: recordsOf(what).length,
        rows: recordsOf(what).length,
        duplicates: 0,
        pages: pagesOf(what),
      })),
    )
    expect(ledger).toMatchObject({ attempts: pages, credits: pages, doubtful: 0, free: 0 })
    expect(drift).toEqual({ first: recordsOf('smtp').length, last: recordsOf('smtp').length })
    expect([paid(engine), engine.requests.length]).toEqual([pages, pages])
    expect((await readdir(store)).toSorted()).toEqual(['.lock', 'snapshots'])
  })

  test('of HTTP and of HTTPS are told apart, and each is reported as itself', async () => {
    const { store, run } = await downloaded()
    const snapshot = await run({ services: ['http', 'https'] })
    expect(surveyOf(snapshot).queries.map(({ query, rows }) => [query, rows])).toEqual([
      ['category:datascan country:JP protocol:http !tls:true', recordsOf('http').length],
      ['category:datascan country:JP protocol:http tls:true', recordsOf('https').length],
    ])
    expect(recordsOf('https').length).toBeGreaterThan(0)
    const out = join(store, 'out')
    const { shown } = await makeReport({ store, snapshot: snapshot.id, services: ['http', 'https'], per: 1, out })
    for (const service of ['http', 'https']) {
      const whole = shown[0]?.rows.find((row) => row.service === service && row.region === 'JP')
      expect(whole?.count, service).toBe(new Set(recordsOf(service).map(({ ip }) => ip)).size)
    }
  })

  test('are planned without paying: what is not counted yet is said to be at least a page', async () => {
    const { engine, store, request, run } = await downloaded({ credits: 77 })
    const plan = await planRecords(request({ maxCredits: 1 }))
    expect(paid(engine)).toBe(0)
    expect(plan).toMatchObject({ credits: 2, isLeast: true, requests: 2, account: { plan: 'Lion View', credits: 77 } })
    const text = recordsPlanLines(plan).join('\n')
    expect(text).toMatch(/^smtp +\? +1\+ +0 +1\+$/m)
    expect(text).toContain('At least 2 pages for 2 credits')
    expect(text).toContain('too few, it takes --max-credits 2')
    expect(text).toContain('GET /api/v2/search/?q=category:datascan country:JP protocol:ntp&page=1&size=100')
    await expect(run({ maxCredits: 1 })).rejects.toMatchObject({
      exit: 2,
      message: 'ONYPHE (API v2) has at least 2 pages to download for 2 credits, and --max-credits allows 1',
    })
    expect(paid(engine)).toBe(0)
    await expect(readdir(store)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('that cost more than is allowed are told after their first pages, which are not asked for again', async () => {
    const { engine, request, run } = await downloaded()
    const pages = pagesOf('ntp', 'smtp')
    await expect(run({ maxCredits: pages - 1 })).rejects.toMatchObject({
      exit: 2,
      message: `ONYPHE (API v2) has ${pages - 2} pages to download for ${pages - 2} credits, after 2 spent on this download, and --max-credits allows ${pages - 1}`,
    })
    expect(paid(engine)).toBe(2)
    const plan = await planRecords(request())
    expect(plan).toMatchObject({ credits: pages - 2, isLeast: false, spent: 2 })
    expect(plan.queries.map(({ total }) => total)).toEqual([recordsOf('smtp').length, recordsOf('ntp').length])
    const snapshot = await run({ maxCredits: pages })
    expect(await rowsOf(snapshot)).toEqual(await exportOf('ntp', 'smtp'))
    expect(paid(engine)).toBe(pages)
  })

  test('go on where a page is there of which nobody lived to tell', async () => {
    const { engine, store, run } = await downloaded()
    const pages = pagesOf('ntp', 'smtp')
    await expect(run({ maxCredits: 2 })).rejects.toMatchObject({ exit: 2 })
    const [key = ''] = await readdir(join(store, 'surveys'))
    const path = join(store, 'surveys', key, 'journal.ndjson')
    const events = (await readFile(path, 'utf8')).trimEnd().split('\n')
    await writeFile(path, events.filter((line) => !/"(stored|counted)"/.test(line)).join('\n') + '\n')
    const snapshot = await run()
    expect(await rowsOf(snapshot)).toEqual(await exportOf('ntp', 'smtp'))
    expect(snapshot.manifest.complete).toBe(true)
    expect(paid(engine)).toBe(pages)
  })

  test('beyond the 10,000 of a query are missing, and said to be', async () => {
    const many = syntheticBanners(400, { seed: 3 })
      .filter(({ module, country }) => module === 'smtp' && country === 'JP')
      .flatMap((banner) =>
        Array.from({ length: 10_050 }, (_, at) => ({
          ...banner,
          ip_str: `198.18.${at >> 8}.${at & 255}`,
          timestamp: '2026-05-01T00:00:00.000000',
        })),
      )
      .slice(0, 10_050)
    const engine = await started(onypheAnswers(many))
    const { request } = await downloaded()
    const { manifest } = await downloadRecords(request({ endpoint: engine.url, services: ['smtp'] }))
    expect(manifest.missing).toEqual(['smtp: 50 of 10050 records are beyond the 10000 that are given of a query'])
    expect(manifest.accounting.in).toBe(10_000)
    expect(paid(engine)).toBe(100)
  })

  test.each([
    ['a term is overlooked', 'ntp', { overlooks: 'protocol' }, /records that were not asked for \(protocol /],
    ['only TLS is overlooked', 'https', { overlooks: 'tls' }, /records that were not asked for \(tls /],
    ['the country is overlooked', 'ntp', { overlooks: 'country' }, /records that were not asked for \(country /],
    ['pages are smaller than asked for', 'ntp', { pageSize: 10 }, /pages of 10 records where 100 were asked for/],
  ])('are refused when %s', async (_, service, options, message) => {
    const { engine, run } = await downloaded(options)
    await expect(run({ services: [service] })).rejects.toMatchObject({
      exit: 1,
      message: expect.stringMatching(message) as string,
    })
    // Once more, as answers may be mixed up on their way.
    expect(paid(engine)).toBe(2)
  })

  test('of which there are none are asked for once more, where that is allowed', async () => {
    const none = await downloaded({ change: () => onypheAnswers([]) })
    await expect(none.run({ services: ['ntp'], maxCredits: 2 })).rejects.toMatchObject({
      exit: 1,
      message: expect.stringMatching(/it counts none/) as string,
    })
    expect(paid(none.engine)).toBe(2)
  })

  test('are nowhere kept with the key', async () => {
    const canary = 'canary-5b1f0c7e9a'
    const { engine, store, request, run } = await downloaded({ key: canary })
    const plan = await planRecords(request({ key: () => canary }))
    const snapshot = await run({ key: () => canary })
    expect(engine.requests.every(({ headers }) => headers.authorization === `bearer ${canary}`)).toBe(true)
    for (const text of [...(await textsOf(store)), JSON.stringify([plan, snapshot])]) expect(text).not.toContain(canary)
    await expect(run({ key: () => 'another', id: 'x' })).rejects.toMatchObject({
      exit: 1,
      message: 'ONYPHE (API v2) refuses: Invalid API key',
    })
  })

  const kinds: readonly Fault[] = [
    ...anyFaults,
    { fault: 'cut', at: 20_000 },
    { fault: 'shape', body: { error: 0, status: 'ok', total: 0, results: [], page_size: 100 } },
    { fault: 'shape', body: { error: 0, status: 'ok', total: 5, results: ['x'], page_size: 100 } },
    { fault: 'shape', body: { count: 0, error: 7, status: 'nok', text: 'Internal trouble' } },
  ]
  let exported: Promise<string[]> | undefined
  test.each(kinds.map((fault, kind) => ({ fault, kind })))(
    'are whole, or said not to be, after a fault at any request: $fault',
    async ({ fault, kind }) => {
      const pages = pagesOf('ntp', 'smtp')
      const all = await (exported ??= exportOf('ntp', 'smtp'))
      const step = faultStep(3)
      for (let at = kind % step; at < pages; at += step) {
        const faults = (n: number): Fault | undefined => (n === at ? fault : undefined)
        const { engine, run } = await downloaded({ faults })
        const snapshot = await run({ maxCredits: pages + 3, http: patience(fault) })
        const rows = await rowsOf(snapshot)
        if (snapshot.manifest.missing.length === 0) expect(rows, `request ${at}`).toEqual(all)
        else expect(rows.filter((row) => !all.includes(row))).toEqual([])
        expect(paid(engine)).toBe(surveyOf(snapshot).ledger.attempts)
        expect(paid(engine)).toBeLessThanOrEqual(pages + 3)
        expect(engine.trapped()).toBe(0)
      }
    },
    60_000,
  )
})
