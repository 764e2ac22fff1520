import { describe, expect, test } from 'vitest'
import { ntp } from '../../src/probes/ntp.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'

/** A server of stratum 2, version 4; the origin is the request's transmit timestamp. */
const reply = (changes: Readonly<Record<number, number>> = {}): Buffer => {
  const packet = Buffer.concat([
    Buffer.from('240206e9', 'hex'), // leap 0, version 4, mode 4; stratum 2; poll 6; precision -23
    Buffer.from('00010000000080007f7f0101', 'hex'), // root delay 1 s, dispersion 0.5 s, reference 127.127.1.1
    Buffer.from('e000000000000000', 'hex'),
    ask(ntp).subarray(40, 48),
    Buffer.from('e000000000000001e000000000000002', 'hex'),
  ])
  for (const [at, byte] of Object.entries(changes)) packet[Number(at)] = byte
  return packet
}

test('one client request of 48 bytes, in which only the version, the mode and the timestamp are set', () => {
  expect(ask(ntp).toString('hex')).toBe(`23${'00'.repeat(39)}0b30557a9fc4e90e`)
})

describe('a time server', () => {
  test('tells of its clock', () => {
    expect(hear(ntp, reply())).toEqual({
      module: 'ntp',
      banner: 'version=4, stratum=2, leap=0, precision=-23, rootdelay=1000.000, rootdisp=500.000, refid=127.127.1.1',
    })
  })

  test.each([
    ['a primary server', 1, 'GPS\0', 'stratum=1,', 'refid=GPS'],
    ['a kiss of death', 0, 'RATE', 'stratum=0,', 'refid=RATE'],
    ['words that are none', 1, '\n\x1b[m', 'stratum=1,', 'refid=[m'],
  ])('%s names its reference in letters', (_, stratum, letters, ...told) => {
    const bytes = [...Buffer.from(letters, 'latin1')].map((byte, index) => [index + 12, byte] as const)
    const { banner } = hear(ntp, reply({ 1: stratum, ...Object.fromEntries(bytes) })) ?? {}
    for (const part of told) expect(banner).toContain(part)
    expect(banner?.endsWith(told[1] ?? '')).toBe(true)
  })

  test.each([
    ['a client', { 0: 0x23 }],
    ['a control message', { 0: 0x26 }],
    ['version 0', { 0: 0x04 }],
    ['an answer to another', { 24: 0 }],
    ['an answer to another in its last byte', { 31: 0 }],
  ])('is not %s', (_, changes) => {
    expect(hear(ntp, reply(changes))).toBeUndefined()
  })

  test('is not one whose reply is cut by a byte', () => {
    expect(hear(ntp, reply().subarray(0, 47))).toBeUndefined()
  })
})

test('stands whatever is sent', () => expectSturdy(ntp, reply(), 64))
