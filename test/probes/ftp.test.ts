import { describe, expect, test } from 'vitest'
import { ftp } from '../../src/probes/ftp.ts'
import { smtp } from '../../src/probes/smtp.ts'
import { assertTears, certificate, converse, type Script } from '../helpers/converse.ts'

const open: Script = {
  says: ['220 (vsFTPd 3.0.5)\r\n', '211-Features:\r\n EPRT\r\n UTF8\r\n211 End\r\n', '221 Goodbye.\r\n'],
}
const secured: Script = {
  says: [
    '220-Welcome to\r\nfiles.example.net\r\n220 ready\r\n',
    '211-Features:\r\n AUTH TLS;SSL\r\n PBSZ\r\n211 End\r\n',
    '234 AUTH TLS successful\r\n',
    '221 Goodbye.\r\n',
  ],
  handshakes: [certificate(['ftp.example.net'])],
}

describe('an FTP server', () => {
  test('says what it is and what it can', () => {
    const { finding, sent } = converse(ftp, open)
    expect(finding).toEqual({
      module: 'ftp',
      banner: '220 (vsFTPd 3.0.5)\r\n211-Features:\r\n EPRT\r\n UTF8\r\n211 End',
      hostnames: [],
      tags: [],
    })
    expect(sent).toBe('FEAT\r\nQUIT\r\n')
  })

  test('that offers TLS shows its certificate', () => {
    const { finding, sent } = converse(ftp, secured)
    expect(sent).toBe('FEAT\r\nAUTH TLS\r\n<TLS>QUIT\r\n')
    expect(finding?.hostnames).toEqual(['ftp.example.net'])
    expect(finding?.tags).toEqual(['starttls'])
    expect(finding?.banner).toContain('220-Welcome to\r\nfiles.example.net\r\n220 ready\r\n211-Features:')
  })

  test.each([
    ['refuses TLS', ['220 x\r\n', '211-F\r\n AUTH TLS\r\n211 End\r\n', '534 no\r\n'], 'FEAT\r\nAUTH TLS\r\nQUIT\r\n'],
    ['makes one wait', ['120 soon\r\n', '220 FTP ready\r\n', '500 What?\r\n'], 'FEAT\r\nQUIT\r\n'],
    ['wants a login first', ['220 ready\r\n', '530 Please login with USER and PASS.\r\n'], 'FEAT\r\nQUIT\r\n'],
    ['knows no FEAT', ['220 FTP server ready\r\n', '502 not implemented\r\n'], 'FEAT\r\nQUIT\r\n'],
    ['has no room', ['421 FTP: too many users\r\n'], ''],
    ['hangs up', ['220 FTP server ready\r\n'], 'FEAT\r\n'],
  ])('that %s is one', (_, says, sends) => {
    const { finding, sent } = converse(ftp, { says })
    expect(finding?.module).toBe('ftp')
    expect(sent).toBe(sends)
  })

  test.each([
    ['SMTP', ['220 mx.example.net ESMTP\r\n', '502 5.5.2 Error: command not recognized\r\n']],
    ['SMTP that wants TLS first', ['220 mx.example.net\r\n', '530 5.7.0 Must issue a STARTTLS command first\r\n']],
    ['SMTP of a host called ftp', ['220 ftp.example.net ESMTP\r\n', '500 unrecognized\r\n']],
    ['something that greets', ['220 ready\r\n', '500 unknown\r\n']],
    ['SMTP that is busy', ['421 mx.example.net try later\r\n']],
    ['VMware', ['220 VMware Authentication Daemon Version 1.10\r\n', '530 Please login with USER and PASS.\r\n']],
    ['a fax server', ['220 fax.example.net server (HylaFAX (tm) Version 6.0) ready.\r\n', '530 Please login\r\n']],
    ['a greeting whose end is of another status', ['220-FTP\r\n221 end\r\n']],
    ['NNTP', ['200 news.example.net ready\r\n', '500 What?\r\n']],
  ])('is not %s', (_, says) => {
    expect(converse(ftp, { says }).finding).toBeUndefined()
  })

  test('is recognised by its greeting where mail is not named', () => {
    const greetings = ['220 ProFTPD Server ready\r\n', '220 mx.example.net ESMTP\r\n', '220 ftp.example.net ESMTP\r\n']
    expect(greetings.map((each) => ftp.recognises?.(Buffer.from(each)))).toEqual([true, false, false])
    expect(greetings.map((each) => smtp.recognises?.(Buffer.from(each)))).toEqual([false, true, true])
  })
})

test.each([
  ['in the clear', open],
  ['with TLS', secured],
])('torn at any byte: %s', (_, script) => {
  assertTears(ftp, script)
})

test.each([
  ['a line without end', ['220 FTP', 'x'.repeat(100_000)]],
  ['lines without end', ['220-FTP\r\n', ...Array<string>(20_000).fill('x\r\n')]],
  ['features without end', ['220 FTP\r\n', '211-F\r\n', ...Array<string>(20_000).fill(' x\r\n')]],
])('hostile: %s', (_, says) => {
  const { finding, heard } = converse(ftp, { says })
  expect(finding).toBeUndefined()
  expect(heard).toBeLessThan(3000)
})
