import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { reportCommand, type ReportOptions } from '../../src/commands/report.ts'
import type { CensusError } from '../../src/model/errors.ts'
import { makeReport } from '../../src/pipeline/report.ts'
import { seriesOf } from '../../src/pipeline/series.ts'
import { writeFacetTallies } from '../../src/store/facets.ts'
import { storeFormat } from '../../src/store/manifest.ts'
import { beginSnapshot, prepareStore } from '../../src/store/snapshots.ts'
import { addresses, makeSnapshot, withFolder, type CsvRow, type Seen } from '../helpers/census.ts'
import { globals, recorded } from '../helpers/cli.ts'

const seen = (year: number, region: string, count: number, more: Partial<Seen> & { from?: number } = {}): Seen[] => {
  const { from = 0, ...rest } = more
  return addresses(count, from).map((ip) => ({
    ip,
    service: 'smtp',
    region,
    observedAt: `${year}-05-01T00:00:00Z`,
    ...rest,
  }))
}

const snapshots: Readonly<Record<string, Seen[]>> = {
  // Not in the order of their times.
  first: seen(2020, 'JP-13', 40),
  second: [...seen(2015, 'JP-13', 20), ...seen(2015, 'DE-BE', 3, { from: 100 })],
  third: [...seen(2017, 'JP-13', 10), ...seen(2017, 'JP-27', 12, { service: 'ntp', from: 100 })],
}

/** A snapshot of counts, as a survey of Japan leaves it: of each service in Tokyo, by name or by port. */
async function makeSurvey(
  store: string,
  id: string,
  year: number,
  counts: Readonly<Record<string, number>>,
  asked: 'name' | 'port' = 'name',
): Promise<void> {
  await prepareStore(store)
  const draft = await beginSnapshot(store, id)
  const told = Object.entries(counts)
  const [source, unit] = ['shodan', 'banners'] as const
  const tally = { source, breakdown: 'region', keys: [], region: 'JP-13', flags: 0 } as const
  await writeFacetTallies(
    draft.folder,
    told.map(([service, count]) => ({ ...tally, service, count })),
  )
  const observed = { from: `${year}-05-01T00:00:00.000Z`, to: `${year}-05-01T00:01:00.000Z` }
  const rows = told.map(([service, total]) => ({ service, total, listed: total, remainder: 'none', asked }) as const)
  const [regions, ledger] = [
    { spelled: 'codes' as const, codeSet: 'iso' as const, decidedBy: 'the list' as const, undecoded: [] },
    { attempts: 1, retries: 0, retryBudget: 1, credits: 0, maxCredits: 0 },
  ]
  const engine = { source, unit, endpoint: 'https://api.example.org', missing: [], observed, rows, regions, ledger }
  await draft.publish({
    storeFormat,
    id,
    tool: { name: 'exposure-census', version: '0.0.0' },
    createdAt: '2024-01-01T00:00:00.000Z',
    basis: 'facets',
    sources: [source],
    observed,
    complete: true,
    missing: [],
    survey: { country: 'JP', by: [], engines: [{ ...engine, requests: [] }] },
  })
}

interface Made {
  readonly store: string
  readonly folder: string
  readonly run: (options: Partial<ReportOptions>) => Promise<{ code: number; stderr: string; rows: CsvRow[] }>
}

/** Runs `census report` on a store with the three. */
const withSeries = <T>(work: (made: Made) => Promise<T>, partial = ''): Promise<T> =>
  withFolder(async (folder) => {
    const store = join(folder, 'store')
    for (const [id, records] of Object.entries(snapshots))
      await makeSnapshot(store, id, records, { missing: id === partial ? ['half of it'] : [] })
    const run = async (options: Partial<ReportOptions>) => {
      const console = recorded()
      const out = options.out ?? join(folder, 'out')
      const asked = { per: 100_000, format: 'csv,html', lang: 'en', ...options, out } as const
      const code = await reportCommand(asked, globals(store), console)
      const text = await readFile(join(out, 'history-by-region.csv'), 'utf8')
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
      return { code, stderr: console.stderr(), rows: parse<CsvRow>(text, { columns: true }) }
    }
    return work({ store, folder, run })
  })

