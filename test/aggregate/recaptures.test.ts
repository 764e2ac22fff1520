import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recapturePairs, recaptures } from '../../src/aggregate/recaptures.ts'
import type { Recaptured } from '../../src/model/findings.ts'
import { chapman } from '../../src/statistics/capture-recapture.ts'
import { addresses, withCensus, type Seen } from '../helpers/census.ts'

const march = (day: number): string => new Date(Date.UTC(2016, 2, day)).toISOString()

/** So many hosts of a source, seen from the first to the last of those days of March. */
const hosts = (
  source: 'shodan' | 'censys' | 'masscan',
  count: number,
  from: number,
  [first, last] = [1, 10],
  told: Partial<Seen> = {},
): Seen[] =>
  addresses(count, from).map((ip, index) => ({
    ip,
    source,
    region: 'JP-13',
    service: 'smtp',
    observedAt: march(index === 0 ? first : last),
    ...told,
  }))

const estimated = (seen: readonly Seen[], complete = true): Promise<Recaptured[]> =>
  withCensus(seen, ({ census, connection, rows, sources }) =>
    recaptures(connection, {
      census,
      serviceRows: rows,
      sources,
      country: undefined,
      complete,
      region: () => undefined,
    }),
  )

const brief = (each: Recaptured): unknown[] => [
  each.region,
  each.service,
  each.seenByFirst,
  each.seenBySecond,
  each.seenByBoth,
  each.refused ?? '',
]

describe('recaptures', () => {
  it('estimate what two engines missed of a service, by country and region', async () => {
    const seen = [
      ...hosts('shodan', 100, 0),
      ...hosts('censys', 150, 80, [1, 12]),
      ...hosts('shodan', 5, 1000, [2, 9], { region: 'JP-27' }),
      ...hosts('censys', 30, 1000, [2, 9], { region: 'JP-27' }),
    ]
    const found = await estimated(seen)
    expect(found.map(brief)).toEqual([
      ['JP', 'smtp', 180, 105, 25, ''],
      ['JP-13', 'smtp', 150, 100, 20, ''],
      ['JP-27', 'smtp', 30, 5, 5, 'few'],
    ])
    expect(found[1]).toMatchObject({ firstSource: 'censys', secondSource: 'shodan', seen: 230, source: 'all' })
    // The published example of statistics/capture-recapture.
    expect(found[1]?.abundance?.estimate.toFixed(4)).toBe('725.2381')
    expect(found[2]?.abundance).toBeUndefined()
  })

  it('are refused where one source saw nothing of its own', async () => {
    const found = await estimated([...hosts('shodan', 100, 0), ...hosts('censys', 40, 20)])
    expect(found.map(brief)).toEqual([
      ['JP', 'smtp', 40, 100, 40, 'nested'],
      ['JP-13', 'smtp', 40, 100, 40, 'nested'],
    ])
    expect(found.every(({ abundance }) => abundance === undefined)).toBe(true)
  })

  it('are refused of other times, of undated records, and of a snapshot that is not whole', async () => {
    const refusals = async (days: [number, number], told?: Partial<Seen>, complete?: boolean): Promise<unknown[]> => {
      const found = await estimated(
        [...hosts('shodan', 100, 0, [1, 10], told), ...hosts('censys', 150, 80, days)],
        complete,
      )
      return [...new Set(found.map((each) => each.refused))]
    }
    // Days 1 to 10 and 4 to 13 share seven of thirteen; 5 to 14 share six of fourteen.
    expect(await refusals([4, 13])).toEqual([undefined])
    expect(await refusals([5, 14])).toEqual(['periods'])
    expect(await refusals([20, 30])).toEqual(['periods'])
    expect(await refusals([1, 10], { observedAt: undefined as never })).toEqual(['undated'])
    expect(await refusals([1, 10], {}, false)).toEqual(['partial'])
  })

  it('are of IPv4 on ports that both saw the service on, and of each service alone', async () => {
    const seen = [
      ...hosts('shodan', 100, 0),
      ...hosts('censys', 150, 80),
      // Only one of them looks at this port, and neither sees all of IPv6.
      ...hosts('censys', 60, 500, [1, 10], { port: 587 }),
      ...['shodan', 'censys'].map((source) => ({ ...hosts('shodan', 1, 0)[0]!, ip: '2001:db8::1', source }) as Seen),
    ]
    const found = await estimated(seen)
    expect(found.map(brief)).toEqual([
      ['JP', 'smtp', 150, 100, 20, ''],
      ['JP-13', 'smtp', 150, 100, 20, ''],
    ])
  })

  it('are of engines that look everywhere, each two of them', () => {
    expect(recapturePairs(['shodan', 'zoomeye', 'masscan', 'censys'])).toEqual([
      ['censys', 'shodan'],
      ['censys', 'zoomeye'],
      ['shodan', 'zoomeye'],
    ])
    for (const sources of [['shodan'], ['masscan', 'zmap'], ['shodan', 'shadowserver'], ['nmap', 'csv', 'fofa'], []])
      expect(recapturePairs(sources as Parameters<typeof recapturePairs>[0])).toEqual([])
  })

  it('are what sets of addresses say, for any records of two engines', async () => {
    const host = fc.record({
      ip: fc.constantFrom(...addresses(40)),
      source: fc.constantFrom('shodan' as const, 'censys' as const),
      service: fc.constantFrom('smtp', 'ntp'),
      port: fc.constantFrom(25, 123),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(host, { minLength: 60, maxLength: 160 }), async (many) => {
        const seen = many.map((each): Seen => ({ ...each, region: 'JP-13', observedAt: march(1) }))
        const found = await estimated(seen)
        for (const service of ['smtp', 'ntp']) {
          const of = (source: string): Seen[] =>
            seen.filter((each) => each.source === source && each.service === service)
          const ports = (source: string): Set<unknown> => new Set(of(source).map(({ port }) => port))
          const shared = new Set([...ports('censys')].filter((port) => ports('shodan').has(port)))
          const ips = (source: string): Set<string> =>
            new Set(of(source).flatMap(({ ip, port }) => (shared.has(port) ? [ip] : [])))
          const [first, second] = [ips('censys'), ips('shodan')]
          const both = [...first].filter((ip) => second.has(ip)).length
          const told = found.find((each) => each.service === service && each.region === 'JP')
          if (shared.size === 0) {
            expect(told).toBeUndefined()
            continue
          }
          expect([told?.seenByFirst, told?.seenBySecond, told?.seenByBoth]).toEqual([first.size, second.size, both])
          const refused = both < 10 ? 'few' : both === Math.min(first.size, second.size) ? 'nested' : undefined
          expect(told?.refused).toBe(refused)
          expect(told?.abundance?.estimate).toBe(
            refused === undefined ? chapman(first.size, second.size, both)?.estimate : undefined,
          )
        }
      }),
      { numRuns: 8 },
    )
  }, 120_000)
})
