import { describe, expect, test } from 'vitest'
import { snmp } from '../../src/probes/snmp.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'

const id = '02044b30557a'

/** Tag, length and content: all lengths here are short. */
const tlv = (tag: string, ...content: readonly string[]): string =>
  tag + (content.join('').length / 2).toString(16).padStart(2, '0') + content.join('')

interface Told {
  readonly version?: string
  readonly id?: string
  readonly engine?: string
  readonly boots?: string
  readonly kind?: string
  readonly variables?: string
}

const unknownEngine = tlv('30', tlv('30', '060a2b060106030f01010400', '410103'))

const report = (told: Told = {}): Buffer =>
  Buffer.from(
    tlv(
      '30',
      told.version ?? '020103',
      tlv('30', told.id ?? id, '020300ffe3', '040100', '020103'),
      tlv(
        '04',
        tlv(
          '30',
          tlv('04', told.engine ?? '80001f8804746f7765722d37'),
          told.boots ?? '020105',
          '020203e8',
          '0400',
          '0400',
          '0400',
        ),
      ),
      tlv('30', '0400', '0400', tlv(told.kind ?? 'a8', id, '020100', '020100', told.variables ?? unknownEngine)),
    ),
    'hex',
  )

test('one discovery: no object, no user, no community, no engine id', () => {
  expect(ask(snmp).toString('hex')).toBe(
    `303e0201033011${id}020300ffe30401040201030410300e0400020100020100040004000400301404000400a00e${id}0201000201003000`,
  )
})

describe('an engine', () => {
  test('tells its id, and how often and how long ago it began', () => {
    expect(hear(snmp, report())).toEqual({
      module: 'snmp',
      banner:
        'SNMPv3\nengine: 80001f8804746f7765722d37\nenterprise: 8072\nformat: text\ntext: tower-7\nboots: 5\ntime: 1000',
    })
  })

  test.each([
    ['an address of its network card', '8000000903001c5800002a', 'enterprise: 9\nformat: MAC\nboots'],
    ['an address', '8000000901c0000201', 'enterprise: 9\nformat: IPv4\nboots'],
    ['a format of its maker', '80000009ff010203', 'enterprise: 9\nformat: 255\nboots'],
    ['the old form', '0000000b0000000000000001', 'enterprise: 11\nboots'],
    ['four bytes', '80000009', 'engine: 80000009\nboots'],
    ['nothing', '', 'SNMPv3\nboots'],
  ])('may have an id of %s', (_, engine, part) => {
    expect(hear(snmp, report({ engine }))?.banner).toContain(part)
  })

  test.each([
    ['numbers of four bytes', { boots: '02047fffffff' }, 'boots: 2147483647\n'],
    ['an id of five bytes', { engine: '8000000904' }, 'enterprise: 9\nformat: text\nboots'],
    ['an id of 32 bytes', { engine: `8000000905${'41'.repeat(27)}` }, 'format: octets\nboots'],
    ['an enterprise of no number', { engine: '8000000005' }, 'enterprise: 0\nformat: octets\n'],
  ] satisfies [string, Told, string][])('may have %s', (_, told, part) => {
    expect(hear(snmp, report(told))?.banner).toContain(part)
  })

  test('may encode lengths in more bytes than it needs', () => {
    const long = Buffer.concat([
      Buffer.from('30840000', 'hex'),
      Buffer.of(0, report().length - 2),
      report().subarray(2),
    ])
    expect(hear(snmp, long)?.banner).toBe(hear(snmp, report())?.banner)
  })

  test.each([
    ['another version', { version: '020101' }],
    ['another message id', { id: '02044b30557b' }],
    ['a shorter message id', { id: '02034b3055' }],
    ['a response', { kind: 'a2' }],
    ['a report of another model', { variables: tlv('30', tlv('30', '060a2b060106030b02010100', '410103')) }],
    ['a report of nothing', { variables: '3000' }],
    ['an engine id of 33 bytes', { engine: '80'.repeat(33) }],
    ['an id longer than the message', { engine: '80001f88', boots: '0284ffffffff05' }],
    ['a number of five bytes', { boots: '02057fffffffff' }],
    ['a length without end', { variables: '3080' }],
    ['a length of five bytes', { variables: '30850000000000' }],
  ] satisfies [string, Told][])('is not %s', (_, told) => {
    expect(hear(snmp, report(told))).toBeUndefined()
  })
})

test('stands whatever is sent', () => expectSturdy(snmp, report(), 30))
