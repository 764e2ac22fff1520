import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import type { FacetsManifest } from '../../src/store/manifest.ts'
import { syntheticBanners } from '../helpers/engine-banners.ts'
import { censysAnswers } from '../helpers/engine-censys.ts'
import { shodanAnswers, type ShodanOptions } from '../helpers/engine-shodan.ts'
import type { Answer, Engine, Fault } from '../helpers/engine.ts'
import { census } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/store.ts'
import { started } from '../helpers/surveys.ts'

const canary = 'canary0123456789abcdef0123456789'
const banners = syntheticBanners(1500, { seed: 3 })
const ofModule = (module: string): number => banners.filter((banner) => banner.module === module).length

async function prepared(
  options: ShodanOptions = {},
  faults?: (n: number) => Fault | undefined,
): Promise<{
  engine: Engine
  folder: string
  store: string
  survey: (...more: string[]) => ReturnType<typeof census>
}> {
  const engine = await started(shodanAnswers(banners, { regions: 'name', key: canary, ...options }), faults)
  const folder = await temporaryFolder()
  const store = join(folder, 'store')
  const survey = (...more: string[]): ReturnType<typeof census> => {
    const asking = ['survey', '--country', 'Japan', '--endpoint', engine.url, '--rate', '1000']
    return census([...asking, '--store', store, ...more], { env: { SHODAN_API_KEY: canary } })
  }
  return { engine, folder, store, survey }
}

/** Text of every file below a folder. */
async function everything(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n')
}

test('a survey is counted, kept, reported and listed, and its key is nowhere', async () => {
  const { folder, store, survey } = await prepared()
  const done = await survey('--services', 'time,mqtt', '--by', 'product', '--id', 'facets', '--regions', '東京')
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toMatch(/Snapshot facets: shodan, banners of JP by region\./)
  expect(done.stdout).toMatch(new RegExp(`^mqtt +${ofModule('mqtt')} `, 'm'))
  const inTokyo = banners.filter(({ module, region }) => module === 'mqtt' && region === '13').length
  expect(done.stdout).toMatch(new RegExp(`^Service +Banners +JP-13 .*[^]*^mqtt +${ofModule('mqtt')} +${inTokyo} `, 'm'))
  expect(Math.max(...done.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  const out = join(folder, 'report')
  const report = await census(['report', '--store', store, '--out', out])
  expect(report).toMatchObject({ code: 0, stderr: '' })
  expect((await readdir(out)).toSorted()).toEqual([
    'datapackage.json',
    'exposure-by-product.csv',
    'exposure-by-region.csv',
    'indicators-by-region.csv',
    'report.html',
  ])
  const page = await readFile(join(out, 'report.html'), 'utf8')
  expect(page).toContain('<dd>counted by the search engine</dd>')
  expect(page).toContain('Japan: banners, source shodan')
  const rows = (await readFile(join(out, 'exposure-by-region.csv'), 'utf8'))
    .split('\r\n')
    .map((line) => line.split(','))
  const total = rows.find((row) => row[6] === 'JP' && row[9] === 'mqtt')
  expect(total?.slice(3, 13)).toEqual([
    'shodan',
    'facets',
    'JP',
    'JP',
    'Japan',
    '日本',
    'mqtt',
    'banners',
    '',
    String(ofModule('mqtt')),
  ])
  expect(new Set(rows.slice(1, -1).map((row) => row[10]))).toEqual(new Set(['banners']))
  // A country, 47 regions and unknown, for `all`, the category, each of its services, and the one beside.
  expect((rows.length - 2) % 49).toBe(0)
  expect((await census(['list', 'snapshots', '--store', store])).stdout).toMatch(/^facets +shodan .* complete$/m)
  const said = [done, report].map(({ stdout, stderr }) => stdout + stderr).join('')
  expect(said + (await everything(folder))).not.toContain(canary)
}, 60_000)

test('what a survey did not ask is not 0 but refused', async () => {
  const { store, survey, folder } = await prepared()
  expect(await survey('--services', 'mqtt')).toMatchObject({ code: 0 })
  const out = join(folder, 'report')
  for (const [more, what] of [
    [['--services', 'ntp'], /no counts of "ntp"/],
    [['--by', 'network'], /did not ask by network/],
  ] as const) {
    const asked = await census(['report', '--store', store, '--out', out, ...more])
    expect(asked).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(what) as string })
  }
  expect(await readdir(folder)).toEqual(['store'])
}, 60_000)

