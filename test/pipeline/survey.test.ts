import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { survey } from '../../src/pipeline/survey.ts'
import type { SurveyRequest } from '../../src/pipeline/survey-plan.ts'
import { loadServices } from '../../src/recognise/service.ts'
import { readFacetTallies } from '../../src/store/facets.ts'
import type { EngineSurvey, FacetsManifest } from '../../src/store/manifest.ts'
import type { Snapshot } from '../../src/store/snapshots.ts'
import { prefectures, syntheticBanners, type SyntheticBanner } from '../helpers/engine-banners.ts'
import { shodanAnswers, type ShodanOptions } from '../helpers/engine-shodan.ts'
import { anyFaults, type Engine, type Fault } from '../helpers/engine.ts'
import { temporaryFolder } from '../helpers/store.ts'
import { faultStep, patience, started } from '../helpers/surveys.ts'

const catalogue = loadServices()
// Cities by the names of their prefectures, so that a gazetteer knows them.
const banners = syntheticBanners(2000, { seed: 7 }).map((banner) =>
  banner.regionName === undefined ? banner : { ...banner, city: banner.regionName },
)

interface Surveyed {
  readonly snapshot: Snapshot<FacetsManifest>
  readonly engine: Engine
  readonly counts: Readonly<Record<string, number>>
}

/** Surveys a synthetic country. `counts`: by `service region`, those of 0 left out. */
async function surveyed(
  options: ShodanOptions = {},
  request: Partial<SurveyRequest> = {},
  faults?: (n: number) => Fault | undefined,
): Promise<Surveyed> {
  const engine = await started(shodanAnswers(banners, options), faults)
  const folder = await temporaryFolder()
  const snapshot = await survey({
    store: join(folder, 'store'),
    sources: [{ engine: 'shodan', key: () => 'key', endpoint: engine.url, requestsPerSecond: 1000, maxCredits: 0 }],
    country: 'JP',
    by: [],
    http: patience(),
    services: ['mail', 'ntp', 'mqtt'],
    ...request,
  })
  const tallies = await readFacetTallies(snapshot.folder, join(folder, 'spill'))
  const counts = Object.fromEntries(
    tallies
      .filter(({ breakdown, count }) => breakdown === 'region' && count > 0)
      .map(({ service, region, count }) => [`${service} ${region === '' ? 'unknown' : region}`, count]),
  )
  return { snapshot, engine, counts }
}

/** What the manifest says of the one engine asked. */
function ofShodan({ manifest }: Surveyed['snapshot']): EngineSurvey {
  const [engine] = manifest.survey.engines
  if (engine === undefined) throw new Error('a survey of no engine')
  return engine
}

/** What the engine holds, counted here: a banner's service is what the catalogue says of its module and port. */
function truth(rows: readonly string[], service: (banner: SyntheticBanner) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const banner of banners) {
    const id = service(banner)
    const category = [...catalogue.categories].find(([, members]) => members.includes(id))?.[0] ?? ''
    for (const row of new Set(['all', category, id].filter((each) => rows.includes(each)))) {
      const key = `${row} ${banner.region === undefined ? 'unknown' : `JP-${banner.region}`}`
      counts[key] = (counts[key] ?? 0) + 1
    }
  }
  return counts
}

const classified = ({ module, port, transport }: SyntheticBanner): string =>
  catalogue.classify({ source: 'shodan', module, port, transport }).service
const mail = catalogue.categories.get('mail') ?? []
const rows = ['all', 'mail', ...mail, 'ntp', 'mqtt']

