import { describe, expect, test } from 'vitest'
import { smtp } from '../../src/probes/smtp.ts'
import { certificate, converse, tear, type Script } from '../helpers/converse.ts'

const greeting = '220 mx.example.net ESMTP Postfix (Debian/GNU)\r\n'
const capabilities = '250-mx.example.net\r\n250-PIPELINING\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n'
const plain = '250-mx.example.net\r\n250 8BITMIME\r\n'
const bye = '221 2.0.0 Bye\r\n'

const open: Script = { says: [greeting, plain, bye] }
const secured: Script = {
  says: [greeting, capabilities, '220 2.0.0 Ready to start TLS\r\n', capabilities, bye],
  handshakes: [certificate(['MX.example.net', '*.example.net', 'not a name'])],
}

describe('a mail server', () => {
  test('says what it is and what it can', () => {
    const { finding, sent } = converse(smtp, open)
    expect(finding).toEqual({
      module: 'smtp',
      banner: [greeting, plain].join('').trimEnd(),
      hostnames: [],
      tags: [],
    })
    expect(sent).toBe('EHLO census.invalid\r\nQUIT\r\n')
  })

  test('that offers TLS is asked again within it, and its certificate’s names are kept', () => {
    const { finding, sent } = converse(smtp, secured)
    expect(sent).toBe('EHLO census.invalid\r\nSTARTTLS\r\n<TLS>EHLO census.invalid\r\nQUIT\r\n')
    expect(finding?.hostnames).toEqual(['mx.example.net'])
    expect(finding?.tags).toEqual(['starttls', 'auth'])
  })

  test('whose TLS fails has said what it is all the same', () => {
    const { finding } = converse(smtp, { ...secured, handshakes: [] })
    expect(finding?.tags).toEqual(['starttls', 'auth'])
    expect(finding?.hostnames).toEqual([])
  })

  test.each([
    ['refuses', '554 mx.example.net no service here\r\n'],
    ['is busy', '421 mx.example.net try later\r\n'],
  ])('that %s is one', (_, says) => {
    expect(converse(smtp, { says: [says] }).finding?.module).toBe('smtp')
  })

  test.each([
    ['FTP', '220 ProFTPD Server ready\r\n', '500 EHLO not understood\r\n'],
    ['FTP that wants a login', '220 FTP ready\r\n', '530 Please login with USER and PASS.\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n', ''],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', ''],
    ['POP3', '+OK ready\r\n', ''],
    ['nothing', '', ''],
  ])('is not %s', (_, ...says) => {
    expect(converse(smtp, { says }).finding).toBeUndefined()
  })
})

test.each([
  ['in the clear', open],
  ['with TLS', secured],
])('torn at any byte: %s', (_, script) => {
  const whole = converse(smtp, script)
  const { bytewise, torn } = tear(smtp, script)
  // In pieces, what comes before TLS must not be taken for what comes after: a peer waits for the handshake.
  if (script.handshakes === undefined) expect(bytewise.finding).toEqual(whole.finding)
  for (const { finding } of torn) expect([undefined, 'smtp']).toContain(finding?.module)
  expect(torn[0]?.finding).toBeUndefined()
})

test.each([
  ['a line without end', ['220 ', 'x'.repeat(100_000)]],
  ['lines without end', ['220-x\r\n'.repeat(10_000)]],
  ['bytes', [Buffer.from(Array.from({ length: 4096 }, (_, byte) => byte & 255))]],
])('hostile: %s', (_, says) => {
  expect(converse(smtp, { says }).finding).toBeUndefined()
})
