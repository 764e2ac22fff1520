import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { lockStore } from '../../src/store/lock.ts'
import { listSnapshots, prepareStore, type RecordsSnapshot } from '../../src/store/snapshots.ts'
import { census, ended, startCensus, type Ran } from '../helpers/cli.ts'
import { syntheticBanners } from '../helpers/engine-banners.ts'
import { shodanAnswers, type ShodanOptions } from '../helpers/engine-shodan.ts'
import type { Engine, Fault } from '../helpers/engine.ts'
import { imported, observationRows, temporaryFolder } from '../helpers/store.ts'
import { started } from '../helpers/surveys.ts'

const canary = 'canary0123456789abcdef0123456789'
const banners = syntheticBanners(2950, { seed: 3 })
const pages = 30

interface Prepared {
  readonly engine: Engine
  readonly folder: string
  readonly store: string
  readonly args: (...more: string[]) => string[]
  readonly records: (...more: string[]) => Promise<Ran>
  /** Pages asked for so far. */
  readonly paid: () => number
}

const env = { SHODAN_API_KEY: canary }

async function prepared(options: ShodanOptions = {}, faults?: (n: number) => Fault | undefined): Promise<Prepared> {
  const answer = shodanAnswers(banners, { key: canary, credits: 1000, ...options })
  const engine = await started(async (request) => {
    await sleep(Math.random() * 4)
    return answer(request)
  }, faults)
  const folder = await temporaryFolder()
  const store = join(folder, 'store')
  const asking = [
    'survey',
    '--records',
    '--country',
    'JP',
    '--endpoint',
    engine.url,
    '--rate',
    '1000',
    '--store',
    store,
  ]
  const args = (...more: string[]): string[] => [...asking, ...more]
  return {
    engine,
    folder,
    store,
    args,
    records: (...more) => census(args(...more), { env }),
    paid: () => engine.requests.filter(({ path }) => path === '/shodan/host/search').length,
  }
}

/** Text of every file below a folder. */
async function everything(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n')
}

async function truth(): Promise<unknown[]> {
  const answer = shodanAnswers(banners, { credits: 1000 })
  const lines: string[] = []
  for (let page = 1; page <= pages; page++) {
    const params = { query: 'country:JP', page: String(page) }
    const { body } = await answer({ method: 'GET', path: '/shodan/host/search', params, headers: {}, body: '', at: 0 })
    lines.push(...(body as { matches: unknown[] }).matches.map((match) => JSON.stringify(match)))
  }
  return observationRows(await imported({ 'download.json.gz': gzipSync(`${lines.join('\n')}\n`) }))
}

test('kill -9 at any moment: no page that came is asked for again, and the end is the truth', async () => {
  const { engine, store, args, paid } = await prepared()
  const isKept = async (): Promise<boolean> => (await listSnapshots(store)).length > 0
  let kills = 0
  while (!(await isKept())) {
    const child = startCensus(args('--max-credits', '100'), { env })
    const ran = ended(child)
    // At a page of this run, or while the snapshot is made: then no page is asked for any more.
    // The first few come soon, so that pages are left for all of them.
    const at = paid() + 1 + Math.floor(Math.random() * (kills < 4 ? 3 : 7))
    const afterMs = Math.random() * (kills < 4 || kills % 2 === 0 ? 10 : 400)
    const requests = engine.requests.length
    while (child.exitCode === null && paid() < at && !(paid() >= pages && engine.requests.length > requests + 3))
      await sleep(1)
    await sleep(afterMs)
    if (child.exitCode === null && kills < 12) {
      child.kill('SIGKILL')
      kills++
      expect((await ran).code).toBe(null)
    } else expect(await ran).toMatchObject({ code: 0, stderr: '' })
  }
  expect(kills).toBeGreaterThan(3)
  expect(paid()).toBeLessThanOrEqual(pages + kills)
  const [{ folder, manifest }] = (await listSnapshots(store)) as [RecordsSnapshot]
  const { attempts = 0, credits, doubtful = 0, retries } = manifest.survey?.ledger ?? {}
  // An attempt is written down before it is sent: some were killed in between.
  expect(attempts).toBeGreaterThanOrEqual(paid())
  expect(attempts).toBeLessThanOrEqual(pages + kills)
  expect({ credits, retries }).toEqual({ credits: attempts, retries: attempts - pages })
  expect(doubtful).toBeLessThanOrEqual(attempts - pages)
  expect(manifest.survey?.queries).toMatchObject([{ total: banners.length, rows: banners.length, pages }])
  expect(await observationRows({ id: manifest.id, folder, manifest })).toEqual(await truth())
  // Killed after it, the journal may still stand there: the next download is another one.
  const before = paid()
  expect(await census(args('--max-credits', '30', '--id', 'next'), { env })).toMatchObject({ code: 0, stderr: '' })
  expect(paid()).toBe(before + pages)
  expect(await readdir(store)).not.toContain('surveys')
}, 180_000)

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends it with %i, and the same command goes on', async (signal, code) => {
  const { args, paid, records } = await prepared()
  const child = startCensus(args('--max-credits', '31'), { env })
  const ran = ended(child)
  while (paid() < 5) await sleep(1)
  child.kill(signal)
  expect((await ran).code).toBe(code)
  const before = paid()
  const plan = await records('--dry-run')
  expect(plan).toMatchObject({ code: 0, stderr: '' })
  expect(plan.stdout).toMatch(/It goes on with what was begun at .*, on which \d+ credits were spent\./)
  expect(paid()).toBe(before)
  expect(await records('--max-credits', '31')).toMatchObject({ code: 0, stderr: '' })
  expect(paid()).toBeLessThanOrEqual(31)
})

