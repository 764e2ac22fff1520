import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressNumber, addressSet, parseRange, without, type AddressRange } from '../../src/model/address-set.ts'
import type { Scope } from '../../src/model/scope.ts'
import { probes } from '../../src/probes/index.ts'
import { doorsOf, planOf } from '../../src/scan/plan.ts'
import { countOfIPv4, masscanCommand, rangeLines, synRate, toldIn } from '../../src/scan/masscan.ts'

const ranges = (...list: readonly string[]): AddressRange[] =>
  list.map((text) => {
    const range = parseRange(text)
    if ('fault' in range) throw new Error(range.fault)
    return range
  })

const declared = addressSet(ranges('192.0.2.0/28', '198.51.100.0/29', '2001:db8::/126'))
const excluded = addressSet(ranges('192.0.2.5', '203.0.113.0/24', '2001:db8::1'))
const scope: Scope = {
  owner: 'Example City',
  contact: 'noc@example.net',
  authorisation: 'a test',
  valid: { from: 0, to: 2 ** 42 },
  isPrivate: false,
  coverage: 'partial',
  vantage: 'outside',
  ranges: declared.ranges,
  declared,
  excluded,
  targets: without(declared, excluded),
  rate: { perSecond: 1000, perPrefix: 100 },
  hash: '0'.repeat(64),
}

describe('what masscan is given', () => {
  test('is what may be asked, and what may not, of IPv4', () => {
    expect(rangeLines(scope.targets)).toBe('192.0.2.0-192.0.2.4\n192.0.2.6-192.0.2.15\n198.51.100.0-198.51.100.7\n')
    expect(rangeLines(scope.excluded)).toBe('192.0.2.5-192.0.2.5\n203.0.113.0-203.0.113.255\n')
    expect(countOfIPv4(scope.targets)).toBe(23)
    expect(rangeLines(addressSet(ranges('2001:db8::/126')))).toBe('')
  })

  test('is every address that may be asked and no other, whatever is excluded', () => {
    const part = fc.tuple(fc.nat(255), fc.integer({ min: 24, max: 32 })).map(([host, length]) => {
      const bits = host & ~(2 ** (32 - length) - 1) & 255
      return `192.0.2.${bits}/${length}`
    })
    fc.assert(
      fc.property(fc.array(part), fc.array(part), (some, others) => {
        const targets = without(addressSet(ranges(...some)), addressSet(ranges(...others)))
        const given = rangeLines(targets)
          .split('\n')
          .flatMap((line) => {
            const [from, to] = line.split('-').map((each) => Number(each.split('.')[3]))
            return from === undefined || to === undefined
              ? []
              : Array.from({ length: to - from + 1 }, (_, nth) => `192.0.2.${from + nth}`)
          })
        const wanted = Array.from({ length: 256 }, (_, host) => `192.0.2.${host}`).filter((each) =>
          targets.has(addressNumber(each) ?? 0n),
        )
        expect(given).toEqual(wanted)
      }),
    )
  })

  test('is a rate that no prefix is asked faster by', () => {
    expect(synRate(scope)).toBe(50)
    expect(synRate({ rate: { perSecond: 30, perPrefix: 100 } })).toBe(15)
    expect(masscanCommand({ scope, ports: [25, 587], seed: 7, connectMs: 3100 })).toBe(
      'masscan --includefile targets.txt --excludefile excluded.txt --ports 25,587 --rate 50 --seed 7 --wait 4 --show open,closed -oL -',
    )
  })
})

describe('what masscan says', () => {
  test('is an address, its port, and whether it is open', () => {
    expect(toldIn('open tcp 25 192.0.2.1 1629960470')).toEqual({ isOpen: true, address: '192.0.2.1', port: 25 })
    expect(toldIn('closed tcp 587 192.0.2.7 1629960470')).toEqual({ isOpen: false, address: '192.0.2.7', port: 587 })
  })

  test.each([
    '',
    '#masscan',
    '# end',
    'open udp 53 192.0.2.1 1629960470',
    'open tcp 25 192.0.2.1',
    'open tcp 25 2001:db8::1 1629960470',
    'open tcp 25 example.net 1629960470',
    'open tcp -25 192.0.2.1 1629960470',
    'open tcp 255555 192.0.2.1 1629960470',
    'open tcp 25 192.0.2.1 1629960470 http HTTP/1.0',
    'banner tcp 25 192.0.2.1 1629960472 smtp 220 open tcp 25 192.0.2.2 1',
    ' open tcp 25 192.0.2.1 1629960470',
    'open tcp 25 192.0.2.1 1629960470\u0000',
    `open tcp 25 ${'1'.repeat(100_000)} 1`,
  ])('is nothing where it is another line: %j', (line) => {
    expect(toldIn(line)).toBeUndefined()
  })

  test('is torn at no place into another address', () => {
    const line = 'closed tcp 587 192.0.2.107 1629960470'
    const told = Array.from(line, (_, end) => toldIn(line.slice(0, end))).filter((each) => each !== undefined)
    expect(new Set(told.map(({ address, port }) => `${address} ${port}`))).toEqual(new Set(['192.0.2.107 587']))
  })
})

test('a target is found by its address and port, and nothing else is one', () => {
  const plan = planOf(scope.targets, doorsOf(probes))
  for (let index = 0; index < plan.size; index++) {
    const { address, port, probe } = plan.at(index)
    if (probe.transport === 'tcp') expect(plan.indexOf(address, port)).toBe(index)
  }
  for (const address of ['192.0.2.5', '192.0.2.16', '0.0.0.0', '255.255.255.255', '::ffff:192.0.2.1', '192.0.2.01', ''])
    expect(plan.indexOf(address, 25), address).toBeUndefined()
  for (const port of [0, 123, 24, 65_536, Number.NaN])
    expect(plan.indexOf('192.0.2.1', port), `${port}`).toBeUndefined()
})
