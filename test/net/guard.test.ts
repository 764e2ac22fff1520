import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressNumber, addressSet, parseRange, type AddressSet } from '../../src/model/address-set.ts'
import type { Scope } from '../../src/model/scope.ts'
import { specialBlocks } from '../../src/model/special-purpose.ts'
import { scopeGuard } from '../../src/net/guard.ts'
import {
  bitsOf,
  Dice,
  firstOf,
  lastOf,
  lies,
  neighbour,
  prefixOf,
  prefixText,
  spelling,
  spellings,
  spelt,
  type Prefix,
} from '../helpers/address-oracle.ts'

/** Cases of a property are drawn a hundred at a time: `FUZZ_RUNS=1000 npx vitest run net/guard` looks at a million. */
const hundreds = Number(process.env['FUZZ_RUNS'] ?? 5) * 10

/**
 * The registries once more (iana-ipv4-special-registry, iana-ipv6-special-registry, RFC 5771, RFC 4291), copied by hand:
 * `-` is never asked, `+` may be, `p` where the scope says `private: true`. The narrowest counts.
 */
const registries = `
- 0.0.0.0/8
- 0.0.0.0/32
p 10.0.0.0/8
- 100.64.0.0/10
+ 127.0.0.0/8
- 169.254.0.0/16
p 172.16.0.0/12
- 192.0.0.0/24
- 192.0.0.0/29
- 192.0.0.8/32
- 192.0.0.9/32
- 192.0.0.10/32
- 192.0.0.170/32
- 192.0.0.171/32
+ 192.0.2.0/24
- 192.31.196.0/24
- 192.52.193.0/24
- 192.88.99.0/24
- 192.88.99.2/32
p 192.168.0.0/16
- 192.175.48.0/24
- 198.18.0.0/15
+ 198.51.100.0/24
+ 203.0.113.0/24
- 224.0.0.0/4
- 240.0.0.0/4
- 255.255.255.255/32
+ ::1/128
- ::/128
- ::/96
- ::ffff:0.0.0.0/96
- 64:ff9b::/96
- 64:ff9b:1::/48
- 100::/64
- 100:0:0:1::/64
- 2001::/23
- 2001::/32
- 2001:1::1/128
- 2001:1::2/128
- 2001:1::3/128
- 2001:2::/48
- 2001:3::/32
- 2001:4:112::/48
- 2001:10::/28
- 2001:20::/28
- 2001:30::/28
+ 2001:db8::/32
- 2002::/16
- 2620:4f:8000::/48
+ 3fff::/20
- 5f00::/16
p fc00::/7
- fe80::/10
- fec0::/10
- ff00::/8
- ::/3
- 4000::/3
- 6000::/3
- 8000::/3
- a000::/3
- c000::/3
- e000::/3`
  .trim()
  .split('\n')
  .map((line) => {
    const [leave = '', text = ''] = line.split(' ')
    return { leave, text, ...prefixOf(text) }
  })

interface Wanted {
  readonly declared: readonly Prefix[]
  readonly excluded: readonly Prefix[]
  readonly isPrivate: boolean
  readonly valid: Scope['valid']
}

/** Whether something may be sent to what is spelt so: by the definition, bit by bit. */
function mayBeAsked({ declared, excluded, isPrivate, valid }: Wanted, text: string, now: number): boolean {
  const bits = bitsOf(text)
  if (bits === undefined || now < valid.from || now > valid.to) return false
  if (!declared.some((prefix) => lies(bits, prefix)) || excluded.some((prefix) => lies(bits, prefix))) return false
  const narrowest = registries
    .filter((prefix) => lies(bits, prefix))
    .reduce<(typeof registries)[number] | undefined>(
      (best, each) => (best === undefined || each.bits.length > best.bits.length ? each : best),
      undefined,
    )
  return narrowest === undefined || narrowest.leave === '+' || (narrowest.leave === 'p' && isPrivate)
}

const setOf = (prefixes: readonly Prefix[]): AddressSet =>
  addressSet(
    prefixes.map((prefix) => {
      const range = parseRange(prefixText(prefix))
      if ('fault' in range) throw new Error(`${prefixText(prefix)} ${range.fault}`)
      return range
    }),
  )

/** A scope as no file could declare it: readScope is not asked. */
const scopeOf = (wanted: Wanted): Scope => ({
  owner: 'Example',
  contact: 'noc@example.net',
  authorisation: 'none',
  valid: wanted.valid,
  isPrivate: wanted.isPrivate,
  coverage: 'partial',
  vantage: 'outside',
  ranges: [],
  declared: setOf(wanted.declared),
  excluded: setOf(wanted.excluded),
  targets: addressSet([]),
  rate: { perSecond: 1, perPrefix: 1 },
  hash: '',
})

const everything = [prefixOf('0.0.0.0/0'), prefixOf('::/0')]
const always = { from: -Infinity, to: Infinity }
const noon = Date.UTC(2026, 3, 1, 12)

