import { describe, expect, test } from 'vitest'
import { ldap } from '../../src/probes/ldap.ts'
import { mysql } from '../../src/probes/mysql.ts'
import { postgresql } from '../../src/probes/postgresql.ts'
import { assertTears, certificate, converse, type Script } from '../helpers/converse.ts'

describe('MySQL', () => {
  const packet = (payload: Buffer | string, number = 0, length = payload.length): Buffer =>
    Buffer.concat([Buffer.of(length & 255, length >> 8, 0, number), Buffer.from(payload as string, 'latin1')])
  const handshake = (version: string, filler = '\0'): Buffer =>
    packet(`\u000a${version}\0\u0007\0\0\0saltsalt${filler}\u00ff\u00f7\u0008\u0002\0`)
  const refusal = "\u00ff\u006a\u0004Host '192.0.2.9' is not allowed to connect to this MariaDB server"
  const hello = Buffer.of(5, 0, 0, 0, 11, 8, 5, 26, 0)

  test.each([
    ['a version', handshake('8.0.35-0ubuntu0.22.04.1'), '8.0.35-0ubuntu0.22.04.1'],
    ['MariaDB’s version', handshake('5.5.5-10.6.16-MariaDB-log'), '5.5.5-10.6.16-MariaDB-log'],
    ['a refusal', packet(refusal), refusal.slice(3)],
    ['too many connections', packet('\u00ff\u0010\u0004#08004Too many connections'), 'Too many connections'],
  ])('says %s', (_, says, banner) => {
    const { finding, sent } = converse(mysql, { says: [says] })
    expect(finding).toEqual({ module: 'mysql', banner, tags: [] })
    expect(sent).toBe('')
    expect(mysql.recognises?.(says)).toBe(true)
  })

  test('says hello in the X protocol', () => {
    expect(converse(mysql, { says: [hello] }).finding).toEqual({ module: 'mysql', tags: ['mysqlx'] })
    expect(mysql.recognises?.(hello)).toBe(true)
  })

  test.each([
    ['another protocol version', packet(handshake('8.0.1').subarray(4).fill(9, 0, 1))],
    ['no zero where one belongs', handshake('8.0.1', 'x')],
    ['another packet number', packet(handshake('8.0.1').subarray(4), 2)],
    ['a version that is none', handshake('hello')],
    ['a version with bytes', handshake('8.0\u0007')],
    ['no end of the version', packet(`\u000a${'8'.repeat(200)}`)],
    ['an empty packet', packet('')],
    ['an error without a code', packet('\u00ff\u0001')],
    ['an error of no such code', packet('\u00ff\u0001\u0000text')],
    ['a length beyond all', Buffer.of(255, 255, 255, 0, 10)],
    ['a length beyond what comes', packet(handshake('8.0.1').subarray(4), 0, 500)],
    ['the X protocol’s hello with more', packet(hello.subarray(4), 0, 9)],
  ])('is not %s', (_, says) => {
    expect(converse(mysql, { says: [says] }).finding).toBeUndefined()
  })

  test('torn at any byte', () => {
    for (const says of [handshake('8.0.35'), packet(refusal), hello]) assertTears(mysql, { says: [says] })
    const begun = handshake('8.0.35')
    for (let end = 0; end < begun.length; end++) expect(mysql.recognises?.(begun.subarray(0, end))).toBe(end >= 27)
  })
})

describe('PostgreSQL', () => {
  const error = (fields: string, length = fields.length + 4): string =>
    `E${String.fromCharCode(length >> 24, (length >> 16) & 255, length >> 8, length & 255)}${fields}`
  const full = 'SFATAL\0VFATAL\0C53300\0Msorry, too many clients already\0\0'

  test.each([
    ['S', ['starttls']],
    ['N', []],
  ])('says %s', (says, tags) => {
    const { finding, sent } = converse(postgresql, { says: [says], over: 'silent' })
    expect(sent).toBe('\0\0\0\u0008\u0004\u00d2\u0016\u002f')
    expect(finding).toEqual({ module: 'postgresql', tags })
  })

  test('says why it refuses', () => {
    expect(converse(postgresql, { says: [error(full)] }).finding).toEqual({
      module: 'postgresql',
      banner: 'FATAL 53300 sorry, too many clients already',
      tags: [],
    })
  })

  test.each([
    ['words', 'SSH-2.0-Example\r\n'],
    ['a notice of IRC', 'NOTICE AUTH :*** Looking up your hostname\r\n'],
    ['an error of memcached', 'ERROR\r\n'],
    ['an error without a state', error('SFATAL\0Mx\0\0')],
    ['an error with a state that is none', error('SFATAL\0Cabc\0\0')],
    ['an error that is too short', error('', 0)],
    ['an error that is too long', error(full, 100_000)],
    ['an error cut off', error(full, 500)],
    ['another byte', 'X'],
  ])('is not %s', (_, says) => {
    expect(converse(postgresql, { says: [says], over: 'silent' }).finding).toBeUndefined()
  })

  test('torn at any byte', () => {
    assertTears(postgresql, { says: ['S'] })
    assertTears(postgresql, { says: [error(full)] })
  })
})

