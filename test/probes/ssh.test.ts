import { describe, expect, test } from 'vitest'
import { ssh } from '../../src/probes/ssh.ts'
import { assertTears, converse, type Script } from '../helpers/converse.ts'

const list = (names: string): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(names.length)
  return Buffer.concat([length, Buffer.from(names)])
}

/** A first packet with these lists (RFC 4253 §6, §7.1). */
function kexinit(lists: readonly string[], type = 20): Buffer {
  const rest = Array.from({ length: 10 - lists.length }, () => list(''))
  const payload = Buffer.concat([Buffer.of(type), Buffer.alloc(16, 7), ...lists.map(list), ...rest, Buffer.alloc(5)])
  const start = Buffer.alloc(5)
  start.writeUInt32BE(payload.length + 5)
  start.writeUInt8(4, 4)
  return Buffer.concat([start, payload, Buffer.alloc(4)])
}

const secondTooLong = Buffer.concat([
  Buffer.of(0, 0, 0, 30, 4, 20),
  Buffer.alloc(16),
  list('kex'),
  Buffer.of(0, 0, 1, 0),
  Buffer.from('a'),
])
const line = 'SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n'
const algorithms = ['curve25519-sha256,diffie-hellman-group14-sha1', 'ssh-ed25519,ssh-rsa', 'aes128-ctr']
const open: Script = { says: [line, kexinit(algorithms)] }
const bare = 'SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13'

describe('an SSH server', () => {
  test('says what it is and how it exchanges keys', () => {
    const { finding, sent } = converse(ssh, open)
    expect(finding).toEqual({
      module: 'ssh',
      banner: `${bare}\r\nkex: ${algorithms[0]}\r\nhost keys: ${algorithms[1]}`,
      tags: [],
    })
    expect(sent).toBe('SSH-2.0-census\r\n')
  })

  test('may say other lines first', () => {
    const { finding } = converse(ssh, { says: ['Authorised use only\r\n', ...open.says] })
    expect(finding?.banner).toContain(`${bare}\r\nkex:`)
  })

  test.each(['SSH-1.5-Example_1.0\n', 'SSH-1.99-Example_1.0\n'])('of the first version is told: %j', (says) => {
    expect(converse(ssh, { says: [says] }).finding).toEqual({
      module: 'ssh',
      banner: says.trimEnd(),
      tags: ['ssh-1'],
    })
  })

  test.each([
    ['too long', Buffer.from([0x7f, 255, 255, 255, 4, 20])],
    ['negative', Buffer.from([255, 255, 255, 255, 4, 20])],
    ['too short', Buffer.from([0, 0, 0, 2, 4, 20])],
    ['of another type', kexinit(algorithms, 21)],
    ['with a list longer than itself', kexinit(algorithms).fill(255, 22, 26)],
    ['with a second list longer than itself', kexinit(['a', 'b']).fill(255, 27, 31)],
    ['with a second list longer than all', secondTooLong],
    ['with bytes for names', kexinit(['a\0b', 'c'])],
    ['cut off', kexinit(algorithms).subarray(0, 40)],
  ])('whose packet is %s has said its line', (_, packet) => {
    expect(converse(ssh, { says: [line, packet] }).finding).toEqual({ module: 'ssh', banner: bare, tags: [] })
  })

  test.each([
    ['a line that names it', ['Welcome to SSH-2.0-x\r\n']],
    ['another version', ['SSH-9.9-Example\r\n']],
    ['no software', ['SSH-2.0-\r\n']],
    ['zeros in the line', ['SSH-2.0-Example\0x\r\n']],
    ['sixteen other lines', [`${'hello\r\n'.repeat(16)}${line}`]],
  ])('is not %s', (_, says) => {
    expect(converse(ssh, { says }).finding).toBeUndefined()
  })
})

test('torn at any byte', () => {
  assertTears(ssh, open)
})

test('hostile: lists as long as a packet are cut', () => {
  const { finding } = converse(ssh, { says: [line, kexinit(['k'.repeat(7000), 'h'.repeat(7000)])] })
  expect(finding?.banner?.length).toBe(bare.length + 2 * 2048 + '\r\nkex: \r\nhost keys: '.length)
})
