import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EngineId } from '../../src/model/engine.ts'
import type { EngineRequest as Source } from '../../src/pipeline/engine.ts'
import { compare } from '../../src/pipeline/compare.ts'
import { makeReport } from '../../src/pipeline/report.ts'
import { planSurvey, type SurveyRequest } from '../../src/pipeline/survey-plan.ts'
import { accountsOf, survey } from '../../src/pipeline/survey.ts'
import { loadServices } from '../../src/recognise/service.ts'
import { readFacetTallies, type FacetTally } from '../../src/store/facets.ts'
import { syntheticBanners, type SyntheticBanner } from '../helpers/engine-banners.ts'
import { censysAnswers, type CensysOptions } from '../helpers/engine-censys.ts'
import { shodanAnswers } from '../helpers/engine-shodan.ts'
import type { Answer, Engine, EngineOptions, Fault } from '../helpers/engine.ts'
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

const catalogue = loadServices()
const banners = syntheticBanners(2000, { seed: 7 })
const token = 'canary-token-0123456789'
const organisation = 'canary-0000-1111-2222-333344445555'
const aggregatePath = '/v3/global/search/aggregate'

const sourceOf = (engine: EngineId, { url }: Engine, rest: Partial<Source> = {}): Source => ({
  engine,
  key: () => (engine === 'censys' ? `${token}:${organisation}` : 'key'),
  endpoint: url,
  requestsPerSecond: 1000,
  maxCredits: engine === 'censys' ? 1000 : 0,
  ...(engine === 'censys' ? { isExperimental: true } : {}),
  ...rest,
})

/** A survey by Censys alone. */
async function byCensys(
  options: CensysOptions = {},
  rest: Partial<SurveyRequest> = {},
  {
    faults,
    source = {},
    of = banners,
  }: {
    readonly faults?: EngineOptions['faults']
    readonly source?: Partial<Source>
    readonly of?: readonly SyntheticBanner[]
  } = {},
): Promise<Surveyed & { readonly counts: Counts; readonly engine: Engine; readonly spent: number }> {
  const answer = censysAnswers(of, { token, organisation, ...options })
  const engine = await started(answer, faults)
  const found = await surveyed([sourceOf('censys', engine, source)], rest)
  return { ...found, counts: countsOf(found.tallies, 'censys'), engine, spent: answer.spent() }
}

interface Host {
  readonly place: SyntheticBanner
  readonly services: Set<string>
}

/** The addresses there are, where the first banner of each is, with all its services that their own names tell. */
function hostsIn(list: readonly SyntheticBanner[]): ReadonlyMap<string, Host> {
  const found = new Map<string, Host>()
  for (const banner of list) {
    const { module, port, transport, ip_str: ip } = banner
    const host = found.get(ip) ?? { place: banner, services: new Set() }
    const { service, by } = catalogue.classify({ source: 'shodan', module, port, transport })
    if (by === 'name') host.services.add(service)
    found.set(ip, host)
  }
  return found
}
const hosts = hostsIn(banners)

/** Distinct addresses by `service region`, for rows that are services, categories or `all`. */
function truth(rows: readonly string[], of = hosts): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { place, services } of of.values()) {
    for (const row of rows) {
      const members = catalogue.categories.get(row) ?? [row]
      if (row !== 'all' && !members.some((id) => services.has(id))) continue
      const key = `${row} ${regionOf(place)}`
      counts[key] = (counts[key] ?? 0) + 1
    }
  }
  return counts
}

const rows = ['all', 'mail', 'smtp', 'imap', 'pop3', 'ntp', 'mqtt']

test('the banners have what the tests are about: addresses of several banners, in several places', () => {
  const first = new Map(banners.toReversed().map((banner) => [banner.ip_str, banner]))
  const elsewhere = banners.filter((banner) => first.get(banner.ip_str)?.region !== banner.region)
  const twice = banners.filter(({ module, ip_str: ip, port }) =>
    banners.some((other) => other.ip_str === ip && other.module === module && other.port !== port),
  )
  expect(hosts.size).toBeLessThan(banners.length - 100)
  expect(elsewhere.length).toBeGreaterThan(50)
  expect(twice.length).toBeGreaterThan(10)
})