describe('a directory', () => {
  const element = (tag: number, ...parts: readonly (Buffer | string)[]): Buffer => {
    const content = Buffer.concat(parts.map((part) => Buffer.from(part as string, 'latin1')))
    return Buffer.concat([Buffer.of(tag, content.length), content])
  }
  /** As Active Directory does: lengths of four bytes. */
  const long = (tag: number, ...parts: readonly Buffer[]): Buffer => {
    const content = Buffer.concat(parts)
    const start = Buffer.from([tag, 0x84, 0, 0, 0, 0])
    start.writeUInt32BE(content.length, 2)
    return Buffer.concat([start, content])
  }
  const id = (number = 1): Buffer => element(0x02, Buffer.of(number))
  const attribute = (name: string, ...values: readonly string[]): Buffer =>
    element(0x30, element(0x04, name), element(0x31, ...values.map((value) => element(0x04, value))))
  const attributes = [
    attribute('supportedLDAPVersion', '2', '3'),
    attribute('vendorName', 'Example Project'),
    attribute('vendorVersion', 'Example/1.4'),
  ]
  const entry = element(0x30, id(), element(0x64, element(0x04, ''), element(0x30, ...attributes)))
  const done = (code = 0): Buffer =>
    element(0x30, id(), element(0x65, element(0x0a, Buffer.of(code)), element(0x04, ''), element(0x04, '')))
  const open: Script = { says: [entry, done()] }
  const search =
    '0V\u0002\u0001\u0001cQ\u0004\0\u000a\u0001\0\u000a\u0001\0\u0002\u0001\u0001\u0002\u0001\u0005\u0001\u0001\0' +
    '\u0087\u000bobjectClass01\u0004\u0014supportedLDAPVersion\u0004\u000avendorName\u0004\u000dvendorVersion'
  const unbind = '0\u0005\u0002\u0001\u0002B\0'

  test('says what it is, without a bind', () => {
    const { finding, sent } = converse(ldap, open)
    expect(sent).toBe(search + unbind)
    expect(finding).toEqual({
      module: 'ldap',
      banner:
        'supportedLDAPVersion: 2\nsupportedLDAPVersion: 3\nvendorName: Example Project\nvendorVersion: Example/1.4',
      version: 'Example/1.4',
      hostnames: [],
      tags: [],
    })
  })

  test('may write lengths in full, and its end along with its entry', () => {
    const text = (value: string): Buffer => long(0x04, Buffer.from(value))
    const list = long(0x30, long(0x30, text('vendorName'), long(0x31, text('Example'))))
    const { finding } = converse(ldap, {
      says: [Buffer.concat([long(0x30, id(), long(0x64, text(''), list)), done()])],
    })
    expect(finding?.banner).toBe('vendorName: Example')
  })

  test('within TLS shows its certificate', () => {
    const context = { port: 636, tls: certificate(['dc.example.net']) }
    expect(converse(ldap, { ...open, context }).finding?.hostnames).toEqual(['dc.example.net'])
  })

  test.each([
    ['refuses', [done(50)]],
    ['takes leave', [element(0x30, id(0), element(0x78, element(0x0a, Buffer.of(52))))]],
    ['has an entry of nonsense', [element(0x30, id(), element(0x64, Buffer.of(255, 255, 255))), done()]],
    ['breaks off within', [done(), entry.subarray(0, 40)]],
  ])('that %s is one', (_, says) => {
    const { finding, sent } = converse(ldap, { says })
    expect(finding).toEqual({ module: 'ldap', hostnames: [], tags: [] })
    expect(sent).toBe(search + unbind)
  })

  test.each([
    ['an answer to another', [element(0x30, id(2), element(0x65, id()))]],
    ['another operation', [element(0x30, id(), element(0x61, id()))]],
    ['a number of many bytes', [element(0x30, element(0x02, '\0\0\0\0\0\0\u0001'), element(0x65))]],
    ['no number', [element(0x30, element(0x04, '\u0001'), element(0x65))]],
    ['a length without end', [Buffer.of(0x30, 0x80, 2, 1, 1, 0x65, 0)]],
    ['a length of 127 bytes', [Buffer.alloc(200, 0xff).fill(0x30, 0, 1)]],
    ['a length beyond all', [Buffer.of(0x30, 0x84, 255, 255, 255, 255, 2, 1, 1)]],
    ['a length within beyond all', [element(0x30, id(), Buffer.of(0x65, 0x84, 255, 255, 255, 255))]],
    ['nothing in it', [element(0x30)]],
    ['a certificate', [Buffer.of(0x16, 3, 1, 0, 2, 2, 0)]],
  ])('is not %s', (_, says) => {
    const { finding, sent } = converse(ldap, { says })
    expect(finding).toBeUndefined()
    expect(sent).toBe(search)
  })

  test('torn at any byte', () => {
    assertTears(ldap, open)
  })

  test('hostile: entries without end are taken up to four', () => {
    const { finding, heard } = converse(ldap, { says: Array<Buffer>(1000).fill(entry) })
    expect(finding?.banner?.split('\n')).toHaveLength(16)
    expect(heard).toBe(4)
  })
})