test('a dry run prints every request and asks for the credits alone', async () => {
  const { engine, survey, folder } = await prepared({ credits: 77 })
  const plan = await survey('--services', 'mail', '--dry-run')
  expect(plan).toMatchObject({ code: 0, stderr: '' })
  expect(plan.stdout).toMatch(
    /^0 credits {2}smtp: GET .*query=country:JP shodan\.module:smtp,smtps,smtp-starttls&facets=region:1000$/m,
  )
  expect(plan.stdout).toMatch(/Credits left: 77 \(plan dev\)/)
  expect(engine.requests.map(({ path }) => path)).toEqual(['/api-info'])
  expect(await readdir(folder)).toEqual([])
  expect(plan.stdout).not.toContain(canary)
}, 60_000)

describe('what goes wrong', () => {
  test('a key the engine refuses: exit 1 in its words, nothing written, the key not told', async () => {
    const { survey, folder } = await prepared({ key: 'another' })
    const done = await survey('--services', 'mqtt')
    expect(done).toMatchObject({ code: 1, stdout: '' })
    expect(done.stderr).toMatch(/^census: Shodan refuses: Access denied.*\n$/)
    expect(done.stderr).not.toContain(canary)
    expect(await readdir(folder)).toEqual([])
  }, 60_000)

  test('a service that is not answered: exit 3, and the report carries the flag', async () => {
    // Filters, facets, `all` and its proof and ports are answered, and nothing after them.
    const { survey, folder, store } = await prepared({}, (n) => (n < 6 ? undefined : { fault: 'down', status: 500 }))
    const done = await survey('--services', 'ntp,mqtt')
    expect(done.code).toBe(3)
    expect(done.stderr).toMatch(/^census: partial: mqtt: status 500$/m)
    expect(done.stderr + done.stdout + (await everything(folder))).not.toContain(canary)
    const report = await census(['report', '--store', store, '--out', join(folder, 'report')])
    expect(report.code).toBe(3)
    const csv = await readFile(join(folder, 'report', 'exposure-by-region.csv'), 'utf8')
    expect(csv).not.toContain(',mqtt,')
    expect(
      csv
        .split('\r\n')
        .slice(1, -1)
        .every((line) => line.endsWith('partial')),
    ).toBe(true)
  }, 60_000)

  test('wrong options: exit 2, nothing sent', async () => {
    const { survey, engine, folder } = await prepared()
    const file = join(folder, 'key')
    await writeFile(file, `${canary}\n`, { mode: 0o644 })
    const base = ['survey', '--country', 'JP', '--store', join(folder, 'store')]
    expect(await survey('--regions', 'Toky', '--services', 'mqtt')).toMatchObject({ code: 2 })
    const wrong: [string[], RegExp, Record<string, string>?][] = [
      [[...base, '--endpoint', engine.url], /no key for Shodan/],
      [[...base, '--endpoint', engine.url, '--key-file', file], /chmod 600/],
      [[...base, '--endpoint', 'http://198.51.100.1'], /no https address/, { SHODAN_API_KEY: canary }],
      [[...base, '--endpoint', `${engine.url}?key=x`], /more than an address/, { SHODAN_API_KEY: canary }],
      [[...base, '--endpoint', engine.url, '--services', 'mial'], /nearest: mail/, { SHODAN_API_KEY: canary }],
      [[...base, '--endpoint', engine.url, '--source', 'google'], /sources: shodan/, { SHODAN_API_KEY: canary }],
      [[...base, '--source', 'onyphe'], /cannot count by region with ONYPHE/, { ONYPHE_API_KEY: canary }],
      [['survey', '--country', 'Jpan', '--endpoint', engine.url], /nearest: .*Japan/, { SHODAN_API_KEY: canary }],
    ]
    for (const [args, what, env] of wrong) {
      const done = await census(args, { env: { ...env } })
      expect(done).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(what) as string })
      expect(done.stderr).not.toContain(canary)
    }
    expect((await survey('--services', 'mqtt', '--by', 'colour')).code).toBe(2)
    expect(engine.requests).toEqual([])
    expect((await readdir(folder)).toSorted()).toEqual(['key'])
  }, 60_000)
})

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => stringWidth(line)))

