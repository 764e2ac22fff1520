import { createHash } from 'node:crypto'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readScope } from '../../src/config/scope.ts'
import { addressNumber, addressText } from '../../src/model/address-set.ts'
import { CensusError } from '../../src/model/errors.ts'
import { rangeOf, type Scope } from '../../src/model/scope.ts'
import { withFolder } from '../helpers/census.ts'

/** The lines of a scope, by field. */
const sound = {
  owner: 'owner: Example City',
  contact: 'contact: noc@example.net',
  authorisation: 'authorisation: letter of 2026-03-01',
  valid: 'valid: { from: 2026-04-01, to: 2026-04-30 }',
  addresses: 'addresses: 272',
  coverage: 'coverage: complete',
  vantage: 'vantage: outside',
  private: 'private: false',
  ranges:
    'ranges:\n  - 192.0.2.0/24\n  - range: 198.51.100.0/28\n    region: JP-13\n    owner: Library of Example City',
  exclude: 'exclude: [192.0.2.5, 192.0.2.8/29]',
  opt_outs: 'opt_outs: [198.51.100.1]',
  rate: 'rate: { per_second: 50, per_prefix: 10 }',
  relay_domain: 'relay_domain: relay.example.net',
} as const
type Field = keyof typeof sound
const needed: readonly Field[] = [
  'owner',
  'contact',
  'authorisation',
  'valid',
  'addresses',
  'coverage',
  'vantage',
  'ranges',
]

/** A scope with other lines for some fields; undefined leaves one out. */
const withLines = (changes: Partial<Record<Field, string | undefined>> = {}): string =>
  `${Object.values({ ...sound, ...changes })
    .filter((line) => line !== undefined)
    .join('\n')}\n`
/** A scope of these ranges, with nothing excluded. */
const ofRanges = (
  ranges: readonly string[],
  addresses: number | bigint,
  changes: Partial<Record<Field, string>> = {},
) =>
  withLines({
    ranges: `ranges:\n${ranges.map((range) => `  - ${range.endsWith(':') ? JSON.stringify(range) : range}`).join('\n')}`,
    addresses: `addresses: ${addresses}`,
    exclude: undefined,
    opt_outs: undefined,
    ...changes,
  })

const during = Date.UTC(2026, 3, 10)

const firstOnes = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

const read = (text: string | Uint8Array, now = during): Promise<Scope> =>
  withFolder(async (folder) => {
    const path = join(folder, 'scope.yaml')
    await writeFile(path, text)
    return readScope(path, now)
  })

/** What is said of a text that is no scope: the file, then this, in one line. */
async function faultOf(text: string | Uint8Array, now = during): Promise<string> {
  const error: unknown = await read(text, now).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof CensusError)) throw new Error(`no CensusError but ${String(error)} of ${String(text)}`)
  expect(error.exit).toBe(2)
  expect(error.hint).toBeTruthy()
  // One line, that commands nothing of a terminal.
  expect(error.message).not.toMatch(/\p{Cc}/u)
  const [, said] = /scope\.yaml(.*)$/.exec(error.message) ?? []
  if (said === undefined) throw new Error(`the file is not named: ${error.message}`)
  return said
}

describe('the number of excluded addresses', () => {
  const counted = (excluded: number, changes: Parameters<typeof withLines>[0] = {}): string =>
    withLines(changes).replace('coverage:', `excluded: ${excluded}\ncoverage:`)

  it('is that of all exclusions, each address once', async () => {
    await expect(read(counted(10))).resolves.toMatchObject({ owner: 'Example City' })
    await expect(read(counted(0, { exclude: undefined, opt_outs: undefined }))).resolves.toBeDefined()
    for (const wrong of [0, 9, 11])
      await expect(read(counted(wrong))).rejects.toThrow(`the exclusions take out 10, not ${wrong}: which is meant?`)
  })

  it('tells of a file that was cut off anywhere', async () => {
    const whole = counted(10, { relay_domain: undefined, rate: undefined })
    const end = whole.trimEnd().length
    await expect(read(whole.slice(0, end))).resolves.toBeDefined()
    for (let length = 0; length < end; length++)
      await expect(read(whole.slice(0, length)), String(length)).rejects.toThrow(CensusError)
  })
})