describe('a survey counts what records would be counted as', () => {
  test.each<ShodanOptions>([{ regions: 'name' }, { regions: 'iso' }, { regions: 'geonames' }])(
    'regions spelled as $regions',
    async (options) => {
      const { counts, snapshot } = await surveyed(options)
      expect(counts).toEqual(truth(rows, classified))
      expect(snapshot.manifest.complete).toBe(true)
      const { regions } = ofShodan(snapshot)
      expect(regions.undecoded).toEqual([])
      if (options.regions !== 'name') expect(regions).toMatchObject({ codeSet: options.regions, decidedBy: 'cities' })
    },
    30_000,
  )

  test('where the list of regions is cut off', async () => {
    const { counts, snapshot } = await surveyed({ regions: 'name', facetLimit: 10 })
    expect(counts).toEqual(truth(rows, classified))
    expect(snapshot.manifest.complete).toBe(true)
  })

  test('where modules cannot be listed, every port is asked for', async () => {
    const { counts } = await surveyed({ regions: 'name', moduleFacet: false })
    // Banners of a module that says nothing are in `all` alone: nothing tells that there are any.
    expect(counts).toEqual(truth(rows, (banner) => (catalogue.saysNothing(banner.module) ? '' : classified(banner))))
  })

  test('costs few requests and no credits, and says so', async () => {
    const { engine, snapshot } = await surveyed({ regions: 'name' }, { services: ['ntp', 'mqtt'] })
    const { ledger, requests, drift } = ofShodan(snapshot)
    expect(ledger).toMatchObject({ attempts: engine.requests.length, retries: 0, credits: 0 })
    const proofs = requests.filter(({ what }) => what.includes('outside of the regions'))
    // Filters, facets, `all` twice, ports of what says nothing, and the two services.
    expect(requests).toHaveLength(7 + proofs.length)
    expect(drift).toEqual({ first: banners.length, last: banners.length })
    expect(engine.requests.every(({ path }) => path !== '/shodan/host/search')).toBe(true)
  })
})

test('products are counted by region for the values listed, and the rest is `other`', async () => {
  const { snapshot, counts } = await surveyed({ regions: 'name' }, { services: ['http'], by: ['product'] })
  const tallies = await readFacetTallies(snapshot.folder, join(await temporaryFolder(), 'spill'))
  const found = tallies.filter(({ breakdown }) => breakdown === 'product')
  const expected = new Map<string, number>()
  for (const banner of banners.filter((each) => classified(each) === 'http')) {
    const key = `${banner.product ?? 'other'} ${banner.region === undefined ? '' : `JP-${banner.region}`}`
    expected.set(key, (expected.get(key) ?? 0) + 1)
  }
  expect(new Map(found.map(({ keys, region, count }) => [`${keys[1]} ${region}`, count]))).toEqual(expected)
  const tokyo = found.filter(({ region }) => region === 'JP-13').reduce((sum, { count }) => sum + count, 0)
  expect(tokyo).toBe(counts['http JP-13'])
})

describe('lists that are odd', () => {
  /** A survey of an engine some of whose answers are changed. */
  async function oddly(change: (body: Counts, n: number) => Counts, held = banners): Promise<Surveyed['snapshot']> {
    const right = shodanAnswers(held, { regions: 'name' })
    let n = 0
    const engine = await started(async (request) => {
      const reply = await right(request)
      return request.path === '/shodan/host/count' ? { body: change(reply.body as Counts, n++) } : reply
    })
    return survey({
      store: join(await temporaryFolder(), 'store'),
      sources: [{ engine: 'shodan', key: () => 'key', endpoint: engine.url, requestsPerSecond: 1000, maxCredits: 0 }],
      country: 'JP',
      by: [],
      http: patience(),
      services: ['mqtt'],
    })
  }
  interface Counts {
    readonly total: number
    readonly facets?: Readonly<Record<string, readonly { readonly value: string; readonly count: number }[]>>
  }

  test.each(['filters', 'facets'])('an engine that has no region among its %s is not asked for any', async (list) => {
    const right = shodanAnswers(banners, { regions: 'name' })
    const engine = await started(async (request) => {
      const reply = await right(request)
      return request.path.endsWith(`/search/${list}`)
        ? { body: (reply.body as string[]).filter((name) => name !== 'region') }
        : reply
    })
    const source = { engine: 'shodan', key: () => 'key', endpoint: engine.url, requestsPerSecond: 1000 } as const
    const store = join(await temporaryFolder(), 'store')
    const done = survey({ store, sources: [{ ...source, maxCredits: 0 }], country: 'JP', by: [], http: {} })
    await expect(done).rejects.toMatchObject({ exit: 1, message: 'Shodan refuses: it does not count by region' })
    expect(engine.requests.every(({ path }) => !path.endsWith('/count'))).toBe(true)
  })

  test('a region that cannot stand in a query leaves the others proved', async () => {
    const held = banners.map((banner) =>
      banner.regionName === 'Tottori' ? { ...banner, regionName: 'Tottori, Prefecture' } : banner,
    )
    const { manifest } = await oddly((body) => body, held)
    expect(manifest).toMatchObject({ complete: true, missing: [] })
    expect(manifest.survey.engines[0]?.rows.map(({ remainder }) => remainder)).not.toContain('unconfirmed')
  })

  test('a region listed twice is asked for again, and counted once', async () => {
    const { manifest } = await oddly((body, n) => {
      const [first] = body.facets?.['region'] ?? []
      return n === 0 && first !== undefined
        ? { ...body, facets: { ...body.facets, region: [first, ...(body.facets?.['region'] ?? [])] } }
        : body
    })
    expect(manifest.complete).toBe(true)
    expect(manifest.survey.engines[0]).toMatchObject({ ledger: { retries: 1 } })
  })

  test('regions with more than the total are told, and nothing is less than none', async () => {
    const { manifest } = await oddly((body) => ({ ...body, total: Math.floor(body.total / 2) }))
    expect(manifest.complete).toBe(false)
    expect(manifest.missing.join('\n')).toMatch(/^all: the regions listed have \d+ more than the total$/m)
    for (const { total, listed } of manifest.survey.engines[0]?.rows ?? [])
      expect(total - listed).toBeGreaterThanOrEqual(0)
  })
})

