import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { compareCommand, type CompareOptions } from '../../src/commands/compare.ts'
import { changeKinds, gains, losses } from '../../src/model/change.ts'
import { japaneseMethods } from '../../src/reports/warnings.ts'
import { addresses, makeSnapshot, withFolder, type Seen } from '../helpers/census.ts'
import { globals, recorded } from '../helpers/cli.ts'
import { ipv4Bits, mmdb } from '../locate/mmdb-fixture.ts'

type Row = Readonly<Record<string, string>>

const day = '2024-01-01T00:00:00Z'
const [a = '', b = '', c = '', d = '', e = ''] = addresses(5)
const mail: Seen = { ip: a, service: 'smtp', region: 'JP-13', observedAt: day }
const many = (region: string, count: number, from: number): Seen[] =>
  addresses(count, from).map((ip) => ({ ...mail, ip, region }))
const cell = (rows: readonly Row[], region: string, service = 'smtp'): Row | undefined =>
  rows.find((row) => row['region'] === region && row['service'] === service)

/** Compares two snapshots of those records; rows of the file. */
const changedBetween = (
  old: readonly Seen[],
  now: readonly Seen[],
  options: Partial<CompareOptions> = {},
): Promise<{ rows: Row[]; stdout: string; json: string; description: string; page: string }> =>
  withFolder(async (folder) => {
    const store = join(folder, 'store')
    await makeSnapshot(store, 'old', old)
    await makeSnapshot(store, 'new', now)
    const out = join(folder, 'out')
    const [text, json] = [recorded(), recorded()]
    expect(await compareCommand('old', 'new', { out, ...options }, globals(store), text)).toBe(0)
    expect(await compareCommand('old', 'new', { out, ...options }, { ...globals(store), json: true }, json)).toBe(0)
    expect((await readdir(out)).toSorted()).toEqual(['comparison-by-region.csv', 'comparison.html', 'datapackage.json'])
    return {
      rows: parse(await readFile(join(out, 'comparison-by-region.csv'), 'utf8'), { columns: true }),
      page: await readFile(join(out, 'comparison.html'), 'utf8'),
      stdout: text.stdout(),
      json: json.stdout(),
      description: await readFile(join(out, 'datapackage.json'), 'utf8'),
    }
  })

