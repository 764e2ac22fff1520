import { spawnSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TlsFacts } from '../../src/model/probe.ts'
import { OffScope } from '../../src/net/guard.ts'
import { openHandleStream, openSocketStream, openStream, type OpenStream } from '../../src/net/stream.ts'
import { dialTcp, type TcpConnection } from '../../src/net/tcp.ts'
import { asksOf, guardOf, lax, offScope, pause } from '../helpers/loopback.ts'

/** What the tests around it are run with. */
let open: OpenStream
const dialBy: typeof dialTcp = (guard, address, port, now, events) => dialTcp(guard, address, port, now, events, open)

const guard = guardOf(['127.0.0.0/29', '::1'], ['127.0.0.5'])
const now = Date.UTC(2026, 3, 1)

/** A server on this machine, how it treats those who come, and who came. */
async function withServer(
  server: Server,
  work: (port: number, came: Socket[]) => Promise<void>,
  host = '127.0.0.1',
): Promise<void> {
  const came: Socket[] = []
  server.on('connection', (socket: Socket) => {
    came.push(socket)
    socket.on('error', () => undefined)
  })
  server.listen(0, host)
  await once(server, 'listening')
  try {
    await work((server.address() as AddressInfo).port, came)
  } finally {
    for (const socket of came) socket.destroy()
    server.close()
  }
}

interface Dialled {
  readonly connection: TcpConnection
  /** What happened, in its order. */
  readonly log: string[]
  readonly bytes: Buffer[]
  readonly facts: TlsFacts[]
  /** Resolves with the log a while after the end, so that anything that follows is in it. */
  readonly over: Promise<string[]>
}

type Step = (connection: TcpConnection) => void

function dial(
  port: number,
  on: { connected?: Step; bytes?: Step; secured?: Step } = {},
  address = '127.0.0.1',
): Dialled {
  const log: string[] = []
  const bytes: Buffer[] = []
  const facts: TlsFacts[] = []
  let end: (log: string[]) => void
  const over = new Promise<string[]>((resolve) => (end = resolve))
  const connection: TcpConnection = dialBy(guard, address, port, now, {
    connected: () => {
      log.push('connected')
      on.connected?.(connection)
    },
    bytes: (some) => {
      // Pieces are as the system cuts them.
      if (log.at(-1) !== 'bytes') log.push('bytes')
      bytes.push(some)
      on.bytes?.(connection)
    },
    secured: (tls) => {
      log.push('secured')
      facts.push(tls)
      on.secured?.(connection)
    },
    ended: (code, fault) => {
      log.push(fault === undefined ? code : `${code}: ${fault}`)
      setTimeout(() => end(log), 150)
    },
  })
  return { connection, log, bytes, facts, over }
}

const secure: Step = (connection) => connection.secure()

test('the faster way is known on this Node', () => {
  expect(openStream).toBe(openHandleStream)
})

