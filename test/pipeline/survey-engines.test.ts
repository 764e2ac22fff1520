import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EngineRequest as Source } from '../../src/pipeline/engine.ts'
import { planSurvey, type SurveyRequest } from '../../src/pipeline/survey-plan.ts'
import { accountsOf, survey } from '../../src/pipeline/survey.ts'
import { loadServices } from '../../src/recognise/service.ts'
import { syntheticBanners, type SyntheticBanner } from '../helpers/engine-banners.ts'
import { fofaAnswers } from '../helpers/engine-fofa.ts'
import { quakeAnswers } from '../helpers/engine-quake.ts'
import type { Answer, Engine, EngineOptions, EngineRequest, Fault } from '../helpers/engine.ts'
import { temporaryFolder } from '../helpers/store.ts'
import {
  countsOf,
  expectTruthOrPartial,
  failureOf,
  faultStep,
  patience,
  regionOf,
  requestOf,
  started,
  surveyed,
  textsOf,
  type Counts,
  type Surveyed,
} from '../helpers/surveys.ts'

// Engines that count records of services, and are asked from their documentation alone.

const catalogue = loadServices()
// It is written otherwise in addresses, in forms and in Base64.
const key = 'canary+key/0123456789='
/** Those of Japan, and some of elsewhere, which no survey of Japan may count. */
const japanese = syntheticBanners(2000, { seed: 7 })
const banners: readonly SyntheticBanner[] = [
  ...japanese,
  ...syntheticBanners(100, { seed: 8 }).map((banner) => ({ ...banner, country: 'KR' })),
]

interface Options {
  readonly credits?: number
  readonly bucketLimit?: number
}

/** An engine, and what the tests have to know of it. */
interface Played {
  readonly engine: 'fofa' | 'quake'
  readonly title: string
  readonly answers: (of: readonly SyntheticBanner[], options: Options) => Answer & { spent(): number }
  /** What is asked for, and the rows that makes. */
  readonly services: readonly string[]
  readonly rows: readonly string[]
  /** Where a request has its key, and its question. */
  readonly keyOf: (request: EngineRequest) => unknown
  readonly questionOf: (request: EngineRequest) => string
  /** Where an answer has its total. */
  readonly total: string
  /** Errors of its own that another attempt can change, and those that are refusals. */
  readonly passing: readonly unknown[]
  readonly refusing: readonly unknown[]
  /** Answers of another shape. */
  readonly shapes: readonly unknown[]
  /** An error that says so; an answer with a region of that name. */
  readonly saying: (text: string) => unknown
  readonly naming: (region: string) => unknown
}

const fofa: Played = {
  engine: 'fofa',
  title: 'FOFA',
  answers: (of, { credits = 1000, ...options }) => fofaAnswers(of, { key, points: credits, ...options }),
  services: ['mail', 'ntp', 'http'],
  rows: ['all', 'mail', 'smtp', 'imap', 'pop3', 'managesieve', 'clamav', 'ntp', 'http'],
  keyOf: ({ params }) => params['key'],
  questionOf: ({ params }) => Buffer.from(params['qbase64'] ?? '', 'base64').toString(),
  total: 'size',
  passing: [{ error: true, errmsg: '[45012] 请求速度过快' }],
  refusing: [
    { error: true, errmsg: '[-700] 账号无效' },
    { error: true, errmsg: '[820031] F点余额不足' },
  ],
  shapes: [
    { error: false, size: 1, aggs: {} },
    { error: false, size: 1, aggs: { countries: [] } },
    { error: false, size: 1, aggs: { countries: [{ name_code: 'KR', count: 1, regions: [] }] } },
  ],
  saying: (text) => ({ error: true, errmsg: `[-4] ${text}` }),
  naming: (region) => ({
    error: false,
    size: 9,
    aggs: { countries: [{ name_code: 'JP', count: 9, regions: [{ name: region, count: 9 }] }] },
  }),
}

const bodyOf = ({ body }: EngineRequest): Readonly<Record<string, unknown>> =>
  JSON.parse(body) as Readonly<Record<string, unknown>>

