import { describe, expect, test } from 'vitest'
import { modbus } from '../../src/probes/modbus.ts'
import { converse } from '../helpers/converse.ts'
import { expectSturdyTalk } from '../helpers/sturdy-talk.ts'

const object = (id: string, text: string): string =>
  id + text.length.toString(16).padStart(2, '0') + Buffer.from(text, 'latin1').toString('hex')
const objects = object('00', 'Example Controls') + object('01', 'EX-100') + object('02', 'V2.4')

interface Told {
  readonly start?: string
  readonly length?: string
  readonly pdu?: string
}

const reply = ({ start = '45430000', pdu = `2b0e0101000003${objects}`, length }: Told = {}): Buffer =>
  Buffer.from(start + (length ?? (pdu.length / 2 + 1).toString(16).padStart(4, '0')) + 'ff' + pdu, 'hex')
const says = (told?: Told): readonly Buffer[] => [reply(told)]

test('one read of the basic identification, to unit 255', () => {
  const { sent } = converse(modbus, { says: [] })
  expect(Buffer.from(sent, 'latin1').toString('hex')).toBe('454300000005ff2b0e0100')
})

describe('a device', () => {
  test('tells its maker, product and revision', () => {
    expect(converse(modbus, { says: says() }).finding).toEqual({
      module: 'modbus',
      banner: 'VendorName: Example Controls\nProductCode: EX-100\nMajorMinorRevision: V2.4',
      product: 'EX-100',
      version: 'V2.4',
    })
  })

  test.each([
    ['has not the function', 'ab01', 'exception 1'],
    ['is not behind the gateway', 'ab0b', 'exception 11'],
    ['tells nothing', '2b0e0101000000', ''],
    ['tells one thing', `2b0e0101000001${object('01', 'EX')}`, 'ProductCode: EX'],
    ['counts more than it tells', `2b0e01010000ff${object('01', 'EX')}02ff56`, 'ProductCode: EX'],
  ])('that %s is one', (_, pdu, banner) => {
    expect(converse(modbus, { says: says({ pdu }) }).finding).toMatchObject({ module: 'modbus', banner })
  })

  test.each([
    ['another transaction', { start: '45440000' }],
    ['another protocol', { start: '45430001' }],
    ['another function', { pdu: '03020000' }],
    ['an exception to another function', { pdu: '8301' }],
    ['an exception with more', { pdu: 'ab0100' }],
    ['another kind of interface', { pdu: '2b0d0101000000' }],
    ['another code', { pdu: '2b0e0201000000' }],
    ['a reply of its first half', { pdu: '2b0e01010000' }],
    ['a message of no length', { length: '0000' }],
    ['a message too long', { length: '00ff' }],
    ['a message longer than it comes', { length: '00fe' }],
  ] satisfies [string, Told][])('is not %s', (_, told) => {
    expect(converse(modbus, { says: says(told) }).finding).toBeUndefined()
  })
})

test('stands whatever is said', () => expectSturdyTalk(modbus, { says: says() }))
