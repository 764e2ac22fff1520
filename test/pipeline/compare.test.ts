import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { compareCommand, type CompareOptions } from '../../src/commands/compare.ts'
import type { CensusError } from '../../src/model/errors.ts'
import { compare } from '../../src/pipeline/compare.ts'
import { addresses, makeSnapshot, withFolder, type Seen } from '../helpers/census.ts'
import { globals, recorded } from '../helpers/cli.ts'

const seen = (region: string, count: number, from: number, more: Partial<Seen> = {}): Seen[] =>
  addresses(from + count)
    .slice(from)
    .map((ip) => ({ ip, service: 'smtp', region, observedAt: '2015-05-01T00:00:00Z', ...more }))

/** Two snapshots: Tokyo grows, Osaka shrinks, Aichi goes, Fukuoka comes, and some are of nobody knows where. */
const before = [...seen('JP-13', 30, 0), ...seen('JP-27', 20, 30), ...seen('JP-23', 10, 50)]
const after = [
  ...seen('JP-13', 45, 0, { observedAt: '2020-05-01T00:00:00Z' }),
  ...seen('JP-27', 10, 45),
  ...seen('JP-40', 5, 55),
  ...addresses(63)
    .slice(60)
    .map((ip): Seen => ({ ip, service: 'smtp', country: 'JP', observedAt: '2015-05-01T00:00:00Z' })),
]

/** A snapshot of records as a download of some services alone leaves it. */
async function downloadedAlone(store: string, id: string, rows: readonly string[]): Promise<void> {
  const { folder, manifest } = await makeSnapshot(store, id, seen('JP-13', 3, 0))
  const ledger = { attempts: 1, retries: 0, retryBudget: 1, credits: 1, doubtful: 0, maxCredits: 1, free: 1 }
  const survey = { endpoint: 'https://api.example.org', country: 'JP', services: rows, rows, queries: [], ledger }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, survey }))
}

type Row = Readonly<Record<string, string>>

/** Runs `census compare` on a store with the two. */
const compared = <T>(
  work: (
    run: (
      old: string,
      now: string,
      options?: Partial<CompareOptions>,
    ) => Promise<{ code: number; stdout: string; stderr: string; rows: Row[] }>,
    folder: string,
  ) => Promise<T>,
  missing: string[] = [],
): Promise<T> =>
  withFolder(async (folder) => {
    const store = join(folder, 'store')
    await makeSnapshot(store, 'before', before)
    await makeSnapshot(store, 'after', after, { missing })
    const out = join(folder, 'out')
    return work(async (old, now, options = {}) => {
      const console = recorded()
      const code = await compareCommand(old, now, { out, ...options }, globals(store), console)
      const text = await readFile(join(out, 'comparison-by-region.csv'), 'utf8')
      expect(text.endsWith('\r\n')).toBe(true)
      return {
        code,
        stdout: console.stdout(),
        stderr: console.stderr(),
        rows: parse(text, { columns: true }),
      }
    }, folder)
  })

const cell = (rows: readonly Row[], region: string, service = 'smtp'): Row | undefined =>
  rows.find((row) => row['region'] === region && row['service'] === service)