const series = (rows: readonly CsvRow[], region: string, service = 'smtp'): CsvRow[] =>
  rows.filter((row) => row['region'] === region && row['service'] === service)
const column = (rows: readonly CsvRow[], name: string): (string | undefined)[] => rows.map((row) => row[name])

const refused = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => expect.fail('no error'),
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ exit: 2 })
  const { message, hint = '' } = error as CensusError
  return `${message}; ${hint}`
}

describe('census report --snapshots', () => {
  test('is of the newest, with a row of every snapshot in the order of their times, by one population', async () => {
    await withSeries(async ({ run, folder }) => {
      const { code, stderr, rows } = await run({ snapshots: 'first,second, third' })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const tokyo = series(rows, 'JP-13')
      expect(column(tokyo, 'snapshot')).toEqual(['second', 'third', 'first'])
      expect(column(tokyo, 'observed_to')).toEqual([2015, 2017, 2020].map((year) => `${year}-05-01T00:00:00Z`))
      expect(column(tokyo, 'count')).toEqual(['20', '10', '40'])
      expect(new Set(column(tokyo, 'population'))).toEqual(new Set(['14047594']))
      expect(new Set(column(tokyo, 'population_year'))).toEqual(new Set(['2020']))
      expect(column(tokyo, 'ratio_to_first')).toEqual(['', '0.5', '2'])
      expect(new Set(column(rows, 'unit'))).toEqual(new Set(['addresses']))
      // The newest one's rows are those of its own file, figure by figure.
      const text = await readFile(join(folder, 'out', 'exposure-by-region.csv'), 'utf8')
      const exposed = parse<CsvRow>(text, { columns: true }).filter((row) => row['unit'] === 'addresses')
      const mine = rows.filter((row) => row['snapshot'] === 'first')
      expect(exposed.length).toBeGreaterThan(100)
      expect(new Set(column(exposed, 'snapshot'))).toEqual(new Set(['first']))
      for (const row of exposed) {
        const same = mine.find((each) => ['country', 'region', 'service'].every((key) => each[key] === row[key]))
        const { rate_ratio: _, rank: __, ...shared } = row
        expect(same).toMatchObject(shared)
      }
    })
  })

  test('what one snapshot alone has is 0 in the others, services and countries too', async () => {
    await withSeries(async ({ run }) => {
      const { rows } = await run({ snapshots: 'first,second,third' })
      expect(column(series(rows, 'JP-27', 'ntp'), 'count')).toEqual(['0', '12', '0'])
      expect(column(series(rows, 'JP-01'), 'count')).toEqual(['0', '0', '0'])
      expect(column(series(rows, 'DE'), 'count').map((count) => count !== '0')).toEqual([true, false, false])
      const keys = rows.map((row) => ['country', 'region', 'service'].map((key) => row[key]).join())
      for (const key of new Set(keys)) expect(keys.filter((each) => each === key)).toHaveLength(3)
    })
  })

  test('takes country, regions, services and year as a report does', async () => {
    await withSeries(async ({ run }) => {
      const options = {
        snapshots: 'second,third',
        country: 'JP',
        regions: 'Tokyo',
        services: 'ntp',
        populationYear: 2015,
      }
      const { rows } = await run(options)
      expect(new Set(column(rows, 'region'))).toEqual(new Set(['JP', 'JP-13', 'unknown']))
      expect(new Set(column(rows, 'service'))).toEqual(new Set(['all', 'ntp']))
      expect(column(series(rows, 'JP-13', 'all'), 'population')).toEqual(['13515271', '13515271'])
    })
  })

  test('the page draws it, and datapackage.json describes the file and every snapshot', async () => {
    await withSeries(async ({ run, folder }) => {
      const { rows } = await run({ snapshots: 'first,second,third', country: 'JP' })
      const page = await readFile(join(folder, 'out', 'report.html'), 'utf8')
      for (const id of Object.keys(snapshots)) expect(page).toContain(`<th scope="row">${id}</th>`)
      const text = await readFile(join(folder, 'out', 'datapackage.json'), 'utf8')
      const described = JSON.parse(text) as {
        earlier: { id: string }[]
        resources: { path: string; schema?: { fields: { name: string; type?: string }[] } }[]
      }
      expect(described.earlier.map(({ id }) => id)).toEqual(['second', 'third'])
      const fields = described.resources.find(({ path }) => path === 'history-by-region.csv')?.schema?.fields
      expect(fields?.map(({ name }) => name)).toEqual(Object.keys(rows[0] ?? {}))
      expect(fields?.filter(({ type }) => type === undefined)).toEqual([])
    })
  })

  test('gives the same bytes whatever the order of the names; a report without leaves none of it', async () => {
    await withSeries(async ({ run, folder, store }) => {
      const [one, other] = [join(folder, 'one'), join(folder, 'other')]
      await run({ snapshots: 'first,second,third', out: one })
      await run({ snapshots: 'third,first,second', out: other })
      const names = await readdir(one)
      expect(names).toContain('history-by-region.csv')
      for (const name of names) expect(await readFile(join(one, name))).toEqual(await readFile(join(other, name)))
      await makeReport({ store, out: one, per: 100_000, snapshot: 'first' })
      expect(await readdir(one)).not.toContain('history-by-region.csv')
      expect(await readFile(join(one, 'report.html'), 'utf8')).not.toContain('id="trend"')
    })
  })

  test('with a partial one is partial, and its rows say so', async () => {
    await withSeries(async ({ run }) => {
      const { code, stderr, rows } = await run({ snapshots: 'first,second,third' })
      expect(code).toBe(3)
      expect(stderr).toContain('the snapshot third is partial: half of it')
      const flagged = rows.filter((row) => row['flags']?.split(';').includes('partial'))
      expect(new Set(column(flagged, 'snapshot'))).toEqual(new Set(['third']))
    }, 'third')
  })

  test('what is no series is refused, and nothing written', async () => {
    await withSeries(async ({ run, folder, store }) => {
      await makeSnapshot(store, 'undated', [{ ip: '198.18.0.1', service: 'smtp', region: 'JP-13' }])
      await makeSnapshot(store, 'same', seen(2015, 'JP-27', 1))
      for (const [options, message] of [
        [{ snapshots: 'first,secnd' }, /no snapshot "secnd"; it holds: first, same, second/],
        [{ snapshots: 'first,second,first' }, /names first twice/],
        [{ snapshots: 'first' }, /names 1; a series has from 2 to 100/],
        [{ snapshots: ' , ' }, /names 0/],
        [{ snapshots: Array.from({ length: 101 }, (_, index) => `s${index}`).join(',') }, /names 101/],
        [{ snapshots: 'first,undated' }, /undated is undated.*--observed-at/],
        [{ snapshots: 'first,second,same' }, /(second and same|same and second) are of the same period/],
        [{ snapshots: 'first,second', snapshot: 'first' }, /both given/],
        [{ force: true }, /--force is given without --snapshots/],
        [{ snapshots: 'second,third', services: 'nothing-like-it' }, /nothing-like-it/],
      ] as const)
        expect(await refused(run(options)), JSON.stringify(options)).toMatch(message)
      expect(await readdir(folder)).toEqual(['store'])
    })
  })

  test('what was not made in the same way is refused unless forced, and then every row is flagged', async () => {
    await withSeries(async ({ run, folder, store }) => {
      await makeSnapshot(store, 'other', seen(2018, 'JP-13', 5, { source: 'censys' }))
      expect(await refused(run({ snapshots: 'first,second,other' }))).toMatch(
        /other and first were not made in the same way: another source; --force/,
      )
      expect(await readdir(folder)).toEqual(['store'])
      const { code, stderr, rows } = await run({ snapshots: 'first,second,other', force: true })
      expect(code).toBe(0)
      expect(stderr).toContain('not made in the same way (another source)')
      expect(rows.filter((row) => !row['flags']?.split(';').includes('forced'))).toEqual([])
      // Another source is a series of its own.
      const tokyo = series(rows, 'JP-13')
      expect(tokyo.map((row) => [row['snapshot'], row['source'], row['ratio_to_first']])).toEqual([
        ['second', 'shodan', ''],
        ['first', 'shodan', '2'],
        ['other', 'censys', ''],
      ])
      const page = await readFile(join(folder, 'out', 'report.html'), 'utf8')
      expect(page).toContain('These snapshots were not made in the same way')
      // The files of the newest alone are not of the others.
      expect(await readFile(join(folder, 'out', 'exposure-by-region.csv'), 'utf8')).not.toContain('forced')
    })
  })
})