describe('an engine that misbehaves', () => {
  const kinds: readonly Fault[] = [
    ...anyFaults,
    { fault: 'total', delta: 1, field: 'facets.region.0.count' },
    { fault: 'shape', body: { total: 5, facets: { region: [{ value: {}, count: 5 }] } } },
  ]
  const services = ['ntp', 'mqtt']
  const expected = truth(['all', 'ntp', 'mqtt'], classified)

  test.each(kinds.map((fault, kind) => ({ fault, kind })))(
    'once, at any request: $fault',
    async ({ fault, kind }) => {
      const step = faultStep(4)
      let asked = step
      for (let at = kind % step; at < asked; at += step) {
        const request = { services, http: patience(fault) }
        const { counts, engine, snapshot } = await surveyed({ regions: 'name' }, request, (n) =>
          n === at ? fault : undefined,
        )
        expect({ at, counts, missing: snapshot.manifest.missing }).toEqual({ at, counts: expected, missing: [] })
        expect(engine.trapped()).toBe(0)
        const { ledger, requests } = ofShodan(snapshot)
        expect(ledger.attempts).toBe(engine.requests.length)
        expect(ledger.retries).toBeLessThanOrEqual(ledger.retryBudget)
        expect(ledger.attempts).toBeLessThanOrEqual(requests.length + ledger.retryBudget)
        asked = requests.length
        await engine.close()
      }
      expect(asked).toBeGreaterThan(6)
    },
    60_000,
  )

  test.each(kinds.filter(({ fault }) => !['repeat', 'total', 'shape', 'content-type'].includes(fault)))(
    'for good, from some request on: %j',
    async (fault) => {
      for (const from of [0, 2, 4, 6]) {
        const request = { services, http: patience(fault) }
        const done = surveyed({ regions: 'name' }, request, (n) => (n >= from ? fault : undefined))
        if (from <= 2)
          await expect(done).rejects.toMatchObject({
            exit: 1,
            message: expect.stringMatching(/^Shodan (refuses|does not answer)/) as string,
          })
        else {
          const { snapshot, counts, engine } = await done
          expect(snapshot.manifest.complete).toBe(false)
          expect(snapshot.manifest.missing.length).toBeGreaterThan(0)
          for (const [key, count] of Object.entries(counts)) expect(count).toBe(expected[key])
          const { ledger, requests } = ofShodan(snapshot)
          expect(ledger.attempts).toBe(engine.requests.length)
          expect(ledger.attempts).toBeLessThanOrEqual(requests.length + ledger.retryBudget)
        }
      }
    },
    60_000,
  )

  test('a survey that is answered nothing leaves the store as it was', async () => {
    const folder = await temporaryFolder()
    const store = join(folder, 'store')
    const done = surveyed({}, { store }, () => ({ fault: 'denied', status: 401, as: 'json' }))
    await expect(done).rejects.toMatchObject({ exit: 1, message: expect.stringMatching(/Access denied/) as string })
    expect(await readdir(folder)).toEqual([])
  })
})

test('prefectures of the generator are those of the tables', () => {
  expect(prefectures).toHaveLength(47)
})
