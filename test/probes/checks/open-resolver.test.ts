import { describe, expect, test } from 'vitest'
import { openResolver } from '../../../src/probes/checks/open-resolver.ts'
import { ask, expectSturdyCheck, gathered } from '../../helpers/reply.ts'

const id = '0b30'
const question = '0000020001'
const server = '0161036e6574' // a.net, without its end

interface Told {
  readonly flags?: string
  readonly counts?: string
  readonly question?: string
  readonly rest?: string
}
const record = (owner: string, type: string, klass: string, data: string): string =>
  `${owner}${type}${klass}00000e10${(data.length / 2).toString(16).padStart(4, '0')}${data}`
const rootServer = record('00', '0002', '0001', `${server}00`)
const reply = ({ flags = '8180', counts = '0001000100000000', question: asked = question, rest = rootServer }: Told) =>
  Buffer.from(id + flags + counts + asked + rest, 'hex')

const request = ask(openResolver)
const read = (...replies: readonly Buffer[]): ReturnType<typeof openResolver.read> =>
  openResolver.read(gathered(...replies), request)

test('one query for the root’s name servers, with recursion desired, and payloads of 1232 bytes', () => {
  expect(request.toString('hex')).toBe(`${id}01000001000000000001${question}00002904d0000000000000`)
})

test.each([
  ['resolves', reply({})],
  ['holds the root itself', reply({ flags: '8580' })],
  [
    'adds signatures and addresses',
    reply({
      counts: '0001000200000001',
      rest: rootServer + record('00', '002e', '0001', '00') + record('00', '0001', '0001', 'c0000201'),
    }),
  ],
])('is open: one that %s', (_, said) => {
  expect(openResolver.isReply(said, request)).toBe(true)
  const times = (said.length / 28).toFixed(1).replace('.0', '')
  expect(read(said)).toEqual({
    banner: `recursion: ${said.length} bytes in 1 packet for 28 bytes (${times} times)`,
    tags: ['open-resolver'],
  })
})

describe('is not open', () => {
  test.each([
    ['refuses', reply({ flags: '8105', counts: '0001000000000000', rest: '' }), 'REFUSED'],
    ['offers it, and refuses', reply({ flags: '8185', counts: '0001000000000000', rest: '' }), 'REFUSED'],
    ['has an error with an answer', reply({ flags: '8182' }), 'SERVFAIL'],
    ['refers to others', reply({ flags: '8100', counts: '0001000000010000' }), 'not offered'],
    ['offers it, and refers to others', reply({ counts: '0001000000010000' }), 'no answer'],
    ['is a root server', reply({ flags: '8500' }), 'not offered'],
    ['answers with an address', reply({ rest: record('00', '0001', '0001', 'c0000201') }), 'no answer'],
    ['answers for another name', reply({ rest: record(`${server}00`, '0002', '0001', `${server}00`) }), 'no answer'],
    ['answers in another class', reply({ rest: record('00', '0002', '0003', `${server}00`) }), 'no answer'],
    ['is cut off', reply({ flags: '8380', counts: '0001000000000000', rest: '' }), 'no answer'],
    ['knows no EDNS', Buffer.from(`${id}81810000000000000000`, 'hex'), 'FORMERR'],
  ])('one that %s', (_, said, why) => {
    expect(openResolver.isReply(said, request)).toBe(true)
    expect(read(said)).toEqual({ banner: `recursion: ${why}` })
  })
})

describe('is no reply', () => {
  test.each([
    ['a query', reply({ flags: '0100' })],
    ['another id', Buffer.concat([Buffer.from('0b31', 'hex'), reply({}).subarray(2)])],
    ['another question', reply({ question: '0000010001' })],
    ['another name', reply({ question: `${server}0000020001` })],
    ['none', reply({ counts: '0000000100000000', question: '' })],
    ['an answer longer than the message', reply({ counts: '0001000200000000' })],
  ])('%s', (_, said) => {
    expect(openResolver.isReply(said, request)).toBe(false)
  })
})

test('what is longer than is kept is not taken for open', () => {
  const long = reply({ counts: '0001000200000000', rest: rootServer + record('00', '0010', '0001', '00'.repeat(9000)) })
  expect(openResolver.isReply(long, request)).toBe(true)
  expect(read(long)).toEqual({ banner: 'recursion: unreadable' })
})

test.each([
  ['an answer', reply({})],
  ['a refusal', reply({ flags: '8105', counts: '0001000000000000', rest: '' })],
])('stands whatever is sent: %s', (_, said) => expectSturdyCheck(openResolver, said, 16))
