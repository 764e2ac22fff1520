import { describe, expect, test } from 'vitest'
import { s7 } from '../../src/probes/s7.ts'
import { converse } from '../helpers/converse.ts'
import { expectSturdyTalk } from '../helpers/sturdy-talk.ts'

const packet = (hex: string): Buffer =>
  Buffer.from(`0300${(hex.length / 2 + 4).toString(16).padStart(4, '0')}${hex}`, 'hex')
const hexOf = (text: string, length: number): string => Buffer.from(text.padEnd(length, '\0'), 'latin1').toString('hex')

const confirmed = packet('11d00014000100c0010ac1020100c2020102')
const agreed = packet('02f080320300004543000800000000f0000001000100f0')

/** The answer to a read of a list: its records of equal size. */
const list = (id: string, ...records: readonly string[]): Buffer => {
  const size = ((records[0]?.length ?? 0) / 2).toString(16).padStart(4, '0')
  const data = `${id}0000${size}${records.length.toString(16).padStart(4, '0')}${records.join('')}`
  const length = (data.length / 2).toString(16).padStart(4, '0')
  return packet(
    `02f080320700004543000c${(data.length / 2 + 4).toString(16).padStart(4, '0')}000112081284010100000000ff09${length}${data}`,
  )
}

const order = hexOf('6ES7 000-0EX00-0AB0 ', 20)
const modules = list('0011', `0001${order}000000030001`, `0006${order}000000030001`, `0007${hexOf('', 20)}000056030206`)
const component = (index: string, text: string): string => index + hexOf(text, 32)
const components = list(
  '001c',
  component('0001', 'tower-plc'),
  component('0002', 'EX station'),
  component('0003', 'Plant 7'),
  component('0004', 'Original Example Equipment'),
  component('0005', 'S C-X0000000'),
  component('0007', 'CPU 000-0 EX'),
)
const firmware = `0007${hexOf('', 20)}000056030206`
const changed = (said: Buffer, at: number, byte: number): Buffer =>
  Buffer.concat([said.subarray(0, at), Buffer.of(byte), said.subarray(at + 1)])
const refused = packet('02f080320700004543000c000400011208128401010000d4010a000000')
const says = [confirmed, agreed, modules, components]
const bare = { module: 's7', banner: '' }

test('a connection, an agreement and two lists', () => {
  const { sent } = converse(s7, { says })
  expect(Buffer.from(sent, 'latin1').toString('hex')).toBe(
    '0300001611e00000001400c1020100c2020102c0010a' +
      '0300001902f08032010000454300080000f0000001000101e0' +
      '0300002102f080320700004543000800080001120411440100ff09000400110000' +
      '0300002102f080320700004543000800080001120411440100ff090004001c0000',
  )
})

describe('a controller', () => {
  test('tells what it is', () => {
    expect(converse(s7, { says }).finding).toEqual({
      module: 's7',
      banner:
        'PLC name: tower-plc\nModule name: EX station\nPlant identification: Plant 7\n' +
        'Copyright: Original Example Equipment\nModule type: CPU 000-0 EX\nModule: 6ES7 000-0EX00-0AB0\n' +
        'Basic Hardware: 6ES7 000-0EX00-0AB0\nBasic Firmware: 3.2.6',
      product: 'CPU 000-0 EX',
      version: '3.2.6',
    })
  })

  test('whose type is not told is called by its order number', () => {
    expect(converse(s7, { says: [confirmed, agreed, modules, refused] }).finding?.product).toBe('6ES7 000-0EX00-0AB0')
  })

  test.each([
    ['refuses the lists', [confirmed, agreed, refused, refused], bare],
    ['goes away', [confirmed, agreed], bare],
    ['refuses the agreement', [confirmed, packet('02f080320300004543000000008104')], bare],
    ['answers with another list', [confirmed, agreed, components, modules], bare],
    ['counts more records than it tells', [confirmed, agreed, list('0011', firmware)], { version: '3.2.6' }],
    ['has records of another size', [confirmed, agreed, list('0011', '000756030206')], bare],
    ['answers with another list of that size', [confirmed, agreed, list('0012', firmware)], bare],
    ['counts none of its records', [confirmed, agreed, changed(list('0011', firmware), 40, 0)], bare],
    ['says that its list is none', [confirmed, agreed, changed(list('0011', firmware), 29, 0x0a)], bare],
    ['has a firmware of another form', [confirmed, agreed, list('0011', `0007${hexOf('', 20)}000000030206`)], bare],
  ])('that %s is one', (_, said, finding) => {
    expect(converse(s7, { says: said }).finding).toMatchObject(finding)
  })

  test.each([
    ['no connection', [packet('0680001400010000'), agreed]],
    ['ISO transport of another', [confirmed, packet('02f0800500')]],
    ['a job of its own', [confirmed, packet('02f080320100004543000800000000f0000001000100f0')]],
    ['an answer to another', [confirmed, packet('02f080320300004544000800000000f0000001000100f0')]],
    ['a packet of no length', [Buffer.from('03000004', 'hex')]],
    ['a packet too long', [Buffer.from('0300ffff11d0', 'hex')]],
    ['another protocol', ['HTTP/1.1 400 Bad Request\r\n\r\n']],
  ])('is not %s', (_, said) => {
    expect(converse(s7, { says: said }).finding).toBeUndefined()
  })
})

test('is not waited for when it announces 64 KiB', () => {
  expect(converse(s7, { says: [Buffer.from('0300ffff', 'hex'), 'x', 'x'] }).heard).toBe(1)
})

test('stands whatever is said', () => expectSturdyTalk(s7, { says }))
