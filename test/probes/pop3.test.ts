import { describe, expect, test } from 'vitest'
import { pop3 } from '../../src/probes/pop3.ts'
import { assertTears, certificate, converse, type Script } from '../helpers/converse.ts'

const greeting = '+OK Dovecot (Debian) ready.\r\n'
const open: Script = { says: [greeting, '+OK\r\nUSER\r\nUIDL\r\n.\r\n', '+OK Logging out\r\n'] }
const secured: Script = {
  says: [
    greeting,
    '+OK\r\nUIDL\r\nSTLS\r\n.\r\n',
    '+OK Begin TLS negotiation now.\r\n',
    '+OK\r\nUSER\r\nUIDL\r\n.\r\n',
    '+OK bye\r\n',
  ],
  handshakes: [certificate(['POP.example.net'])],
}

describe('a POP3 server', () => {
  test('says what it is and what it can', () => {
    const { finding, sent } = converse(pop3, open)
    expect(finding).toEqual({
      module: 'pop3',
      banner: '+OK Dovecot (Debian) ready.\r\nUSER\r\nUIDL',
      hostnames: [],
      tags: [],
    })
    expect(sent).toBe('CAPA\r\nQUIT\r\n')
  })

  test('that offers TLS is asked again within it', () => {
    const { finding, sent } = converse(pop3, secured)
    expect(sent).toBe('CAPA\r\nSTLS\r\n<TLS>CAPA\r\nQUIT\r\n')
    expect(finding).toEqual({
      module: 'pop3',
      banner: '+OK Dovecot (Debian) ready.\r\nUSER\r\nUIDL',
      hostnames: ['pop.example.net'],
      tags: ['starttls'],
    })
  })

  test('whose TLS fails has said what it can before', () => {
    const { finding } = converse(pop3, { ...secured, handshakes: [] })
    expect(finding?.banner).toContain('STLS')
    expect(finding?.hostnames).toEqual([])
  })

  test('that refuses STLS is not asked for a handshake', () => {
    const { sent } = converse(pop3, { says: [greeting, '+OK\r\nSTLS\r\n.\r\n', '-ERR no\r\n'] })
    expect(sent).toBe('CAPA\r\nSTLS\r\nQUIT\r\n')
  })

  test('on the port of TLS tells the names of its certificate', () => {
    const { finding } = converse(pop3, { ...open, context: { tls: certificate(['mail.example.net']) } })
    expect(finding?.hostnames).toEqual(['mail.example.net'])
  })

  test.each([
    ['knows no CAPA', [greeting, '-ERR unknown command\r\n']],
    ['hangs up', [greeting]],
    ['is in trouble', ['-ERR [SYS/TEMP] try later\r\n']],
    ['refuses by name', ['-ERR POP3 service disabled\r\n']],
  ])('that %s is one', (_, says) => {
    expect(converse(pop3, { says }).finding?.module).toBe('pop3')
  })

  test.each([
    ['Redis that has too many clients', ['-ERR max number of clients reached\r\n']],
    ['what answers CAPA otherwise', ['+OK here\r\n', '500 unknown\r\n']],
    ['what says more than OK', ['+OKAY\r\n', '+OK\r\n.\r\n']],
  ])('is not %s', (_, says) => {
    expect(converse(pop3, { says }).finding).toBeUndefined()
  })
})

test.each([
  ['in the clear', open],
  ['with TLS', secured],
])('torn at any byte: %s', (_, script) => {
  assertTears(pop3, script)
})

test('hostile: capabilities without end are cut', () => {
  const { finding, heard } = converse(pop3, { says: [greeting, '+OK\r\n', ...Array<string>(9999).fill('X\r\n')] })
  expect(finding?.banner?.split('\r\n')).toHaveLength(1 + Math.floor(8192 / 3))
  expect(heard).toBeLessThan(2800)
})