describe('before anything is asked', () => {
  test('an engine that is not confirmed is asked only as an experiment', async () => {
    const engine = await started(censysAnswers(banners))
    const folder = await temporaryFolder()
    const source = sourceOf('censys', engine, { isExperimental: false })
    const error = await failureOf(survey(requestOf(join(folder, 'store'), [source])))
    expect(error).toMatchObject({ exit: 2, message: expect.stringContaining('not confirmed') as unknown })
    expect(engine.connections()).toBe(0)
    expect(await readdir(folder)).toEqual([])
  })

  test('what costs more than is allowed is refused', async () => {
    const engine = await started(censysAnswers(banners))
    const folder = await temporaryFolder()
    // `all` twice, mail, smtp, imap, pop3, ntp and mqtt.
    const request = requestOf(join(folder, 'store'), [sourceOf('censys', engine, { maxCredits: 7 })])
    await expect(survey(request)).rejects.toMatchObject({
      exit: 2,
      message: expect.stringMatching(/8 requests for 8 credits, and --max-credits allows 7$/) as unknown,
    })
    expect(engine.connections()).toBe(0)
    expect(await readdir(folder)).toEqual([])
  })

  test('HTTP alone cannot be asked for, and a survey of nothing else is none', async () => {
    const engine = await started(censysAnswers(banners))
    const folder = await temporaryFolder()
    const request = requestOf(join(folder, 'store'), [sourceOf('censys', engine)], { services: ['http'] })
    await expect(survey(request)).rejects.toMatchObject({
      exit: 2,
      message: expect.stringContaining('it cannot tell HTTP from HTTPS: ask for `web`') as unknown,
    })
    expect(engine.connections()).toBe(0)
    expect(await readdir(folder)).toEqual([])
  })

  test('an engine is named once', async () => {
    const engine = await started(censysAnswers(banners))
    const source = sourceOf('censys', engine)
    await expect(survey(requestOf('no-store', [source, source]))).rejects.toMatchObject({ exit: 2 })
    expect(engine.connections()).toBe(0)
  })

  test('a plan tells each request without the key, and asks for the account only', async () => {
    const engine = await started(censysAnswers(banners, { token, organisation, credits: 77 }))
    const folder = await temporaryFolder()
    const request = requestOf(join(folder, 'store'), [sourceOf('censys', engine)])
    const [plan] = await planSurvey(request)
    expect(plan?.requests.map(({ what, credits }) => [what, credits])).toEqual(
      [...rows, 'all, at the end'].map((what) => [what, 1]),
    )
    expect(plan?.account).toMatchObject({ credits: 77 })
    expect(JSON.stringify(plan)).not.toContain('canary')
    expect(engine.requests.map(({ path }) => path)).toEqual([`/v3/accounts/organizations/${organisation}/credits`])
    expect(await readdir(folder)).toEqual([])
  })

  test('an account of no organisation is the user’s', async () => {
    const engine = await started(censysAnswers(banners, { token, credits: 3 }))
    const source = sourceOf('censys', engine, { key: () => token })
    expect(await accountsOf({ sources: [source], http: {} })).toMatchObject([{ credits: 3 }])
    expect(engine.requests.map(({ path }) => path)).toEqual(['/v3/accounts/users/credits'])
  })

  test('a token that is not accepted is told in the engine’s words', async () => {
    const engine = await started(censysAnswers(banners, { token: 'another' }))
    await expect(accountsOf({ sources: [sourceOf('censys', engine)], http: {} })).rejects.toMatchObject({
      exit: 1,
      message: expect.stringMatching(/^Censys .* refuses: Access token is invalid: invalid_token/) as unknown,
    })
  })
})

