import { describe, expect, test } from 'vitest'
import { memcachedUdp as memcached } from '../../src/probes/memcached-udp.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'

const reply = (line: string, frame = '0b30000000010000'): Buffer =>
  Buffer.concat([Buffer.from(frame, 'hex'), Buffer.from(line, 'latin1')])
const version = reply('VERSION 1.6.21\r\n')

test('one frame with the command version', () => {
  expect(ask(memcached).toString('latin1')).toBe('\x0b\x30\0\0\0\x01\0\0version\r\n')
})

describe('a server', () => {
  test('tells its version', () => {
    expect(hear(memcached, version)).toEqual({
      module: 'memcached',
      banner: 'VERSION 1.6.21',
      product: 'Memcached',
      version: '1.6.21',
      tags: ['no-auth'],
    })
  })

  test.each(['ERROR', 'SERVER_ERROR out of memory', 'CLIENT_ERROR bad command line format'])(
    'may answer %s',
    (line) => {
      expect(hear(memcached, reply(`${line}\r\n`))).toEqual({
        module: 'memcached',
        banner: line,
        product: 'Memcached',
        tags: [],
      })
    },
  )

  test.each([
    ['an answer to another', reply('VERSION 1\r\n', '0b31000000010000')],
    ['a second frame', reply('VERSION 1\r\n', '0b30000100010000')],
    ['one frame of two', reply('VERSION 1\r\n', '0b30000000020000')],
    ['a reserved field that is used', reply('VERSION 1\r\n', '0b30000000010001')],
    ['a line without end', reply('VERSION 1')],
    ['another word', reply('VERSIONS 1\r\n')],
    ['more lines', reply('VERSION 1\r\nSTAT pid 1\r\n')],
    ['a long version', reply(`VERSION ${'1'.repeat(65)}\r\n`)],
  ])('is not %s', (_, said) => {
    expect(hear(memcached, said)).toBeUndefined()
  })
})

test('stands whatever is sent', () => expectSturdy(memcached, version, 16))
