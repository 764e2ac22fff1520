import fc from 'fast-check'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { regionChanges } from '../../src/aggregate/changes.ts'
import { serviceRows } from '../../src/aggregate/service-rows.ts'
import { servicesFound, type ServiceRow } from '../../src/aggregate/tallies.ts'
import { gains, losses, noChange, type Change, type ChangeKind } from '../../src/model/change.ts'
import { loadServices } from '../../src/recognise/service.ts'
import { censusOf } from '../../src/store/census-sql.ts'
import { openDatabase, parquetFiles } from '../../src/store/duckdb.ts'
import { censusFolder, literal, keepRecords, withFolder, type Seen } from '../helpers/census.ts'
import { changesNaively } from './change-oracle.ts'
import { countNaively } from './oracle.ts'
import { records as manyRecords, runs } from './records.ts'

/** Without the host of a hundred ports: a counterexample is then one that can be read. */
const records = manyRecords.map((all) => all.filter(({ ip }) => ip !== '203.0.113.7').slice(0, 25))

/** Tables of another day, which know Kanagawa for Tokyo. */
const anotherDay = (region: string): string => (region === 'JP-13' ? 'JP-14' : region)
const laterTables: typeof literal = {
  ...literal,
  places: {
    ...literal.places,
    decode: (clue) => {
      const { region, ...place } = literal.places.decode(clue)
      return region === undefined ? place : { ...place, region: anotherDay(region) }
    },
  },
}

interface Options {
  readonly source?: string
  readonly surveyed?: string
  readonly hasOtherTables?: boolean
  readonly rowsAtATime?: number
}

/** The changes between two snapshots of those records, by `country|region|service row`. */
const changesOf = (
  old: readonly Seen[],
  now: readonly Seen[],
  { source, surveyed, hasOtherTables = false, rowsAtATime = 1_000_000 }: Options = {},
): Promise<{ changes: Record<string, Change>; rows: ServiceRow[] }> =>
  withFolder(async (folder) => {
    const sides = [await keepRecords(folder, 'old', old), await keepRecords(folder, 'new', now)] as const
    const tables = hasOtherTables ? laterTables : literal
    const before = await censusFolder(sides[0], 1_000_000)
    const again = hasOtherTables ? await censusFolder(sides[0], 1_000_000, tables) : undefined
    const after = await censusFolder(sides[1], 1_000_000, tables)
    const database = await openDatabase({ folders: [folder], temporary: join(folder, 'spill') })
    try {
      const { connection } = database
      const found = new Set<string>()
      for (const made of [before, after])
        for (const service of await servicesFound(connection, censusOf(made))) found.add(service)
      const rows = serviceRows(loadServices(), [...found], undefined)
      const side = (made: string, index: 0 | 1): Parameters<typeof regionChanges>[1]['old'] => ({
        census: censusOf(made),
        observations: parquetFiles(join(sides[index].folder, 'observations')),
        ...(source === undefined ? {} : { source }),
        ...(surveyed === undefined ? {} : { surveyed }),
      })
      const question = {
        old: side(before, 0),
        new: side(after, 1),
        serviceRows: rows,
        ...(again === undefined ? {} : { again: censusOf(again) }),
      }
      const changes: Record<string, Change> = {}
      for (const { country, region, service, change } of await regionChanges(connection, question, rowsAtATime)) {
        const key = [country, region, service].join('|')
        expect(changes, 'a cell is told of once').not.toHaveProperty([key])
        changes[key] = change
      }
      return { changes, rows }
    } finally {
      database.close()
    }
  })

const sum = (change: Change, kinds: readonly ChangeKind[]): number =>
  kinds.reduce((total, kind) => total + change[kind], 0)

/** Addresses by `country|region|service row`, counted by hand; of countries, too. */
function addressesNaively(
  seen: readonly Seen[],
  rows: readonly ServiceRow[],
  source: string | undefined,
  today: (region: string) => string,
): Map<string, number> {
  const cells = countNaively(seen, rows, 'region')
  const isAll = [...cells.keys()].some((key) => key.startsWith('all|'))
  const counts = new Map<string, number>()
  for (const [key, { counts: found }] of cells) {
    const [of, country = '', region = '', service = ''] = key.split('|')
    if (of !== (source ?? (isAll ? 'all' : of))) continue
    for (const at of [today(region) || 'unknown', ...(country === '' ? [] : [country])]) {
      const cell = [country, at, service].join('|')
      counts.set(cell, (counts.get(cell) ?? 0) + found.addresses)
    }
  }
  return counts
}