describe('two snapshots are compared', () => {
  test('by region and service: counts, shares of the country, and ranks', async () => {
    await compared(async (run) => {
      const { code, rows, stdout, stderr } = await run('before', 'after')
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const sides = { old_snapshot: 'before', new_snapshot: 'after', old_unit: 'addresses', new_unit: 'addresses' }
      expect(cell(rows, 'JP-13')).toMatchObject({
        ...sides,
        region_name: 'Tokyo',
        region_name_local: '東京都',
        old_count: '30',
        new_count: '45',
        difference: '15',
        old_share: '0.5',
        new_share: '0.75',
        share_ratio: '1.5',
      })
      expect(cell(rows, 'JP-23')).toMatchObject({
        old_count: '10',
        new_count: '0',
        difference: '-10',
        share_ratio: '0',
      })
      // Of nothing there is no ratio.
      expect(cell(rows, 'JP-40')).toMatchObject({ old_count: '0', new_count: '5', old_share: '0', share_ratio: '' })
      expect(cell(rows, 'unknown')).toMatchObject({ old_count: '0', new_count: '3', difference: '3', new_share: '' })
      expect(cell(rows, 'JP')).toMatchObject({ old_count: '60', new_count: '63', old_share: '', share_ratio: '' })
      expect(new Set(rows.map((row) => row['service']))).toEqual(new Set(['all', 'mail', 'smtp']))
      expect(rows).toHaveLength(3 * (47 + 2))
      expect(stdout).toMatch(/^Japan: 60, and 63\.$/m)
      expect(stdout).toMatch(/^smtp +Tokyo 東京都 +30 +50\.0 % +45 +75\.0 %$/m)
    })
  })

  test('the other way round, everything is the other way round', async () => {
    await compared(async (run) => {
      const { rows } = await run('before', 'after')
      const { rows: back } = await run('after', 'before')
      for (const row of rows) {
        const other = cell(back, row['region'] ?? '', row['service'])
        expect(Number(other?.['difference'])).toBe(0 - Number(row['difference']))
        for (const name of ['count', 'share', 'rank']) expect(other?.[`old_${name}`]).toBe(row[`new_${name}`])
      }
      const { rows: none } = await run('before', 'before')
      expect(new Set(none.map((row) => row['difference']))).toEqual(new Set(['0']))
    })
  })

  test('for the regions and services asked for; shares stay those of the country', async () => {
    await compared(async (run) => {
      const { rows } = await run('before', 'after', { services: 'smtp', regions: 'Tokyo' })
      expect(rows.map((row) => [row['service'], row['region']])).toEqual([
        ...['JP', 'JP-13', 'unknown'].map((region) => ['all', region]),
        ...['JP', 'JP-13', 'unknown'].map((region) => ['smtp', region]),
      ])
      expect(cell(rows, 'JP-13')).toMatchObject({ old_share: '0.5', new_share: '0.75' })
    })
  })

  test('a partial one makes it partial', async () => {
    await compared(
      async (run) => {
        const { code, stderr } = await run('before', 'after', {})
        expect(code).toBe(3)
        expect(stderr).toMatch(/the snapshot after is partial: half of it/)
      },
      ['half of it'],
    )
  })

  test('a folder that cannot be is told of, not waited for', async () => {
    await compared(async (run) => {
      const error: unknown = await run('before', 'after', { out: '/proc/there/is/none' }).catch(
        (reason: unknown) => reason,
      )
      expect(error).toMatchObject({
        exit: 1,
        message: expect.stringMatching(/the comparison cannot be written/) as string,
      })
    })
  })

  test('a long id leaves room for what is compared', async () => {
    await withFolder(async (folder) => {
      const store = join(folder, 'store')
      const id = 'x'.repeat(64)
      await makeSnapshot(store, id, before)
      const console = recorded()
      expect(await compareCommand(id, id, { out: join(folder, 'out') }, globals(store), console)).toBe(0)
      const [old = '', now = ''] = console.stdout().split('\n')
      for (const line of [old, now]) expect(line).toMatch(/^(Old|New): x+…: addresses of shodan \(records\)$/)
      expect(old.length).toBeLessThanOrEqual(80)
    })
  })

  test('what there is not is refused, and nothing written', async () => {
    await compared(async (_, folder) => {
      const store = join(folder, 'store')
      await downloadedAlone(store, 'of-mail-alone', ['imap'])
      const asked = { store, old: 'before', new: 'after', out: join(folder, 'out') }
      for (const [change, message] of [
        [{ old: 'befor' }, /before/],
        [{ new: 'after/censys' }, /no source "censys"; name one of: after\/shodan/],
        [{ new: 'after/' }, /no source ""/],
        [{ new: 'of-mail-alone' }, /no service in common/],
        [{ new: 'of-mail-alone', country: 'US' }, /the survey is of JP, not of US/],
        [{ services: ['smpt'] }, /smtp/],
        [{ regions: ['Tokyoo'] }, /Tokyo/],
        [{ country: 'JX' }, /no country/],
        [{ out: join(store, 'snapshots', 'before', 'manifest.json') }, /manifest\.json cannot be a folder/],
      ] as const) {
        const error: unknown = await compare({ ...asked, ...change }).catch((reason: unknown) => reason)
        expect(error).toMatchObject({ exit: 2 })
        const { message: told, hint = '' } = error as CensusError
        expect(`${told}; ${hint}`).toMatch(message)
      }
      expect(await readdir(folder)).toEqual(['store'])
    })
  })
})
