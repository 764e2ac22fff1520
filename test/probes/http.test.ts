import { describe, expect, test } from 'vitest'
import { http, https } from '../../src/probes/http.ts'
import { version } from '../../src/version.ts'
import { assertTears, certificate, converse, type Script } from '../helpers/converse.ts'

const short = version.split('.').slice(0, 2).join('.')
const asked = (host: string): string =>
  `GET / HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: exposure-census/${short} (+noc@example.net)\r\n` +
  'Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n'

const top = 'HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nContent-Type: text/html'
const page = '<html><head><title>\n Router login </title></head></html>'
const open: Script = { says: [`${top}\r\n\r\n`, page] }
const chunked: Script = {
  says: [
    `${top}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    '0c;x=y\r\n<html><title\r\n',
    '7\r\n>A page\r\n',
    '8\r\n</title>\r\n0\r\n\r\n',
  ],
}

describe('a web server', () => {
  test('says its headers and a title', () => {
    const { finding, sent } = converse(http, open)
    expect(finding).toEqual({
      module: 'http',
      banner: `${top}\r\n\r\n<title>Router login</title>`,
      hostnames: [],
      tags: [],
    })
    expect(sent).toBe(asked('192.0.2.1'))
  })

  test('within TLS shows its certificate too', () => {
    const context = { tls: certificate(['www.example.net']) }
    const { finding, sent } = converse(https, { ...open, context })
    expect(finding?.module).toBe('https')
    expect(finding?.hostnames).toEqual(['www.example.net'])
    expect(sent).toBe(asked('192.0.2.1'))
  })

  test.each([
    ['2001:db8::1', 80, '[2001:db8::1]'],
    ['2001:db8::1', 8080, '[2001:db8::1]:8080'],
    ['192.0.2.7', 8000, '192.0.2.7:8000'],
  ])('is asked by its address: %s, %i', (address, port, host) => {
    expect(converse(http, { says: [], context: { address, port } }).sent).toBe(asked(host))
  })

  test('is told a contact that cannot end the header', () => {
    const { sent } = converse(http, { says: [], context: { contact: 'a\r\nX: (y) \\ ü@example.net' } })
    expect(sent).toContain('(+aX: y  @example.net)\r\n')
  })

  test('that wants a login says its realm', () => {
    const says = ['HTTP/1.0 401 Unauthorized\nWWW-Authenticate: Basic realm="Example"\nContent-Length: 0\n\n']
    expect(converse(http, { says }).finding?.banner).toContain('\r\nWWW-Authenticate: Basic realm="Example"\r\n')
  })

  test('may answer in between', () => {
    const { finding } = converse(http, { says: ['HTTP/1.1 103 Early Hints\r\n\r\n', ...open.says] })
    expect(finding?.banner?.startsWith(top)).toBe(true)
  })

  test('is not waited for after the length it told', () => {
    const { heard, finding } = converse(http, { says: [`${top}\r\nContent-Length: 12\r\n\r\n`, page, 'more', 'more'] })
    expect(heard).toBe(2)
    expect(finding?.banner?.endsWith('\r\n\r\n'), 'the title is beyond the length').toBe(true)
  })

  test.each([204, 304])('is not waited for after %i', (status) => {
    expect(converse(http, { says: [`HTTP/1.1 ${status} x\r\n\r\n`, page] }).heard).toBe(1)
  })

  test.each([
    ['chunks', chunked, 'A page'],
    [
      'chunks without end',
      { says: [chunked.says[0] ?? '', chunked.says[1] ?? '', '99999\r\n>A page</title>'] },
      'A page',
    ],
    ['UTF-8', { says: [open.says[0] ?? '', '<TITLE lang="x">B\u00c3\u00bcro</TITLE>\u00ff'] }, 'Büro'],
    ['another encoding', { says: [open.says[0] ?? '', '<title>B\u00fcro</title>'] }, 'Büro'],
  ])('with a title in %s', (_, script, title) => {
    expect(converse(http, script).finding?.banner?.endsWith(`\r\n\r\n<title>${title}</title>`)).toBe(true)
  })

  test.each(['x', '-1', 'fffffffff', '', '10000000'])('with chunks of %j is still one', (size) => {
    const { finding } = converse(http, { says: [chunked.says[0] ?? '', `${size}\r\n`, 'x'.repeat(50_000)] })
    expect(finding?.module).toBe('http')
  })

  test('is not believed after a chunk that does not end where it should', () => {
    const says = [chunked.says[0] ?? '', '7\r\n<title>more\r\n', '6\r\nsecond\r\n0\r\n\r\n']
    expect(converse(http, { says }).finding?.banner?.endsWith('\r\n\r\n')).toBe(true)
  })

  test.each([
    ['RTSP', 'RTSP/1.0 400 Bad Request\r\n\r\n'],
    ['SIP', 'SIP/2.0 400 Bad Request\r\n\r\n'],
    ['Shoutcast', 'ICY 200 OK\r\n\r\n'],
    ['a page alone', '<html><title>HTTP/1.1 200 OK</title></html>'],
    ['a version that is none', 'HTTP/1.7 200 OK\r\n\r\n'],
    ['a status that is none', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['what names it', 'Error: HTTP/1.1 200 OK\r\n\r\n'],
  ])('is not %s', (_, says) => {
    expect(converse(http, { says: [says] }).finding).toBeUndefined()
  })
})

test.each([
  ['a page', open],
  ['chunks', chunked],
  ['a length', { says: [`${top}\r\nContent-Length: ${page.length}\r\n\r\n${page}`] }],
  ['a false length', { says: [`${top}\r\nContent-Length: 30\r\n\r\n${page}`] }],
  ['half a chunk', { says: [`${top}\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<title>x</title>`] }],
])('torn at any byte: %s', (_, script) => {
  assertTears(http, script)
})

test.each([
  ['a header', [`${top}\r\nX: `, 'x'.repeat(200_000)]],
  ['headers', [`${top}\r\n`, 'X: y\r\n'.repeat(50_000)]],
  ['a page', [`${top}\r\n\r\n`, 'x'.repeat(200_000), '<title>far</title>']],
  ['chunks', [`${top}\r\nTransfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n'.repeat(50_000), '7\r\n<title>\r\n']],
])('hostile: %s without end', (_, says) => {
  const pieces = says.flatMap((each) => each.match(/[^]{1,256}/g) ?? [])
  const { finding, heard } = converse(http, { says: pieces })
  expect(finding?.module).toBe('http')
  expect(finding?.banner?.startsWith(top)).toBe(true)
  expect(finding?.banner?.length).toBeLessThan(17_000)
  expect(finding?.banner).not.toContain('<title>')
  expect(heard).toBeLessThan(70)
})