describe('what became of addresses', () => {
  it('is what asking for each by hand gives, and sums to both counts, for any records', async () => {
    await fc.assert(
      fc.asyncProperty(
        records,
        records,
        fc.constantFrom(undefined, 'shodan', 'censys', 'probe'),
        fc.constantFrom(undefined, 'JP'),
        fc.boolean(),
        fc.constantFrom(3, 1_000_000),
        async (some, others, wanted, surveyed, hasOtherTables, rowsAtATime) => {
          // The third source of these records is the probe, which keeps what it asked.
          const [old, now] = [some, others].map((all) =>
            all.map((seen): Seen => (seen.source === 'masscan' ? { ...seen, source: 'probe' } : seen)),
          ) as [Seen[], Seen[]]
          const source = [old, now].every((all) => all.some((seen) => (seen.source ?? 'shodan') === wanted))
            ? wanted
            : undefined
          const { changes, rows } = await changesOf(old, now, {
            hasOtherTables,
            rowsAtATime,
            ...(source === undefined ? {} : { source }),
            ...(surveyed === undefined ? {} : { surveyed }),
          })
          const today = hasOtherTables ? anotherDay : (region: string): string => region
          expect(changes).toEqual(changesNaively(old, now, rows, { source, surveyed, today }))
          const [before, after] = [
            addressesNaively(old, rows, source, (region) => region),
            addressesNaively(now, rows, source, today),
          ]
          for (const key of new Set([...before.keys(), ...after.keys(), ...Object.keys(changes)])) {
            const change = changes[key] ?? noChange
            expect(change.stayed + sum(change, losses), key).toBe(before.get(key) ?? 0)
            expect(change.stayed + sum(change, gains), key).toBe(after.get(key) ?? 0)
          }
        },
      ),
      { numRuns: runs(12, 50), endOnFailure: true },
    )
  }, 300_000)

  it('is mirrored the other way round, and nothing between a snapshot and itself', async () => {
    await fc.assert(
      fc.asyncProperty(records, records, async (old, now) => {
        const [{ changes }, { changes: back }] = [await changesOf(old, now), await changesOf(now, old)]
        const mirrored = Object.entries(back).map(([key, change]) => [
          key,
          Object.fromEntries([
            ...gains.map((gain, index) => [gain, change[losses[index] ?? gain]] as const),
            ...losses.map((loss, index) => [loss, change[gains[index] ?? loss]] as const),
            ['stayed', change.stayed],
            ['relabelled', change.relabelled],
          ]),
        ])
        expect(changes).toEqual(Object.fromEntries(mirrored))
        for (const change of Object.values((await changesOf(old, old)).changes))
          expect(change).toEqual({ ...noChange, stayed: change.stayed })
      }),
      { numRuns: runs(3, 10), endOnFailure: true },
    )
  }, 300_000)

  const mail: Seen = { ip: '198.18.0.1', service: 'smtp', region: 'JP-13', observedAt: '2024-01-01T00:00:00Z' }

  it('by a probe is told by whom it asked, not by what it heard elsewhere in the country', async () => {
    const asked: Seen = { ...mail, source: 'probe' }
    const elsewhere: Seen = { ...asked, ip: '198.18.0.3', port: 587 }
    const old = [asked, { ...elsewhere, outcome: 'closed' as const }]
    const now = [asked, { ...asked, ip: '198.18.0.2' }, { ...elsewhere, port: 25 }]
    const { changes } = await changesOf(old, now, { source: 'probe' })
    expect(changes['JP|JP-13|smtp']).toEqual({ ...noChange, stayed: 1, coverageGained: 1, appeared: 1 })
  })

  it('of one source is told by its own newest record, whatever another heard later', async () => {
    const later: Seen = { ...mail, source: 'censys', product: 'Postfix', observedAt: '2024-02-01T00:00:00Z' }
    const old = [{ ...mail, product: 'Exim' }, later]
    const now = [{ ...mail, product: 'Postfix' }, later]
    const changed = async (options: Options): Promise<number | undefined> =>
      (await changesOf(old, now, options)).changes['JP|JP-13|smtp']?.relabelled
    expect(await changed({ source: 'shodan' })).toBe(1)
    expect(await changed({})).toBe(0)
  })
})