const columnsOf = (kinds: readonly string[]): string[] =>
  kinds.map((kind) => kind.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
const added = (row: Row, columns: readonly string[]): number =>
  columns.reduce((sum, column) => sum + Number(row[column]), 0)

/** Every row's columns sum to both of its counts. */
function expectSums(rows: readonly Row[]): void {
  for (const row of rows) {
    expect(Number(row['stayed']) + added(row, columnsOf(losses))).toBe(Number(row['old_count']))
    expect(Number(row['stayed']) + added(row, columnsOf(gains))).toBe(Number(row['new_count']))
    expect(added(row, columnsOf(gains)) - added(row, columnsOf(losses))).toBe(Number(row['difference']))
  }
}

/** The columns that are not 0. */
const told = (row: Row | undefined): Record<string, string | undefined> =>
  Object.fromEntries(columnsOf(changeKinds).flatMap((name) => (row?.[name] === '0' ? [] : [[name, row?.[name]]])))

describe('what became of addresses', () => {
  test('is in columns that sum to both counts, in the text and in JSON', async () => {
    const old: Seen[] = [
      { ...mail, product: 'Exim' },
      { ...mail, ip: b },
      { ...mail, ip: c },
      { ...mail, ip: d },
    ]
    const now: Seen[] = [
      { ...mail, product: 'Postfix' },
      { ...mail, ip: b, region: 'JP-27' },
      { ...mail, ip: c, outcome: 'closed' },
      { ...mail, ip: e },
      { ...mail, ip: e, service: 'ntp', port: 123 },
    ]
    const { rows, stdout, json, description, page } = await changedBetween(old, now)
    expectSums(rows)
    for (const sentence of [
      'In Japan the old snapshot counts 4 exposed addresses, the new one 3 (-1).',
      '1 came: 1 of which the old snapshot has no record, 0 whose endpoint',
      '2 went: 1 of which the new snapshot has no record, 1 whose endpoint',
      'Within the country 1 were placed in another region, and 0 only because',
      '2 stayed, 1 of them with another product.',
      'Grew most: Osaka +1.',
      'Shrank most: Tokyo -2.',
    ])
      expect(page).toContain(sentence)
    expect(page).not.toContain('Not made in the same way')
    expect(told(cell(rows, 'JP-13'))).toEqual({
      stayed: '1',
      relabelled: '1',
      moved_out: '1',
      closed: '1',
      gone: '1',
      new: '1',
    })
    expect(told(cell(rows, 'JP-27'))).toEqual({ moved_in: '1' })
    expect(told(cell(rows, 'JP'))).toEqual({ stayed: '2', relabelled: '1', closed: '1', gone: '1', new: '1' })
    expect(told(cell(rows, 'JP-13', 'ntp'))).toEqual({ coverage_gained: '1' })
    expect(stdout).toMatch(/^smtp +JP +4 +2 +1 +0 +0 +3$/m)
    expect(stdout).toMatch(/^ntp +JP +0 +0 +0 +0 +\+1 +1$/m)
    for (const line of stdout.split('\n').filter((each) => !each.startsWith('Written')))
      expect(line.length).toBeLessThanOrEqual(80)
    const { rows: inJson } = JSON.parse(json) as { rows: { region: string; service: string; change: object }[] }
    expect(inJson.find(({ region, service }) => region === 'JP-27' && service === 'smtp')?.change).toMatchObject({
      movedIn: 1,
      stayed: 0,
    })
    const { resources } = JSON.parse(description) as {
      resources: { hash: string; schema: { fields: { name: string; type?: string; description?: string }[] } }[]
    }
    expect(resources[0]?.schema.fields.map(({ name }) => name)).toEqual(Object.keys(rows[0] ?? {}))
    expect(resources[0]?.schema.fields.filter(({ type, description: text }) => !type || !text)).toEqual([])
  })

  test('is nothing where nothing changed, undated and placed nowhere or not', async () => {
    const { observedAt: _, region: __, ...nowhere } = mail
    const seen: Seen[] = [
      mail,
      { ...nowhere, ip: b },
      { ...nowhere, ip: c, country: 'JP' },
      { ...mail, ip: d, region: 'BR-SP' },
    ]
    const { rows, stdout } = await changedBetween(seen, seen)
    expectSums(rows)
    for (const row of rows) expect(row['stayed']).toBe(row['new_count'])
    expect(told(cell(rows, 'unknown'))).toEqual({ stayed: '1' })
    expect(rows.filter((row) => row['country'] === '' && row['service'] === 'smtp').map(told)).toEqual([
      { stayed: '1' },
    ])
    expect(stdout).toMatch(/all addresses stayed/)
  })

  test('of what a snapshot has nothing of, or a country that appears, is that it was not looked for', async () => {
    const other: Seen = { ...mail, ip: b, outcome: 'closed', port: 123, service: 'ntp' }
    expect(told(cell((await changedBetween([other], [mail])).rows, 'JP-13'))).toEqual({ coverage_gained: '1' })
    expect(told(cell((await changedBetween([mail], [other])).rows, 'JP-13'))).toEqual({ coverage_lost: '1' })
    const { rows } = await changedBetween([mail], [mail, { ...mail, ip: b, region: 'BR-SP' }])
    expectSums(rows)
    expect(told(cell(rows, 'BR'))).toEqual({ coverage_gained: '1' })
    // An empty snapshot has no source that could be compared.
    await expect(changedBetween([], [mail])).rejects.toMatchObject({ exit: 2 })
  })

  test('tells what differs beyond chance from what does not', async () => {
    const { rows } = await changedBetween(
      [...many('JP-13', 500, 0), ...many('JP-27', 500, 500), ...many('JP-23', 10, 1000)],
      [...many('JP-13', 200, 0), ...many('JP-27', 800, 500), ...many('JP-23', 12, 1300)],
      { services: 'smtp' },
    )
    expect(Number(cell(rows, 'JP-13')?.['chance'])).toBeLessThan(1e-6)
    expect(cell(rows, 'JP-23')?.['chance']).toBe('1')
    // No share, no test; nor where neither has any.
    expect(['JP', 'unknown', 'JP-01'].map((region) => cell(rows, region)?.['chance'])).toEqual(['', '', ''])
  })

  test('is told apart from what only another address database moved', async () => {
    await withFolder(async (folder) => {
      const [older, newer] = [join(folder, 'older.mmdb'), join(folder, 'newer.mmdb')]
      const saying = (region: string): Buffer =>
        mmdb({
          [ipv4Bits('198.18.0.0/16')]: { country: { iso_code: 'JP' }, subdivisions: [{ iso_code: region }] },
        })
      await writeFile(older, saying('27'))
      await writeFile(newer, saying('23'))
      const { region: _, ...silent } = mail
      const places = { addressDatabase: newer, oldAddressDatabase: older }
      // The second says itself where it is, in the new one alone.
      const says = { ...silent, ip: b, country: 'JP', regionName: 'Hokkaido' }
      const { rows } = await changedBetween([silent, { ...silent, ip: b }], [silent, says], places)
      expectSums(rows)
      expect(told(cell(rows, 'JP-27'))).toEqual({ re_placed_out: '1', moved_out: '1' })
      expect(told(cell(rows, 'JP-23'))).toEqual({ re_placed_in: '1' })
      expect(told(cell(rows, 'JP-01'))).toEqual({ moved_in: '1' })
      expect(told(cell(rows, 'JP'))).toEqual({ stayed: '2' })
      const { rows: same } = await changedBetween([silent], [silent], { addressDatabase: newer })
      expect(told(cell(same, 'JP-23'))).toEqual({ stayed: '1' })
    })
  })
})

const probe = {
  owner: 'Example',
  authorisation: 'a test',
  coverage: 'complete',
  vantage: 'outside',
  scope: 'a'.repeat(64),
  addresses: 4,
  excluded: 0,
  doors: ['tcp/25 smtp'],
  targets: 4,
  seed: 1,
  begun: 4,
  statuses: {},
}
const ledger = { attempts: 1, retries: 0, retryBudget: 1, credits: 1, doubtful: 0, maxCredits: 1, free: 1 }
const query = { what: 'smtp', total: 1, rows: 1, duplicates: 0, pages: 1 }
const download = (text: string): object => ({
  endpoint: 'https://api.example.org',
  country: 'JP',
  services: ['smtp'],
  rows: ['smtp'],
  queries: [{ ...query, query: text }],
  ledger,
})

describe('snapshots of records that were not made in the same way', () => {
  test.each<[what: string, old: object, now: object, source: NonNullable<Seen['source']>]>([
    ['source', {}, {}, 'censys'],
    ['way', {}, { survey: download('port:25') }, 'shodan'],
    ['query', { survey: download('port:25') }, { survey: download('port:25 asn:AS64496') }, 'shodan'],
    ['scope', { probe }, { probe: { ...probe, addresses: 5 } }, 'probe'],
    ['list of ports', { probe }, { probe: { ...probe, doors: ['tcp/25 smtp', 'tcp/587 smtp'] } }, 'probe'],
    ['set of checks', { probe }, { probe: { ...probe, checks: ['open-relay'] } }, 'probe'],
  ])('are refused for another %s, unless forced, and then every row is flagged', async (what, old, now, source) => {
    await withFolder(async (folder) => {
      const store = join(folder, 'store')
      const out = join(folder, 'out')
      for (const [id, more, from] of [
        ['old', old, source === 'censys' ? 'shodan' : source] as const,
        ['new', now, source] as const,
      ]) {
        const { folder: made, manifest } = await makeSnapshot(store, id, [{ ...mail, source: from }])
        await writeFile(join(made, 'manifest.json'), JSON.stringify({ ...manifest, ...more }))
      }
      const run = (options: Partial<CompareOptions>): Promise<number> =>
        compareCommand('old', 'new', { out, ...options }, globals(store), recorded())
      await expect(run({})).rejects.toMatchObject({
        exit: 2,
        message: expect.stringContaining(`another ${what}`) as string,
        hint: expect.stringContaining('--force') as string,
      })
      expect(await readdir(folder)).toEqual(['store'])
      expect(await run({ force: true, lang: 'ja' })).toBe(0)
      const page = await readFile(join(out, 'comparison.html'), 'utf8')
      expect(page).toContain('<html lang="ja">')
      const inJapanese = japaneseMethods([what])
      expect(inJapanese).not.toContain(what)
      expect(page).toMatch(new RegExp(`同じ方法で作られていません</h3>\\s*<p>[^<]*${inJapanese}`))
      const rows = parse<Row>(await readFile(join(out, 'comparison-by-region.csv'), 'utf8'), { columns: true })
      expect(rows.filter((row) => !row['flags']?.split(';').includes('forced'))).toEqual([])
      // Counts of two sources are not subtracted, so there is nothing to take apart.
      expect(cell(rows, 'JP-13')).toMatchObject(
        what === 'source' ? { difference: '', stayed: '' } : { difference: '0', stayed: '1' },
      )
    })
  })

  test('are not those whose scope has other dates alone', async () => {
    await withFolder(async (folder) => {
      const store = join(folder, 'store')
      for (const [id, scope] of [['old', 'a'] as const, ['new', 'b'] as const]) {
        const { folder: made, manifest } = await makeSnapshot(store, id, [{ ...mail, source: 'probe' }])
        const other = { ...manifest, probe: { ...probe, scope: scope.repeat(64) } }
        await writeFile(join(made, 'manifest.json'), JSON.stringify(other))
      }
      const options = { out: join(folder, 'out') }
      expect(await compareCommand('old', 'new', options, globals(store), recorded())).toBe(0)
    })
  })
})