describe('a survey counts distinct addresses', () => {
  test('of each row in each region', async () => {
    const { counts, tallies, snapshot, engine, spent } = await byCensys()
    expect(counts).toEqual(truth(rows))
    expect(new Set(tallies.map(({ source }) => source))).toEqual(new Set(['censys']))
    const { complete, missing, sources, survey: facts } = snapshot.manifest
    expect({ complete, missing, sources }).toEqual({ complete: true, missing: [], sources: ['censys'] })
    expect(facts.engines).toMatchObject([
      { source: 'censys', unit: 'addresses', regions: { spelled: 'names', undecoded: [] } },
    ])
    const [asked] = facts.engines
    expect(asked?.drift).toEqual({ first: hosts.size, last: hosts.size })
    expect(asked?.rows.map(({ service, total }) => [service, total])).toEqual(
      rows.map((row) => {
        const of = Object.entries(counts).filter(([key]) => key.startsWith(`${row} `))
        return [row, of.reduce((sum, [, count]) => sum + count, 0)]
      }),
    )
    expect(asked?.ledger).toMatchObject({ attempts: engine.requests.length, retries: 0, credits: spent })
    expect(spent).toBe(engine.requests.length)
    expect(engine.requests.every(({ method, path }) => method === 'POST' && path === aggregatePath)).toBe(true)
  })

  test('where the list of regions is cut off', async () => {
    const { counts, snapshot, spent, engine } = await byCensys({ bucketLimit: 10 }, { services: ['smtp', 'mqtt'] })
    // 47 regions are more than four such lists.
    const proofs = engine.requests.filter(({ body }) => body.includes('not (') && !body.includes('protocol'))
    expect(proofs.length).toBeGreaterThanOrEqual(5)
    expect(counts).toEqual(truth(['all', 'smtp', 'mqtt']))
    expect(snapshot.manifest.complete).toBe(true)
    expect(snapshot.manifest.survey.engines[0]?.ledger.credits).toBe(spent)
  })

  test('of the web as a whole, not of HTTP or HTTPS', async () => {
    const { counts, snapshot } = await byCensys({}, { services: ['web', 'http', 'https', 'ntp'] })
    expect(counts).toEqual(truth(['all', 'web', 'quic', 'ntp']))
    expect(snapshot.manifest.complete).toBe(false)
    expect(snapshot.manifest.missing).toEqual(
      ['http', 'https'].map((id) => expect.stringMatching(`^${id}: Censys .* cannot tell HTTP from HTTPS`) as unknown),
    )
  })

  test('of every service there is a name for, when none is named', async () => {
    const folder = await temporaryFolder()
    const engine = await started(censysAnswers(banners, { token, organisation }))
    const { services: _, ...request } = requestOf(join(folder, 'store'), [sourceOf('censys', engine)])
    const { manifest, folder: kept } = await survey(request)
    const named = catalogue.services.filter(({ id, names }) => names.censys && id !== 'http' && id !== 'https')
    const ids = named.map(({ id }) => id)
    const expected = truth(['all', ...ids])
    const counts = countsOf(await readFacetTallies(kept, join(folder, 'spill')), 'censys')
    expect(Object.fromEntries(Object.entries(counts).filter(([key]) => key in expected))).toEqual(expected)
    const asked = manifest.survey.engines[0]?.rows.map(({ service }) => service) ?? []
    expect(asked.filter((id) => id !== 'all' && !catalogue.categories.has(id)).toSorted()).toEqual(ids.toSorted())
  })

  test('by network: those most counted, and the rest as one', async () => {
    const { tallies, snapshot, spent } = await byCensys({}, { services: ['ntp'], by: ['network'] })
    const found = [...hosts.values()].filter(({ services }) => services.has('ntp')).map(({ place }) => place)
    const sizes = new Map<string, number>()
    const asnOf = ({ asn = '' }: SyntheticBanner): string => asn.replace('AS', '')
    for (const place of found) sizes.set(asnOf(place), (sizes.get(asnOf(place)) ?? 0) + 1)
    const most = [...sizes].toSorted(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)).slice(0, 10)
    expect(sizes.size).toBeGreaterThan(most.length)
    const expected: Record<string, number> = {}
    for (const place of found) {
      const asn = most.some(([listed]) => listed === asnOf(place)) ? asnOf(place) : 'other'
      const key = `${asn} ${regionOf(place)}`
      expected[key] = (expected[key] ?? 0) + 1
    }
    const networks = tallies.filter(({ breakdown }) => breakdown === 'network')
    expect(
      networks.every(({ source, service, keys }) => source === 'censys' && service === 'ntp' && keys[1] === ''),
    ).toBe(true)
    expect(
      Object.fromEntries(networks.map(({ keys, region, count }) => [`${keys[0]} ${region || 'unknown'}`, count])),
    ).toEqual(expected)
    expect(snapshot.manifest.complete).toBe(true)
    expect(snapshot.manifest.survey.engines[0]?.ledger.credits).toBe(spent)
  })

  test('by product it cannot, and says so', async () => {
    const { snapshot, tallies } = await byCensys({}, { services: ['ntp'], by: ['product'] })
    expect(snapshot.manifest.missing).toEqual([expect.stringMatching(/^product: Censys .* does not count by it$/)])
    expect(tallies.every(({ breakdown }) => breakdown === 'region')).toBe(true)
  })
})

