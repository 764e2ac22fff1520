import { describe, expect, test } from 'vitest'
import { ipmi } from '../../src/probes/ipmi.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'

const pong = (changes: Readonly<Record<number, number>> = {}): Buffer => {
  const packet = Buffer.from('0600ff06000011be400b00100000019c0000000081a0000000000000', 'hex')
  for (const [at, byte] of Object.entries(changes)) packet[Number(at)] = byte
  return packet
}

test('one presence ping', () => {
  expect(ask(ipmi).toString('hex')).toBe('0600ff06000011be800b0000')
  expect(ask(ipmi, new Uint8Array(16).fill(255))[9]).not.toBe(255)
})

describe('a management controller', () => {
  test('tells what it supports', () => {
    expect(hear(ipmi, pong())).toEqual({
      module: 'ipmi',
      banner: 'enterprise: 412\nIPMI: yes\nASF: 1\nsecurity extensions: yes\nDASH: yes',
    })
    expect(hear(ipmi, pong({ 20: 0, 21: 0 }))?.banner).toBe(
      'enterprise: 412\nIPMI: no\nASF: 0\nsecurity extensions: no\nDASH: no',
    )
  })

  test.each([
    ['another version of RMCP', { 0: 5 }],
    ['an IPMI message', { 3: 7 }],
    ['another enterprise', { 7: 0 }],
    ['a ping', { 8: 0x80 }],
    ['an answer to another', { 9: 0x0c }],
    ['another length', { 11: 15 }],
  ])('is not %s', (_, changes) => {
    expect(hear(ipmi, pong(changes))).toBeUndefined()
  })

  test('is not one whose reply is cut by a byte', () => {
    expect(hear(ipmi, pong().subarray(0, 27))).toBeUndefined()
  })
})

test('stands whatever is sent', () => expectSturdy(ipmi, pong(), 8))
