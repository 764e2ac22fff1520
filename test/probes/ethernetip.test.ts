import { describe, expect, test } from 'vitest'
import { ethernetipTcp } from '../../src/probes/ethernetip-tcp.ts'
import { ethernetip } from '../../src/probes/ethernetip.ts'
import { converse } from '../helpers/converse.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'
import { expectSturdyTalk } from '../helpers/sturdy-talk.ts'

const udp = '01000b30557a9fc4'
const tcp = '010063656e737573'
const name = 'EX-1/A CONTROLLER'
const identity = `01000002af12c0000207000000000000000001000e003600140b30007856341211${Buffer.from(name).toString('hex')}03`
const item = `0c00${(identity.length / 2).toString(16)}00${identity}`

interface Told {
  readonly head?: string
  readonly items?: string
}

const reply = (context: string, { head = '000000000000000', items = `0100${item}` }: Told = {}): Buffer => {
  const length = Buffer.of((items.length / 2) & 255, items.length >> 9).toString('hex')
  return Buffer.from(`6300${length}${head.padEnd(16, '0')}${context}00000000${items}`, 'hex')
}

const finding = {
  module: 'ethernetip',
  banner: `Product name: ${name}\nVendor ID: 1\nDevice type: 14\nProduct code: 54\nRevision: 20.011`,
  product: name,
  version: '20.011',
}

test('one ListIdentity, whose reply is not put off', () => {
  expect(ask(ethernetip).toString('hex')).toBe(`63000000${'00'.repeat(8)}${udp}00000000`)
  expect(Buffer.from(converse(ethernetipTcp, { says: [] }).sent, 'latin1').toString('hex')).toBe(
    `63000000${'00'.repeat(8)}${tcp}00000000`,
  )
})

describe('a device', () => {
  test('tells its product and revision', () => {
    expect(hear(ethernetip, reply(udp))).toEqual(finding)
    expect(converse(ethernetipTcp, { says: [reply(tcp)] }).finding).toEqual(finding)
  })

  test.each([
    ['another command', Buffer.concat([Buffer.of(0x64), reply(udp).subarray(1)])],
    ['another context', reply('02000b30557a9fc4')],
    ['a session', reply(udp, { head: '01' })],
    ['an error', reply(udp, { head: '0000000001' })],
    ['a list of nothing', reply(udp, { items: '0000' })],
    ['a count of nothing', reply(udp, { items: `0000${item}` })],
    ['another item', reply(udp, { items: `010000${item.slice(2)}` })],
    ['an item beyond the message', reply(udp, { items: `01000c00ffff${identity}` })],
    ['an item too short', reply(udp, { items: `01000c002000${identity}` })],
    ['a message cut', reply(udp).subarray(0, -1)],
  ])('is not %s', (_, said) => {
    expect(hear(ethernetip, said)).toBeUndefined()
  })

  test('is not waited for when it announces 64 KiB', () => {
    const { heard } = converse(ethernetipTcp, { says: [Buffer.from(`6300ffff${'00'.repeat(20)}`, 'hex'), 'x', 'x'] })
    expect(heard).toBe(1)
  })
})

test('stands whatever is sent', () => expectSturdy(ethernetip, reply(udp), 48))
test('stands whatever is said', () => expectSturdyTalk(ethernetipTcp, { says: [reply(tcp)] }))