describe('credits', () => {
  test('that run out half-way give a partial snapshot of what was answered', async () => {
    const { counts, snapshot, spent, engine } = await byCensys({ credits: 6 })
    expect(spent).toBe(6)
    expectTruthOrPartial(counts, snapshot, truth(rows))
    const told = Object.keys(counts).map((key) => key.split(' ')[0])
    expect(new Set(told).size).toBeGreaterThan(1)
    expect(told).not.toContain('mqtt')
    const { missing, survey: facts } = snapshot.manifest
    expect(missing).toContainEqual(expect.stringMatching(/^ntp: Insufficient credits/))
    expect(facts.engines[0]?.ledger.attempts).toBe(engine.requests.length)
    expect(facts.engines[0]?.requests.some(({ failure }) => failure?.includes('Insufficient credits'))).toBe(true)
  })

  test('are never spent beyond what is allowed', async () => {
    const services = ['ntp', 'mqtt']
    const expected = truth(['all', ...services])
    const complete = new Set<boolean>()
    // From the bare plan, without proofs of what is outside of the regions listed, on.
    for (const maxCredits of [4, 5, 6, 7, 8]) {
      const { spent, ...found } = await byCensys({}, { services }, { source: { maxCredits } })
      expect(spent).toBeLessThanOrEqual(maxCredits)
      expect(found.snapshot.manifest.survey.engines[0]?.ledger.credits).toBe(spent)
      expectTruthOrPartial(found.counts, found.snapshot, expected)
      complete.add(found.snapshot.manifest.complete)
    }
    expect(complete).toEqual(new Set([false, true]))
  })
})