/** Rows of a report's file, as its columns call them. */
async function rowsOf(file: string): Promise<Record<string, string>[]> {
  const [head = [], ...lines] = (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','))
  return lines.map((cells) => Object.fromEntries(head.map((name, index) => [name, cells[index] ?? ''])))
}

describe('two engines', () => {
  const token = 'token0123456789abcdef0123456789abc'
  const addressesOf = (module: string): number =>
    new Set(banners.filter((banner) => banner.module === module).map(({ ip_str: ip }) => ip)).size

  async function both() {
    const shodan = await started(shodanAnswers(banners, { key: canary, credits: 77 }))
    const censys = await started(censysAnswers(banners, { token, credits: 99 }))
    const folder = await temporaryFolder()
    const store = join(folder, 'store')
    const base = ['survey', '--country', 'JP', '--rate', '1000', '--store', store]
    const ask = (...more: string[]): ReturnType<typeof census> =>
      census([...base, ...more], { env: { SHODAN_API_KEY: canary, CENSYS_TOKEN: token } })
    const endpoints = ['--endpoint', `shodan=${shodan.url},censys=${censys.url}`]
    const survey = (...more: string[]): ReturnType<typeof census> =>
      ask('--source', 'shodan,censys', ...endpoints, '--experimental', ...more)
    return { shodan, censys, folder, store, ask, endpoints, survey }
  }

  test('stand side by side in the snapshot, its report and a comparison, and are never summed up', async () => {
    const { folder, store, survey } = await both()
    const asking = ['--services', 'mqtt,ntp', '--max-credits', '100']
    const done = await survey(...asking, '--id', 'both')
    expect(done).toMatchObject({ code: 0, stderr: '' })
    const [first = '', second = ''] = done.stdout.split('\n\nSnapshot ')
    expect(first).toMatch(/^Snapshot both: shodan, banners of JP by region\.$/m)
    expect(first).toMatch(new RegExp(`^mqtt +${ofModule('mqtt')} `, 'm'))
    expect(second).toMatch(/^both: censys, addresses of JP by region\.$/m)
    expect(second).toMatch(new RegExp(`^mqtt +${addressesOf('mqtt')} `, 'm'))
    expect(widest(done.stdout)).toBeLessThanOrEqual(80)

    const json = await survey(...asking, '--id', 'again', '--json')
    const manifest = JSON.parse(json.stdout) as FacetsManifest
    expect(manifest).toMatchObject({ id: 'again', complete: true, sources: ['shodan', 'censys'] })
    expect(manifest.survey.engines).toMatchObject([
      { source: 'shodan', unit: 'banners', ledger: { credits: 0, maxCredits: 100 } },
      { source: 'censys', unit: 'addresses', ledger: { maxCredits: 100 } },
    ])

    const out = join(folder, 'report')
    const report = await census(['report', '--store', store, '--snapshot', 'both', '--out', out])
    expect(report).toMatchObject({ code: 0, stderr: '' })
    expect(report.stdout).toMatch(/^Snapshot both: shodan, [^]*^Japan: 1,500 banners [^]*^Snapshot both: censys, /m)
    expect(report.stdout).toMatch(/^Japan: [\d,]+ addresses the engine counts/m)
    const rows = await rowsOf(join(out, 'exposure-by-region.csv'))
    expect([...new Set(rows.map(({ source, unit }) => `${source} ${unit}`))].toSorted()).toEqual([
      'censys addresses',
      'shodan banners',
    ])
    for (const module of ['mqtt', 'ntp']) {
      const totals = rows.filter(({ region, service }) => region === 'JP' && service === module)
      expect(totals.map(({ source, count }) => `${source} ${count}`).toSorted()).toEqual([
        `censys ${addressesOf(module)}`,
        `shodan ${ofModule(module)}`,
      ])
    }

    const compare = ['compare', '--store', store, '--out', out]
    const compared = await census([...compare, 'both/shodan', 'both/censys'])
    expect(compared).toMatchObject({ code: 0 })
    expect(compared.stderr).toMatch(/^census: banners are compared with addresses: /m)
    expect(widest(compared.stdout)).toBeLessThanOrEqual(80)
    const apart = await rowsOf(join(out, 'comparison-by-region.csv'))
    expect(new Set(apart.map(({ service }) => service))).toEqual(new Set(['all', 'mqtt', 'ntp']))
    expect(new Set(apart.map((row) => row['difference']))).toEqual(new Set(['']))
    const tokyo = apart.find(({ region, service }) => region === 'JP-13' && service === 'all')
    expect(Number(tokyo?.['old_share'])).toBeGreaterThan(0.2)
    expect(Number(tokyo?.['new_share'])).toBeGreaterThan(0.2)
    // Which of the two is meant is not guessed.
    expect(await census([...compare, 'both', 'again'])).toMatchObject({ code: 2 })
    expect(done.stdout + json.stdout + report.stdout + (await everything(folder))).not.toMatch(
      new RegExp(`${canary}|${token}`),
    )
  })

  test('what is wrong with either is exit 2 before any request', async () => {
    const { shodan, censys, folder, ask, endpoints, survey } = await both()
    const key = join(folder, 'key')
    await writeFile(key, `${canary}\n`, { mode: 0o600 })
    const pair = ['--source', 'shodan,censys', '--services', 'mqtt', '--max-credits', '100']
    const wrong: [() => ReturnType<typeof census>, RegExp][] = [
      [() => ask(...pair, ...endpoints), /--experimental/],
      [() => ask(...pair, '--experimental', '--endpoint', shodan.url), /does not say once of which source/],
      [
        () => ask(...pair, '--experimental', '--endpoint', `shodan=${shodan.url},fofa=${censys.url}`),
        /of which source/,
      ],
      [() => ask(...pair, '--experimental', '--endpoint', ''), /does not say once of which source/],
      [
        () => ask(...pair, '--experimental', '--endpoint', `shodan=${shodan.url},shodan=${censys.url}`),
        /does not say once/,
      ],
      [() => ask('--source', ' , ', '--endpoint', shodan.url), /--source names none/],
      [() => ask('--source', 'shodan,shodan', '--endpoint', `shodan=${shodan.url}`), /shodan is to be asked twice/],
      [() => ask('--source', 'censys,CENSYS', '--experimental', '--endpoint', `censys=${censys.url}`), /asked twice/],
      [() => ask(...pair, '--experimental', ...endpoints, '--key-file', key), /--key-file is of one source/],
      [() => survey('--services', '', '--max-credits', '100'), /--services names none/],
      [() => survey('--services', ' , ', '--max-credits', '100'), /--services names none/],
      // Shodan's counts are free, but nothing is asked where the whole cannot be.
      [() => survey('--services', 'mqtt', '--max-credits', '2'), /Censys .* for 3 credits, and --max-credits allows 2/],
      [() => survey('--services', 'mqtt', '--records', '--max-credits', '100'), /one source at a time/],
    ]
    for (const [asked, what] of wrong)
      expect(await asked()).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(what) as string })
    expect([...shodan.requests, ...censys.requests]).toEqual([])
    expect(await readdir(folder)).toEqual(['key'])
  })

  test('a dry run prints what each is asked and may be asked beside, and asks the accounts alone', async () => {
    const { shodan, censys, folder, survey } = await both()
    const plan = await survey('--services', 'mqtt', '--by', 'network', '--max-credits', '3', '--dry-run')
    expect(plan).toMatchObject({ code: 0, stderr: '' })
    const [ofShodan = '', ofCensys = ''] = plan.stdout.split('\n\nCensys Platform (API v3):\n')
    const count = 'GET /shodan/host/count?query=country:JP'
    expect(ofShodan.split('\n')).toEqual([
      'Shodan:',
      '0 credits  filters: GET /shodan/host/search/filters',
      '0 credits  facets: GET /shodan/host/search/facets',
      `0 credits  all: ${count}&facets=region:1000,shodan.module:1000`,
      `0 credits  mqtt: ${count} shodan.module:mqtt,mqtts&facets=region:1000,asn:1000`,
      `0 credits  all, at the end: ${count}`,
      '',
      '5 requests for 0 credits. As far as answers ask for it, also up to',
      // Lists: two rows, ten networks, and mqtt by its ports.
      '- 13 for 0 credits: a list of regions that leaves a remainder',
      '- 10 for 0 credits: the ten most frequent values of each service',
      '- 2 for 0 credits: banners whose name says nothing, by their ports',
      '- 3 for 0 credits: cities, where codes of regions are in doubt',
      'At most about 1 s at 1000 a second.',
      expect.stringMatching(/^At most \d+ retries and 3 credits\.$/),
      'Credits left: 77 (plan dev).',
    ])
    const post = (of: string, field: string, buckets = 10_000): string =>
      `POST /v3/global/search/aggregate ${JSON.stringify({ query: `host.location.country_code="JP"${of}`, field, number_of_buckets: buckets, count_by_level: '.' })}`
    const [region, asn] = ['host.location.province', 'host.autonomous_system.asn']
    const mqtt = ' and host.services: ((protocol="MQTT"))'
    expect(ofCensys.trimEnd().split('\n')).toEqual([
      `1 credit  all: ${post('', region)}`,
      `2 credits  mqtt: ${post(mqtt, region)} and ${post(mqtt, asn)}`,
      `1 credit  all, at the end: ${post('', region, 1)}`,
      '',
      '3 requests for 4 credits. As far as answers ask for it, also up to',
      '- 12 for 12 credits: a list of regions that leaves a remainder',
      '- 10 for 10 credits: the ten most frequent values of each service',
      '- 3 for 3 credits: cities, where codes of regions are in doubt',
      'At most about 1 s at 1000 a second.',
      expect.stringMatching(/^At most \d+ retries and 3 credits: too few\.$/),
      'Credits left: 99 (plan not told).',
    ])
    expect(shodan.requests.map(({ path }) => path)).toEqual(['/api-info'])
    expect(censys.requests.map(({ path }) => path)).toEqual(['/v3/accounts/users/credits'])
    expect(await readdir(folder)).toEqual([])
  })
})

