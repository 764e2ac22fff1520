import { isIP, SocketAddress } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addressNumber,
  addressSet,
  addressText,
  isOfIPv4,
  parseRange,
  without,
  type AddressRange,
} from '../../src/model/address-set.ts'
import {
  bitsOf,
  Dice,
  firstOf,
  lastOf,
  lies,
  neighbour,
  prefixOf,
  spelling,
  spellings,
  spelt,
} from '../helpers/address-oracle.ts'

/** `FUZZ_RUNS=1000 npx vitest run address-set` looks longer. */
const runs = (few: number): number => Number(process.env['FUZZ_RUNS'] ?? few)

/** What the number of those bits has to be. */
const numberOf = (bits: string | undefined): bigint | undefined =>
  bits === undefined ? undefined : BigInt(`0b${bits.length === 32 ? `1${'0'.repeat(96)}${bits}` : bits}`)

/** What the system takes for an address. */
function isTaken(text: string): boolean {
  if (isIP(text) === 0) return false
  try {
    return new SocketAddress({ address: text, family: text.includes(':') ? 'ipv6' : 'ipv4' }).port === 0
  } catch {
    return false
  }
}

const anyBits = fc
  .tuple(fc.constantFrom(32, 128), fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 8 }))
  .map(([length, seed, zeros]) => {
    const bits = new Dice(seed).bits(length)
    // Runs of zeros, which are what is written in more than one way.
    return zeros === 0
      ? bits
      : bits.slice(0, length / 8) +
          bits
            .slice(length / 8)
            .replaceAll(/.{16}/g, (group, at: number) => ((at / 16) % zeros === 0 ? '0'.repeat(16) : group))
  })

describe('addressNumber', () => {
  test('gives every right spelling its number, and no other one any', () => {
    fc.assert(
      fc.property(anyBits, fc.integer(), (bits, seed) => {
        for (const text of spellings(bits, new Dice(seed))) {
          expect(addressNumber(text), JSON.stringify(text)).toBe(numberOf(bitsOf(text)))
          // What has a number is taken by the system too: it is dialled as it is spelt.
          if (addressNumber(text) !== undefined) expect(isTaken(text), text).toBe(true)
        }
      }),
      { numRuns: runs(200) },
    )
  })

  test('the oracle takes what the system takes', () => {
    fc.assert(
      fc.property(anyBits, fc.integer(), (bits, seed) => {
        const text = spelling(bits, new Dice(seed))
        if (!text.includes('%')) expect(bitsOf(text) !== undefined, JSON.stringify(text)).toBe(isTaken(text))
      }),
      { numRuns: runs(2000) },
    )
  })

  test.each([
    ['0.0.0.0', 1n << 128n],
    ['255.255.255.255', (1n << 128n) + 0xffff_ffffn],
    ['192.0.2.1', (1n << 128n) + 0xc000_0201n],
    ['::', 0n],
    ['::1', 1n],
    ['::192.0.2.1', 0xc000_0201n],
    ['::ffff:192.0.2.1', 0xffff_c000_0201n],
    ['::FFFF:C000:201', 0xffff_c000_0201n],
    ['2001:DB8::A', 0x2001_0db8_0000_0000_0000_0000_0000_000an],
    ['2001:db8:0:0:0:0:0:a', 0x2001_0db8_0000_0000_0000_0000_0000_000an],
    ['1:2:3:4:5:6:7::', 0x0001_0002_0003_0004_0005_0006_0007_0000n],
    ['::2:3:4:5:6:7:8', 0x0000_0002_0003_0004_0005_0006_0007_0008n],
    ['1:2:3:4:5:6:1.2.3.4', 0x0001_0002_0003_0004_0005_0006_0102_0304n],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', (1n << 128n) - 1n],
  ])('%s is %d', (text, number) => {
    expect(addressNumber(text)).toBe(number)
    expect(numberOf(bitsOf(text))).toBe(number)
  })

  test.each([
    '',
    ' ',
    '.',
    ':',
    ':::',
    '::%lo',
    'fe80::1%eth0',
    'fe80::1%1',
    '::1%25lo',
    'localhost',
    'example.net',
    '1',
    '1.2',
    '1.2.3',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '1.2.3.4.5',
    '1.2.3.4.',
    '01.2.3.4',
    '1.2.3.04',
    '00.0.0.0',
    '0x1.2.3.4',
    '0x01020304',
    '16909060',
    '1.2.3.256',
    '1.2.3.1e1',
    '1.2.3.-4',
    '1.2.3.+4',
    '1.2.3.4\n',
    '\n1.2.3.4',
    '1.2.3.4\r',
    '1.2.3.4\0',
    '1.2.3.4\0.example.net',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3 .4',
    '1.2.3.4/32',
    '1.2.3.4:25',
    '[1.2.3.4]',
    '[::1]',
    '::1/128',
    '[::1]:25',
    '\uff11.2.3.4',
    '\u0661.\u0662.\u0663.\u0664',
    '1\u30022\u30023\u30024',
    '\u2488\u2489\u248a4',
    '1.2.3.\u0664',
    '::\uff11',
    '::ffff:1.2.3',
    '::ffff:01.2.3.4',
    '::ffff:1.2.3.4.5',
    '::1.2.3.4:5',
    '1.2.3.4::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:1.2.3.4',
    '1:2:3:4::5:6:7:8:9',
    '1::2::3',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '12345::',
    '::g',
    '::-1',
    '::1\n',
    '::1 ',
    'http://1.2.3.4',
    '1.2.3.4@5.6.7.8',
    'null',
  ])('%j has none', (text) => {
    expect(addressNumber(text)).toBeUndefined()
    expect(bitsOf(text)).toBeUndefined()
  })

  test('any text at all has one only where the oracle gives it the same', () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      '9',
      '25',
      '255',
      'a',
      'F',
      'fe80',
      'g',
      '.',
      '.',
      ':',
      ':',
      '::',
      '%',
      '/',
      ' ',
      'x',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 18 }), (pieces) => {
        const text = pieces.join('')
        expect(addressNumber(text)).toBe(numberOf(bitsOf(text)))
      }),
      { numRuns: runs(5000) },
    )
  })
})

