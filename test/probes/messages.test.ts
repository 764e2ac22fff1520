import { describe, expect, test } from 'vitest'
import { cwmp } from '../../src/probes/cwmp.ts'
import { docker } from '../../src/probes/docker.ts'
import { ipp } from '../../src/probes/ipp.ts'
import { rtsp } from '../../src/probes/rtsp.ts'
import { version } from '../../src/version.ts'
import { assertTears, certificate, converse, type Script } from '../helpers/converse.ts'

const agent = `User-Agent: exposure-census/${version.split('.').slice(0, 2).join('.')} (+noc@example.net)\r\n`
const request = (line: string, host: string, fields = ''): string =>
  `${line} HTTP/1.1\r\nHost: ${host}\r\n${agent}Accept: */*\r\nAccept-Encoding: identity\r\n${fields}Connection: close\r\n\r\n`

describe('a router’s port for connection requests', () => {
  const digest = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="HuaweiHomeGateway"'
  const open: Script = { says: [`${digest}\r\nContent-Length: 0\r\n\r\n`] }

  test('wants a login', () => {
    const { finding, sent } = converse(cwmp, open)
    expect(sent).toBe(request('GET /', '192.0.2.1:7547'))
    expect(finding).toEqual({
      module: 'cwmp',
      banner: `${digest}\r\nContent-Length: 0\r\n\r\n`,
      hostnames: [],
      tags: [],
    })
  })

  test('has titles of errors, but no pages', () => {
    const error = 'HTTP/1.1 404 Not Found\r\nServer: RomPager/4.07\r\n\r\n<title>Not Found</title>'
    expect(converse(cwmp, { says: [error] }).finding?.banner).toBe(error)
    expect(converse(cwmp, { says: ['HTTP/1.1 200 OK\r\n\r\n<title>Shop</title>'] }).finding).toBeUndefined()
    expect(converse(cwmp, { says: ['220 ready\r\n'] }).finding).toBeUndefined()
  })

  test('torn at any byte', () => {
    assertTears(cwmp, open)
  })
})

describe('a Docker engine', () => {
  const top = 'HTTP/1.1 200 OK\r\nServer: Docker/24.0.7 (linux)\r\nContent-Type: application/json\r\n'
  const json = '{"Platform":{"Name":"Docker Engine"},"Version":"24.0.7","ApiVersion":"1.43","Os":"linux"}'
  const open: Script = { says: [`${top}Content-Length: ${json.length}\r\n\r\n`, json] }

  test('says its version', () => {
    const { finding, sent } = converse(docker, open)
    expect(sent).toBe(request('GET /version', '192.0.2.1:2375'))
    expect(finding).toEqual({
      module: 'docker',
      banner: `${top}Content-Length: ${json.length}\r\n\r\n${json}`,
      product: 'Docker',
      version: '24.0.7',
      hostnames: [],
      tags: [],
    })
  })

  test('in chunks, within TLS', () => {
    const says = [`${top}Transfer-Encoding: chunked\r\n\r\n`, `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`]
    const { finding } = converse(docker, { says, context: { port: 2376, tls: certificate(['d.example.net']) } })
    expect(finding?.version).toBe('24.0.7')
    expect(finding?.hostnames).toEqual(['d.example.net'])
  })

  test('that is Podman says so', () => {
    const says = [`${top}\r\n{"Components":[{"Name":"Podman Engine"}],"Version":"4.9.3","ApiVersion":"1.41"}`]
    expect(converse(docker, { says }).finding).toMatchObject({ product: 'Podman', version: '4.9.3' })
  })

  test.each([
    ['a page', `${top}\r\n<title>Docker</title>`],
    ['other JSON', `${top}\r\n{"Version":"1.0"}`],
    ['numbers for texts', `${top}\r\n{"Version":1,"ApiVersion":1.43}`],
    ['a version of another kind', `${top}\r\n{"Version":"1","ApiVersion":"v1"}`],
    ['nothing', `${top}\r\nnull`],
    ['a list', `${top}\r\n["ApiVersion","Version"]`],
    ['a refusal', `HTTP/1.1 403 Forbidden\r\n\r\n${json}`],
    ['JSON without end', `${top}\r\n{"Version":"1","ApiVersion":"1.43","x":"${'x'.repeat(40_000)}"}`],
    ['JSON without HTTP', json],
  ])('is not %s', (_, says) => {
    expect(converse(docker, { says: [says] }).finding).toBeUndefined()
  })

  test('torn at any byte', () => {
    assertTears(docker, open)
  })
})

