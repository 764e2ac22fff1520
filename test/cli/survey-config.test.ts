import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { census, type Ran } from '../helpers/cli.ts'
import { syntheticBanners } from '../helpers/engine-banners.ts'
import { censysAnswers } from '../helpers/engine-censys.ts'
import { shodanAnswers, type ShodanOptions } from '../helpers/engine-shodan.ts'
import type { Answer, EngineOptions } from '../helpers/engine.ts'
import { temporaryFolder } from '../helpers/store.ts'
import { started } from '../helpers/surveys.ts'

const canary = 'canary0123456789abcdef0123456789'
const token = 'token0123456789abcdef0123456789abc'
const banners = syntheticBanners(1500, { seed: 3 })
const ofModule = (module: string): number => banners.filter((banner) => banner.module === module).length

/** A Shodan, and a folder with its key where configurations can be written. */
async function prepared(options: ShodanOptions = {}, more: Partial<EngineOptions> = {}) {
  const answer = shodanAnswers(banners, { regions: 'name', key: canary, ...options })
  const engine = await started(more.answer ?? answer, more.faults)
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'key'), `${canary}\n`, { mode: 0o600 })
  await writeFile(join(folder, 'token'), `${token}\n`, { mode: 0o600 })
  const config = join(folder, 'census.yaml')
  const store = join(folder, 'store')
  const out = join(folder, 'report')
  const asked = { endpoint: engine.url, rate: 1000, key_file: 'key' }
  /** JSON is YAML. */
  const write = (fields: Readonly<Record<string, unknown>>): Promise<void> =>
    writeFile(config, JSON.stringify({ store: 'store', country: 'JP', report: { out: 'report' }, ...fields }, null, 2))
  return {
    engine,
    folder,
    asked,
    write,
    run: (): Promise<Ran> => census(['run', config]),
    check: (...words: string[]): Promise<Ran> => census(['check', config, ...words]),
    report: (...words: string[]): Promise<Ran> => census(['report', '--store', store, '--out', out, ...words]),
    rows: () => rowsOf(join(out, 'exposure-by-region.csv')),
  }
}

/** Rows of a report's file, as its columns call them. */
async function rowsOf(file: string): Promise<Record<string, string>[]> {
  const [head = [], ...lines] = (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','))
  return lines.map((cells) => Object.fromEntries(head.map((name, index) => [name, cells[index] ?? ''])))
}

const servicesOf = (rows: readonly Record<string, string>[]): Set<string | undefined> =>
  new Set(rows.map(({ service }) => service))