describe('addressText', () => {
  test('gives each address one spelling, which is right', () => {
    fc.assert(
      fc.property(anyBits, (bits) => {
        const number = numberOf(bits) ?? 0n
        const text = addressText(number)
        expect(bitsOf(text)).toBe(bits)
        expect(addressNumber(text)).toBe(number)
        expect(isOfIPv4(number)).toBe(bits.length === 32)
        // As it is dialled and as replies name their sender.
        const family = bits.length === 32 ? 'ipv4' : 'ipv6'
        if (!bits.startsWith('0'.repeat(80)) || family === 'ipv4')
          expect(new SocketAddress({ address: spelt(bits), family }).address).toBe(text)
      }),
      { numRuns: runs(2000) },
    )
  })

  test.each([
    '::',
    '::1',
    '1::',
    '2001:db8::1:0:0:1',
    '2001:db8:0:1:1:1:1:1',
    '1:0:0:2::3',
    '0.0.0.0',
    '255.255.255.255',
  ])('%s is as RFC 5952 writes it', (text) => {
    expect(addressText(addressNumber(text) ?? 0n)).toBe(text)
  })
})

describe('parseRange', () => {
  test('reads an address and a prefix, first to last', () => {
    fc.assert(
      fc.property(anyBits, fc.nat(128), (bits, wanted) => {
        const length = wanted % (bits.length + 1)
        const prefix = { family: bits.length as 32 | 128, bits: bits.slice(0, length) }
        expect(parseRange(`${spelt(firstOf(prefix))}/${length}`)).toEqual({
          first: numberOf(firstOf(prefix)),
          last: numberOf(lastOf(prefix)),
        })
        expect(parseRange(spelt(bits))).toEqual({ first: numberOf(bits), last: numberOf(bits) })
        // Host bits are a typing error, in one half or the other.
        if (bits.slice(length).includes('1'))
          expect(parseRange(`${spelt(bits)}/${length}`)).toEqual({
            fault: expect.stringContaining('beyond its length'),
          })
      }),
      { numRuns: runs(1000) },
    )
  })

  test('says which prefix is the one', () => {
    expect(parseRange('192.0.2.1/24')).toEqual({
      fault: 'has bits beyond its length: 192.0.2.0/24 is the prefix',
    })
  })

  test.each([
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2.0/',
    '192.0.2.0/024',
    '192.0.2.0/24 ',
    '192.0.2.0/ 24',
    '192.0.2.0 /24',
    '192.0.2.0/24\n',
    '192.0.2.0/2４',
    '192.0.2.0/24/24',
    '192.0.2.0/1e1',
    '192.0.2.0/0x18',
    '192.0.2.0/24.0',
    '192.0.2.0/255.255.255.0',
    '192.0.2.0-192.0.2.9',
    '192.0.2.*',
    '192.0.2/24',
    '2001:db8::/129',
    '2001:db8::/1000',
    'fe80::%eth0/64',
    '::ffff:192.0.2.0/24',
    'localhost/32',
    '/24',
    '/',
    '',
  ])('%j is none', (text) => {
    expect(parseRange(text)).toHaveProperty('fault')
  })
})

