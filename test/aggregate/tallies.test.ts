import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flagBit } from '../../src/model/flags.ts'
import { tallies, type ServiceRow, type TallyQuestion } from '../../src/aggregate/tallies.ts'
import { breakdowns, type Breakdown, type Tally } from '../../src/model/tally.ts'
import type { Database } from '../../src/store/duckdb.ts'
import { withCensus, type Seen } from '../helpers/census.ts'
import { countNaively } from './oracle.ts'
import { records, runs } from './records.ts'

/** Asks a snapshot of those records. */
const asking = <T>(
  seen: readonly Seen[],
  ask: (questions: {
    readonly rows: ServiceRow[]
    readonly count: (breakdown: Breakdown, without?: 'suspect') => Promise<Tally[]>
  }) => Promise<T>,
  rowsAtATime = 1_000_000,
): Promise<T> =>
  withCensus(
    seen,
    ({ census, connection, rows, sources }) =>
      ask({
        rows,
        count: (breakdown, without) => counted(connection, { census, sources, serviceRows: rows, breakdown }, without),
      }),
    rowsAtATime,
  )

async function counted(
  connection: Database['connection'],
  question: TallyQuestion,
  without?: 'suspect',
): Promise<Tally[]> {
  const found: Tally[] = []
  for await (const tally of tallies(connection, { ...question, ...(without === undefined ? {} : { without }) }))
    found.push(tally)
  return found
}

const keyOf = ({ source, country, region, service, keys }: Tally): string =>
  [source, country, region, service, ...keys].join('|')

describe('tallies', () => {
  it('are what counting by hand gives, for any records', async () => {
    await fc.assert(
      // A few rows at a time make several shares of addresses, some of them empty.
      fc.asyncProperty(records, fc.constantFrom(2, 7, 1_000_000), async (seen, rowsAtATime) => {
        const compare: Parameters<typeof asking<void>>[1] = async ({ rows, count }) => {
          for (const breakdown of breakdowns) {
            const found = await count(breakdown)
            const expected = countNaively(seen, rows, breakdown)
            const actual = new Map(found.map((tally) => [keyOf(tally), { counts: tally.counts, flags: tally.flags }]))
            expect(actual.size, 'keys are unique').toBe(found.length)
            expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected))
          }
        }
        await asking(seen, compare, rowsAtATime)
      }),
      { numRuns: runs(12, 50) },
    )
  })

  it('come in one order: source, country, service row, keys, region', async () => {
    const seen: Seen[] = [
      { ip: '198.18.0.1', service: 'ntp', region: 'JP-27', product: 'b' },
      { ip: '198.18.0.2', service: 'smtp', region: 'JP-13', product: 'a' },
      { ip: '198.18.0.3', service: 'smtp', region: 'JP-01', product: 'a', source: 'censys' },
      { ip: '198.18.0.4', service: 'smtp', region: 'BR-SP', product: 'ä' },
      { ip: '198.18.0.5', service: 'smtp', region: 'BR-SP', product: 'Z' },
    ]
    await asking(seen, async ({ rows, count }) => {
      const keys = (await count('product')).map(({ source, country, service, keys: of, region }) => [
        source,
        country,
        String(rows.findIndex((row) => row.id === service)).padStart(3, '0'),
        ...of,
        region,
      ])
      const sorted = keys
        .map((key) => key.join('\0'))
        .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      expect(keys.map((key) => key.join('\0'))).toEqual(sorted)
      expect(new Set(keys.map(([source]) => source))).toEqual(new Set(['all', 'censys', 'shodan']))
    })
  })

  it('count a category once for an address that has two of its services', async () => {
    const seen: Seen[] = [
      { ip: '198.18.0.1', port: 25, service: 'smtp', region: 'JP-13' },
      { ip: '198.18.0.1', port: 143, service: 'imap', region: 'JP-13' },
      { ip: '198.18.0.2', port: 25, service: 'smtp', region: 'JP-13' },
    ]
    await asking(seen, async ({ count }) => {
      const by = new Map((await count('region')).map((tally) => [tally.service, tally.counts]))
      expect(by.get('smtp')).toEqual({ addresses: 2, endpoints: 2, banners: 2 })
      expect(by.get('imap')).toEqual({ addresses: 1, endpoints: 1, banners: 1 })
      expect(by.get('mail')).toEqual({ addresses: 2, endpoints: 3, banners: 3 })
      expect(by.get('all')).toEqual({ addresses: 2, endpoints: 3, banners: 3 })
    })
  })

  it('flag endpoints by the records that speak for them, addresses and banners by all', async () => {
    const at = { ip: '198.18.0.1', port: 25, service: 'smtp', region: 'JP-13' }
    const seen: Seen[] = [
      { ...at, outcome: 'open', observedAt: '2016-03-01T00:00:00Z' },
      { ...at, observedAt: '2016-03-02T00:00:00Z' },
    ]
    await asking(seen, async ({ count }) => {
      const smtp = (await count('region')).find((tally) => tally.service === 'smtp')
      expect(smtp).toMatchObject({ flags: flagBit('port-only'), speakingFlags: 0 })
    })
  })

  it('let the newest observation speak for an endpoint, undated ones last, per source and over all', async () => {
    const at = { ip: '198.18.0.1', port: 25, region: 'JP-13' }
    const seen: Seen[] = [
      { ...at, service: 'smtp', observedAt: '2016-03-01T00:00:00Z' },
      { ...at, service: 'http', observedAt: '2016-03-02T00:00:00Z', source: 'censys' },
      { ...at, service: 'ntp' },
    ]
    await asking(seen, async ({ count }) => {
      const endpoints = new Map(
        (await count('region')).map((tally) => [`${tally.source} ${tally.service}`, tally.counts.endpoints]),
      )
      expect(endpoints.get('all http')).toBe(1)
      expect(endpoints.get('all smtp')).toBe(0)
      expect(endpoints.get('all all')).toBe(1)
      expect(endpoints.get('shodan smtp')).toBe(1)
      expect(endpoints.get('shodan ntp')).toBe(0)
      expect(endpoints.get('censys http')).toBe(1)
    })
  })

  it('leave suspects out when asked to', async () => {
    const host = Array.from({ length: 101 }, (_, index): Seen => ({
      ip: '198.18.0.1',
      port: index + 1,
      service: 'smtp',
      region: 'JP-13',
    }))
    const seen: Seen[] = [...host, { ip: '198.18.0.2', service: 'smtp', region: 'JP-13' }]
    await asking(seen, async ({ count }) => {
      const addressesOf = async (without?: 'suspect'): Promise<number | undefined> =>
        (await count('region', without)).find(({ service }) => service === 'all')?.counts.addresses
      expect(await addressesOf()).toBe(2)
      expect(await addressesOf('suspect')).toBe(1)
    })
  })

  it('hold more services than fit into one word of bits', async () => {
    const seen = Array.from({ length: 70 }, (_, index): Seen => ({
      ip: `198.18.0.${index % 10}`,
      port: 40_000 + index,
      service: `own-${String(index).padStart(2, '0')}`,
      region: 'JP-13',
    }))
    await asking(seen, async ({ rows, count }) => {
      const found = await count('region')
      const actual = new Map(found.map((tally) => [keyOf(tally), { counts: tally.counts, flags: tally.flags }]))
      expect(found).toHaveLength(71)
      expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(countNaively(seen, rows, 'region')))
    })
  })

  it('of no records are none', async () => {
    await asking([], async ({ count }) => {
      for (const breakdown of breakdowns) expect(await count(breakdown)).toEqual([])
    })
  })
})