describe('a scope that is right', () => {
  it('says exactly what it says', async () => {
    const scope = await read(withLines())
    const { declared, excluded, targets, ranges, ...rest } = scope
    expect(rest).toEqual({
      owner: 'Example City',
      contact: 'noc@example.net',
      authorisation: 'letter of 2026-03-01',
      valid: { from: Date.UTC(2026, 3, 1), to: Date.UTC(2026, 4, 1) - 1 },
      isPrivate: false,
      coverage: 'complete',
      vantage: 'outside',
      rate: { perSecond: 50, perPrefix: 10 },
      relayDomain: 'relay.example.net',
      hash: createHash('sha256').update(withLines()).digest('hex'),
    })
    const number = (text: string): bigint => addressNumber(text) ?? -1n
    expect(ranges).toEqual([
      { first: number('192.0.2.0'), last: number('192.0.2.255') },
      {
        first: number('198.51.100.0'),
        last: number('198.51.100.15'),
        region: 'JP-13',
        owner: 'Library of Example City',
      },
    ])
    expect([declared.size, excluded.size, targets.size]).toEqual([272n, 10n, 262n])
    const asked = Array.from({ length: 262 }, (_, place) => addressText(targets.at(place)))
    const expected = [
      ...Array.from({ length: 256 }, (_, last) => `192.0.2.${last}`).filter(
        (_, last) => last !== 5 && (last < 8 || last > 15),
      ),
      ...Array.from({ length: 16 }, (_, last) => `198.51.100.${last}`).filter((_, last) => last !== 1),
    ]
    expect(asked).toEqual(expected)
  })

  it('may leave out what is not needed', async () => {
    const scope = await read(
      withLines({
        private: undefined,
        exclude: undefined,
        opt_outs: undefined,
        rate: undefined,
        relay_domain: undefined,
        ranges: 'ranges: [192.0.2.0/24, 198.51.100.0/28]',
      }),
    )
    expect(scope).toMatchObject({ isPrivate: false, rate: { perSecond: 1000, perPrefix: 100 } })
    expect(scope).not.toHaveProperty('relayDomain')
    expect([scope.excluded.size, scope.targets.size]).toEqual([0n, 272n])
    expect(scope.ranges.every((range) => !('region' in range) && !('owner' in range))).toBe(true)
  })

  it('takes ranges in any order, and IPv6 where it is listed', async () => {
    const scope = await read(ofRanges(['2001:db8:1::/120', '192.0.2.9', '2001:DB8::1', '192.0.2.3'], 259))
    expect(scope.ranges.map(({ first }) => addressText(first))).toEqual([
      '2001:db8::1',
      '2001:db8:1::',
      '192.0.2.3',
      '192.0.2.9',
    ])
    expect(scope.targets.size).toBe(259n)
  })

  it('tells of each address which range it is of', async () => {
    const ranges = ['192.0.2.0/30', '2001:db8::/126', '192.0.2.8/29', '198.51.100.7', '192.0.2.5']
    const scope = await read(
      ofRanges(
        ranges.map((range, index) => `{ range: "${range}", owner: ${'abcde'[index]} }`),
        18,
      ),
    )
    const ownerOf = (text: string): string | undefined => rangeOf(scope, addressNumber(text) ?? -1n)?.owner
    const owned = firstOnes('192.0.2.', 16).map(ownerOf)
    expect(owned.map((owner) => owner ?? '-').join('')).toBe('aaaa-e--cccccccc')
    expect(firstOnes('2001:db8::', 5).map(ownerOf)).toEqual(['b', 'b', 'b', 'b', undefined])
    expect(['198.51.100.6', '198.51.100.7', '198.51.100.8'].map(ownerOf)).toEqual([undefined, 'd', undefined])
    expect(['::', '0.0.0.0', '255.255.255.255', 'localhost'].map(ownerOf)).toEqual(Array(4).fill(undefined))
  })

  it('hashes what it says: any other text is another scope', async () => {
    const [one, other] = [await read(withLines()), await read(`${withLines()}# 1\n`)]
    expect(one.hash).not.toBe(other.hash)
  })

  it.each([
    ['loopback', ['127.0.0.0/8'], 2 ** 24, false],
    ['loopback of IPv6', ['::1'], 1, false],
    ['documentation', ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'], 768, false],
    ['documentation of IPv6', ['2001:db8::/112', '3fff:fff::1'], 65_537, false],
    ['private ranges', ['10.0.0.0/24', '172.31.255.255', '192.168.0.0/24', 'fd00::1'], 514, true],
    ['public ones', ['1.1.1.1', '2a00:1450::1'], 2, false],
    ['a private one beside a public one', ['10.0.0.1', '1.1.1.1'], 2, true],
  ])('has %s', async (_, ranges, addresses, isPrivate) => {
    const scope = await read(ofRanges(ranges, addresses, { private: `private: ${isPrivate}` }))
    expect(scope).toMatchObject({ isPrivate })
    expect(scope.targets.size).toBe(BigInt(addresses))
  })

  it('lets opt-outs and exclusions win, listed twice, overlapping and larger than the ranges as they may be', async () => {
    const scope = await read(
      ofRanges(['192.0.2.0/28', '2001:db8::/124'], 32, {
        exclude: 'exclude: [192.0.2.0/29, 192.0.2.4/30, 192.0.2.0/29, 2001:db8::8/125, 192.0.2.9]',
        opt_outs: 'opt_outs: [192.0.2.8/31, 8.0.0.0/8, 2001:db8::/126, ffff::/16]',
      }),
    )
    const asked = Array.from({ length: Number(scope.targets.size) }, (_, place) => addressText(scope.targets.at(place)))
    expect(asked).toEqual([
      ...['4', '5', '6', '7'].map((last) => `2001:db8::${last}`),
      ...['10', '11', '12', '13', '14', '15'].map((last) => `192.0.2.${last}`),
    ])
    expect(scope.declared.size).toBe(32n)
  })
})

describe('the time', () => {
  const valid = (from: string, to: string): string => withLines({ valid: `valid: { from: ${from}, to: ${to} }` })

  it.each([
    ['2026-04-01', '2026-04-30', Date.UTC(2026, 3, 1), undefined],
    ['2026-04-01', '2026-04-30', Date.UTC(2026, 3, 1) - 1, 'field valid.from: the scope is not valid yet'],
    ['2026-04-01', '2026-04-30', Date.UTC(2026, 4, 1) - 1, undefined],
    ['2026-04-01', '2026-04-30', Date.UTC(2026, 4, 1), 'field valid.to: the scope is not valid any more'],
    ['2026-04-10', '2026-04-10', during, undefined],
    ['2026-04-10T00:00Z', '2026-04-10T00:00Z', during, undefined],
    ['2026-04-10T00:00Z', '2026-04-10T00:00:00Z', during + 1, 'field valid.to: the scope is not valid any more'],
    ['2026-04-10T00:00:01Z', '2026-04-10T09:00Z', during, 'field valid.from: the scope is not valid yet'],
    ['2026-04-30', '2026-04-01', during, 'field valid.to: it ends before it begins'],
    ['2026-04-10', '2026-04-09', during, 'field valid.to: it ends before it begins'],
    ['2026-04-00', '2026-04-30', during, 'field valid.from: there is no such day'],
    ['2026-04-01', '2026-04-31', during, 'field valid.to: there is no such day'],
    ['2026-02-29', '2026-04-30', during, 'field valid.from: there is no such day'],
    ['2026-04-01', '2026-13-01', during, 'field valid.to: there is no such day'],
    ['2026-04-01', '2026-04-30T24:00Z', during, 'field valid.to: there is no such day'],
    ['2026-04-01', '2026-04-30T09:60Z', during, 'field valid.to: there is no such day'],
    ['2026-04-01', '2026-04-30T09:00', during, 'field valid.to: '],
    ['2026-04-01', '2026-04-30T09:00+09:00', during, 'field valid.to: '],
    ['2026-04-01', '2026-4-30', during, 'field valid.to: '],
    ['2026-04-01', '30 April 2026', during, 'field valid.to: '],
    ['2026-04-01', '12026-04-30', during, 'field valid.to: '],
    ['2026-04-01', '2026', during, 'field valid.to: '],
    ['2026-04-01', 'never', during, 'field valid.to: '],
    ['2026-04-01', '"2026-04-30\\n"', during, 'field valid.to: '],
    ['2024-02-29', '2026-04-30', during, undefined],
  ])('from %s to %s at %d: %s', async (from, to, now, fault) => {
    if (fault === undefined) expect((await read(valid(from, to), now)).targets.size).toBe(262n)
    else expect(await faultOf(valid(from, to), now)).toContain(`, line 4, ${fault}`)
  })
})

describe('a scope that is wrong', () => {
  it.each(needed)('without %s', async (field) => {
    expect(await faultOf(withLines({ [field]: undefined }))).toMatch(new RegExp(`^, line 1, field ${field}: `))
  })

  it.each([
    ['owner', 'owner:'],
    ['owner', 'owner: ""'],
    ['owner', 'owner: "  "'],
    ['owner', 'owner: 7'],
    ['owner', 'owner: [a]'],
    ['contact', 'contact: ""'],
    ['contact', 'contact: 連絡先'],
    ['contact', 'contact: "a\\r\\nRCPT TO:<b>"'],
    ['contact', 'contact: "a\\0b"'],
    ['authorisation', 'authorisation: true'],
    ['valid', 'valid: 2026-04-01'],
    ['valid.to', 'valid: { from: 2026-04-01 }'],
    ['valid.from', 'valid: { to: 2026-04-01 }'],
    ['valid.until', 'valid: { from: 2026-04-01, to: 2026-04-30, until: 2026-05-01 }'],
    ['addresses', 'addresses: 0'],
    ['addresses', 'addresses: -272'],
    ['addresses', 'addresses: 272.5'],
    ['addresses', 'addresses: "272"'],
    ['addresses', 'addresses: many'],
    ['addresses', 'addresses: .inf'],
    ['addresses', 'addresses: .nan'],
    ['addresses', 'addresses: 1e300'],
    ['addresses', 'addresses: 18446744073709551616'],
    ['addresses', 'addresses: 271'],
    ['addresses', 'addresses: 273'],
    // What is excluded counts: it is what the ranges say that is checked.
    ['addresses', 'addresses: 262'],
    ['coverage', 'coverage: most'],
    ['coverage', 'coverage: Complete'],
    ['vantage', 'vantage: above'],
    ['private', 'private: "true"'],
    ['private', 'private: yes'],
    ['private', 'private: 1'],
    ['private', 'private:'],
    ['ranges', 'ranges:'],
    ['ranges', 'ranges: []'],
    ['ranges', 'ranges: 192.0.2.0/24'],
    ['ranges', 'ranges: { a: 192.0.2.0/24 }'],
    ['exclude', 'exclude:'],
    ['exclude', 'exclude: 192.0.2.5'],
    ['exclude', 'exclude: { range: 192.0.2.5 }'],
    ['exclude.0', 'exclude: [{ range: 192.0.2.5 }]'],
    ['exclude.1', 'exclude: [192.0.2.5, ""]'],
    ['exclude.1', 'exclude: [192.0.2.5, 192.0.2]'],
    ['exclude.0', 'exclude: [192.0.2.5/24]'],
    ['exclude.0', 'exclude: [mail.example.net]'],
    ['exclude.0', 'exclude: [192.0.2.0-192.0.2.9]'],
    ['exclude.0', 'exclude: [3221226000]'],
    ['exclude.0', 'exclude: [~]'],
    ['exclude.0', 'exclude: [[192.0.2.5]]'],
    ['exclude.1', 'exclude: [192.0.2.5, 192.0.3.5]'],
    ['exclude.0', 'exclude: ["::ffff:192.0.2.5"]'],
    ['opt_outs.0', 'opt_outs: ["::ffff:192.0.2.0/120"]'],
    ['opt_outs', 'opt_outs:'],
    ['opt_outs.0', 'opt_outs: [fe80::1%eth0]'],
    ['opt_outs.0', 'opt_outs: [192.0.2.05]'],
    ['opt_outs.0', 'opt_outs: ["192.0.2.7 "]'],
    ['opt_outs.0', 'opt_outs: ["192.0.2.7\\e[2J\\n"]'],
    ['rate', 'rate: 50'],
    ['rate', 'rate:'],
    ['rate.per_second', 'rate: { per_second: 0 }'],
    ['rate.per_second', 'rate: { per_second: 1.5 }'],
    ['rate.per_second', 'rate: { per_second: 1000001 }'],
    ['rate.per_prefix', 'rate: { per_prefix: -1 }'],
    ['rate.per_minute', 'rate: { per_minute: 1 }'],
    ['relay_domain', 'relay_domain: example'],
    ['relay_domain', 'relay_domain: "a.example.net\\r\\nDATA"'],
    ['relay_domain', 'relay_domain: 192.0.2.1'],
  ])('in %s: %s', async (field, line) => {
    const key = (field.split('.')[0] ?? '') as Field
    const text = withLines({ [key]: line })
    const at = text.split('\n').findIndex((each) => each === line) + 1
    expect(await faultOf(text)).toMatch(new RegExp(`^, line ${at}, field ${field.replaceAll('.', '\\.')}: .`))
  })

  it.each([
    ['excludes', 'excludes: [192.0.2.5]'],
    ['opt-outs', 'opt-outs: [192.0.2.5]'],
    ['Exclude', 'Exclude: [192.0.2.5]'],
    ['ranges ', '"ranges ": [192.0.2.5]'],
    ['__proto__', '__proto__: { private: true }'],
    ['constructor', 'constructor: 1'],
    ['<<', '<<: { private: true }'],
    ['dns', 'dns: true'],
    ['false', 'false: 1'],
  ])('with %j, which is no field', async (field, line) => {
    expect(await faultOf(`${withLines()}${line}\n`)).toBe(`, line 18, field ${field}: there is no such field`)
  })

  it('with a field whose name is no line', async () => {
    expect(await faultOf(`${withLines()}"a\\nb\\e[2J": 1\n`)).toContain(': there is no such field')
  })

  it.each([
    ['host bits', ['192.0.2.1/24'], 256, 'ranges.0', 'has bits beyond its length: 192.0.2.0/24 is the prefix'],
    ['host bits of IPv6', ['2001:db8::1/124'], 16, 'ranges.0', '2001:db8::/124 is the prefix'],
    ['a name', ['192.0.2.1', 'mail.example.net'], 2, 'ranges.1', 'is no address and no prefix'],
    ['localhost', ['localhost'], 1, 'ranges.0', 'is no address'],
    ['a leading zero', ['192.0.2.010'], 1, 'ranges.0', 'is no address'],
    ['three parts', ['192.0.2/24'], 256, 'ranges.0', 'is no address'],
    ['a zone', ['fe80::1%eth0'], 1, 'ranges.0', 'is no address'],
    ['a port', ['192.0.2.1:25'], 1, 'ranges.0', ''],
    ['a range with a dash', ['192.0.2.0-192.0.2.255'], 256, 'ranges.0', 'is no address'],
    ['a netmask', ['192.0.2.0/255.255.255.0'], 256, 'ranges.0', 'has a prefix length'],
    ['a length of 33', ['192.0.2.0/33'], 1, 'ranges.0', 'has a prefix length that is not from 0 to 32'],
    ['a length too long to be one', ['192.0.2.0/0000000000000000000000024'], 256, 'ranges.0', 'has a prefix length'],
    ['a number', ['3221225985'], 1, 'ranges.0', ''],
    ['nothing', ['~'], 1, 'ranges.0', ''],
    ['an empty word', ['""'], 1, 'ranges.0', ''],
    ['spaces around', ['" 192.0.2.1 "'], 1, 'ranges.0', 'is no address'],
    ['a line feed', ['"192.0.2.1\\n"'], 1, 'ranges.0', 'is no address'],
    ['a field that there is not', ['{ range: 192.0.2.1, regoin: JP-13 }'], 1, 'ranges.0', ''],
    ['a mapping without a range', ['{ region: JP-13 }'], 1, 'ranges.0', ''],
    ['a region that is none', ['{ range: 192.0.2.1, region: 13 }'], 1, 'ranges.0', ''],
    ['one twice', ['192.0.2.0/24', '192.0.2.0/24'], 256, 'ranges.1', 'it has addresses of another range'],
    ['one within another', ['192.0.2.0/24', '192.0.2.9'], 256, 'ranges.1', 'it has addresses of another range'],
    ['one around another', ['192.0.2.9', '192.0.2.0/24'], 256, 'ranges.1', 'it has addresses of another range'],
    [
      'an overlap further off',
      ['192.0.2.0/24', '1.1.1.1', '192.0.2.9'],
      257,
      'ranges.2',
      'it has addresses of another',
    ],
    ['a /64', ['2001:db8::/64'], 1, 'ranges.0', 'is more than 65536 addresses'],
    ['a /111', ['2001:db8::/111'], 131_072, 'ranges.0', 'is more than 65536 addresses'],
    ['too many', ['1.0.0.0/8', '2.0.0.0/32'], 2 ** 24 + 1, 'ranges', 'more than 16777216: make several'],
    ['all there is', ['0.0.0.0/0'], 2 ** 32, 'ranges.0', 'has addresses of'],
    ['all there is of IPv6', ['::/0'], 1, 'ranges.0', 'has addresses of'],
    ['private ranges', ['10.0.0.0/24'], 256, 'ranges.0', '`private: true` lets private ranges be asked'],
    ['private ranges of IPv6', ['fd00::1'], 1, 'ranges.0', '`private: true` lets private ranges be asked'],
    ['a prefix with private ranges in it', ['172.0.0.0/8'], 2 ** 24, 'ranges.0', '172.16.0.0/12'],
    ['multicast', ['224.0.0.1'], 1, 'ranges.0', '224.0.0.0/4, multicast'],
    ['multicast of IPv6', ['ff02::1'], 1, 'ranges.0', 'ff00::/8, multicast'],
    ['broadcast', ['255.255.255.255'], 1, 'ranges.0', '240.0.0.0/4'],
    ['the unspecified', ['0.0.0.0'], 1, 'ranges.0', '0.0.0.0/8'],
    ['the unspecified of IPv6', ['::'], 1, 'ranges.0', '::/128'],
    ['link local', ['169.254.169.254'], 1, 'ranges.0', '169.254.0.0/16'],
    ['shared address space', ['100.64.0.1'], 1, 'ranges.0', '100.64.0.0/10'],
    ['link local of IPv6', ['fe80::1'], 1, 'ranges.0', 'fe80::/10'],
    ['IPv4-mapped', ['::ffff:192.0.2.1'], 1, 'ranges.0', '::ffff:0:0/96'],
    ['IPv4-compatible', ['::192.0.2.1'], 1, 'ranges.0', '::/96'],
    ['NAT64', ['64:ff9b::192.0.2.1'], 1, 'ranges.0', '64:ff9b::/96'],
    ['6to4', ['2002:c000:201::1'], 1, 'ranges.0', '2002::/16'],
    ['Teredo', ['2001::1'], 1, 'ranges.0', '2001::/23'],
    ['benchmarking', ['198.18.0.0/24'], 256, 'ranges.0', '198.18.0.0/15'],
    ['the last of IPv6', ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'], 1, 'ranges.0', 'ff00::/8'],
  ])('with %s among its ranges', async (_, ranges, addresses, field, why) => {
    const said = await faultOf(ofRanges(ranges, addresses))
    const index = Number(field.split('.')[1] ?? 0)
    expect(said).toMatch(new RegExp(`^, line ${10 + index}, field ${field.replaceAll('.', '\\.')}(\\.\\w+)?: .`))
    expect(said).toContain(why)
  })

  it.each([
    ['224.0.0.0/24', 256],
    ['169.254.0.1', 1],
    ['198.18.0.0/24', 256],
    ['::ffff:10.0.0.1', 1],
    ['fe80::1', 1],
    ['2002:a00:1::', 1],
  ])('with %s, private or not', async (range, addresses) => {
    expect(await faultOf(ofRanges([range], addresses, { private: 'private: true' }))).toContain('has addresses of ')
  })

  it.each([
    ['exclude', ['192.0.2.0/24', '198.51.100.0/24']],
    ['opt_outs', ['192.0.0.0/5']],
    ['opt_outs', ['0.0.0.0/0']],
  ] as const)('of which %s of %j leaves nothing', async (field, list) => {
    const said = await faultOf(
      withLines({ exclude: undefined, opt_outs: undefined, [field]: `${field}: [${list.join(', ')}]` }),
    )
    expect(said).toContain('nothing is left to ask')
  })

  it.each([
    [
      'an alias',
      withLines({ exclude: 'exclude: &a [192.0.2.5]', opt_outs: 'opt_outs: *a' }),
      'line 15: YAML aliases (*a)',
    ],
    ['a field twice', `${withLines()}exclude: []\n`, 'line 18: '],
    ['a field twice, once in quotes', `${withLines()}"exclude": []\n`, 'line 18: '],
    ['a tab', withLines({ ranges: 'ranges:\n\t- 192.0.2.0/24' }), 'line 10: '],
    ['two documents', `${withLines()}---\n${withLines()}`, 'line '],
    ['an end before the end', `${withLines()}...\nexclude: [192.0.2.6]\n`, 'line '],
    ['a bracket that stays open', withLines({ exclude: 'exclude: [192.0.2.5' }), 'line '],
    ['nothing', '', ': '],
    ['a comment', '# scope\n', ': '],
    ['a word', 'scope\n', 'line 1: '],
    ['a list', '- 192.0.2.0/24\n', 'line 1: '],
    ['JSON that is cut off', '{"owner": "Example"', 'line '],
    ['NULs', Buffer.alloc(100), 'line 1'],
    ['bytes', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), 'line 1'],
    ['UTF-16', Buffer.from(`\ufeff${withLines()}`, 'utf16le'), 'line 1'],
    ['2 MiB', `${withLines()}${'#'.repeat(2 ** 21)}\n`, 'is larger than 1 MiB'],
    ['nesting without end', `${withLines()}a: ${'['.repeat(100_000)}`, 'is nested too deep'],
  ])('as YAML: %s', async (_, text, where) => {
    expect(await faultOf(text)).toContain(where)
  })

  it('that is cut off is refused until its ranges are whole', async () => {
    const whole = withLines()
    for (let end = 0; end < whole.length - 1; end++) {
      const cut = whole.slice(0, end)
      // The last lines may be left out as a whole, or end in a word that is one too.
      const scope = await read(cut).catch((error: unknown) => error)
      if (scope instanceof CensusError) expect(scope.exit).toBe(2)
      else expect(end).toBeGreaterThanOrEqual(whole.indexOf('ranges:') + sound.ranges.indexOf('198.51.100.0/28') + 15)
    }
  })
})

describe('a file that cannot be one', () => {
  it.each(['none.yaml', 'folder', 'loop', 'a\0b', ''])('%j', async (name) => {
    await withFolder(async (folder) => {
      await mkdir(join(folder, 'folder'))
      await symlink('loop', join(folder, 'loop'))
      await expect(readScope(name === '' ? '' : join(folder, name), during)).rejects.toMatchObject({
        name: 'CensusError',
        exit: 2,
        message: expect.not.stringContaining('\n') as string,
      })
    })
  })

  it.each(['/dev/null', '/dev/zero', '/proc/self/environ', '/proc/self/mem', '/proc/kallsyms'])('%s', async (path) => {
    await expect(readScope(path, during)).rejects.toMatchObject({ name: 'CensusError', exit: 2 })
  })
})

it('never throws anything but a CensusError of exit 2, and never gives more than is declared', async () => {
  const piece = fc.constantFrom(
    ...Object.values(sound),
    ...Object.values(sound),
    '\n',
    '\n',
    ' ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ': ',
    '"',
    '#',
    '/0',
    '0.0.0.0',
    '*a',
    '&a ',
    '~',
    '%YAML 1.1\n---\n',
    '!!set ',
    '? ',
    '|',
    '\t',
    '\0',
  )
  await withFolder(async (folder) => {
    const path = join(folder, 'scope.yaml')
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.nat(40), async (pieces, place) => {
        const lines = withLines().split('\n')
        lines.splice(place, pieces.length % 3, pieces.join(''))
        await writeFile(path, lines.join('\n'))
        const result: unknown = await readScope(path, during).catch((reason: unknown) => reason)
        if (result instanceof Error) expect(result).toMatchObject({ name: 'CensusError', exit: 2 })
        else expect((result as Scope).targets.size).toBeLessThanOrEqual(272n)
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 300) },
    )
  })
})