/** A small world on both sides of the border of the families, so that every address of it can be looked at. */
const world = ((): string[] => {
  const last6 = '1'.repeat(128)
  const first4 = '0'.repeat(32)
  const list: string[] = []
  for (let [bits, left] = [last6 as string | undefined, 40]; bits !== undefined && left > 0; left--) {
    list.unshift(bits)
    bits = neighbour(bits, -1)
  }
  for (let [bits, left] = [first4 as string | undefined, 40]; bits !== undefined && left > 0; left--) {
    list.push(bits)
    bits = neighbour(bits, 1)
  }
  return list
})()
const half = world.length / 2

/** A range of the world by two places of it, of one family. */
const anyRange = fc.tuple(fc.boolean(), fc.nat(half - 1), fc.nat(half - 1)).map(([isIPv4, one, other]) => {
  const base = isIPv4 ? half : 0
  return { from: base + Math.min(one, other), to: base + Math.max(one, other) }
})
type Span = { readonly from: number; readonly to: number }
const rangesOf = (spans: readonly Span[]): AddressRange[] =>
  spans.map(({ from, to }) => ({ first: numberOf(world[from]) ?? 0n, last: numberOf(world[to]) ?? 0n }))
const inAny = (place: number, spans: readonly Span[]): boolean =>
  spans.some(({ from, to }) => place >= from && place <= to)

/** Everything that is to be true of a set, held against the list of what is in it. */
function expectSet(set: ReturnType<typeof addressSet>, expected: readonly string[]): void {
  expect(set.size).toBe(BigInt(expected.length))
  expect(Array.from({ length: expected.length }, (_, place) => set.at(place))).toEqual(expected.map(numberOf))
  expect(world.filter((bits) => set.has(numberOf(bits) ?? 0n))).toEqual(expected)
  for (const place of [-1, expected.length, expected.length + 1]) expect(() => set.at(place)).toThrow(RangeError)
  for (const [index, range] of set.ranges.entries()) {
    expect(range.first).toBeLessThanOrEqual(range.last)
    expect(isOfIPv4(range.first)).toBe(isOfIPv4(range.last))
    const before = set.ranges[index - 1]
    if (before === undefined) continue
    const areNeighbours = range.first === before.last + 1n && isOfIPv4(before.last) === isOfIPv4(range.first)
    expect(range.first > before.last && !areNeighbours).toBe(true)
  }
}