const quake: Played = {
  engine: 'quake',
  title: '360 Quake (API v3)',
  answers: (of, options) => quakeAnswers(of, { token: key, ...options }),
  services: ['mail', 'rtsp', 'web'],
  rows: ['all', 'mail', 'smtp', 'imap', 'pop3', 'web', 'rtsp'],
  keyOf: ({ headers }) => headers['x-quaketoken'],
  questionOf: (request) => String(bodyOf(request)['query']),
  total: 'data.country_code.0.doc_count',
  passing: [{ code: 'q3005', message: '访问已被限速', data: {} }],
  refusing: [
    { code: 'u3011', message: '用户缺少必要权限', data: {} },
    { code: 'q3007', message: '用户积分不足', data: {} },
  ],
  shapes: [
    { code: 0, message: 'Successful.', data: {}, meta: {} },
    { code: 0, message: 'Successful.', data: { country_code: [{ key: 'KR', doc_count: 1 }], province: [] } },
    { code: 0, message: 'Successful.', data: { country_code: [{ key: 'JP', doc_count: 1 }], city: [] } },
  ],
  saying: (text) => ({ code: 'u3010', message: text, data: {} }),
  naming: (region) => ({
    code: 0,
    message: 'Successful.',
    data: { country_code: [{ key: 'JP', doc_count: 9 }], province: [{ key: region, doc_count: 9 }] },
  }),
}

const sourceOf = ({ engine }: Played, { url }: Engine, rest: Partial<Source> = {}): Source => ({
  engine,
  key: () => key,
  endpoint: url,
  requestsPerSecond: 1000,
  maxCredits: 1000,
  isExperimental: true,
  ...rest,
})

interface Found extends Surveyed {
  readonly counts: Counts
  readonly asked: Engine
  readonly spent: number
}

async function surveyedBy(
  played: Played,
  options: Options = {},
  rest: Partial<SurveyRequest> = {},
  more: {
    readonly faults?: EngineOptions['faults']
    readonly source?: Partial<Source>
    readonly of?: readonly SyntheticBanner[]
  } = {},
): Promise<Found> {
  const answer = played.answers(more.of ?? banners, options)
  const asked = await started(answer, more.faults)
  const found = await surveyed([sourceOf(played, asked, more.source)], { services: played.services, ...rest })
  return { ...found, counts: countsOf(found.tallies, played.engine), asked, spent: answer.spent() }
}

/** The banners of a service by `service region`, for rows that are services, categories or `all`. */
function truth({ engine }: Played, rows: readonly string[], of = japanese): Counts {
  const named = new Set(catalogue.services.flatMap(({ id, names }) => (names[engine] === undefined ? [] : [id])))
  const counts: Record<string, number> = {}
  for (const banner of of) {
    const { module, port, transport } = banner
    const { service, by } = catalogue.classify({ source: 'shodan', module, port, transport })
    for (const row of rows) {
      const members = catalogue.categories.get(row) ?? [row]
      if (row !== 'all' && !(by === 'name' && named.has(service) && members.includes(service))) continue
      const where = `${row} ${regionOf(banner)}`
      counts[where] = (counts[where] ?? 0) + 1
    }
  }
  return counts
}

const sumOf = (counts: Counts, row: string): number =>
  Object.entries(counts).reduce((sum, [where, count]) => sum + (where.startsWith(`${row} `) ? count : 0), 0)

test('the banners have what the tests are about: services in many regions, and some in none', () => {
  for (const played of [fofa, quake]) {
    const counts = truth(played, played.rows)
    for (const row of [...played.services, 'all', 'smtp', 'imap']) {
      expect(sumOf(counts, row)).toBeGreaterThan(50)
      expect(counts[`${row} unknown`]).toBeGreaterThan(0)
    }
  }
})