test.each([
  ['ALL', ['all']],
  ['MQTT', ['all', 'mqtt']],
  [' Mqtt , all', ['all', 'mqtt']],
] as const)('services may be written as %j', async (services, rows) => {
  const { survey } = await prepared()
  const done = await survey('--services', services, '--json')
  expect(done).toMatchObject({ code: 0, stderr: '' })
  const [engine] = (JSON.parse(done.stdout) as FacetsManifest).survey.engines
  expect(engine?.rows.map(({ service }) => service)).toEqual(rows)
})

describe('counts that no number holds exactly when they are added up', () => {
  /** Every count of answers about what `isMeant` says, made the largest whole number there is. */
  const huge =
    (answer: Answer, isMeant: (query: string) => boolean): Answer =>
    async (request) => {
      const reply = await answer(request)
      if (request.path !== '/shodan/host/count' || !isMeant(request.params['query'] ?? '')) return reply
      const text = JSON.stringify(reply.body).replaceAll(/"(count|total)":\d+/g, `"$1":${Number.MAX_SAFE_INTEGER}`)
      return { ...reply, body: JSON.parse(text) as unknown }
    }

  test.each([
    ['everything', () => true, 1],
    // By name and by port: two questions, whose totals are added up.
    ['one service', (query: string) => /smtp|port:/.test(query), 3],
  ] as const)('of %s never make a store that cannot be read again', async (_, isMeant, code) => {
    const engine = await started(huge(shodanAnswers(banners, { regions: 'name' }), isMeant))
    const folder = await temporaryFolder()
    const store = join(folder, 'store')
    const asking = ['survey', '--country', 'JP', '--endpoint', engine.url, '--rate', '1000', '--store', store]
    const done = await census([...asking, '--services', 'smtp,ntp'], { env: { SHODAN_API_KEY: canary } })
    const list = await census(['list', 'snapshots', '--store', store, '--json'])
    expect(list).toMatchObject({ code: 0, stderr: '' })
    expect(done).toMatchObject({ code, stderr: expect.stringMatching(/another shape/) as string })
    if (code === 1) return
    // What was answered in earnest is there, and can be told.
    const out = join(folder, 'report')
    expect(await census(['report', '--store', store, '--out', out])).toMatchObject({ code: 3 })
    const services = (await rowsOf(join(out, 'exposure-by-region.csv'))).map(({ service }) => service)
    expect(new Set(services)).toEqual(new Set(['all', 'ntp']))
  })
})
