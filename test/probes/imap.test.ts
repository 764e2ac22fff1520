import { describe, expect, test } from 'vitest'
import { imap } from '../../src/probes/imap.ts'
import { assertTears, certificate, converse, type Script } from '../helpers/converse.ts'

const greeting = '* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.\r\n'
const open: Script = {
  says: ['* OK IMAP4rev1 ready\r\n', '* CAPABILITY IMAP4rev1 IDLE\r\na1 OK done\r\n', '* BYE\r\na4 OK\r\n'],
}
const secured: Script = {
  says: [
    greeting,
    '* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n',
    'a2 OK Begin TLS negotiation now.\r\n',
    '* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na3 OK done\r\n',
    '* BYE\r\na4 OK\r\n',
  ],
  handshakes: [certificate(['imap.example.net'])],
}

describe('an IMAP server', () => {
  test('says what it is and what it can', () => {
    const { finding, sent } = converse(imap, open)
    expect(finding).toEqual({
      module: 'imap',
      banner: '* OK IMAP4rev1 ready\r\n* CAPABILITY IMAP4rev1 IDLE',
      hostnames: [],
      tags: [],
    })
    expect(sent).toBe('a1 CAPABILITY\r\na4 LOGOUT\r\n')
  })

  test('that offers TLS is asked again within it', () => {
    const { finding, sent } = converse(imap, secured)
    expect(sent).toBe('a1 CAPABILITY\r\na2 STARTTLS\r\n<TLS>a3 CAPABILITY\r\na4 LOGOUT\r\n')
    expect(finding).toEqual({
      module: 'imap',
      banner: `${greeting}* CAPABILITY IMAP4rev1 AUTH=PLAIN`,
      hostnames: ['imap.example.net'],
      tags: ['starttls'],
    })
  })

  test('whose TLS fails has said what it can before', () => {
    expect(converse(imap, { ...secured, handshakes: [] }).finding?.banner).toContain('LOGINDISABLED')
  })

  test('that refuses STARTTLS is not asked for a handshake', () => {
    const says = [greeting, '* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK\r\n', 'a2 NO not now\r\n']
    expect(converse(imap, { says }).sent).toBe('a1 CAPABILITY\r\na2 STARTTLS\r\na4 LOGOUT\r\n')
  })

  test('that wants no login says so', () => {
    const says = ['* PREAUTH welcome\r\n', '* CAPABILITY IMAP4rev1\r\na1 OK\r\n']
    expect(converse(imap, { says }).finding?.tags).toEqual(['no-auth'])
  })

  test.each([
    ['hangs up', ['* BYE too many connections\r\n']],
    ['refuses', ['* OK ready\r\n', 'a1 BAD unknown\r\n']],
  ])('that %s is one', (_, says) => {
    expect(converse(imap, { says }).finding?.module).toBe('imap')
  })

  test.each([
    ['what only begins like it', ['* OKAY\r\n', 'a1 OK\r\n']],
    ['what answers without tags', ['* OK ready\r\n', '500 unknown\r\n', 'a1 OK\r\n']],
    ['a list with stars', ['* one\r\n* two\r\n']],
  ])('is not %s', (_, says) => {
    expect(converse(imap, { says }).finding).toBeUndefined()
  })
})

test.each([
  ['in the clear', open],
  ['with TLS', secured],
])('torn at any byte: %s', (_, script) => {
  assertTears(imap, script)
})

test('hostile: untagged lines without end', () => {
  const { finding, heard } = converse(imap, { says: ['* OK ready\r\n', ...Array<string>(9999).fill('* X\r\n')] })
  expect(finding).toBeUndefined()
  expect(heard).toBeLessThan(1700)
})
