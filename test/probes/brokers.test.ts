import { describe, expect, test } from 'vitest'
import { memcached } from '../../src/probes/memcached.ts'
import { mqtt } from '../../src/probes/mqtt.ts'
import { redis } from '../../src/probes/redis.ts'
import { assertTears, certificate, converse, type Script } from '../helpers/converse.ts'

describe('an MQTT broker', () => {
  const connect = '\u0010\u001a\0\u0004MQTT\u0004\u0002\0\u000a\0\u000eexposurecensus'
  const disconnect = '\u00e0\0'

  test.each([
    [0, ['anonymous'], connect + disconnect],
    [1, [], connect],
    [2, [], connect],
    [3, [], connect],
    [4, ['auth'], connect],
    [5, ['auth'], connect],
  ])('says %i', (code, tags, sends) => {
    const { finding, sent } = converse(mqtt, { says: [Buffer.of(0x20, 2, 0, code)] })
    expect(finding).toEqual({ module: 'mqtt', banner: `MQTT Connection Code: ${code}`, hostnames: [], tags })
    expect(sent).toBe(sends)
  })

  test('of version 5 alone refuses in its own form', () => {
    expect(converse(mqtt, { says: [Buffer.of(0x20, 3, 0, 0x84, 0)] }).finding?.tags).toEqual([])
  })

  test('within TLS shows its certificate', () => {
    const context = { port: 8883, tls: certificate(['mq.example.net']) }
    expect(converse(mqtt, { says: [Buffer.of(0x20, 2, 0, 0)], context }).finding?.hostnames).toEqual(['mq.example.net'])
  })

  test.each([
    ['a code that is none', [0x20, 2, 0, 6]],
    ['flags that are none', [0x20, 2, 2, 0]],
    ['a length that is none', [0x20, 255, 0, 0]],
    ['another length', [0x20, 3, 0, 0]],
    ['another packet', [0x30, 2, 0, 0]],
    ['half a packet', [0x20, 2, 0]],
    ['spaces', [0x20, 0x20, 0x20, 0x20]],
  ])('is not %s', (_, bytes) => {
    expect(converse(mqtt, { says: [Buffer.from(bytes)] }).finding).toBeUndefined()
  })

  test('torn at any byte', () => {
    assertTears(mqtt, { says: [Buffer.of(0x20, 2, 0, 0)] })
  })
})

describe('Redis', () => {
  const text = '# Server\r\nredis_version:7.0.15\r\nos:Linux\r\n'
  const open: Script = { says: ['+PONG\r\n', `$${text.length}\r\n${text}\r\n`] }
  const ping = '*1\r\n$4\r\nPING\r\n'
  const info = '*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n'

  test('without a password says what it is', () => {
    const { finding, sent } = converse(redis, open)
    expect(finding).toEqual({ module: 'redis', banner: text, tags: ['no-auth'] })
    expect(sent).toBe(ping + info)
  })

  test.each([
    '-NOAUTH Authentication required.',
    '-DENIED Redis is running in protected mode because protected mode is enabled',
    '-ERR max number of clients reached',
    '-ERR operation not permitted',
  ])('that refuses is one, and is asked no more: %s', (line) => {
    const { finding, sent } = converse(redis, { says: [`${line}\r\n`] })
    expect(finding).toEqual({ module: 'redis', banner: line, tags: [] })
    expect(sent).toBe(ping)
  })

  test.each([
    ['wants a password for more', '-NOPERM no permissions\r\n', '-NOPERM no permissions', []],
    ['knows no INFO', "-ERR unknown command 'INFO'\r\n", "-ERR unknown command 'INFO'", ['no-auth']],
    ['says nothing of itself', '$-1\r\n', '+PONG', ['no-auth']],
    ['says an empty text', '$0\r\n\r\n', '+PONG', ['no-auth']],
    ['tells a length that is none', '$99999999999\r\nx', '+PONG', ['no-auth']],
    ['hangs up', '', '+PONG', ['no-auth']],
    ['breaks off', '$900\r\n# Server\r\nredis_version:7.0', '# Server\r\n', ['no-auth']],
  ])('that %s', (_, says, banner, tags) => {
    expect(converse(redis, { says: ['+PONG\r\n', says] }).finding).toEqual({ module: 'redis', banner, tags })
  })

  test('that says too much is cut at a line', () => {
    const { finding } = converse(redis, { says: ['+PONG\r\n$99999\r\n', 'redis_version:7\r\n'.repeat(5000)] })
    expect(finding?.banner?.length).toBeLessThanOrEqual(16_384)
    expect(finding?.banner?.endsWith('redis_version:7\r\n')).toBe(true)
  })

  test.each(['-ERR unknown command\r\n', '+OK\r\n', '+PONG here\r\n', 'PONG\r\n', '$4\r\nPONG\r\n'])(
    'is not %j',
    (says) => {
      expect(converse(redis, { says: [says] }).finding).toBeUndefined()
    },
  )

  test('torn at any byte', () => {
    assertTears(redis, open)
  })
})

describe('memcached', () => {
  test('says its version', () => {
    const { finding, sent } = converse(memcached, { says: ['VERSION 1.6.21\r\n'] })
    expect(sent).toBe('version\r\n')
    expect(finding).toEqual({
      module: 'memcached',
      banner: 'VERSION 1.6.21',
      product: 'Memcached',
      version: '1.6.21',
      tags: ['no-auth'],
    })
  })

  test('that wants a login says so', () => {
    const line = 'CLIENT_ERROR unauthenticated'
    expect(converse(memcached, { says: [`${line}\r\n`] }).finding).toEqual({
      module: 'memcached',
      banner: line,
      tags: ['auth'],
    })
  })

  test.each([
    'ERROR\r\n',
    'VERSION\r\n',
    'VERSION x\r\n',
    'The VERSION 1.6\r\n',
    'VERSION 1.6',
    'VERSION 1\0\r\n'.slice(0, 9),
  ])('is not %j', (says) => {
    expect(converse(memcached, { says: [says] }).finding).toBeUndefined()
  })

  test('torn at any byte', () => {
    assertTears(memcached, { says: ['VERSION 1.6.21\r\n'] })
  })
})