describe.each([fofa, quake])('$engine', (played) => {
  const { engine, title, services, rows } = played
  const expected = truth(played, rows)
  const few = services.slice(1, 2)
  const expectedFew = truth(played, ['all', ...few])

  test('is asked only as an experiment', async () => {
    const asked = await started(played.answers(banners, {}))
    const folder = await temporaryFolder()
    const source = sourceOf(played, asked, { isExperimental: false })
    const error = await failureOf(survey(requestOf(join(folder, 'store'), [source], { services })))
    expect(error).toMatchObject({ exit: 2, message: expect.stringContaining('not confirmed') as unknown })
    expect(asked.connections()).toBe(0)
    expect(await readdir(folder)).toEqual([])
  })

  test('is not asked for what costs more than is allowed', async () => {
    const asked = await started(played.answers(banners, {}))
    const folder = await temporaryFolder()
    // The rows, and `all` at the end.
    const most = rows.length
    const request = requestOf(join(folder, 'store'), [sourceOf(played, asked, { maxCredits: most })], { services })
    await expect(survey(request)).rejects.toMatchObject({
      exit: 2,
      message: expect.stringMatching(`${most + 1} requests for ${most + 1} credits, .* allows ${most}$`) as unknown,
    })
    expect(asked.connections()).toBe(0)
    expect(await readdir(folder)).toEqual([])
  })

  test('is planned without its key, and asked for the account only', async () => {
    const asked = await started(played.answers(banners, { credits: 77 }))
    const folder = await temporaryFolder()
    const [plan] = await planSurvey(requestOf(join(folder, 'store'), [sourceOf(played, asked)], { services }))
    expect(plan?.requests.map(({ what, credits }) => [what, credits])).toEqual(
      [...rows, 'all, at the end'].map((what) => [what, 1]),
    )
    // A list of FOFA's may be of five regions.
    expect(plan?.more[0]?.requests).toBe(rows.length * (engine === 'fofa' ? 10 : 1))
    expect(plan?.account).toMatchObject({ credits: 77 })
    expect(JSON.stringify(plan)).not.toContain('canary')
    expect(plan?.requests[1]?.request).toContain('smtp')
    expect(asked.requests).toHaveLength(1)
    expect(await readdir(folder)).toEqual([])
  })

  test('refuses a wrong key in its own words', async () => {
    const asked = await started(played.answers(banners, {}))
    const source = sourceOf(played, asked, { key: () => 'another-canary-0123' })
    const error = await failureOf(accountsOf({ sources: [source], http: {} }))
    expect(error).toMatchObject({ exit: 1, message: expect.stringContaining('refuses: ') as unknown })
    expect(error.message).toMatch(/Account Invalid|u3004/)
  })

  test('counts each row in each region, and what has none', async () => {
    const { counts, tallies, snapshot, asked, spent } = await surveyedBy(played)
    expect(counts).toEqual(expected)
    expect(new Set(tallies.map(({ source }) => source))).toEqual(new Set([engine]))
    const { complete, missing, sources, survey: facts } = snapshot.manifest
    expect({ complete, missing, sources }).toEqual({ complete: true, missing: [], sources: [engine] })
    expect(facts.engines).toMatchObject([
      { source: engine, unit: 'banners', regions: { spelled: 'names', undecoded: [] } },
    ])
    const [told] = facts.engines
    expect(told?.drift).toEqual({ first: japanese.length, last: japanese.length })
    expect(told?.rows.map(({ service, total, remainder }) => [service, total, remainder])).toEqual(
      rows.map((row) => [row, sumOf(expected, row), sumOf(expected, row) === 0 ? 'none' : 'confirmed']),
    )
    expect(told?.ledger).toMatchObject({ attempts: asked.requests.length, retries: 0, credits: spent })
    expect(spent).toBe(asked.requests.length)
  })

  test('counts every service it has a name for, and every category, when none is named', async () => {
    const folder = await temporaryFolder()
    const asked = await started(played.answers(banners, {}))
    const { services: _, ...request } = requestOf(join(folder, 'store'), [sourceOf(played, asked)])
    const { manifest } = await survey(request)
    const told = manifest.survey.engines[0]?.rows ?? []
    const askable = catalogue.services.filter(
      ({ id, names }) => names[engine] !== undefined && !(engine === 'quake' && ['http', 'https'].includes(id)),
    )
    const categories = [...catalogue.categories].filter(([, members]) =>
      catalogue.services.some(({ id, names }) => members.includes(id) && names[engine] !== undefined),
    )
    const all = ['all', ...askable.map(({ id }) => id), ...categories.map(([category]) => category)]
    const found = truth(played, all)
    expect(Object.fromEntries(told.map(({ service, total }) => [service, total]))).toEqual(
      Object.fromEntries(all.map((row) => [row, sumOf(found, row)])),
    )
    expect({ complete: manifest.complete, missing: manifest.missing }).toEqual({ complete: true, missing: [] })
  })

  test.each([5, 2])('is asked on where its lists are cut off at %d', async (bucketLimit) => {
    const { counts, snapshot, asked, spent } = await surveyedBy(played, { bucketLimit }, { services: few })
    expect(counts).toEqual(expectedFew)
    const { complete, survey: facts } = snapshot.manifest
    expect(complete).toBe(true)
    expect(facts.engines[0]?.ledger.credits).toBe(spent)
    const excluding = asked.requests.map((request) => played.questionOf(request)).filter((each) => /!=|NOT/.test(each))
    expect(excluding.length).toBeGreaterThanOrEqual(Math.floor(47 / bucketLimit))
  })

  test('takes regions as it spells them', async () => {
    const renamed = { Tokyo: 'Tōkyō-to', Aichi: '愛知県', Osaka: 'a "quoted" region' } as Record<string, string>
    const of = japanese.map((banner) =>
      banner.regionName === undefined
        ? banner
        : { ...banner, regionName: renamed[banner.regionName] ?? banner.regionName },
    )
    const { counts, snapshot } = await surveyedBy(played, {}, { services: few }, { of })
    const unplaced = Object.fromEntries(
      ['all', ...few].map((row) => [row, (expectedFew[`${row} JP-27`] ?? 0) + (expectedFew[`${row} unknown`] ?? 0)]),
    )
    const { missing, survey: facts } = snapshot.manifest
    expect(facts.engines[0]?.regions.undecoded).toEqual(['a "quoted" region'])
    expect(missing).toEqual([])
    for (const row of ['all', ...few]) {
      expect(counts[`${row} JP-13`]).toBe(expectedFew[`${row} JP-13`])
      expect(counts[`${row} JP-23`]).toBe(expectedFew[`${row} JP-23`])
      expect(counts[`${row} unknown`]).toBe(unplaced[row])
    }
  })

  test('of which names contain each other: what is not proved is said', async () => {
    const of = japanese.map((banner) =>
      banner.regionName === 'Shimane' ? { ...banner, regionName: 'Tokyo West' } : banner,
    )
    // Excluding Tokyo hides it while it is not listed.
    const { counts, snapshot } = await surveyedBy(played, { bucketLimit: 5 }, { services: few }, { of })
    expect(snapshot.manifest.complete).toBe(false)
    expect(snapshot.manifest.missing.join()).toMatch(/^all: /)
    expect(snapshot.manifest.survey.engines[0]?.rows[0]?.remainder).toBe('unconfirmed')
    for (const [where, count] of Object.entries(counts))
      if (!where.endsWith(' unknown')) expect([where, count]).toEqual([where, expectedFew[where]])
  })

  test('by what it cannot count by, it says so', async () => {
    const { snapshot, tallies } = await surveyedBy(played, {}, { services: few, by: ['product'] })
    expect(snapshot.manifest.missing).toEqual([`product: ${title} does not count by it`])
    expect(tallies.every(({ breakdown }) => breakdown === 'region')).toBe(true)
  })

  describe('credits', () => {
    test('that run out half-way give a partial snapshot of what was answered', async () => {
      const { counts, snapshot, spent } = await surveyedBy(played, { credits: 6 })
      expect(spent).toBe(6)
      expectTruthOrPartial(counts, snapshot, expected)
      expect(snapshot.manifest.complete).toBe(false)
      expect(new Set(Object.keys(counts).map((where) => where.split(' ')[0])).size).toBeGreaterThan(1)
      expect(snapshot.manifest.missing.join()).toMatch(/820031|q3007/)
    })

    test('are never spent beyond what is allowed', async () => {
      const complete = new Set<boolean>()
      // From the bare plan, without proofs of what is outside of the regions listed, on.
      for (const maxCredits of [3, 4, 5, 6]) {
        const { counts, snapshot, spent } = await surveyedBy(played, {}, { services: few }, { source: { maxCredits } })
        expect(spent).toBeLessThanOrEqual(maxCredits)
        expect(snapshot.manifest.survey.engines[0]?.ledger.credits).toBe(spent)
        expectTruthOrPartial(counts, snapshot, expectedFew)
        complete.add(snapshot.manifest.complete)
      }
      expect(complete).toEqual(new Set([false, true]))
    })
  })

  describe('that misbehaves', () => {
    const shapes = (bodies: readonly unknown[]): readonly Fault[] =>
      bodies.map((body) => ({ fault: 'shape', body }) as const)
    const kinds: readonly Fault[] = [
      { fault: 'denied', status: 403, as: 'json' },
      { fault: 'too-many' },
      { fault: 'down', status: 502 },
      { fault: 'cut', at: 40 },
      { fault: 'error', error: 'The search timed out' },
      { fault: 'silence' },
      { fault: 'redirect' },
      { fault: 'repeat' },
      { fault: 'total', field: played.total, delta: 3 },
      { fault: 'total', field: played.total, delta: -3 },
      { fault: 'empty' },
      { fault: 'shape', body: null },
      ...shapes([...played.passing, ...played.refusing, ...played.shapes]),
    ]

    test.each(kinds.map((fault, kind) => ({ fault, kind })))(
      'once, at any request: $fault',
      async ({ fault, kind }) => {
        const step = faultStep(3)
        let asked = step
        for (let at = kind % step; at < asked; at += step) {
          const faults = (n: number): Fault | undefined => (n === at ? fault : undefined)
          const { counts, snapshot, spent, ...found } = await surveyedBy(
            played,
            {},
            { services: few, http: patience(fault) },
            { faults },
          )
          const { missing, survey: facts } = snapshot.manifest
          expect({ at, counts, missing }).toEqual({ at, counts: expectedFew, missing: [] })
          const [{ ledger, requests } = { ledger: undefined, requests: [] }] = facts.engines
          expect(ledger?.attempts).toBe(found.asked.requests.length)
          // Each attempt may have cost something, answered or not.
          expect(ledger?.credits).toBe(found.asked.requests.length)
          expect(spent).toBeLessThanOrEqual(ledger?.credits ?? 0)
          expect(found.asked.trapped()).toBe(0)
          asked = requests.length
          await found.asked.close()
        }
        expect(asked).toBeGreaterThanOrEqual(5)
      },
      60_000,
    )

    test.each(kinds.filter(({ fault }) => !['repeat', 'total', 'silence'].includes(fault)))(
      'for good, from some request on: %j',
      async (fault) => {
        for (const from of [0, 3]) {
          const faults = (n: number): Fault | undefined => (n >= from ? fault : undefined)
          const done = surveyedBy(played, {}, { services: few }, { faults })
          if (from === 0) {
            const message = expect.stringMatching(/^(FOFA|360 Quake .*) (refuses|does not answer)/) as unknown
            await expect(done).rejects.toMatchObject({ exit: 1, message })
          } else {
            const { counts, snapshot } = await done
            expect(snapshot.manifest.complete).toBe(false)
            expectTruthOrPartial(counts, snapshot, expectedFew)
            expect(Object.keys(counts).length).toBeGreaterThan(0)
          }
        }
      },
      60_000,
    )

    test.each(played.refusing)('a refusal is asked once more, and no oftener: %j', async (body) => {
      const asked = await started(() => ({ body }))
      const folder = await temporaryFolder()
      const done = survey(requestOf(join(folder, 'store'), [sourceOf(played, asked)], { services }))
      await expect(done).rejects.toMatchObject({ exit: 1, message: expect.stringContaining(' refuses: ') as unknown })
      expect(asked.requests).toHaveLength(2)
    })
  })

  describe('its key', () => {
    const secrets = [
      'canary',
      encodeURIComponent(key),
      new URLSearchParams({ key }).toString(),
      Buffer.from(key).toString('base64').replace(/=+$/, ''),
      Buffer.from(key).toString('base64url'),
    ]
    const ways = [key, encodeURIComponent(key), Buffer.from(key).toString('base64'), JSON.stringify({ key })]
    const echoes = ways.flatMap((way): Answer[] => [
      () => ({ status: 401, body: played.saying(way) }),
      () => ({ status: 500, body: played.saying(way) }),
      () => ({ body: played.saying(way) }),
      () => ({ body: { error: way } }),
      () => ({ body: played.naming(way) }),
      () => ({ status: 502, headers: { 'retry-after': '0' }, body: `<h1>${way}</h1>` }),
    ])

    test('is sent with each request, and kept nowhere', async () => {
      const { asked, store } = await surveyedBy(played)
      for (const request of asked.requests) {
        expect(played.keyOf(request)).toBe(key)
        expect(request.body + played.questionOf(request)).not.toContain('canary')
      }
      const texts = await textsOf(store)
      expect(texts.length).toBeGreaterThan(1)
      for (const text of texts) for (const secret of secrets) expect(text).not.toContain(secret)
    })

    test.each(echoes.map((answer, index) => [index, answer] as const))(
      'is in no file and no error, even if the engine repeats it (%i)',
      async (_, answer) => {
        const honest = played.answers(banners, {})
        for (const from of [0, 3]) {
          let n = 0
          const asked = await started((request) => (n++ < from ? honest(request) : answer(request)))
          const store = join(await temporaryFolder(), 'store')
          const done = survey(requestOf(store, [sourceOf(played, asked)], { services }))
          if (from === 0) {
            const error = await failureOf(done)
            expect(error).toMatchObject({ exit: 1 })
            const { remedy } = error as { remedy?: string }
            for (const secret of secrets)
              for (let each: unknown = error; each instanceof Error; each = each.cause)
                expect(`${each.stack} ${each.message} ${remedy}`).not.toContain(secret)
          } else {
            expect((await done).manifest.complete).toBe(false)
            const texts = await textsOf(store)
            expect(texts.length).toBeGreaterThan(1)
            for (const text of texts) for (const secret of secrets) expect(text).not.toContain(secret)
          }
        }
      },
    )
  })
})