const leaves = registries.filter(({ leave }) => leave !== '-')

/** Prefixes in and around what matters: registries, all there is, and anywhere. */
function anyPrefix(dice: Dice): Prefix {
  const base = dice.of(dice.below(2) === 0 ? registries : leaves)
  switch (dice.below(7)) {
    case 0:
      return dice.of(everything)
    case 1:
    case 2: {
      const family = dice.of([32, 128] as const)
      return { family, bits: dice.bits(dice.below(family + 1)) }
    }
    case 3:
      // Wider than a block.
      return { family: base.family, bits: base.bits.slice(0, dice.below(base.bits.length + 1)) }
    case 4: {
      // Its neighbour of the same length.
      const beside = neighbour(base.bits, dice.of([-1, 1] as const))
      return { family: base.family, bits: beside ?? base.bits }
    }
    default:
      // Within it.
      return { family: base.family, bits: base.bits + dice.bits(dice.below(base.family - base.bits.length + 1)) }
  }
}

/** An address at, or next to, an end of one of these, or within it. */
function anyAddress(dice: Dice, prefixes: readonly Prefix[]): string {
  const prefix = dice.of(prefixes)
  const inside = prefix.bits + dice.bits(prefix.family - prefix.bits.length)
  if (dice.below(3) === 0) return inside
  let bits = dice.of([firstOf(prefix), lastOf(prefix), inside])
  const step = dice.of([-1, 1] as const)
  for (let steps = dice.below(3); steps > 0; steps--) bits = neighbour(bits, step) ?? bits
  return bits
}

function anyWanted(dice: Dice): Wanted {
  const some = (most: number): Prefix[] => Array.from({ length: dice.below(most + 1) }, () => anyPrefix(dice))
  const declared = [anyPrefix(dice), ...some(3)]
  // Exclusions of their own, and within what is declared.
  const within = declared
    .filter(() => dice.below(3) === 0)
    .map(({ family, bits }) => ({ family, bits: bits + dice.bits(dice.below(family - bits.length + 1)) }))
  const from = noon + dice.below(5) - 2
  return {
    declared,
    excluded: [...within, ...(dice.below(3) === 0 ? some(2) : [])],
    isPrivate: dice.below(2) === 0,
    valid: { from, to: from + dice.below(4) },
  }
}

test('lets through what the definition lets through, and nothing else', () => {
  const seen = { asked: 0, refused: 0, odd: 0 }
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const dice = new Dice(seed)
      for (let left = 100; left > 0; left--) {
        const wanted = anyWanted(dice)
        const guard = scopeGuard(scopeOf(wanted))
        const places = [...wanted.declared, ...wanted.declared, ...wanted.excluded, dice.of(registries)]
        const text = spelling(anyAddress(dice, places), dice)
        const now = dice.below(5) === 0 ? noon + dice.below(9) - 4 : wanted.valid.from
        const isLetThrough = guard(text, now) === undefined
        if (isLetThrough !== mayBeAsked(wanted, text, now))
          throw new Error(
            `${JSON.stringify(text)} is ${isLetThrough ? 'let through' : 'refused'}: declared ${wanted.declared.map(prefixText).join(' ')}, ` +
              `excluded ${wanted.excluded.map(prefixText).join(' ')}, private ${wanted.isPrivate}, ${now} of ${JSON.stringify(wanted.valid)}`,
          )
        seen[isLetThrough ? 'asked' : 'refused']++
        if (bitsOf(text) === undefined) seen.odd++
      }
    }),
    { numRuns: hundreds },
  )
  // All three kinds are looked at, and none is rare.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(5 * hundreds)
  expect(seen.asked + seen.refused).toBe(100 * hundreds)
}, 3_600_000)

