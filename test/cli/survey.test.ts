import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { syntheticBanners } from '../helpers/engine-banners.ts'
import { shodanAnswers, type ShodanOptions } from '../helpers/engine-shodan.ts'
import { startEngine, type Engine, type Fault } from '../helpers/engine.ts'
import { census } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/store.ts'

const canary = 'canary0123456789abcdef0123456789'
const banners = syntheticBanners(1500, { seed: 3 })
const ofModule = (module: string): number => banners.filter((banner) => banner.module === module).length

const engines: Engine[] = []
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close()
})

async function prepared(
  options: ShodanOptions = {},
  faults?: (n: number) => Fault | undefined,
): Promise<{
  engine: Engine
  folder: string
  store: string
  survey: (...more: string[]) => ReturnType<typeof census>
}> {
  const engine = await startEngine({
    answer: shodanAnswers(banners, { regions: 'name', key: canary, ...options }),
    ...(faults === undefined ? {} : { faults }),
  })
  engines.push(engine)
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
  ])
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

describe('a configuration with a survey', () => {
  async function configured(options: ShodanOptions = {}) {
    const { engine, folder } = await prepared(options)
    const config = join(folder, 'census.yaml')
    await writeFile(join(folder, 'key'), `${canary}\n`, { mode: 0o600 })
    await writeFile(
      config,
      `store: store\ncountry: JP\nservices: [mqtt]\nsurvey:\n  endpoint: ${engine.url}\n  rate: 1000\n  key_file: key\nreport:\n  out: report\n`,
    )
    return { engine, folder, config }
  }

  test('is run without a word, and its report stands', async () => {
    const { folder, config } = await configured()
    expect(await census(['run', config])).toEqual({ code: 0, stdout: '', stderr: '' })
    const csv = await readFile(join(folder, 'report', 'exposure-by-region.csv'), 'utf8')
    expect(csv).toContain(`,facets,JP,JP,Japan,日本,mqtt,banners,,${ofModule('mqtt')},`)
  }, 60_000)

  test('is checked without a request, and with --online with one', async () => {
    const { engine, config } = await configured({ credits: 5 })
    expect(await census(['check', config])).toMatchObject({ code: 0, stderr: '' })
    expect(engine.requests).toEqual([])
    const online = await census(['check', config, '--online'])
    expect(online).toMatchObject({ code: 0, stdout: expect.stringMatching(/plan dev, 5 credits left/) as string })
    expect(engine.requests.map(({ path }) => path)).toEqual(['/api-info'])
  }, 60_000)

  test('whose plan is refused ends in the words of the engine', async () => {
    const { config } = await configured({ key: 'another' })
    const online = await census(['check', config, '--online'])
    expect(online).toMatchObject({ code: 1, stderr: expect.stringMatching(/Shodan refuses: Access denied/) as string })
    expect(online.stderr + online.stdout).not.toContain(canary)
  }, 60_000)
})