describe('a configuration with a survey', () => {
  async function configured(options: ShodanOptions = {}) {
    const all = await prepared(options)
    await all.write({ services: ['mqtt'], survey: all.asked })
    return all
  }

  test('is run without a word, and its report stands', async () => {
    const { folder, run } = await configured()
    expect(await run()).toEqual({ code: 0, stdout: '', stderr: '' })
    const csv = await readFile(join(folder, 'report', 'exposure-by-region.csv'), 'utf8')
    expect(csv).toContain(`,facets,JP,JP,Japan,日本,mqtt,banners,,${ofModule('mqtt')},`)
  })

  test('is checked without a request, and with --online with one', async () => {
    const { engine, check } = await configured({ credits: 5 })
    expect(await check()).toMatchObject({ code: 0, stderr: '' })
    expect(engine.requests).toEqual([])
    const online = await check('--online')
    expect(online).toMatchObject({ code: 0, stdout: expect.stringMatching(/plan dev, 5 credits left/) as string })
    expect(engine.requests.map(({ path }) => path)).toEqual(['/api-info'])
  })

  test('whose plan is refused ends in the words of the engine', async () => {
    const { check } = await configured({ key: 'another' })
    const online = await check('--online')
    expect(online).toMatchObject({ code: 1, stderr: expect.stringMatching(/Shodan refuses: Access denied/) as string })
    expect(online.stderr + online.stdout).not.toContain(canary)
  })

  test('to be reported by what it does not ask by is refused before any request', async () => {
    const { engine, folder, asked, write, run, check } = await prepared()
    await write({
      services: ['mqtt'],
      survey: { ...asked, by: ['product'] },
      report: { out: 'report', by: ['device'] },
    })
    const why = expect.stringMatching(/by device, .*survey\.by: \[product, device\]/) as string
    for (const done of [await check(), await run()]) expect(done).toMatchObject({ code: 2, stdout: '', stderr: why })
    expect(engine.requests).toEqual([])
    expect((await readdir(folder)).toSorted()).toEqual(['census.yaml', 'key', 'token'])
    await write({ services: ['mqtt'], survey: { ...asked, by: ['device'] }, report: { out: 'report', by: ['device'] } })
    expect(await run()).toMatchObject({ code: 0, stderr: '' })
    expect(await readdir(join(folder, 'report'))).toContain('exposure-by-device.csv')
  })

  test('that comes out partial is reported as far as it goes, the lacking service named', async () => {
    const { asked, write, run, report, rows } = await prepared(
      {},
      { faults: (_, { params }) => (params['query']?.includes('mqtt') ? { fault: 'down', status: 500 } : undefined) },
    )
    await write({ services: ['mqtt', 'ntp'], survey: asked })
    const lacking = expect.stringMatching(/^census: the snapshot is partial: mqtt: status 500$/m) as string
    const expectPartial = async (done: Ran): Promise<void> => {
      expect(done).toMatchObject({ code: 3, stderr: lacking })
      const told = await rows()
      expect(servicesOf(told)).toEqual(new Set(['all', 'ntp']))
      expect(told.find(({ region, service }) => region === 'JP' && service === 'ntp')).toMatchObject({
        count: String(ofModule('ntp')),
        flags: 'partial',
      })
    }
    await expectPartial(await run())
    await expectPartial(await report('--services', 'mqtt,ntp'))
    // What it was not asked for is not lacking but wrong.
    expect(await report('--services', 'ntp,http')).toMatchObject({ code: 2 })
  })
})

describe('several sources', () => {
  test('are surveyed one beside the other', async () => {
    const { engine, asked, write, run, check, rows } = await prepared()
    const censys = await started(censysAnswers(banners, { token, credits: 50 }))
    const second = { source: 'censys', endpoint: censys.url, rate: 1000, max_credits: 50, key_file: 'token' }
    const of = (more: object): object => ({ sources: [asked, { ...second, ...more }] })
    await write({ services: ['mqtt'], survey: of({}) })
    const why = expect.stringMatching(/--experimental/) as string
    expect(await run()).toMatchObject({ code: 2, stdout: '', stderr: why })
    expect([...engine.requests, ...censys.requests]).toEqual([])
    await write({ services: ['mqtt'], survey: of({ experimental: true }) })
    const online = await check('--online')
    expect(online).toMatchObject({ code: 0, stdout: expect.stringMatching(/^censys takes the key: .* 50 /m) as string })
    expect(await run()).toEqual({ code: 0, stdout: '', stderr: '' })
    const addresses = new Set(banners.filter(({ module }) => module === 'mqtt').map(({ ip_str: ip }) => ip)).size
    const totals = (await rows()).filter(({ region, service }) => region === 'JP' && service === 'mqtt')
    expect(totals.map(({ source, unit, count }) => `${source} ${unit} ${count}`).toSorted()).toEqual([
      `censys addresses ${addresses}`,
      `shodan banners ${ofModule('mqtt')}`,
    ])
  })

  test('that run would refuse are refused by check, without a request', async () => {
    const { engine, asked, write, run, check } = await prepared()
    const censys = { source: 'censys', endpoint: engine.url, experimental: true, key_file: 'token' }
    for (const [sources, why] of [
      [[asked, { ...asked, source: 'shodan' }], /shodan is to be asked twice/],
      [[asked, { ...censys, max_credits: 1 }], /3 requests for 3 credits, and --max-credits allows 1/],
      [[{ ...censys, experimental: false, max_credits: 9 }], /--experimental/],
    ] as const) {
      await write({ services: ['mqtt'], survey: { sources } })
      const refused = { code: 2, stdout: '', stderr: expect.stringMatching(why) as string }
      expect(await check()).toMatchObject(refused)
      expect(await run()).toMatchObject(refused)
    }
    await write({ services: ['mqtt'], survey: { ...censys, records: true, max_credits: 9 } })
    expect(await check()).toMatchObject({ code: 2, stderr: expect.stringMatching(/cannot download records/) as string })
    expect(engine.requests).toEqual([])
  })

  test('beside a source, or to be downloaded, are refused with the field', async () => {
    const { engine, asked, write, run } = await prepared()
    const wrong: [object, RegExp][] = [
      [{ source: 'shodan', sources: [asked] }, /field survey\.source: there are sources too/],
      [{ rate: 5, sources: [asked] }, /field survey\.rate: there are sources too/],
      [{ sources: [asked, asked] }, /shodan is to be asked twice/],
      [{ records: true, sources: [asked, { ...asked, source: 'censys' }] }, /field survey\.records: /],
      [{ ...asked, records: true, by: ['product'] }, /field survey\.records: /],
    ]
    for (const [survey, what] of wrong) {
      await write({ services: ['mqtt'], survey })
      expect(await run()).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(what) as string })
    }
    expect(engine.requests).toEqual([])
  })
})

