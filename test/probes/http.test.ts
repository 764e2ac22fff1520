import { describe, expect, test } from 'vitest'
import { faviconHash } from '../../src/probes/favicon.ts'
import { http, https } from '../../src/probes/http.ts'
import { version } from '../../src/version.ts'
import { assertTears, certificate, converse, tear, type Script } from '../helpers/converse.ts'

const short = version.split('.').slice(0, 2).join('.')
const asked = (host: string, path = '/', last = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: exposure-census/${short} (+noc@example.net)\r\n` +
  `Accept: */*\r\nAccept-Encoding: identity\r\n${last}\r\n`
const askedLast = (host: string, path: string): string => asked(host, path, 'Connection: close\r\n')

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

describe('the icon of a page', () => {
  const lengthOf = (body: string, head = top): string => `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const image = 'HTTP/1.1 200 OK\r\nContent-Type: image/png'
  const icon = 'x'.repeat(1000)
  const hash = faviconHash(Buffer.from(icon))
  const linked = '<link rel="icon" href="/img/icon.png">'
  const tagsOf = (...says: readonly string[]): unknown => converse(http, { says }).finding?.tags

  test('is asked for in the same connection, and its hash told', () => {
    const { finding, sent } = converse(http, { says: [lengthOf(page), lengthOf(icon, image)] })
    expect(sent).toBe(asked('192.0.2.1') + askedLast('192.0.2.1', '/favicon.ico'))
    expect(finding?.tags).toEqual([`favicon:${hash}`])
    expect(finding?.banner?.endsWith('<title>Router login</title>')).toBe(true)
  })

  test('is the one it names', () => {
    const { finding, messages } = converse(http, { says: [lengthOf(linked), lengthOf(icon, image)] })
    expect(messages[1]).toBe(askedLast('192.0.2.1', '/img/icon.png'))
    expect(finding?.tags).toEqual([`favicon:${hash}`])
  })

  test('may come in chunks, as the page may', () => {
    const inChunks = (head: string, body: string): string =>
      `${head}\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    expect(tagsOf(inChunks(top, page), inChunks(image, icon))).toEqual([`favicon:${hash}`])
  })

  test.each<[string, string]>([
    ['that is none', `HTTP/1.1 404 Not Found\r\nContent-Length: ${icon.length}\r\n\r\n${icon}`],
    ['that is elsewhere', 'HTTP/1.1 302 Found\r\nLocation: http://192.0.2.9/x.ico\r\nContent-Length: 0\r\n\r\n'],
    ['that is a page', lengthOf(icon)],
    ['that is empty', lengthOf('', image)],
    ['of no length', `${image}\r\n\r\n${icon}`],
    ['that is cut off', lengthOf(icon, image).slice(0, -1)],
    ['that is cut off in its last mark', `${image}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n`],
    ['that is too large', lengthOf('x'.repeat(32_768), image)],
    ['that never comes', ''],
    ['of another protocol', '220 mx.example.net ESMTP\r\n'],
  ])('%s has no hash, and the page is told all the same', (_, says) => {
    const { finding, messages } = converse(http, { says: [lengthOf(page), says] })
    expect(messages).toHaveLength(2)
    expect(finding?.tags).toEqual([])
    expect(finding?.banner?.startsWith(top)).toBe(true)
  })

  test.each<[string, string]>([
    ['moved', `HTTP/1.1 301 Moved\r\nLocation: http://192.0.2.9/\r\nContent-Length: 0\r\n\r\n`],
    ['refused', lengthOf(page, 'HTTP/1.1 401 Unauthorized')],
    ['of HTTP/1.0', lengthOf(page, 'HTTP/1.0 200 OK')],
    ['the last of its connection', lengthOf(page, `${top}\r\nConnection: Close`)],
    ['of no length', `${top}\r\n\r\n${page}`],
    ['too large', lengthOf('x'.repeat(17_000))],
    ['in chunks of no size', `${top}\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n`],
    [
      'with so much around it that nothing could be heard',
      lengthOf('x'.repeat(16_000), `${top}\r\n${`X: ${'y'.repeat(7000)}\r\n`.repeat(2)}X: y`),
    ],
  ])('is not asked for after a page that is %s', (_, says) => {
    const { finding, messages } = converse(http, { says: [says, lengthOf(icon, image)] })
    expect(finding?.module).toBe('http')
    expect(messages).toEqual([asked('192.0.2.1')])
    expect(finding?.tags).toEqual([])
  })

  test('is not asked for after a page that is cut off', () => {
    expect(converse(http, { says: [lengthOf(page).slice(0, -1)] }).messages).toEqual([asked('192.0.2.1')])
  })

  test('leaves 32 KiB in all: what fits is told, a byte more is not', () => {
    const room = 32_768 - lengthOf(page).length - `${image}\r\nContent-Length: 99999\r\n\r\n`.length
    expect(tagsOf(lengthOf(page), lengthOf('x'.repeat(room), image))).toHaveLength(1)
    expect(tagsOf(lengthOf(page), lengthOf('x'.repeat(room + 1), image))).toEqual([])
  })

  test.each([
    ['a page and its icon', { says: [lengthOf(linked), lengthOf(icon, image)] }],
    ['a page and no icon', { says: [lengthOf(page), 'HTTP/1.1 404 Not Found\r\n\r\n'] }],
  ])('torn at any byte: %s', (_, script) => {
    assertTears(http, script)
    const whole = converse(http, script).finding?.tags ?? []
    // Of an icon that is not whole no hash is told.
    for (const { finding } of tear(http, script).torn) expect(finding?.tags ?? []).toEqual([])
    expect(whole).toHaveLength(script.says.some((each) => each.includes('image/png')) ? 1 : 0)
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