test.each([0, 3])('an answer of FOFA’s that took more than was reckoned is the last (%d)', async (nth) => {
  const honest = fofa.answers(banners, {})
  let n = 0
  const asked = await started(async (request) => {
    const reply = await honest(request)
    return n++ === nth ? { ...reply, body: { ...(reply.body as object), consumed_fpoint: 5 } } : reply
  })
  const done = surveyed([sourceOf(fofa, asked)], { services: fofa.services })
  const why = 'it took 5 F-points for a request, where 1 was reckoned: nothing more is asked'
  if (nth === 0) await expect(done).rejects.toMatchObject({ exit: 1, message: `FOFA refuses: ${why}` })
  else {
    const { snapshot, tallies } = await done
    expectTruthOrPartial(countsOf(tallies, 'fofa'), snapshot, truth(fofa, fofa.rows))
    const [{ ledger, missing } = { ledger: undefined, missing: [] }] = snapshot.manifest.survey.engines
    expect(missing.join()).toContain(why)
    expect(ledger).toMatchObject({ attempts: nth + 1, credits: nth + 5 })
  }
  expect(asked.requests).toHaveLength(nth + 1)
})

test('HTTP alone cannot be asked of Quake: what finds it finds HTTPS, too', async () => {
  const asked = await started(quake.answers(banners, {}))
  const store = join(await temporaryFolder(), 'store')
  const request = requestOf(store, [sourceOf(quake, asked)], { services: ['http'] })
  const message = expect.stringContaining('it cannot tell HTTP from HTTPS: ask for `web`') as unknown
  await expect(survey(request)).rejects.toMatchObject({ exit: 2, message })
  expect(asked.connections()).toBe(0)
})