describe('an engine that misbehaves', () => {
  const services = ['ntp', 'mqtt']
  const expected = truth(['all', ...services])
  const kinds: readonly Fault[] = [
    { fault: 'denied', status: 403, as: 'json' },
    { fault: 'too-many' },
    { fault: 'down', status: 502 },
    { fault: 'cut', at: 40 },
    { fault: 'error', error: 'The search timed out' },
    { fault: 'silence' },
    { fault: 'redirect' },
    { fault: 'repeat' },
    { fault: 'total', field: 'result.total_count', delta: 3 },
    { fault: 'total', field: 'result.total_count', delta: -3 },
    { fault: 'empty' },
    { fault: 'shape', body: null },
    { fault: 'shape', body: { code: 200, result: { total: 1, buckets: [] } } },
    {
      fault: 'shape',
      body: { result: { total_count: 1, other_count: 0, is_more_than_total_hits: true, buckets: [] } },
    },
  ]

  test.each(kinds.map((fault, kind) => ({ fault, kind })))(
    'once, at any request: $fault',
    async ({ fault, kind }) => {
      const step = faultStep(3)
      let asked = step
      for (let at = kind % step; at < asked; at += step) {
        const faults = (n: number): Fault | undefined => (n === at ? fault : undefined)
        const request = { services, http: patience(fault) }
        const { engine, spent, ...found } = await byCensys({}, request, { faults })
        const { missing, survey: facts } = found.snapshot.manifest
        expect({ at, counts: found.counts, missing }).toEqual({ at, counts: expected, missing: [] })
        const [{ ledger, requests } = { ledger: undefined, requests: [] }] = facts.engines
        expect(ledger?.attempts).toBe(engine.requests.length)
        // Each attempt may have cost something, answered or not.
        expect(ledger?.credits).toBe(engine.requests.length)
        expect(spent).toBeLessThanOrEqual(ledger?.credits ?? 0)
        expect(engine.trapped()).toBe(0)
        asked = requests.length
        await engine.close()
      }
      expect(asked).toBeGreaterThan(5)
    },
    60_000,
  )

  test('once, the answer to the question before, where all have a region', async () => {
    // With nothing outside of the regions listed, such an answer agrees with itself.
    const placed = banners.filter(({ region }) => region !== undefined)
    let asked = 1
    for (let at = 0; at < asked; at++) {
      const faults = (n: number): Fault | undefined => (n === at ? { fault: 'repeat' } : undefined)
      const { counts, snapshot } = await byCensys({}, { services }, { faults, of: placed })
      expect({ at, counts }).toEqual({ at, counts: truth(['all', ...services], hostsIn(placed)) })
      asked = snapshot.manifest.survey.engines[0]?.requests.length ?? 0
    }
    expect(asked).toBe(4)
  })

  test.each(kinds.filter(({ fault }) => !['repeat', 'total', 'silence'].includes(fault)))(
    'for good, from some request on: %j',
    async (fault) => {
      for (const from of [0, 3]) {
        const faults = (n: number): Fault | undefined => (n >= from ? fault : undefined)
        const done = byCensys({}, { services }, { faults })
        if (from === 0) {
          const message = expect.stringMatching(/^Censys .* (refuses|does not answer)/) as unknown
          await expect(done).rejects.toMatchObject({ exit: 1, message })
        } else {
          const found = await done
          expect(found.snapshot.manifest.complete).toBe(false)
          expectTruthOrPartial(found.counts, found.snapshot, expected)
          expect(Object.keys(found.counts).length).toBeGreaterThan(0)
        }
      }
    },
    60_000,
  )
})

