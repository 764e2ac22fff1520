import { describe, expect, test } from 'vitest'
import { bacnet } from '../../src/probes/bacnet.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex')
const byte = (number: number): string => number.toString(16).padStart(2, '0')

/** A datagram of the link layer around a message of the network layer. */
const framed = (message: string, call = '0a'): Buffer =>
  Buffer.from(`81${call}${(message.length / 2 + 4).toString(16).padStart(4, '0')}${message}`, 'hex')

const object = '0c020004d2' // device 1234
const value = (property: string, tagged: string): string => `29${property}4e${tagged}4f`
const text = (said: string): string => `75${byte(said.length + 1)}00${hex(said)}`
const missing = '29465e910291205f'

const named = value('4d', text('Tower 7')) + value('79', text('Example Controls'))
const all = named + value('46', text('EX-100')) + value('2c', text('2.4.1'))
const reply = (values: string): Buffer => framed(`0100300b0e${object}1e${values}1f`)

test('one ReadPropertyMultiple of four names of the device', () => {
  expect(ask(bacnet).toString('hex')).toBe('810a0019010400050b0e0c023fffff1e092c0946094d09791f')
})

describe('a device', () => {
  test('tells its names', () => {
    expect(hear(bacnet, reply(all))).toEqual({
      module: 'bacnet',
      banner:
        'Instance ID: 1234\nObject Name: Tower 7\nVendor Name: Example Controls\nModel Name: EX-100\nFirmware: 2.4.1',
      product: 'EX-100',
      version: '2.4.1',
    })
  })

  test.each([
    [
      'has no model',
      reply(named + missing + value('2c', text('2.4.1'))),
      'Vendor Name: Example Controls\nFirmware: 2.4.1',
    ],
    ['writes UCS-2', reply(value('4d', '75060400540037ff')), 'Object Name: T7'],
    ['writes a long name', reply(value('4d', `75fe012d00${hex('x'.repeat(300))}`)), `Object Name: ${'x'.repeat(256)}`],
    ['has a number for a name', reply(value('4d', '220741')), 'Instance ID: 1234'],
    [
      'answers from behind a router',
      framed(`010800050106300b0e${object}1e${named}1f`),
      'Vendor Name: Example Controls',
    ],
    [
      'answers with both addresses',
      framed(`01280005010600060107ff300b0e${object}1e${named}1f`),
      'Vendor Name: Example Controls',
    ],
    [
      'answers by a broadcast device',
      framed(`c0000207bac00100300b0e${object}1e${named}1f`, '04'),
      'Vendor Name: Example Controls',
    ],
    ['tells of what was not asked', reply(named + value('4b', text('x'))), 'Vendor Name: Example Controls'],
    ['has words for an error', reply(`${named}29465e${text('x')}91205f`), 'Vendor Name: Example Controls'],
    ['closes another bracket', reply(`${named}29464e${text('x')}5f`), 'Vendor Name: Example Controls'],
    ['breaks off', reply(`${named}29464e75ff`), 'Vendor Name: Example Controls'],
    ['has not the service', framed('0100600b09'), 'reject 9'],
    ['has no room', framed('0100710b04'), 'abort 4'],
    ['knows no such object', framed('0100500b0e9101911f'), 'error'],
  ])('that %s is one', (_, said, end) => {
    const { banner = '', module } = hear(bacnet, said) ?? {}
    expect(module).toBe('bacnet')
    expect(banner.slice(-end.length)).toBe(end)
  })

  test.each([
    ['another link layer', Buffer.concat([Buffer.of(0x82), reply(all).subarray(1)])],
    ['a broadcast', framed(`0100300b0e${object}1e${named}1f`, '0b')],
    ['a result of the link layer', Buffer.from('810000060030', 'hex')],
    ['a length beyond the datagram', reply(all).subarray(0, -1)],
    ['another version of the network layer', framed('0200600b09')],
    ['a message of the network layer', framed('0180600b09')],
    ['an answer to another', framed('0100600c09')],
    ['an answer to another service', framed(`0100300b0c${object}1e${named}1f`)],
    ['an error of another service', framed('0100500b0c9101911f')],
    ['a segment', framed(`0100380b0e${object}1e${named}1f`)],
    ['a request', framed(`0100000b0e${object}1e${named}1f`)],
    ['another object', framed(`0100300b0e0c000004d21e${named}1f`)],
    ['an address beyond the datagram', framed('01080005ff')],
    ['a reject without a reason', framed('0100600b')],
  ])('is not %s', (_, said) => {
    expect(hear(bacnet, said)).toBeUndefined()
  })
})

test('stands whatever is sent', () => expectSturdy(bacnet, reply(all), 8))