describe('addressSet and without', () => {
  test('hold what was listed, each address once and in order, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(anyRange, { maxLength: 8 }), fc.array(anyRange, { maxLength: 8 }), (spans, taken) => {
        const listed = world.filter((_, place) => inAny(place, spans))
        const set = addressSet(rangesOf(spans))
        expectSet(set, listed)
        const left = world.filter((_, place) => inAny(place, spans) && !inAny(place, taken))
        expectSet(without(set, addressSet(rangesOf(taken))), left)
        expectSet(without(set, set), [])
        expectSet(without(set, addressSet([])), listed)
      }),
      { numRuns: runs(200) },
    )
  })

  test('hold what prefixes hold', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const dice = new Dice(seed)
        const common = dice.bits(24)
        const prefixes = Array.from({ length: 1 + dice.below(6) }, () => ({
          family: 32 as const,
          bits: common + dice.bits(dice.below(9)),
        }))
        const set = addressSet(
          prefixes.map((prefix) => ({ first: numberOf(firstOf(prefix)) ?? 0n, last: numberOf(lastOf(prefix)) ?? 0n })),
        )
        let size = 0n
        for (let last = 0; last < 256; last++) {
          const bits = common + last.toString(2).padStart(8, '0')
          const isIn = prefixes.some((prefix) => lies(bits, prefix))
          if (set.has(numberOf(bits) ?? 0n) !== isIn) throw new Error(`${spelt(bits)} is ${isIn ? 'not' : ''} in it`)
          if (isIn) expect(set.at(Number(size++))).toBe(numberOf(bits))
        }
        expect(set.size).toBe(size)
      }),
      { numRuns: runs(100) },
    )
  })

  test('the last address of IPv6 and the first of IPv4 are no neighbours', () => {
    const [last6 = 0n, first4 = 0n] = [numberOf('1'.repeat(128)), numberOf('0'.repeat(32))]
    expect(first4).toBe(last6 + 1n)
    const set = addressSet([
      { first: first4, last: first4 },
      { first: last6, last: last6 },
    ])
    expect(set.ranges).toEqual([
      { first: last6, last: last6 },
      { first: first4, last: first4 },
    ])
    expect([addressText(set.at(0)), addressText(set.at(1))]).toEqual([
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      '0.0.0.0',
    ])
  })

  test('the empty set has nothing', () => {
    const none = addressSet([])
    expect(none).toMatchObject({ ranges: [], size: 0n })
    expect(none.has(0n)).toBe(false)
    expect(() => none.at(0)).toThrow(RangeError)
  })

  test('all there is has every address, and its size is no float', () => {
    const [first, last] = [prefixOf('::/0'), prefixOf('0.0.0.0/0')]
    const all = addressSet([
      { first: numberOf(firstOf(first)) ?? 0n, last: numberOf(lastOf(first)) ?? 0n },
      { first: numberOf(firstOf(last)) ?? 0n, last: numberOf(lastOf(last)) ?? 0n },
    ])
    expect(all.size).toBe((1n << 128n) + (1n << 32n))
    expect(addressText(all.at(Number.MAX_SAFE_INTEGER))).toBe('::1f:ffff:ffff:ffff')
  })

  test('what was given is not changed', () => {
    const given = Object.freeze([
      Object.freeze({ first: 5n, last: 9n }),
      Object.freeze({ first: 1n, last: 4n }),
    ]) as readonly AddressRange[]
    expect(addressSet(given).ranges).toEqual([{ first: 1n, last: 9n }])
    expect(given[1]).toEqual({ first: 1n, last: 4n })
  })

  test('tens of thousands of ranges without as many are made at once', () => {
    const lines = (from: bigint): AddressRange[] =>
      Array.from({ length: 40_000 }, (_, index) => {
        const first = from + 4n * BigInt(index)
        return { first, last: first + 1n }
      })
    const began = performance.now()
    expect(without(addressSet(lines(0n)), addressSet(lines(1n))).size).toBe(40_000n)
    expect(performance.now() - began).toBeLessThan(5000)
  })
})
