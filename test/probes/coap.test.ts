import { describe, expect, test } from 'vitest'
import { coap } from '../../src/probes/coap.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'

const id = '0b30'
const token = '557a9fc4e90e3358'
const links = '</sensors>;rt="example",</tower>;if="core.b"'
const said = Buffer.from(links, 'latin1').toString('hex')
const reply = (hex: string): Buffer => Buffer.from(hex, 'hex')
/** Content-Format 40, then the payload. */
const content = `6845${id}${token}c128ff${said}`

test('one confirmable GET of /.well-known/core', () => {
  expect(ask(coap).toString('hex')).toBe(`4801${id}${token}bb2e77656c6c2d6b6e6f776e04636f7265`)
})

describe('a server', () => {
  test('lists its resources', () => {
    expect(hear(coap, reply(content))).toEqual({ module: 'coap', banner: `2.05\n${links}` })
  })

  test.each([
    ['has no such resource', `6884${id}${token}`, '4.04'],
    ['fails', `68a0${id}${token}ff6e6f`, '5.00\nno'],
    ['answers later, with a message id of its own', `4845ffff${token}`, '2.05'],
    ['answers unconfirmed', `5845ffff${token}`, '2.05'],
    ['acknowledges', `6000${id}`, 'acknowledged'],
    ['resets', `7000${id}`, 'reset'],
    ['has a long option', `6845${id}${token}dd0001${'00'.repeat(14)}ff41`, '2.05\nA'],
    ['has a longer option', `6845${id}${token}ee00000001${'00'.repeat(270)}ff41`, '2.05\nA'],
  ])('that %s is one', (_, hex, banner) => {
    expect(hear(coap, reply(hex))).toEqual({ module: 'coap', banner })
  })

  test.each([
    ['version 2', `a845${id}${token}`],
    ['a request', `6801${id}${token}`],
    ['a response of class 3', `6865${id}${token}`],
    ['another token', `6845${id}557a9fc4e90e3359`],
    ['a shorter token', `6745${id}557a9fc4e90e33`],
    ['a response to another message', `6845ffff${token}`],
    ['a reset of another message', '7000ffff'],
    ['a reset with a token', `7800${id}${token}`],
    ['a reset with more', `7000${id}00`],
    ['an empty message', `4000${id}`],
    ['a marker without a payload', `6845${id}${token}ff`],
    ['an option of reserved length', `6845${id}${token}0f`],
    ['an option of reserved number', `6845${id}${token}f0`],
    ['an option longer than the message', `6845${id}${token}0effff00`],
  ])('is not %s', (_, hex) => {
    expect(hear(coap, reply(hex))).toBeUndefined()
  })
})

test('stands whatever is sent', () => expectSturdy(coap, reply(content), 80))
