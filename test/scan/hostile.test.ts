import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { addressSet, parseRange } from '../../src/model/address-set.ts'
import type { TcpProbe } from '../../src/model/probe.ts'
import { http, https } from '../../src/probes/http.ts'
import { smtp } from '../../src/probes/smtp.ts'
import type { Asked } from '../../src/scan/engine-options.ts'
import { scan } from '../../src/scan/engine.ts'
import { askingOrder } from '../../src/scan/permutation.ts'
import { doorsOf, planOf } from '../../src/scan/plan.ts'

/** Says EHLO's replies, and a page to who asks for one. */
const honest = (socket: Socket): void => {
  socket.write('220 mx.example.net ESMTP Postfix\r\n')
  socket.on('data', (bytes) => {
    const said = bytes.toString('latin1')
    if (said.startsWith('EHLO')) socket.write('250 mx.example.net\r\n')
    if (said.startsWith('QUIT')) socket.end('221 bye\r\n')
  })
}

/** Writes as fast as it is read, without end. */
const flood =
  (bytes: Buffer) =>
  (socket: Socket): void => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(bytes));
    }
    socket.on('drain', more)
    more()
  }

const hostile: readonly ((socket: Socket) => void)[] = [
  // A byte now and then.
  (socket) => {
    const timer = setInterval(() => socket.write('2'), 20)
    socket.on('close', () => clearInterval(timer))
  },
  flood(Buffer.from('220-x\r\n'.repeat(1000))),
  flood(Buffer.alloc(65_536, 'x')),
  flood(Buffer.alloc(65_536)),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end(),
  () => undefined,
  (socket) => socket.write('220 mx ESMTP\r\n'),
  (socket) => {
    socket.write(`220 ${'y'.repeat(10_000_000)}\r\n`)
  },
  (socket) => {
    socket.write('220 mx ESMTP\r\n250-STARTTLS\r\n250 x\r\n220 go\r\n')
    socket.on('data', () => socket.write(Buffer.from('160301ffff01', 'hex')))
  },
  (socket) => {
    // Offers TLS, and floods instead.
    socket.write('220 mx ESMTP\r\n')
    let said = 0
    socket.on('data', () => {
      said++
      if (said === 1) socket.write('250 STARTTLS\r\n')
      else if (said === 2) socket.write('220 go\r\n')
      else flood(Buffer.alloc(65_536, 0x16))(socket)
    })
  },
  (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99999999999\r\n\r\n')
    flood(Buffer.alloc(65_536, 0x1f))(socket)
  },
  (socket) => {
    socket.write('220 mx ESMTP\r\n')
    socket.on('data', () => socket.resetAndDestroy())
  },
]

interface Scanned {
  readonly told: ReadonlyMap<string, string>
  readonly asked: readonly Asked[]
}

/** Scans 127.0.8.0 and on, where every eleventh peer is hostile if it is to be. */
async function scanned(asking: TcpProbe, size: number, isHostile: boolean, talkMs: number): Promise<Scanned> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    const [, , third = '0', fourth = '0'] = (socket.localAddress ?? '').split('.')
    const host = (Number(third) - 8) * 256 + Number(fourth)
    const kind = hostile[Math.floor(host / 11) % hostile.length]
    if (isHostile && host % 11 === 0) kind?.(socket)
    else honest(socket)
  })
  server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    const range = parseRange('127.0.8.0/21')
    if ('fault' in range) throw new Error(range.fault)
    const first = { first: range.first, last: range.first + BigInt(size - 1) }
    const doors = doorsOf([{ ...asking, ports: [port], tlsPorts: asking === https ? [port] : [] }])
    const plan = planOf(addressSet([first]), doors)
    const asked: Asked[] = []
    await scan({
      plan,
      guard: () => undefined,
      contact: 'noc@example.net',
      order: askingOrder(plan, 1),
      isDone: () => false,
      doneBefore: 0,
      recognisers: [smtp, http],
      perSecond: 100_000,
      perPrefix: 100_000,
      mostInFlight: 200,
      connectMs: 10_000,
      talkMs,
      retries: 0,
      onAsked: (each) => {
        asked.push(each)
        return undefined
      },
    })
    const told = asked.map(
      ({ target, status, finding }) => [target.address, `${status} ${finding?.banner ?? ''}`] as const,
    )
    expect(told).toHaveLength(size)
    return { told: new Map(told), asked }
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

const hostOf = (address: string): number => {
  const [, , third = '0', fourth = '0'] = address.split('.')
  return (Number(third) - 8) * 256 + Number(fourth)
}

test('100 hostile peers among 1,000 honest ones: those are told as ever, and all come to an end', async () => {
  const size = 1100
  const alone = await scanned(smtp, size, false, 8000)
  const among = await scanned(smtp, size, true, 8000)
  const ofHonest = ({ told }: Scanned): unknown =>
    Object.fromEntries([...told].filter(([address]) => hostOf(address) % 11 !== 0))
  expect(ofHonest(among)).toEqual(ofHonest(alone))
  expect([...alone.told.values()].every((each) => each.startsWith('answered 220 mx.example.net'))).toBe(true)
  const ofHostile = among.asked.filter(({ target }) => hostOf(target.address) % 11 === 0)
  expect(ofHostile).toHaveLength(100)
  // What they said is kept in small: whatever they are told as, a banner is no flood.
  for (const { finding, heard } of ofHostile) {
    expect(finding?.banner?.length ?? 0).toBeLessThan(70_000)
    expect(heard?.length ?? 0).toBeLessThanOrEqual(1024)
  }
}, 120_000)

test('whatever a peer sends, no more than 96 KiB are heard', async () => {
  const heard = new Map<string, number>()
  const listener: TcpProbe = {
    ...smtp,
    id: 'listener',
    talk: function* ({ address }) {
      for (let sum = 0; ;) {
        const next = yield { kind: 'hear' }
        if (next.kind !== 'bytes') return undefined
        sum += next.bytes.length
        heard.set(address, sum)
      }
    },
  }
  await scanned(listener, 11 * hostile.length, true, 1500)
  const most = Math.max(...heard.values())
  expect(most).toBeGreaterThan(32 * 1024)
  expect(most).toBeLessThanOrEqual(96 * 1024)
}, 60_000)

test('peers that flood a handshake are cut off, too', async () => {
  const { asked } = await scanned(https, 11 * hostile.length, true, 1500)
  expect(asked.some(({ status }) => status === 'answered')).toBe(false)
}, 60_000)
