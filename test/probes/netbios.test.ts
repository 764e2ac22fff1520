import { describe, expect, test } from 'vitest'
import { netbios } from '../../src/probes/netbios.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'

const question = `20434b${'41'.repeat(30)}0000210001`
const name = (text: string, suffix: string, flags: string): string =>
  Buffer.from(text.padEnd(15), 'latin1').toString('hex') + suffix + flags

interface Told {
  readonly id?: string
  readonly flags?: string
  readonly counts?: string
  readonly question?: string
  readonly names?: string
  readonly length?: string
}

const two = `02${name('TOWER-7', '00', '0400')}${name('WORK GROUP', '1e', '8400')}`

const reply = ({ id = '0b30', flags = '8400', counts = '0000000100000000', ...told }: Told = {}): Buffer => {
  const data = `${told.names ?? two}00005e005301${'00'.repeat(40)}`
  const length = told.length ?? (data.length / 2).toString(16).padStart(4, '0')
  return Buffer.from(id + flags + counts + (told.question ?? question) + '00000000' + length + data, 'hex')
}

test('one node status request for the name *', () => {
  expect(ask(netbios).toString('hex')).toBe(`0b3000000001000000000000${question}`)
})

describe('a node', () => {
  test('tells its names', () => {
    expect(hear(netbios, reply())).toEqual({
      module: 'netbios',
      banner: 'TOWER-7 <00>\nWORK GROUP <1e> group\nunit 00005e005301',
    })
  })

  test('may have none', () => {
    expect(hear(netbios, reply({ names: '00' }))?.banner).toBe('unit 00005e005301')
  })

  test.each([
    ['an answer to another', { id: '0b31' }],
    ['a request', { flags: '0000' }],
    ['an error', { flags: '8403' }],
    ['a registration', { flags: 'ac00' }],
    ['an answer with the question', { counts: '0001000100000000' }],
    ['an answer without a record', { counts: '0000000000000000' }],
    ['an address', { question: question.replace('0021', '0020') }],
    ['fewer names than it counts', { names: `ff${name('X', '00', '0400')}` }],
    ['a record longer than the message', { length: 'ffff' }],
  ] satisfies [string, Told][])('is not %s', (_, told) => {
    expect(hear(netbios, reply(told))).toBeUndefined()
  })
})

test('stands whatever is sent', () => expectSturdy(netbios, reply(), 16))