describe('the key', () => {
  const secrets = [token, organisation, 'canary']
  /** Says again what it was sent, as an error or in words of an error page. */
  const echo: readonly Answer[] = [
    ({ headers, params }) => ({
      status: 401,
      body: { error: { message: `${headers.authorization} of`, reason: params['organization_id'] } },
    }),
    ({ headers, params }) => ({
      status: 403,
      body: { title: 'Forbidden', detail: `${token}:${params['organization_id']} ${headers.authorization}` },
    }),
    ({ headers, params }) => ({
      status: 500,
      body: { title: `${headers.authorization} ${params['organization_id']}` },
    }),
    ({ headers }) => ({ status: 200, body: { error: headers.authorization } }),
    ({ headers }) => ({ status: 502, headers: { 'retry-after': '0' }, body: `<h1>${headers.authorization}</h1>` }),
  ]

  test('is sent with each request: a bearer token, and the organisation’s id', async () => {
    const { engine, store } = await byCensys()
    for (const { headers, params, body } of engine.requests) {
      expect(headers['authorization']).toBe(`Bearer ${token}`)
      expect(params).toEqual({ organization_id: organisation })
      expect(body).not.toContain('canary')
    }
    const texts = await textsOf(store)
    expect(texts.length).toBeGreaterThan(1)
    for (const text of texts) for (const secret of secrets) expect(text).not.toContain(secret)
  })

  test('without an organisation names none', async () => {
    const answer = censysAnswers(banners, { token })
    const engine = await started(answer)
    await surveyed([sourceOf('censys', engine, { key: () => token })], { services: ['ntp'] })
    expect(engine.requests.every(({ params }) => Object.keys(params).length === 0)).toBe(true)
  })

  test.each(echo.map((answer, index) => [index, answer] as const))(
    'is in no file and no error, even if the engine repeats it (%i)',
    async (_, answer) => {
      const honest = censysAnswers(banners, { token, organisation })
      for (const from of [0, 3]) {
        let n = 0
        const engine = await started((request) => (n++ < from ? honest(request) : answer(request)))
        const folder = await temporaryFolder()
        const store = join(folder, 'store')
        const done = survey(requestOf(store, [sourceOf('censys', engine)]))
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

describe('two engines in one survey', () => {
  const names = { censys: 'Censys Platform (API v3)', shodan: 'Shodan' } as const
  const both = ['shodan', 'censys'] as const
  const denied = (): Fault => ({ fault: 'denied', status: 401, as: 'json' })

  async function asking(refusing: readonly EngineId[] = []): Promise<Source[]> {
    const answers = {
      shodan: shodanAnswers(banners, { regions: 'name' }),
      censys: censysAnswers(banners, { token, organisation }),
    }
    const sources: Source[] = []
    for (const each of both)
      sources.push(sourceOf(each, await started(answers[each], refusing.includes(each) ? denied : undefined)))
    return sources
  }
  const alone = async (each: EngineId): Promise<Surveyed> =>
    surveyed((await asking()).filter(({ engine }) => engine === each))

  test('have the figures each has alone, side by side', async () => {
    const together = await surveyed(await asking())
    const [shodan, censys] = [await alone('shodan'), await alone('censys')]
    const sorted = (tallies: readonly FacetTally[]): string[] =>
      tallies.map((tally) => JSON.stringify(tally)).toSorted()
    expect(sorted(together.tallies)).toEqual(sorted([...shodan.tallies, ...censys.tallies]))
    expect(countsOf(together.tallies, 'censys')).toEqual(truth(rows))
    // What they count is not the same, or this would show nothing.
    expect(countsOf(together.tallies, 'shodan')).not.toEqual(countsOf(together.tallies, 'censys'))
    const { complete, sources, survey: facts } = together.snapshot.manifest
    expect({ complete, sources }).toEqual({ complete: true, sources: ['shodan', 'censys'] })
    expect(facts.engines.map(({ source, unit }) => [source, unit])).toEqual([
      ['shodan', 'banners'],
      ['censys', 'addresses'],
    ])
    for (const [engine, own] of [
      [facts.engines[0], shodan],
      [facts.engines[1], censys],
    ] as const) {
      const [expected] = own.snapshot.manifest.survey.engines
      expect([engine?.rows, engine?.ledger, engine?.requests]).toEqual([
        expected?.rows,
        expected?.ledger,
        expected?.requests,
      ])
    }
  })

  test.each([
    ['shodan', 'censys'],
    ['censys', 'shodan'],
  ] as const)('%s refuses: the figures of %s, and what is missing', async (refusing, answering) => {
    const found = await surveyed(await asking([refusing]))
    const other = await alone(answering)
    expect(countsOf(found.tallies, answering)).toEqual(countsOf(other.tallies, answering))
    expect(found.tallies.every(({ source }) => source === answering)).toBe(true)
    const { complete, missing, sources, survey: facts } = found.snapshot.manifest
    expect({ complete, sources }).toEqual({ complete: false, sources: [answering] })
    expect(missing).toHaveLength(1)
    expect(missing[0]).toContain(names[refusing])
    expect(missing[0]).toContain('Access denied')
    expect(facts.engines.map(({ source }) => source)).toEqual([answering])
  })

  test('both refuse: exit 1, and the store is as it was', async () => {
    const folder = await temporaryFolder()
    const done = survey(requestOf(join(folder, 'store'), await asking(both)))
    await expect(done).rejects.toMatchObject({ exit: 1, message: expect.stringContaining('Access denied') as unknown })
    expect(await readdir(folder)).toEqual([])
  })

  test('one too dear: neither is asked', async () => {
    const folder = await temporaryFolder()
    const [shodan, censys] = [await started(shodanAnswers(banners)), await started(censysAnswers(banners))]
    const sources = [sourceOf('shodan', shodan), sourceOf('censys', censys, { maxCredits: 0 })]
    await expect(survey(requestOf(join(folder, 'store'), sources))).rejects.toMatchObject({ exit: 2 })
    expect([shodan.connections(), censys.connections()]).toEqual([0, 0])
    expect(await readdir(folder)).toEqual([])
  })

  test('what only one can be asked for is missing from the other', async () => {
    const found = await surveyed(await asking(), { services: ['http', 'ntp'] })
    const [shodan, censys] = both.map(
      (source) => new Set(Object.keys(countsOf(found.tallies, source)).map((key) => key.split(' ')[0])),
    )
    expect(shodan).toEqual(new Set(['all', 'http', 'ntp']))
    expect(censys).toEqual(new Set(['all', 'ntp']))
    expect(found.snapshot.manifest.missing).toEqual([
      expect.stringMatching(/^Censys .*: http: .*cannot tell HTTP from HTTPS/),
    ])
    // What one lacks is said of its figures, and not of the other's.
    const { store, snapshot } = found
    const { shown } = await makeReport({ store, out: join(store, 'report'), per: 100_000 })
    const partial = shown.map(({ source, rows: told }) => [source, told.some(({ flags }) => flags.includes('partial'))])
    expect(partial).toEqual([
      ['shodan', false],
      ['censys', true],
    ])
    const [old, now] = both.map((source) => `${snapshot.id}/${source}`)
    for (const [one, other, isComplete] of [
      [old, old, true],
      [old, now, false],
    ] as const) {
      const compared = await compare({ store, old: one ?? '', new: other ?? '', out: join(store, 'compared') })
      expect(compared.isComplete).toBe(isComplete)
      expect(compared.warnings.filter((warning) => warning.includes('is partial'))).toHaveLength(isComplete ? 0 : 1)
    }
  })

  test('a report tells each in its own unit, and adds none up', async () => {
    const { store, tallies } = await surveyed(await asking())
    const out = join(await temporaryFolder(), 'report')
    const report = await makeReport({ store, out, per: 100_000, country: 'JP' })
    const text = await readFile(join(out, 'exposure-by-region.csv'), 'utf8')
    const [header = '', ...lines] = text.trimEnd().split('\r\n')
    const at = (name: string): number => header.split(',').indexOf(name)
    const columns = ['source', 'unit', 'service', 'region', 'count'].map(at)
    expect(columns).not.toContain(-1)
    // No cell that comes before these is quoted with a comma in it; a wrong cut would show as an unknown unit.
    const cells = lines.map((line) => columns.map((index) => line.split(',')[index] ?? ''))
    expect(new Set(cells.map(([source, unit]) => `${source} ${unit}`))).toEqual(
      new Set(['shodan banners', 'censys addresses']),
    )
    const told = Object.fromEntries(
      cells.map(([source, , service, region, count]) => [`${source} ${service} ${region}`, count]),
    )
    expect(Object.keys(told)).toHaveLength(cells.length)
    for (const source of both) {
      const counts = countsOf(tallies, source)
      const mine = cells.filter(([of, , , region]) => of === source && region !== 'JP')
      const there = mine.filter(([, , , , count]) => count !== '0')
      expect(
        Object.fromEntries(there.map(([, , service, region, count]) => [`${service} ${region}`, Number(count)])),
      ).toEqual(counts)
      for (const row of rows) {
        const sum = Object.entries(counts).reduce(
          (total, [key, count]) => total + (key.startsWith(`${row} `) ? count : 0),
          0,
        )
        expect([source, row, told[`${source} ${row} JP`]]).toEqual([source, row, String(sum)])
      }
    }
    expect(report.shown.map(({ source, unit }) => [source, unit])).toEqual([
      ['shodan', 'banners'],
      ['censys', 'addresses'],
    ])
    for (const { source, unit, rows: shown } of report.shown) {
      expect(shown.length).toBeGreaterThan(0)
      expect(shown.every((row) => row.source === source && row.unit === unit)).toBe(true)
    }
  })
})