describe('where everything is declared and nothing excluded', () => {
  const guardOf = (isPrivate: boolean): ReturnType<typeof scopeGuard> =>
    scopeGuard(scopeOf({ declared: everything, excluded: [], isPrivate, valid: always }))
  const [guard, privateGuard] = [guardOf(false), guardOf(true)]

  test.each(registries.map(({ text, leave }) => [text, leave] as const))(
    '%s is %s, at both ends and within',
    (text, leave) => {
      const prefix = prefixOf(text)
      const inside = prefix.bits + '10'.repeat(64).slice(0, prefix.family - prefix.bits.length)
      for (const bits of [firstOf(prefix), lastOf(prefix), inside]) {
        // Where narrower ones lie at its ends, they decide.
        if (registries.some((other) => other.bits.length > prefix.bits.length && lies(bits, other))) continue
        const [plainly, privately] = [guard(spelt(bits), noon), privateGuard(spelt(bits), noon)]
        if (leave === '+') expect([plainly, privately]).toEqual([undefined, undefined])
        else if (leave === 'p') {
          expect(plainly).toMatch(/^it is of special purpose: /)
          expect(privately).toBeUndefined()
        } else for (const why of [plainly, privately]) expect(why, spelt(bits)).toMatch(/^it is of special purpose: /)
      }
    },
  )

  test.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '223.255.255.255',
    '2000::',
    '2001:200::',
    '2003::',
    '2a00:1450::1',
    '3ffe:ffff:ffff::',
    '3fff:1000::',
  ])('%s is anyone’s, and may be asked', (text) => {
    expect(guard(text, noon)).toBeUndefined()
  })

  test('an address within another is refused, whichever it is', () => {
    const dice = new Dice(1)
    const others = ['1.1.1.1', '192.0.2.1', '127.0.0.1', '10.0.0.1'].flatMap((address) =>
      spellings(bitsOf(address) ?? '', dice).filter((text) => text !== address),
    )
    expect(others.filter((text) => privateGuard(text, noon) === undefined)).toEqual([])
  })

  test.each([
    'localhost',
    'example.net',
    '192.0.2.1.nip.io',
    '',
    ' ',
    '%',
    '*',
    'any',
    '0',
    '127.1',
    '2130706433',
    '::1%lo',
    '::1%1',
    '2001:db8::1%eth0',
    '192.0.2.1%eth0',
    '[::1]',
    '[192.0.2.1]',
    '192.0.2.1:25',
    '192.0.2.1\n',
    '192.0.2.1\0',
    'http://192.0.2.1',
    'user@192.0.2.1',
    'ⅠⅡ.0.2.1',
    '１９２.0.2.1',
    '192。0。2。1',
  ])('%j is no literal address', (text) => {
    expect(privateGuard(text, noon)).toBe('it is no literal address')
  })
})

test('every block that is refused is one of the registries, and leaves are where they are there', () => {
  for (const { prefix, leave } of specialBlocks) {
    const { bits, family } = prefixOf(prefix)
    const known = registries.find((each) => each.family === family && each.bits.startsWith(bits))
    expect(known, prefix).toBeDefined()
    if (leave !== undefined) expect(known?.leave).toBe(leave === 'private' ? 'p' : '+')
  }
})

describe('the time', () => {
  const valid = { from: Date.UTC(2026, 3, 1), to: Date.UTC(2026, 3, 2) - 1 }
  const guard = scopeGuard(scopeOf({ declared: everything, excluded: [], isPrivate: false, valid }))

  test.each([valid.from, valid.from + 1, noon, valid.to - 1, valid.to])('%d is within', (now) => {
    expect(guard('192.0.2.1', now)).toBeUndefined()
  })

  test.each([valid.from - 1, valid.to + 1, 0, -1, Infinity, -Infinity, Number.NaN])('%d is not', (now) => {
    expect(guard('192.0.2.1', now)).toBe('the scope is not valid now')
  })

  test.each([
    { from: Number.NaN, to: Infinity },
    { from: -Infinity, to: Number.NaN },
    { from: noon + 1, to: noon - 1 },
  ])('a scope valid from $from to $to never is', (wrong) => {
    const never = scopeGuard(scopeOf({ declared: everything, excluded: [], isPrivate: false, valid: wrong }))
    expect(never('192.0.2.1', noon)).toBe('the scope is not valid now')
  })
})

test('nothing is asked where nothing is declared, or all of it is excluded', () => {
  const none = scopeGuard(scopeOf({ declared: [], excluded: [], isPrivate: true, valid: always }))
  const taken = scopeGuard(scopeOf({ declared: everything, excluded: everything, isPrivate: true, valid: always }))
  for (const text of ['192.0.2.1', '127.0.0.1', '10.0.0.1', '1.1.1.1', '::1', '2001:db8::1', '2a00::1']) {
    expect(none(text, noon)).toBe('it is not in the scope')
    expect(taken(text, noon)).toBe('it is excluded')
  }
})

test('a scope that says yes to everything is not believed: multicast, broadcast and the like stay refused', () => {
  const yes: AddressSet = { ...addressSet([]), has: () => true }
  const scope = scopeOf({ declared: [], excluded: [], isPrivate: true, valid: always })
  const guard = scopeGuard({ ...scope, declared: yes })
  for (const text of [
    '224.0.0.1',
    '239.255.255.250',
    '255.255.255.255',
    '0.0.0.0',
    '169.254.169.254',
    '::',
    'ff02::1',
    'fe80::1',
    '::ffff:192.0.2.1',
    '::ffff:127.0.0.1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  ])
    expect(guard(text, noon), text).toMatch(/^it is of special purpose/)
})

test('there is one line of numbers for both families, and no address of one is another of the other', () => {
  const guard = scopeGuard(
    scopeOf({ declared: [prefixOf('192.0.2.0/24')], excluded: [], isPrivate: true, valid: always }),
  )
  expect(guard('192.0.2.1', noon)).toBeUndefined()
  for (const text of ['::192.0.2.1', '::c000:201', '::ffff:192.0.2.1', '::1:c000:201', '1::c000:201'])
    expect(guard(text, noon), text).toBe('it is not in the scope')
  expect(addressNumber('::c000:201')).not.toBe(addressNumber('192.0.2.1'))
})
