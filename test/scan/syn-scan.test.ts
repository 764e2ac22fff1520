import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressNumber, addressSet, parseRange, without, type AddressRange } from '../../src/model/address-set.ts'
import type { Scope } from '../../src/model/scope.ts'
import { probes } from '../../src/probes/index.ts'
import { doorsOf, planOf } from '../../src/scan/plan.ts'
import { masscan } from '../../src/scan/masscan.ts'
import { synTools } from '../../src/scan/syn-scan.ts'
import { countOfIPv4, synRate, type SynScan, type SynTool } from '../../src/scan/syn-tool.ts'
import { prefixLines, zmap } from '../../src/scan/zmap.ts'

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

/** The addresses of a list, of ranges or prefixes, in one /24. */
const listed = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const range = line.includes('-') ? line.split('-').map((each) => ranges(each)[0]) : [ranges(line)[0]]
      const [first, last] = [Number((range[0]?.first ?? 0n) & 255n), Number((range.at(-1)?.last ?? 0n) & 255n)]
      return Array.from({ length: last - first + 1 }, (_, nth) => `192.0.2.${first + nth}`)
    })

const scan: SynScan = { scope, ports: [25, 587], seed: 7, connectMs: 3100 }

/** What zmap needs of the machine beside is asked for in test/probe/discovery.test.ts. */
const targetsGiven: Readonly<Record<keyof typeof synTools, (given: Scope) => Promise<string | undefined>>> = {
  masscan: async (given) => (await masscan.files(given))['targets.txt'],
  zmap: ({ targets }) => Promise.resolve(prefixLines(targets)),
}

describe.each(Object.keys(targetsGiven) as (keyof typeof synTools)[])('what %s is given', (name) => {
  test('is every address that may be asked and no other, whatever is excluded', async () => {
    const part = fc.tuple(fc.nat(255), fc.integer({ min: 24, max: 32 })).map(([host, length]) => {
      const bits = host & ~(2 ** (32 - length) - 1) & 255
      return `192.0.2.${bits}/${length}`
    })
    await fc.assert(
      fc.asyncProperty(fc.array(part), fc.array(part), async (some, others) => {
        const targets = without(addressSet(ranges(...some, '2001:db8::/126')), addressSet(ranges(...others)))
        const wanted = Array.from({ length: 256 }, (_, host) => `192.0.2.${host}`).filter((each) =>
          targets.has(addressNumber(each) ?? 0n),
        )
        expect(listed((await targetsGiven[name]({ ...scope, targets })) ?? '')).toEqual(wanted)
        expect(countOfIPv4(targets)).toBe(wanted.length)
      }),
    )
  })

  test('is each port once', () => {
    const asked = synTools[name].commands(scan).flatMap((command) => /port[s]? ([\d,]+)/.exec(command)?.[1]?.split(','))
    expect(asked).toEqual(['25', '587'])
  })
})

test('addresses are written as masscan and as zmap take them', async () => {
  expect(await masscan.files(scope)).toEqual({
    'targets.txt': '192.0.2.0-192.0.2.4\n192.0.2.6-192.0.2.15\n198.51.100.0-198.51.100.7\n',
    'excluded.txt': '192.0.2.5-192.0.2.5\n203.0.113.0-203.0.113.255\n',
  })
  expect(prefixLines(scope.targets)).toBe('192.0.2.0/30\n192.0.2.4/32\n192.0.2.6/31\n192.0.2.8/29\n198.51.100.0/29\n')
  expect(prefixLines(scope.excluded)).toBe('192.0.2.5/32\n203.0.113.0/24\n')
})

test('no prefix is asked faster than it may be', () => {
  expect(synRate(scope)).toBe(50)
  expect(synRate({ rate: { perSecond: 31, perPrefix: 100 } })).toBe(15)
  expect(masscan.commands(scan)).toEqual([
    'masscan --includefile targets.txt --excludefile excluded.txt --ports 25,587 --rate 50 --seed 7 --wait 4 --show open,closed -oL -',
  ])
  expect(zmap.commands(scan)[1]).toBe(
    'zmap --config settings.conf --whitelist-file targets.txt --blacklist-file excluded.txt --target-port 587 --rate 50 --seed 7 --cooldown-time 4 --output-module csv --output-fields saddr,sport,classification --quiet --disable-syslog',
  )
})

interface Said {
  readonly name: string
  readonly tool: SynTool
  /** Of 192.0.2.1:25 that it is open, and of 192.0.2.107:587 that it is closed. */
  readonly open: string
  readonly closed: string
  readonly others: readonly string[]
}

const said: readonly Said[] = [
  {
    name: 'masscan',
    tool: masscan,
    open: 'open tcp 25 192.0.2.1 1629960470',
    closed: 'closed tcp 587 192.0.2.107 1629960470',
    others: [
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
      `open tcp 25 ${'1'.repeat(100_000)} 1`,
    ],
  },
  {
    name: 'zmap',
    tool: zmap,
    open: '192.0.2.1,25,synack',
    closed: '192.0.2.107,587,rst',
    others: [
      'saddr,sport,classification',
      '192.0.2.1',
      '192.0.2.1,25',
      '192.0.2.1,25,icmp',
      '2001:db8::1,25,synack',
      'example.net,25,synack',
      '192.0.2.1,-25,synack',
      '192.0.2.1,255555,synack',
      '"192.0.2.1",25,synack',
      '192.0.2.1,25,synack,192.0.2.2,25,synack',
      `${'1'.repeat(100_000)},25,synack`,
      `192.0.2.1,${'1'.repeat(100_000)},synack`,
    ],
  },
]

describe.each(said)('what $name says', ({ tool: { toldIn }, open, closed, others }) => {
  test('is an address, its port, and whether it is open', () => {
    expect(toldIn(open)).toEqual({ isOpen: true, address: '192.0.2.1', port: 25 })
    expect(toldIn(closed)).toEqual({ isOpen: false, address: '192.0.2.107', port: 587 })
  })

  test('is nothing where it is another line', () => {
    for (const line of ['', ...others, ` ${open}`, `${open} `, `${open}\u0000`, `${open}\n`, `${open}${open}`])
      expect(toldIn(line), line.slice(0, 100)).toBeUndefined()
  })

  test('is torn at no place into another address', () => {
    const told = Array.from(closed, (_, end) => toldIn(closed.slice(0, end + 1))).filter((each) => each !== undefined)
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