const ways = { 'a socket': openSocketStream, 'a handle': openHandleStream }
describe.each(['a socket', 'a handle'] as const)('by %s', (way) => {
  beforeAll(() => void (open = ways[way]))

  describe('nothing is sent', () => {
    test.each(offScope)('to %j', async (address) => {
      const asks = await asksOf(() => {
        expect(() => dialBy(guard, address, 9, now, fail)).toThrow(OffScope)
      })
      expect(asks).toEqual([])
    })

    test('before the scope is valid, or after', async () => {
      const timed = guardOf(['127.0.0.0/8'], [], now)
      const asks = await asksOf(() => {
        for (const time of [-1, now + 1, Number.NaN])
          expect(() => dialBy(timed, '127.0.0.1', 9, time, fail)).toThrow(/not valid/)
      })
      expect(asks).toEqual([])
    })

    test('to those that listen, but are excluded', () =>
      withServer(
        createServer(),
        async (port, came) => {
          expect(() => dialBy(guard, '127.0.0.5', port, now, fail)).toThrow(
            '127.0.0.5 must not be asked: it is excluded',
          )
          await pause(100)
          expect(came).toHaveLength(0)
          // Somebody who may is heard of.
          const allowed = dialBy(guardOf(['127.0.0.0/8']), '127.0.0.5', port, now, {
            ...fail,
            connected: () => undefined,
          })
          await pause(100)
          allowed.drop()
          expect(came).toHaveLength(1)
        },
        '127.0.0.5',
      ))

    test.each(['localhost', 'mx.example.net', '127.0.0.1%lo', '127.1', '127.0.0.1\n'])(
      'to a name, and nobody is asked for it, even if the guard had a hole: %j',
      async (name) => {
        const asks = await asksOf(() => {
          expect(() => dialBy(lax, name, 9, now, fail)).toThrow(OffScope)
        })
        expect(asks).toEqual([])
      },
    )

    test('no name is looked up for an address either', () =>
      withServer(
        createServer((socket) => socket.end()),
        async (port) => {
          const asks = await asksOf(async () => {
            await Promise.all([dial(port).over, dial(port, { connected: secure }).over])
          })
          // One to each: no second address is tried.
          expect(asks).toEqual(['TCPCONNECTWRAP', 'TCPCONNECTWRAP'])
        },
      ))

    test.each([-1, 65_536, 1.5, Number.NaN])('to port %d', async (port) => {
      const asks = await asksOf(() => {
        expect(() => dialBy(guard, '127.0.0.1', port, now, fail)).toThrow(RangeError)
      })
      expect(asks).toEqual([])
    })
  })

  describe('what happens is told once and in its order', () => {
    test('nobody listens', async () => {
      const server = createServer()
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      server.close()
      await once(server, 'close')
      expect(await dial(port).over).toEqual(['ECONNREFUSED'])
    })

    test('port 0, where nobody can listen', async () => {
      expect(await dial(0).over).toEqual(['ECONNREFUSED'])
    })

    test.each([
      ['closes', (socket: Socket) => socket.end(), ['connected', 'closed']],
      ['says something and closes', (socket: Socket) => socket.end('220 hello\r\n'), ['connected', 'bytes', 'closed']],
      ['closes for good', (socket: Socket) => socket.destroy(), ['connected', 'closed']],
    ])('the peer %s', (_, treat, expected) =>
      withServer(createServer(treat), async (port) => {
        expect(await dial(port).over).toEqual(expected)
      }),
    )

    test('the peer resets', () =>
      withServer(
        createServer((socket) => socket.on('data', () => socket.resetAndDestroy())),
        async (port) => {
          const { over } = dial(port, { connected: (connection) => connection.send(Buffer.from('?')) })
          expect(await over).toEqual(['connected', 'ECONNRESET'])
        },
      ))

    test('over IPv6', () =>
      withServer(
        createServer((socket) => socket.end('hello')),
        async (port) => {
          const { over, bytes } = dial(port, {}, '::1')
          expect(await over).toEqual(['connected', 'bytes', 'closed'])
          expect(Buffer.concat(bytes).toString()).toBe('hello')
        },
        '::1',
      ))

    test('what is sent arrives, and what comes back is handed on', () =>
      withServer(
        createServer((socket) => socket.on('data', (bytes) => socket.end(`you said ${bytes.toString()}`))),
        async (port) => {
          const { over, bytes, connection } = dial(port, { connected: (each) => each.send(Buffer.from('hello')) })
          expect(await over).toEqual(['connected', 'bytes', 'closed'])
          expect(Buffer.concat(bytes).toString()).toBe('you said hello')
          expect(connection.received()).toBe(14)
          // Afterwards it is a word to nobody.
          connection.send(Buffer.from('more'))
          connection.secure()
          connection.drop()
          connection.drop()
        },
      ))

    test.each([
      ['closes', (socket: Socket) => socket.once('data', () => socket.end())],
      ['says garbage', (socket: Socket) => socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))],
      ['says a byte and closes', (socket: Socket) => socket.once('data', () => socket.end('\x16'))],
      [
        'begins a record of TLS and closes',
        (socket: Socket) => socket.once('data', () => socket.end(Buffer.from('160303ffff0200', 'hex'))),
      ],
      ['said garbage before it was asked', (socket: Socket) => socket.write('220 hello\r\n')],
    ])('it is no TLS: the peer %s', (_, treat) =>
      withServer(createServer(treat), async (port) => {
        const log = await dial(port, { connected: secure }).over
        expect(log).toEqual(['connected', 'no-tls'])
      }),
    )

    const hello = (version: string): string => `16${version}002a02000026${version}${'5a'.repeat(32)}00002f00`
    const refusal = '15030300020228'
    test.each([
      ['a version that is not spoken here', hello('0300'), 'unsupported protocol'],
      ['an alert', refusal, /handshake failure$/],
      ['an alert on an old version', '15030100020246', /alert protocol version$/],
      // What is told is the alert that follows: a server of before RFC 5746 is not refused itself.
      ['a hello of before RFC 5746, and then an alert', hello('0303') + refusal, /handshake failure$/],
    ])('it is TLS, but none that can be agreed on: the peer says %s', (_name, says, expected) =>
      withServer(
        createServer((socket) => socket.once('data', () => socket.write(Buffer.from(says, 'hex')))),
        async (port) => {
          const log = await dial(port, { connected: secure }).over
          expect(log).toEqual(['connected', expect.stringMatching(/^no-tls: /)])
          expect(log[1]?.slice('no-tls: '.length)).toMatch(expected)
        },
      ),
    )

    test('the peer resets when TLS begins', () =>
      withServer(
        createServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
        async (port) => {
          const log = await dial(port, { connected: secure }).over
          expect(log[0]).toBe('connected')
          expect(['no-tls', 'ECONNRESET']).toContain(log[1])
          expect(log).toHaveLength(2)
        },
      ))

    test('a peer that says nothing when TLS begins is waited for, until it is dropped', () =>
      withServer(createServer(), async (port, came) => {
        const { connection, log } = dial(port, { connected: secure })
        await pause(300)
        expect(log).toEqual(['connected'])
        const [peer] = came
        const closed = peer && once(peer.resume(), 'close')
        connection.drop()
        await closed
        await pause(150)
        expect(log).toEqual(['connected'])
      }))
  })

  describe('after drop nothing is told', () => {
    test.each([
      ['before it is connected', (connection: TcpConnection) => connection.drop(), {}, []],
      [
        'when it is connected',
        undefined,
        { connected: (connection: TcpConnection) => connection.drop() },
        ['connected'],
      ],
      [
        'within TLS',
        undefined,
        {
          connected: (connection: TcpConnection) => {
            connection.secure()
            connection.drop()
          },
        },
        ['connected'],
      ],
      [
        'at the first word',
        undefined,
        { bytes: (connection: TcpConnection) => connection.drop() },
        ['connected', 'bytes'],
      ],
    ] as const)('%s', (_, atOnce, on, expected) =>
      withServer(
        createServer((socket) => {
          socket.write('220 hello\r\n')
          setTimeout(() => socket.end('more'), 50)
        }),
        async (port) => {
          const { connection, log } = dial(port, on)
          atOnce?.(connection)
          await pause(400)
          expect(log).toEqual(expected)
        },
      ),
    )

    test('not even by a peer without end, of which no more is taken than was wanted', () =>
      withServer(
        createServer((socket) => {
          const more = Buffer.alloc(2 ** 20, 'x')
          for (let left = 10; left > 0; left--) socket.write(more)
        }),
        async (port, came) => {
          const budget = 32 * 2 ** 10
          const { connection, log, bytes } = dial(port, {
            bytes: (each) => {
              if (each.received() > budget) each.drop()
            },
          })
          await pause(300)
          const [peer] = came
          if (peer !== undefined && !peer.closed) await once(peer, 'close')
          expect(log).toEqual(['connected', 'bytes'])
          const taken = Buffer.concat(bytes).length
          expect(taken).toBeGreaterThan(budget)
          // One read of Node is 64 KiB at most.
          expect(taken).toBeLessThanOrEqual(budget + 65_536)
          expect(connection.received()).toBeLessThanOrEqual(budget + 2 * 65_536)
        },
      ))
  })

  // The certificate is made by openssl, which a machine may lack.
  const binary = 'openssl'
  const hasOpenssl = spawnSync(binary, ['version']).status === 0

  describe.skipIf(!hasOpenssl)('a server of TLS', () => {
    const folder = mkdtempSync(join(tmpdir(), 'census-test-'))
    let own: { key: Buffer; cert: Buffer }
    beforeAll(() => {
      const { status, stderr } = spawnSync(
        binary,
        `req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem -subj /O=Example/CN=mx.example.net
       -addext subjectAltName=DNS:mx.example.net,DNS:*.example.org,IP:192.0.2.1`.split(/\s+/),
        { cwd: folder, encoding: 'utf8' },
      )
      if (status !== 0) throw new Error(stderr)
      own = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) }
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    /** Whatever it has of versions and ciphers. */
    const old: TlsOptions = { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }
    const tlsServer = (options: TlsOptions, talk: (socket: TLSSocket) => void): Server => {
      const server = createTlsServer({ ...own, ...options }, (socket) => {
        socket.on('error', () => undefined)
        talk(socket)
      })
      server.on('tlsClientError', () => undefined)
      return server
    }

    test('tells of itself, though nobody vouches for it, and no name is asked for', () =>
      withServer(
        tlsServer({}, (socket) => socket.end('hello')),
        async (port) => {
          const { facts, over, bytes } = dial(port, { connected: secure })
          expect(await over).toEqual(['connected', 'secured', 'bytes', 'closed'])
          expect(Buffer.concat(bytes).toString()).toBe('hello')
          const certificate = new X509Certificate(own.cert)
          expect(facts).toEqual([
            {
              protocol: 'TLSv1.3',
              cipher: expect.stringMatching(/^TLS_/) as string,
              subject: 'O=Example, CN=mx.example.net',
              issuer: 'O=Example, CN=mx.example.net',
              names: ['mx.example.net', '*.example.org'],
              validFrom: new Date(certificate.validFrom).toISOString(),
              validTo: new Date(certificate.validTo).toISOString(),
              sha256: createHash('sha256').update(certificate.raw).digest('hex'),
            },
          ])
        },
      ))

    test.each(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const)('of %s alone is understood', (version) =>
      withServer(
        tlsServer({ ...old, minVersion: version, maxVersion: version }, (socket) => socket.end('hello')),
        async (port) => {
          const { facts, over } = dial(port, { connected: secure })
          expect(await over).toEqual(['connected', 'secured', 'bytes', 'closed'])
          expect(facts[0]?.protocol).toBe(version)
        },
      ),
    )

    test('that says no name is told none, and the address is not told as one', () => {
      let name: string | false | null | undefined
      return withServer(
        tlsServer({}, (socket) => {
          name = socket.servername
          socket.end()
        }),
        async (port) => {
          expect(await dial(port, { connected: secure }).over).toEqual(['connected', 'secured', 'closed'])
          expect(name).toBe(false)
        },
      )
    })

    test('that is gone over to later is spoken to within TLS, and what was said before is not taken for it', () =>
      withServer(
        createServer((socket) => {
          socket.write('220 ready\r\n')
          socket.once('data', () => {
            socket.write('220 go on\r\n')
            const tls = new TLSSocket(socket, { isServer: true, ...own })
            tls.on('error', () => undefined)
            tls.on('data', (bytes) => tls.end(`within: ${bytes.toString()}`))
          })
        }),
        async (port) => {
          let heard = 0
          const { over, bytes, connection } = dial(port, {
            bytes: (each) => {
              heard++
              if (heard === 1) each.send(Buffer.from('STARTTLS\r\n'))
              if (heard === 2) each.secure()
            },
            secured: (each) => each.send(Buffer.from('hello')),
          })
          expect(await over).toEqual(['connected', 'bytes', 'secured', 'bytes', 'closed'])
          expect(bytes.map(String)).toEqual(['220 ready\r\n', '220 go on\r\n', 'within: hello'])
          // What the handshake took counts: a peer is not to send certificates without end.
          expect(connection.received()).toBeGreaterThan(1000)
        },
      ))

    test('without end is dropped when it was enough', () =>
      withServer(
        tlsServer({}, (socket) => {
          const more = Buffer.alloc(2 ** 20, 'x')
          for (let left = 10; left > 0; left--) socket.write(more)
        }),
        async (port, came) => {
          const budget = 32 * 2 ** 10
          const { log, bytes } = dial(port, {
            connected: secure,
            bytes: (each) => {
              if (each.received() > budget) each.drop()
            },
          })
          await pause(500)
          const [peer] = came
          if (peer !== undefined && !peer.closed) await once(peer, 'close')
          expect(log).toEqual(['connected', 'secured', 'bytes'])
          expect(Buffer.concat(bytes).length).toBeLessThanOrEqual(budget + 2 * 65_536)
        },
      ))

    test('that breaks off within TLS is told as closed, once', () =>
      withServer(
        tlsServer({}, (socket) => {
          socket.write('hello')
          setTimeout(() => socket.destroy(), 50)
        }),
        async (port) => {
          const log = await dial(port, { connected: secure }).over
          expect(log).toEqual(['connected', 'secured', 'bytes', 'closed'])
        },
      ))
  })
})

/** Events of a connection that must not come about. */
const fail = {
  connected: () => expect.unreachable(),
  bytes: () => expect.unreachable(),
  secured: () => expect.unreachable(),
  ended: () => expect.unreachable(),
}