test('Quake counts by network: those most counted, and the rest as one', async () => {
  const { tallies, snapshot, spent } = await surveyedBy(quake, {}, { services: ['smtp'], by: ['network'] })
  const asnOf = ({ asn = '' }: SyntheticBanner): string => asn.replace('AS', '')
  const found = japanese.filter(({ module }) => module === 'smtp')
  const sizes = new Map<string, number>()
  for (const banner of found) sizes.set(asnOf(banner), (sizes.get(asnOf(banner)) ?? 0) + 1)
  const most = [...sizes].toSorted(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)).slice(0, 10)
  expect(sizes.size).toBeGreaterThan(most.length)
  const expected: Record<string, number> = {}
  for (const banner of found) {
    const where = `${most.some(([asn]) => asn === asnOf(banner)) ? asnOf(banner) : 'other'} ${regionOf(banner)}`
    expected[where] = (expected[where] ?? 0) + 1
  }
  const networks = tallies.filter(({ breakdown }) => breakdown === 'network')
  expect(
    Object.fromEntries(networks.map(({ keys, region, count }) => [`${keys[0]} ${region || 'unknown'}`, count])),
  ).toEqual(expected)
  expect(snapshot.manifest.complete).toBe(true)
  expect(snapshot.manifest.survey.engines[0]?.ledger.credits).toBe(spent)
})

test('both in one survey have the figures each has alone', async () => {
  const played = [fofa, quake]
  const sources: Source[] = []
  for (const each of played) sources.push(sourceOf(each, await started(each.answers(banners, {}))))
  const { tallies, snapshot } = await surveyed(sources, { services: ['mail'] })
  const rows = ['all', 'mail', 'smtp', 'imap']
  for (const each of played) expect(countsOf(tallies, each.engine)).toEqual(truth(each, rows))
  expect(snapshot.manifest).toMatchObject({ complete: true, sources: ['fofa', 'quake'] })
})