describe('records', () => {
  /** The first banner of each page is of another service than was asked for. */
  const strayed =
    (answer: Answer): Answer =>
    async (request) => {
      const reply = await answer(request)
      if (request.path !== '/shodan/host/search') return reply
      const { matches, ...rest } = reply.body as { matches: { _shodan: object }[] }
      const [first, ...others] = matches
      if (first === undefined) return reply
      return { ...reply, body: { ...rest, matches: [{ ...first, _shodan: { module: 'http' } }, ...others] } }
    }

  test('are downloaded and reported, and tell of what was asked for alone', async () => {
    const { asked, write, run, report, rows } = await prepared(
      {},
      { answer: strayed(shodanAnswers(banners, { key: canary, credits: 100 })) },
    )
    await write({ services: ['mqtt'], survey: { ...asked, records: true, max_credits: 3 } })
    expect(await run()).toEqual({ code: 0, stdout: '', stderr: '' })
    const told = await rows()
    expect(new Set(told.map(({ basis }) => basis))).toEqual(new Set(['records']))
    expect(servicesOf(told)).toEqual(new Set(['mqtt']))
    const total = told.find(({ region, unit }) => region === 'JP' && unit === 'banners')
    // Without the one that strayed.
    expect(Number(total?.['count'])).toBe(ofModule('mqtt') - 1)
    expect(await report()).toMatchObject({ code: 0 })
    expect(servicesOf(await rows())).toEqual(new Set(['mqtt']))
    const before = await rows()
    const why = expect.stringMatching(/has no counts of "http"/) as string
    expect(await report('--services', 'http')).toMatchObject({ code: 2, stdout: '', stderr: why })
    expect(await rows()).toEqual(before)
  })

  test('of everything tell of all', async () => {
    const { asked, write, run, rows } = await prepared()
    await write({ survey: { ...asked, records: true, max_credits: 20 } })
    expect(await run()).toEqual({ code: 0, stdout: '', stderr: '' })
    const told = await rows()
    for (const service of ['all', 'mail', 'smtp', 'mqtt', 'http']) expect(servicesOf(told)).toContain(service)
    const all = told.find(({ region, service, unit }) => region === 'JP' && service === 'all' && unit === 'banners')
    expect(all?.['count']).toBe(String(banners.length))
  })
})