describe('counts of a search engine', () => {
  test('are a series where both have counts; what one was not asked is not 0', async () => {
    await withSeries(async ({ run, store }) => {
      await makeSurvey(store, 'old', 2021, { all: 50, smtp: 10 })
      await makeSurvey(store, 'new', 2022, { all: 60, smtp: 15, ntp: 5 })
      const { code, rows } = await run({ snapshots: 'new,old' })
      expect(code).toBe(0)
      expect(column(series(rows, 'JP-13'), 'count')).toEqual(['10', '15'])
      expect(column(series(rows, 'JP-13', 'ntp'), 'snapshot')).toEqual(['new'])
      expect(new Set(column(rows, 'unit'))).toEqual(new Set(['banners']))
    })
  })

  test('are none beside records, nor where a service was asked for by something else', async () => {
    await withSeries(async ({ run, folder, store }) => {
      await makeSurvey(store, 'old', 2021, { all: 50, smtp: 10 })
      await makeSurvey(store, 'new', 2022, { all: 60, smtp: 15 }, 'port')
      expect(await refused(run({ snapshots: 'new,old' }))).toMatch(/another query; --force/)
      expect(await refused(run({ snapshots: 'new,first' }))).toMatch(/another basis; --force/)
      const { rows } = await run({ snapshots: 'new,first', force: true })
      // Records and counts are never held against each other.
      expect(new Set(column(rows, 'ratio_to_first'))).toEqual(new Set(['']))
      expect(new Set(rows.map((row) => `${row['snapshot']} ${row['basis']} ${row['unit']}`))).toEqual(
        new Set(['first records addresses', 'new facets banners']),
      )
      // A trend of one is none.
      expect(await readFile(join(folder, 'out', 'report.html'), 'utf8')).not.toContain('id="trend"')
    })
  })
})