describe('a key', () => {
  const echo = `No such key: ${canary}, or ?key=${canary}`
  test('is in no journal, page, log or error, though the engine repeats it', async () => {
    const { folder, records } = await prepared({}, (n) =>
      n === 6 || n > 12 ? { fault: 'error', error: echo } : undefined,
    )
    const done = await records('--max-credits', '40', '--verbose')
    expect(done.code).toBe(3)
    expect(done.stderr).toMatch(/No such key: …, or \?key=…/)
    const texts = await everything(folder)
    expect(texts).toMatch(/"event":"stored"/)
    expect(texts).toMatch(/"event":"failed".*No such key: …/)
    for (const text of [done.stdout, done.stderr, texts]) expect(text).not.toContain(canary)
  })

  test('that is refused is so in the engine’s words, without it', async () => {
    const { folder, records } = await prepared({}, () => ({ fault: 'error', error: `Invalid API key ${canary}` }))
    const done = await records('--max-credits', '40', '--verbose')
    expect(done.code).toBe(1)
    expect(done.stderr).toMatch(/^census: Shodan refuses: Invalid API key …/)
    expect(done.stderr).not.toContain(canary)
    expect(await readdir(folder)).toEqual([])
  })
})

test('what it costs is told before, and not paid without leave', async () => {
  const { folder, paid, records } = await prepared({ credits: 55 })
  const plan = await records('--dry-run')
  expect(plan).toMatchObject({ code: 0, stderr: '' })
  expect(plan.stdout).toMatch(/^all +2,950 +30 +0 +30$/m)
  expect(plan.stdout).toMatch(/^30 pages for 30 credits; about 1 s at 1000 a second\.$/m)
  expect(plan.stdout).toMatch(/^At most 0 credits are allowed: too few, it takes --max-credits 30\.$/m)
  expect(plan.stdout).toMatch(/^Credits left: 55 \(plan dev\)\.$/m)
  expect(await records()).toMatchObject({
    code: 2,
    stderr:
      'census: Shodan has 30 pages to download for 30 credits, and --max-credits allows 0; see --dry-run; --max-credits 30 allows it, a few more allow for retries\n',
  })
  expect(await records('--by', 'product')).toMatchObject({ code: 2, stderr: expect.stringMatching(/--by/) as string })
  expect(paid()).toBe(0)
  expect(await readdir(folder)).toEqual([])
})

test('another writer is waited for by nobody', async () => {
  const { store, paid, records } = await prepared()
  await prepareStore(store)
  const lock = await lockStore(store)
  expect(await records('--max-credits', '30')).toMatchObject({ code: 4 })
  expect(paid()).toBe(0)
  lock.release()
})

test('a snapshot of records is counted as any other', async () => {
  const { folder, store, records } = await prepared()
  const done = await records('--max-credits', '30')
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toMatch(/^all +2,950 +2,950 +0 +30$/m)
  expect(done.stdout).toMatch(/^30 attempts at pages, 0 of them again; at most 30 credits spent of 30\.$/m)
  const out = join(folder, 'report')
  expect(await census(['report', '--store', store, '--out', out, '--country', 'JP'])).toMatchObject({ code: 0 })
  expect(await readFile(join(out, 'exposure-by-region.csv'), 'utf8')).toMatch(/,shodan,records,JP,JP-13,/)
})
