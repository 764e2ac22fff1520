import { describe, expect, test } from 'vitest'
import { httpx } from '../../../src/sources/files/httpx.ts'
import { zgrab2 } from '../../../src/sources/files/zgrab2.ts'
import { zgrabModules } from '../../../src/sources/files/zgrab2-modules.ts'
import { httpxLine, observations, readAll, troubles, zgrabLine } from './json-fixtures.ts'

const httpTarget = (result: unknown) =>
  JSON.stringify({ ip: '192.0.2.1', data: { http: { status: 'success', protocol: 'http', result } } })
const requestTo = (host: string, scheme: string) => ({ request: { url: { host, scheme } } })
const httpxWith = (changes: object) => `${JSON.stringify({ ...httpxLine, ...changes })}\n`

const portsOf = async (result: unknown) =>
  observations(await readAll(zgrab2, httpTarget(result))).map((found) => found.port)

describe('zgrab2', () => {
  test('every module of a target is an observation; only success has answered', async () => {
    const found = observations(await readAll(zgrab2, `${JSON.stringify(zgrabLine)}\n`))
    expect(found.map(({ module, port, transport, outcome }) => `${module} ${port}/${transport} ${outcome}`)).toEqual([
      'ssh 22/tcp answered',
      'http 8080/tcp answered',
      'redis 6379/tcp answered',
      'ntp 123/udp answered',
      'smtp 25/tcp failed',
      'telnet 23/tcp closed',
      'mqtt 1883/tcp filtered',
      'modbus 1502/tcp failed',
    ])
    expect(found[0]).toEqual({
      source: 'zgrab2',
      ip: '192.0.2.44',
      port: 22,
      transport: 'tcp',
      outcome: 'answered',
      observedAt: '2024-05-15T07:02:49.000000Z',
      module: 'ssh',
      banner: 'SSH-2.0-OpenSSH_9.6',
      hostnames: 'target.example.org',
    })
    expect(found[1]?.banner).toBe(
      'HTTP/1.0 200 OK\r\nServer: Boa/0.94\r\nWww-Authenticate: Basic\r\nX-Frame: no\r\n\r\n<title>Camera</title>\r\n',
    )
    expect(found[2]).toMatchObject({ banner: 'PONG', product: 'Redis', version: '6.2.1', os: 'Linux' })
    expect(found[3]).toMatchObject({ banner: 'version: 3' })
  })

  test('no status but success counts', async () => {
    const statuses = [
      'connection-closed',
      'handshake-error',
      'io-timeout',
      'protocol-error',
      'application-error',
      'invalid-inputs',
      'unknown-error',
      'SUCCESS',
      '',
    ]
    for (const status of statuses) {
      const line = {
        ip: '192.0.2.1',
        data: { ssh: { status, protocol: 'ssh', result: { server_id: { raw: 'SSH-2.0-x' } } } },
      }
      expect(observations(await readAll(zgrab2, JSON.stringify(line)))).toMatchObject([{ outcome: 'failed' }])
    }
  })

  test('the port of an HTTP request is where it went first', async () => {
    expect(await portsOf({ response: requestTo('192.0.2.1', 'http') })).toEqual([80])
    expect(await portsOf({ response: requestTo('192.0.2.1:8000', 'http') })).toEqual([8000])
    expect(await portsOf({ response: requestTo('192.0.2.1', 'https') })).toEqual([443])
    expect(
      await portsOf({
        response: requestTo('x:1', 'https'),
        redirect_response_chain: [requestTo('192.0.2.1:81', 'http')],
      }),
    ).toEqual([81])
  })

  test('facts of binary protocols leave out certificates, keys and passwords', async () => {
    const result = {
      is_s7: true,
      tls: { a: 1 },
      raw: 'AAAA',
      community: 'secret',
      system: 'PLC',
      inner: { raw_bytes: 'AA', model: 'M1' },
    }
    const line = { ip: '192.0.2.1', data: { siemens: { status: 'success', protocol: 'siemens', result } } }
    expect(observations(await readAll(zgrab2, JSON.stringify(line)))).toMatchObject([
      { port: 102, banner: 'is_s7: true\nsystem: PLC\ninner.model: M1' },
    ])
  })

  test('rejects', async () => {
    const ok = { status: 'success', protocol: 'ssh' }
    const lines = [
      { domain: 'only.example.org', data: { ssh: ok } },
      { ip: '192.0.2.1', data: {} },
      { ip: '192.0.2.1', data: { x: { status: 'success', protocol: 'constructor' } } },
    ]
    expect(troubles(await readAll(zgrab2, lines.map((line) => `${JSON.stringify(line)}\n`).join('')))).toEqual([
      'no-address@1',
      'not-a-record@2',
      'bad-port@3',
    ])
  })

  test('every module has a valid port', () => {
    for (const { port } of Object.values(zgrabModules)) expect(port > 0 && port < 65_536).toBe(true)
  })
})

describe('httpx', () => {
  test('a line', async () => {
    expect(observations(await readAll(httpx, httpxWith({})))).toEqual([
      {
        source: 'httpx',
        ip: '192.0.2.90',
        port: 8443,
        transport: 'tcp',
        outcome: 'answered',
        observedAt: '2025-03-22T12:32:08.517821Z',
        module: 'https',
        banner: 'HTTP/1.1 200\r\nServer: nginx/1.25.3\r\n\r\n<title>Welcome</title>\r\n',
        hostnames: 'www.example.net',
        tags: 'Nginx Amazon-Web-Services',
      },
    ])
  })

  test('the address from wherever it stands, the port from the URL', async () => {
    const input =
      httpxWith({ host: 'www.example.net', host_ip: '192.0.2.91' }) +
      httpxWith({ host: undefined, a: undefined, aaaa: ['2001:db8::7'], port: undefined }) +
      httpxWith({ host: undefined, a: [], url: 'https://[2001:db8::8]/', input: '2001:db8::8', port: undefined }) +
      httpxWith({ host: 'x', a: [], failed: true })
    const readings = await readAll(httpx, input)
    expect(observations(readings).map(({ ip, port }) => `${ip} ${port}`)).toEqual([
      '192.0.2.91 8443',
      '2001:db8::7 8443',
      '2001:db8::8 443',
    ])
    expect(troubles(readings)).toEqual(['no-address@4'])
  })

  test('a failed request is no answer; the head as it came is the banner', async () => {
    expect(
      observations(
        await readAll(httpx, httpxWith({ failed: true }) + httpxWith({ raw_header: 'HTTP/2 204\r\nServer: x\r\n' })),
      ),
    ).toMatchObject([{ outcome: 'failed' }, { outcome: 'answered', banner: 'HTTP/2 204\r\nServer: x\r\n' }])
  })
})