describe('the snapshots of a history', () => {
  test('are the newest that were made in the same way, whole, dated, before the report’s own, one for each period', async () => {
    await withSeries(async ({ store }) => {
      await makeSnapshot(store, 'censys', seen(2018, 'JP-13', 5, { source: 'censys' }))
      await makeSnapshot(store, 'partial', seen(2019, 'JP-13', 5), { missing: ['half'] })
      await makeSnapshot(store, 'undated', [{ ip: '198.18.0.1', service: 'smtp', region: 'JP-13' }])
      await makeSnapshot(store, 'again', seen(2015, 'JP-27', 1))
      const { folder, manifest } = await makeSnapshot(store, 'later', seen(2022, 'JP-13', 5))
      await writeFile(
        join(folder, 'manifest.json'),
        JSON.stringify({ ...manifest, createdAt: '2025-01-01T00:00:00.000Z' }),
      )
      const earlier = async (snapshot: string, history: number): Promise<string[]> =>
        (await seriesOf({ store, snapshot, history })).earlier.map(({ id }) => id)
      // Made at the same time as `again`, `second` comes later by its name.
      expect(await earlier('first', 5)).toEqual(['second', 'third'])
      expect(await earlier('first', 2)).toEqual(['third'])
      expect(await earlier('later', 5)).toEqual(['second', 'third', 'first'])
      expect(await earlier('second', 5)).toEqual([])
      expect(await earlier('censys', 5)).toEqual([])
    })
  })
})
