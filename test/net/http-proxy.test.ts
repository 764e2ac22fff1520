import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { asked, canary, client, closeAll, closeLater, engine, failure, rawServer, type RawServer } from './asking.ts'

afterEach(closeAll)
afterEach(() => vi.unstubAllEnvs())

interface Proxy {
  readonly port: number
  readonly asked: { readonly to: string; readonly headers: IncomingHttpHeaders }[]
}

/** A proxy that opens tunnels (RFC 9110, CONNECT), or refuses to with a status. */
async function tunnelProxy(refuses?: number): Promise<Proxy> {
  const requests: Proxy['asked'] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  const server = createServer((_, response) => response.writeHead(405).end())
  server.on('connection', (socket) => sockets.add(keep(socket)))
  server.on('connect', (request, socket: Socket) => {
    const to = request.url ?? ''
    requests.push({ to, headers: request.headers })
    if (refuses !== undefined) {
      socket.end(`HTTP/1.1 ${refuses} No\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    const target = keep(connect(Number(to.split(':')[1]), '127.0.0.1'))
    sockets.add(target)
    socket.on('close', () => target.destroy())
    target.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      target.pipe(socket).pipe(target)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closeLater(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, asked: requests }
}

describe('a proxy', () => {
  test.each(['http://', ''])('is asked for a tunnel to each server, once (%j before its name)', async (scheme) => {
    const { url, requests } = await engine(() => ({ body: 'x' }))
    const proxy = await tunnelProxy()
    const http = client({ proxy: { http: `${scheme}user:${canary}@127.0.0.1:${proxy.port}` } })
    for (const path of ['/a', '/b']) expect((await http.send(asked(url, path))).status).toBe(200)
    expect(requests.map(({ path }) => path)).toEqual(['/a', '/b'])
    expect(proxy.asked).toEqual([
      {
        to: new URL(url).host,
        headers: expect.objectContaining({
          'proxy-authorization': `Basic ${Buffer.from(`user:${canary}`).toString('base64')}`,
        }) as unknown,
      },
    ])
    // The proxy learns neither the query nor the key.
    expect(JSON.stringify(proxy.asked)).not.toContain(canary)
  })

  test.each(['127.0.0.1', 'example.org, 127.0.0.1', '*'])('is passed by when NO_PROXY is %j', async (none) => {
    const { url } = await engine(() => ({ body: 'x' }))
    const proxy = await tunnelProxy()
    const http = client({ proxy: { http: `http://127.0.0.1:${proxy.port}`, none } })
    expect((await http.send(asked(url))).status).toBe(200)
    expect(proxy.asked).toEqual([])
  })

  test.each<[string, Readonly<Record<string, string>>]>([
    ['absent', {}],
    ['empty', { http: '', https: ' ', none: '' }],
  ])('is not taken from the environment when the options are %s', async (_, proxy) => {
    const { url } = await engine(() => ({ body: 'x' }))
    const other = await tunnelProxy()
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) {
      vi.stubEnv(name, `http://127.0.0.1:${other.port}`)
    }
    expect((await client({ proxy }).send(asked(url))).status).toBe(200)
    expect(other.asked).toEqual([])
  })

  test.each([403, 407, 502])('that refuses with %i is no connection', async (status) => {
    const { url, requests } = await engine(() => ({ body: 'x' }))
    const proxy = await tunnelProxy(status)
    const http = client({ proxy: { http: `http://user:${canary}@127.0.0.1:${proxy.port}` } })
    const { kind, message } = await failure(http.send(asked(url)))
    expect([kind, message]).toEqual(['connection', expect.stringContaining(String(status))])
    expect([requests.length, proxy.asked.length]).toEqual([0, 1])
  })

  test('that hangs up is asked once', async () => {
    const proxy = await rawServer((socket) => socket.destroy())
    const http = client({ timeoutMs: 1000, proxy: { http: proxy.url } })
    expect((await failure(http.send(asked('http://127.0.0.1:9')))).kind).toBe('connection')
    expect(proxy.connections()).toBe(1)
  })

  test('that is silent is silence', async () => {
    const proxy = await rawServer(() => undefined)
    const http = client({ timeoutMs: 100, proxy: { http: proxy.url } })
    for (let n = 0; n < 2; n++) expect((await failure(http.send(asked('http://127.0.0.1:9')))).kind).toBe('silence')
    expect(proxy.connections()).toBe(2)
  })
})