describe('a printer', () => {
  const top = 'HTTP/1.1 200 OK\r\nServer: CUPS/2.4 IPP/2.1\r\nContent-Type: application/ipp\r\n'
  const field = (tag: number, name: string, value: string): Buffer =>
    Buffer.concat([Buffer.of(tag, 0, name.length), Buffer.from(name), Buffer.of(0, value.length), Buffer.from(value)])
  const start = (status: number, id = 'CENS'): Buffer =>
    Buffer.concat([Buffer.of(1, 1, status >> 8, status & 255), Buffer.from(id), Buffer.of(1)])
  const charset = field(0x47, 'attributes-charset', 'utf-8')
  const model = (name = 'printer-make-and-model', tag = 0x41): Buffer => field(tag, name, 'Example Laser 1')
  const answer = Buffer.concat([start(0), charset, Buffer.of(4), model(), Buffer.of(3)])
  const open: Script = { says: [`${top}\r\n`, answer] }

  test('says its make and model', () => {
    const { finding, sent } = converse(ipp, open)
    expect(finding).toEqual({
      module: 'ipp',
      banner: `${top}\r\n`,
      product: 'Example Laser 1',
      hostnames: [],
      tags: [],
    })
    const operation = Buffer.concat([
      Buffer.from([1, 1, 0, 0x0b, 0x43, 0x45, 0x4e, 0x53, 1]),
      charset,
      field(0x48, 'attributes-natural-language', 'en'),
      field(0x45, 'printer-uri', 'ipp://192.0.2.1:631/'),
      field(0x44, 'requested-attributes', 'printer-make-and-model'),
      Buffer.of(3),
    ])
    const fields = `Content-Type: application/ipp\r\nContent-Length: ${operation.length}\r\n`
    expect(sent).toBe(request('POST /', '192.0.2.1', fields) + operation.toString('latin1'))
  })

  test('is asked by an address of IPv6', () => {
    const { sent } = converse(ipp, { says: [], context: { address: '2001:db8::1' } })
    expect(sent).toContain('Host: [2001:db8::1]\r\n')
    expect(sent).toContain('ipp://[2001:db8::1]:631/')
  })

  test.each([
    ['knows no such printer', [`${top}\r\n`, start(0x0406)]],
    ['is broken', [`${top}\r\n`, start(0x0500)]],
    ['lets nobody in', ['HTTP/1.1 403 Forbidden\r\nServer: CUPS/2.4 IPP/2.1\r\n\r\n']],
    ['says no model', [`${top}\r\n`, start(0), Buffer.of(4), model('printer-name')]],
    ['says a model as a number', [`${top}\r\n`, start(0), Buffer.of(4), model(undefined, 0x21)]],
    ['says a model after the end', [`${top}\r\n`, start(0), Buffer.of(3), model()]],
    ['has a name longer than all', [`${top}\r\n`, start(0), Buffer.of(0x41, 255, 255), model()]],
    ['has a value longer than all', [`${top}\r\n`, start(0), Buffer.of(0x41, 0, 1, 0x61, 255, 255), model()]],
    ['says half a model', [`${top}\r\n`, start(0), model().subarray(0, 30)]],
    ['breaks off in a length', [`${top}\r\n`, start(0), Buffer.of(0x41, 0)]],
  ])('that %s is one', (_, says) => {
    const { finding } = converse(ipp, { says })
    expect(finding?.module).toBe('ipp')
    expect(finding).not.toHaveProperty('product')
  })

  test.each([
    ['a web server', [`${top.replace('IPP', 'x')}\r\n<title>x</title>`]],
    ['an answer to another', [`${top}\r\n`, start(0, 'CENT'), model()]],
    ['a version that is none', [`${top}\r\n`, Buffer.of(9), start(0).subarray(1)]],
    ['a status that is none', [`${top}\r\n`, start(0x0900)]],
    ['an answer cut off', [`${top}\r\n`, start(0).subarray(0, 7)]],
    ['an answer with an error of HTTP', ['HTTP/1.1 500 x\r\n\r\n', answer]],
    ['a refusal by another server', ['HTTP/1.1 403 Forbidden\r\nServer: nginx\r\n\r\n']],
  ])('is not %s', (_, says) => {
    expect(converse(ipp, { says }).finding).toBeUndefined()
  })

  test('torn at any byte', () => {
    assertTears(ipp, open)
  })
})

describe('a camera', () => {
  const options = 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Dahua Rtsp Server/2.0\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n'
  const login = 'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm="Login"\r\n\r\n'
  const granted = 'RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\n'

  test('that wants a login says its realm', () => {
    const { finding, sent } = converse(rtsp, { says: [options, login] })
    expect(finding).toEqual({ module: 'rtsp', banner: options + login, tags: ['auth'] })
    expect(sent).toBe(
      `OPTIONS rtsp://192.0.2.1:554/ RTSP/1.0\r\nCSeq: 1\r\n${agent}\r\n` +
        `DESCRIBE rtsp://192.0.2.1:554/ RTSP/1.0\r\nCSeq: 2\r\n${agent}Accept: application/sdp\r\n\r\n`,
    )
  })

  test('that wants none is open', () => {
    expect(converse(rtsp, { says: [options, `${granted}v=0\r\n`] }).finding?.tags).toEqual(['open'])
  })

  test('is asked by an address of IPv6', () => {
    expect(converse(rtsp, { says: [], context: { address: '2001:db8::1' } }).sent).toContain(
      'rtsp://[2001:db8::1]:554/',
    )
  })

  test.each([
    ['refuses OPTIONS', ['RTSP/1.0 400 Bad Request\r\nContent-Length: 4\r\n\r\nRTSP', login], ['auth']],
    ['has nothing there', [options, 'RTSP/1.0 404 Not Found\r\n\r\n'], []],
    ['hangs up', [options], []],
    ['goes on in HTTP', [options, 'HTTP/1.1 200 OK\r\n\r\n'], []],
  ])('that %s is one', (_, says, tags) => {
    expect(converse(rtsp, { says }).finding).toMatchObject({ module: 'rtsp', tags })
  })

  test.each(['HTTP/1.1 400 Bad Request\r\n\r\n', 'SIP/2.0 200 OK\r\n\r\n', 'x RTSP/1.0 200 OK\r\n\r\n'])(
    'is not %j',
    (says) => {
      expect(converse(rtsp, { says: [says] }).finding).toBeUndefined()
    },
  )

  test('torn at any byte', () => {
    assertTears(rtsp, { says: [options, login] })
    assertTears(rtsp, { says: [options.replace('\r\n\r\n', '\r\nContent-Length: 3\r\n\r\nabc'), granted, 'v=0\r\n'] })
  })

  test('hostile: headers without end', () => {
    const { finding, sent } = converse(rtsp, { says: [options.slice(0, -2), 'X: y\r\n'.repeat(50_000)] })
    expect(finding?.banner?.length).toBeLessThan(17_000)
    expect(sent).not.toContain('DESCRIBE')
  })
})
