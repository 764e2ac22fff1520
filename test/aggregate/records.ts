import fc from 'fast-check'
import type { Seen } from '../helpers/census.ts'
import { addresses } from '../helpers/census.ts'

/** How many sets of records a property is tried with; each makes a store. `npm run test:long` sets `FUZZ_RUNS`. */
export const runs = (few: number, many: number): number => (process.env['FUZZ_RUNS'] === undefined ? few : many)

const services = ['smtp', 'imap', 'pop3', 'ntp', 'http', 'weird-service', 'tcp-8081']
const products = ['Postfix', 'Exim', undefined]
const regions = ['JP-13', 'JP-14', 'JP-27', 'US-CA', undefined]

/** A digit of a record's own, so that undated records of one endpoint agree on what they say of it. */
const fixed = (ip: string, port: number, of: number): number =>
  (ip.split('.').reduce((sum, part) => sum + Number(part), 0) + port) % of

const dated = fc.record(
  {
    service: fc.constantFrom(...services),
    region: fc.constantFrom('JP-13', 'JP-14', 'JP-27', 'US-CA'),
    product: fc.constantFrom('Postfix', 'Exim'),
    version: fc.constantFrom('1.0', '2.0'),
    vendor: fc.constantFrom('Example', 'Beispiel'),
    deviceType: fc.constantFrom('router', 'webcam'),
    asn: fc.constantFrom(64_496, 64_497, 4_200_000_000),
    organisation: fc.constantFrom('Example Net', '例示通信'),
    country: fc.constant('JP'),
  },
  { requiredKeys: ['service'] },
)

/**
 * Records of few hosts, so that endpoints, services, sources and places collide: dated ones at times of their own, undated
 * ones, exact repeats, negatives, honeypots and, now and then, a host on more than 100 ports.
 */
export const records: fc.Arbitrary<Seen[]> = fc
  .record({
    many: fc.array(
      fc.record({
        ip: fc.constantFrom(...addresses(6), '2001:db8::1', '2001:db8:0:1::1'),
        port: fc.constantFrom(25, 80, 123, 143, 8081),
        transport: fc.constantFrom('tcp', 'tcp', 'tcp', 'udp', 'icmp'),
        source: fc.constantFrom('shodan' as const, 'censys' as const, 'masscan' as const),
        outcome: fc.constantFrom('answered', 'answered', 'open', 'closed', 'filtered', 'failed'),
        banner: fc.constantFrom('220 mail.example', '* OK', undefined),
        honeypot: fc.integer({ min: 0, max: 19 }),
        said: fc.option(dated),
        again: fc.integer({ min: 0, max: 4 }),
      }),
      { maxLength: 40 },
    ),
    sources: fc.integer({ min: 1, max: 3 }),
    manyPorts: fc.integer({ min: 0, max: 9 }),
    shuffle: fc.infiniteStream(fc.nat()),
  })
  .map(({ many, sources, manyPorts, shuffle }) => {
    const made = many.flatMap((each, index): Seen[] => {
      const { honeypot, said, again, banner, source, ...rest } = each
      const tells = said ?? undatedSaying(each.ip, each.port)
      const seen = {
        ...rest,
        // A version is a product's: alone it says nothing.
        ...defined({ banner, ...tells, version: tells.product === undefined ? undefined : tells.version }),
        source: (['shodan', 'censys', 'masscan'] as const).slice(0, sources).includes(source) ? source : 'shodan',
        ...(said ? { observedAt: timeOf(index) } : {}),
        ...(honeypot === 0 ? { tags: 'honeypot' } : {}),
      } as Seen
      return again === 0 ? [seen, seen] : [seen]
    })
    const host = Array.from({ length: manyPorts === 0 ? 101 : manyPorts === 1 ? 100 : 0 }, (_, index): Seen => ({
      ip: '203.0.113.7',
      port: 1000 + index,
      service: 'http',
      region: 'JP-13',
      observedAt: timeOf(1000 + index),
    }))
    return [...made, ...host]
      .map((seen) => ({ seen, key: shuffle.next().value as number }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ seen }) => seen)
  })

const timeOf = (index: number): string => new Date(Date.UTC(2016, 0, 1) + index * 3_600_000).toISOString()

function undatedSaying(ip: string, port: number): Partial<Seen> {
  const region = regions[fixed(ip, 0, regions.length)]
  return defined({
    service: services[fixed(ip, port, services.length)] ?? 'smtp',
    product: products[fixed(ip, port, products.length)],
    region,
    country: region?.slice(0, 2),
  })
}

const defined = (fields: Readonly<Record<string, unknown>>): Partial<Seen> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