test('services are named as one likes, and one that no engine knows leaves it partial', async () => {
  const { asked, write, run, report, rows } = await prepared()
  // xdmcp has no name at Shodan.
  for (const survey of [asked, { ...asked, records: true, max_credits: 20 }]) {
    await write({ services: ['MQTT', ' Xdmcp '], survey })
    const why = expect.stringMatching(/partial: xdmcp: Shodan cannot be asked for it/) as string
    expect(await run()).toMatchObject({ code: 3, stderr: why })
    const told = await rows()
    expect(servicesOf(told)).toContain('mqtt')
    expect(servicesOf(told)).not.toContain('xdmcp')
    expect(await report('--services', 'mqtt, XDMCP')).toMatchObject({ code: 3 })
  }
  await write({ survey: { ...asked, records: true, max_credits: 20 } })
  expect(await run()).toMatchObject({ code: 0, stderr: '' })
  const told = await Promise.all(
    ['MAIL,All', 'mail'].map(async (names) => {
      expect(await report('--services', names)).toMatchObject({ code: 0 })
      return rows()
    }),
  )
  expect(told[0]).toEqual(told[1])
  expect(servicesOf(told[0] ?? [])).toContain('mail')
})

describe('an id', () => {
  test('is of the very survey, however it is written', async () => {
    const { engine, asked, write, run } = await prepared()
    const same = { id: 'monthly', services: ['mqtt', 'all'], survey: { ...asked, records: true, max_credits: 20 } }
    await write(same)
    expect(await run()).toEqual({ code: 0, stdout: '', stderr: '' })
    const sent = engine.requests.length
    await write({ ...same, country: 'Japan', services: ['ALL', 'MQTT'] })
    expect(await run()).toMatchObject({ code: 0, stderr: expect.stringMatching(/is there already/) as string })
    const other = await started(shodanAnswers(banners, { regions: 'name', key: canary }))
    for (const change of [
      { services: ['mqtt'] },
      { survey: { ...same.survey, endpoint: other.url } },
      // The engine's own address is another one, too.
      { survey: { ...same.survey, endpoint: undefined } },
    ]) {
      await write({ ...same, ...change })
      const why = expect.stringMatching(/already holds a snapshot "monthly"/) as string
      expect(await run(), JSON.stringify(change)).toMatchObject({ code: 2, stdout: '', stderr: why })
    }
    expect(engine.requests).toHaveLength(sent)
    expect(other.requests).toEqual([])
  })

  test('that is there is not surveyed again, and stands for no other survey', async () => {
    const { engine, asked, write, run, rows } = await prepared()
    const other = await started(shodanAnswers(banners, { regions: 'name', key: canary }))
    const same = { id: 'monthly', services: ['mqtt'], survey: { ...asked, by: ['product'] } }
    await write(same)
    expect(await run()).toEqual({ code: 0, stdout: '', stderr: '' })
    const [before, sent] = [await rows(), engine.requests.length]
    expect(sent).toBeGreaterThan(0)
    expect(await run()).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^census: the snapshot monthly is there already: nothing is asked/) as string,
    })
    expect(await rows()).toEqual(before)
    for (const change of [
      { survey: { ...same.survey, endpoint: other.url } },
      { services: ['ntp'] },
      { services: ['mqtt', 'ntp'] },
      { services: undefined },
      { survey: { ...same.survey, by: ['network'] } },
      { survey: asked },
      { survey: { ...asked, records: true, max_credits: 10 } },
    ]) {
      await write({ ...same, ...change })
      const why = expect.stringMatching(/already holds a snapshot "monthly"/) as string
      expect(await run(), JSON.stringify(change)).toMatchObject({ code: 2, stdout: '', stderr: why })
    }
    expect(engine.requests).toHaveLength(sent)
    expect(other.requests).toEqual([])
    expect(await rows()).toEqual(before)
  })
})