const binary = 'openssl'
const hasOpenssl = spawnSync(binary, ['version']).status === 0

// The certificates are made by openssl, which a machine may lack.
describe.skipIf(!hasOpenssl)('TLS', () => {
  let folder = ''
  let ca = ''
  const openssl = (...args: string[]): void => {
    const { status, stderr } = spawnSync(binary, args, { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }
  const keyed = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

  const signed = (name: string, names: string): void => {
    openssl('req', ...keyed, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${names}\n`)
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-extfile', `${name}.ext`, '-out', `${name}.pem`)
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'census-tls-'))
    openssl('req', '-x509', ...keyed, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA', '-days', '2')
    signed('right', 'IP:127.0.0.1,DNS:localhost')
    signed('other', 'DNS:other.example')
    ca = readFileSync(join(folder, 'ca.pem'), 'utf8')
  })
  afterAll(() => rm(folder, { recursive: true }))

  const tlsServer = async (name: string): Promise<Pick<RawServer, 'url' | 'connections'>> => {
    let connections = 0
    const [key, cert] = ['key', 'pem'].map((ending) => readFileSync(join(folder, `${name}.${ending}`)))
    const server = createTlsServer({ key, cert }, (_, response) => response.end('{"over":"tls"}'))
    server.on('connection', () => (connections += 1))
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    closeLater(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections }
  }

  test('with a CA of one’s own, over one connection', async () => {
    const { url, connections } = await tlsServer('right')
    const http = client({ ca })
    for (let n = 0; n < 3; n++) expect((await http.send(asked(url))).body.toString()).toBe('{"over":"tls"}')
    expect(connections()).toBe(1)
  })

  test('through a proxy, over one tunnel', async () => {
    const { url, connections } = await tlsServer('right')
    const proxy = await tunnelProxy()
    const http = client({ ca, proxy: { https: `http://127.0.0.1:${proxy.port}` } })
    for (let n = 0; n < 3; n++) expect((await http.send(asked(url))).body.toString()).toBe('{"over":"tls"}')
    expect([connections(), proxy.asked.map(({ to }) => to)]).toEqual([1, [new URL(url).host]])
  })

  test.each([true, false])(
    'with a certificate nobody vouches for, or of another name (proxy: %j)',
    async (isProxied) => {
      const proxy = await tunnelProxy()
      const by = isProxied ? { proxy: { https: `http://127.0.0.1:${proxy.port}` } } : {}
      const unknown = await failure(client(by).send(asked((await tlsServer('right')).url)))
      expect(unknown).toMatchObject({ kind: 'connection', message: expect.stringMatching(/certificate/) as string })
      const other = await failure(client({ ...by, ca }).send(asked((await tlsServer('other')).url)))
      expect(other).toMatchObject({ kind: 'connection', message: expect.stringMatching(/certificate/) as string })
      expect(proxy.asked).toHaveLength(isProxied ? 2 : 0)
    },
  )

  test.each([true, false])('that never begins ends with the client (proxy: %j)', async (isProxied) => {
    const { url, sockets } = await rawServer(() => undefined)
    const proxy = await tunnelProxy()
    // Half a day of patience: what ends here is ended by closing.
    const by = isProxied ? { proxy: { https: `http://127.0.0.1:${proxy.port}` } } : {}
    const http = client({ timeoutMs: 43_200_000, ...by })
    const answer = failure(http.send(asked(url.replace('http:', 'https:'))))
    while (sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await http.close()
    expect((await answer).kind).toBe('connection')
    while (sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  })

  test('that never begins is silence', async () => {
    const { url } = await rawServer(() => undefined)
    const http = client({ timeoutMs: 100, ca })
    expect((await failure(http.send(asked(url.replace('http:', 'https:'))))).kind).toBe('silence')
  })
})
