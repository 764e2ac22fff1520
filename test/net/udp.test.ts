import { spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { OffScope } from '../../src/net/guard.ts'
import { openHandleUdp, openSocketUdp, openUdp, type OpenUdp, type UdpSocket } from '../../src/net/udp.ts'
import { asksOf, guardOf, lax, offScope, pause } from '../helpers/loopback.ts'

const guard = guardOf(['127.0.0.0/29', '::1'], ['127.0.0.5'])
const now = Date.UTC(2026, 3, 1)
const hello = Buffer.from('hello')

interface Opened {
  readonly socket: UdpSocket
  readonly log: string[]
}

let way: OpenUdp = openUdp
const open = (family: 4 | 6, by = guard): Opened => {
  const log: string[] = []
  const socket = way(by, family, {
    datagram: (bytes, address, port) => void log.push(`${bytes.toString()} from ${address} ${port}`),
    failed: (code, address, port) => void log.push(`${code} to ${address} ${port}`),
  })
  return { socket, log }
}

/** A peer on this machine that hears, and answers as it is told. */
async function withPeer(
  address: string,
  work: (port: number, heard: string[]) => Promise<void>,
  answer?: (peer: Socket, port: number, from: string) => void,
): Promise<void> {
  const peer = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  const heard: string[] = []
  peer.on('message', (bytes, from) => {
    heard.push(bytes.toString())
    answer?.(peer, from.port, from.address)
  })
  peer.bind(0, address)
  await once(peer, 'listening')
  try {
    await work(peer.address().port, heard)
  } finally {
    peer.close()
  }
}

test('the faster way is known on this Node', () => {
  expect(openUdp).toBe(openHandleUdp)
})

const ways = { 'a socket': openSocketUdp, 'a handle': openHandleUdp }
describe.each(['a socket', 'a handle'] as const)('by %s', (by) => {
  beforeAll(() => void (way = ways[by]))

  describe('nothing is sent', () => {
    test.each(offScope)('to %j', async (address) => {
      const { socket, log } = open(address.includes(':') ? 6 : 4)
      await pause(20)
      const asks = await asksOf(() => {
        expect(() => socket.send(hello, address, 9, now)).toThrow(OffScope)
      })
      expect([asks, log]).toEqual([[], []])
      socket.close()
    })

    test('to those that listen, but are excluded', () =>
      withPeer('127.0.0.5', async (port, heard) => {
        const { socket } = open(4)
        expect(() => socket.send(hello, '127.0.0.5', port, now)).toThrow('127.0.0.5 must not be asked: it is excluded')
        const other = open(4, guardOf(['127.0.0.0/8']))
        other.socket.send(Buffer.from('may'), '127.0.0.5', port, now)
        await pause(200)
        expect(heard).toEqual(['may'])
        socket.close()
        other.socket.close()
      }))

    test('before the scope is valid, or after', async () => {
      const { socket } = open(4, guardOf(['127.0.0.0/8'], [], now))
      const asks = await asksOf(() => {
        for (const time of [-1, now + 1, Number.NaN])
          expect(() => socket.send(hello, '127.0.0.1', 9, time)).toThrow(/not valid/)
      })
      expect(asks).toEqual([])
      socket.close()
    })

    test.each([
      [4, 'localhost'],
      [6, 'localhost'],
      [4, 'mx.example.net'],
      [4, ''],
      [6, ''],
      [4, '127.1'],
      [4, '127.0.0.1%lo'],
    ] as const)(
      'over IPv%d to the name %j, and nobody is asked for it, even if the guard had a hole',
      async (family, name) => {
        const { socket, log } = open(family, (address) => (address === name ? undefined : 'no'))
        await pause(20)
        const asks = await asksOf(() => {
          try {
            socket.send(hello, name, 9, now)
          } catch {
            // As good.
          }
        })
        expect(asks.filter((each) => each !== 'UDPSENDWRAP')).toEqual([])
        expect(log.filter((each) => !each.includes(' to '))).toEqual([])
        socket.close()
      },
    )

    test('to an address of the other family, or to one of IPv4 by way of IPv6', () =>
      withPeer('127.0.0.1', async (port, heard) => {
        const [four, six] = [open(4, lax), open(6)]
        four.socket.send(hello, '::1', port, now)
        six.socket.send(hello, '127.0.0.1', port, now)
        expect(() => six.socket.send(hello, '::ffff:127.0.0.1', port, now)).toThrow(OffScope)
        await pause(200)
        expect(heard).toEqual([])
        for (const { log } of [four, six]) expect(log).toEqual([expect.stringMatching(/^E[A-Z]+ to /)])
        four.socket.close()
        six.socket.close()
      }))

    test.each([0, -1, 65_536, 1.5, Number.NaN])('to port %d', async (port) => {
      const { socket } = open(4)
      await pause(20)
      const asks = await asksOf(() => {
        expect(() => socket.send(hello, '127.0.0.1', port, now)).toThrow(RangeError)
      })
      expect(asks).toEqual([])
      socket.close()
    })

    test('to a broadcast address: the system is not asked to', async () => {
      // As a router would be on its own network; the guard refuses it in any scope, and the system as well.
      const { socket, log } = open(4, lax)
      socket.send(hello, '255.255.255.255', 9, now)
      await pause(100)
      expect(log).toEqual([expect.stringMatching(/^(EACCES|ENETUNREACH) to 255\.255\.255\.255 9$/)])
      socket.close()
    })
  })

  describe('datagrams', () => {
    test.each([
      [4, '127.0.0.1'],
      [6, '::1'],
    ] as const)('over IPv%d go to whom they are for, and answers are told with who sent them', (family, address) =>
      withPeer(
        address,
        async (port, heard) => {
          const { socket, log } = open(family)
          // At once, before the socket is bound.
          socket.send(hello, address, port, now)
          await pause(100)
          socket.send(hello, address, port, now)
          await pause(200)
          expect(heard).toEqual(['hello', 'hello'])
          expect(log).toEqual([`yes from ${address} ${port}`, `yes from ${address} ${port}`])
          socket.close()
        },
        (peer, port, from) => peer.send('yes', port, from),
      ),
    )

    test('from somebody else are told as somebody else’s', () =>
      withPeer('127.0.0.9', (otherPort) =>
        withPeer(
          '127.0.0.1',
          async (port) => {
            const { socket, log } = open(4)
            socket.send(hello, '127.0.0.1', port, now)
            await pause(200)
            expect(log).toHaveLength(1)
            expect(log[0]).toMatch(/^yes from 127\.0\.0\.9 \d+$/)
            expect(log[0]).not.toContain(` ${otherPort}`)
            socket.close()
          },
          (_, port) => {
            const elsewhere = createSocket('udp4')
            elsewhere.bind(0, '127.0.0.9', () => elsewhere.send('yes', port, '127.0.0.1', () => elsewhere.close()))
          },
        ),
      ))

    test('of IPv4 that reach a socket of IPv6 are nobody’s answer: their sender has another spelling', () =>
      withPeer(
        '::1',
        async (port) => {
          const { socket, log } = open(6)
          socket.send(hello, '::1', port, now)
          await pause(200)
          expect(log.every((each) => each.includes('::ffff:127.0.0.1'))).toBe(true)
          socket.close()
        },
        (_, port) => {
          const elsewhere = createSocket('udp4')
          elsewhere.bind(0, '127.0.0.1', () => elsewhere.send('yes', port, '127.0.0.1', () => elsewhere.close()))
        },
      ))

    test('ask the system for nothing but that they be sent', () =>
      withPeer('127.0.0.1', async (port) => {
        const asks = await asksOf(async () => {
          const { socket } = open(4)
          socket.send(hello, '127.0.0.1', port, now)
          await pause(100)
          socket.close()
        })
        expect(asks.filter((each) => each !== 'UDPSENDWRAP')).toEqual([])
      }))

    test('that nobody takes are no error', async () => {
      const closed = createSocket('udp4').bind(0, '127.0.0.1')
      await once(closed, 'listening')
      const { port } = closed.address()
      closed.close()
      const { socket, log } = open(4)
      socket.send(hello, '127.0.0.1', port, now)
      await pause(100)
      socket.send(hello, '127.0.0.1', port, now)
      await pause(100)
      expect(log).toEqual([])
      socket.close()
    })

    test('too large to be sent are told', async () => {
      const { socket, log } = open(4)
      socket.send(Buffer.alloc(70_000), '127.0.0.1', 9, now)
      await pause(100)
      expect(log).toEqual(['EMSGSIZE to 127.0.0.1 9'])
      socket.close()
    })

    test('after close nothing is told', () =>
      withPeer(
        '127.0.0.1',
        async (port) => {
          const { socket, log } = open(4)
          await pause(20)
          socket.send(hello, '127.0.0.1', port, now)
          socket.send(Buffer.alloc(70_000), '127.0.0.1', 9, now)
          socket.close()
          await pause(200)
          expect(log).toEqual([])
        },
        (peer, port, from) => peer.send('yes', port, from),
      ))
  })
})

test('what cannot be sent at once is sent later, each datagram as it was, and what fails then is told', () =>
  withPeer('127.0.0.1', async (port, heard) => {
    const script = `
      import { openHandleUdp } from ${JSON.stringify(fileURLToPath(new URL('../../src/net/udp.ts', import.meta.url)))}
      let left = 2
      const failed = (...what) => {
        console.log(what.join(' '))
        if (--left === 0) socket.close()
      }
      const socket = openHandleUdp(() => undefined, 4, { datagram: () => undefined, failed })
      const large = Buffer.alloc(70_000)
      socket.send(large, '127.0.0.1', ${port}, 0)
      for (const text of ['one', 'two', 'three']) socket.send(Buffer.from(text), '127.0.0.1', ${port}, 0)
      socket.send(large, '127.0.0.1', 9, 0)
      console.log('begun')`
    // Node's own switch for its tests of this way.
    const switches = ['--test-udp-no-try-send', '--import', import.meta.resolve('tsx'), '--input-type=module']
    const child = spawn(process.execPath, [...switches, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const said: string[] = []
    child.stdout.on('data', (text: Buffer) => void said.push(text.toString()))
    await once(child, 'close')
    expect(said.join('')).toBe(`begun\nEMSGSIZE 127.0.0.1 ${port}\nEMSGSIZE 127.0.0.1 9\n`)
    expect(heard).toEqual(['one', 'two', 'three'])
  }))
