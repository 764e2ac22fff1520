import { createSocket } from 'node:dgram'
import { performance } from 'node:perf_hooks'
import { describe, expect, test } from 'vitest'
import type { UdpCheck, UdpProbe } from '../../src/model/probe.ts'
import { ntpControl } from '../../src/probes/checks/ntp-control.ts'
import { ntpMonlist } from '../../src/probes/checks/ntp-monlist.ts'
import { openResolver } from '../../src/probes/checks/open-resolver.ts'
import { ntp } from '../../src/probes/ntp.ts'
import { smtp } from '../../src/probes/smtp.ts'
import { checkingAfter } from '../../src/scan/checking.ts'
import { gather } from '../../src/scan/gather.ts'
import { answering, closed, mail, serve, time } from '../helpers/peers.ts'
import { run } from '../helpers/scanned.ts'
import { controlled, listed, modeOf } from '../helpers/time-server.ts'

const checks: readonly UdpCheck[] = [ntpControl, ntpMonlist]
const on = (...ports: readonly number[]): UdpProbe => ({ ...ntp, ports })
const clock = 'version=4, stratum=2, leap=0, precision=0, rootdelay=0.000, rootdisp=0.000, refid=0.0.0.0'
const variables = 'version="ntpd 4.2.6p5@1.2349-o", processor="x86_64", system="Linux/3.2", leap=0, stratum=2'

/** Answers as ntpd does that anyone may query. */
const ntpd = (asked: Buffer): readonly Buffer[] => {
  const mode = modeOf(asked)
  return mode === 3 ? [time(asked)] : mode === 6 ? controlled(asked, variables) : listed(asked, 10)
}

describe('a target is checked after its probe, and told once with what was found', () => {
  test('one that answers all', async () => {
    const modes: number[] = []
    const port = await answering('127.0.1.1', 0, (asked) => {
      modes.push(modeOf(asked))
      return ntpd(asked)
    })
    const { asked, scanned } = await run('127.0.1.1', [on(port)], { checks })
    const size = Buffer.concat(controlled(Buffer.alloc(12), variables)).length
    expect(asked.map(({ status, finding }) => ({ status, finding }))).toEqual([
      {
        status: 'answered',
        finding: {
          module: 'ntp',
          banner: [
            clock,
            'version="ntpd 4.2.6p5@1.2349-o", processor="x86_64", system="Linux/3.2", stratum=2',
            `mode 6 readvar: ${size} bytes in 1 packet for 12 bytes (${(size / 12).toFixed(1)} times)`,
            'mode 7 monlist: 4,400 bytes in 10 packets for 8 bytes (550 times)',
          ].join('\n'),
          tags: ['ntp-control', 'ntp-monlist'],
        },
      },
    ])
    expect(modes).toEqual([3, 6, 7])
    expect(scanned).toMatchObject({ begun: 3, statuses: { answered: 1 } })
  })

  test('one that answers a check alone: it is not checked before it was asked again', async () => {
    const modes: number[] = []
    const port = await answering('127.0.1.1', 0, (asked) => {
      modes.push(modeOf(asked))
      return modeOf(asked) === 7 ? listed(asked, 1) : []
    })
    const { asked } = await run('127.0.1.1', [on(port)], { checks, retries: 1 })
    expect(modes).toEqual([3, 3, 6, 6, 7])
    expect(asked.map(({ status, finding }) => ({ status, finding }))).toEqual([
      {
        status: 'answered',
        finding: {
          module: 'ntp',
          banner: 'mode 7 monlist: 440 bytes in 1 packet for 8 bytes (55 times)',
          tags: ['ntp-monlist'],
        },
      },
    ])
  })

  test('one that answers none, or its probe alone', async () => {
    const port = await answering('127.0.1.1', 0, (asked) => (modeOf(asked) === 3 ? [time(asked)] : []))
    const { asked, told, scanned } = await run('127.0.1.0/31', [on(port)], { checks, retries: 1 })
    expect(told).toEqual([`127.0.1.0 ${port} silent`, `127.0.1.1 ${port} answered`])
    expect(asked.find(({ status }) => status === 'answered')?.finding).toEqual({
      module: 'ntp',
      banner: clock,
    })
    expect(asked.find(({ status }) => status === 'silent')?.finding).toBeUndefined()
    expect(scanned.begun).toBe(2 * 3 + 1 + 2 * 2)
  })

  test('not before all are settled: a scan that ends between them has told nothing of it', async () => {
    const port = await answering('127.0.1.1', 0, ntpd)
    let begun = 0
    const told: unknown[] = []
    const running = run('127.0.1.1', [on(port)], {
      checks,
      guard: () => (++begun < 3 ? undefined : 'the scope is not valid any more'),
      onAsked: (each) => void told.push(each),
    })
    await expect(running).rejects.toThrow('127.0.1.1 must not be asked: the scope is not valid any more')
    expect(told).toEqual([])
  })

  test('only of a probe’s own targets', async () => {
    const port = await answering('127.0.1.1', 0, ntpd)
    await serve('127.0.1.1', port, mail('ESMTP'))
    const tcp = { ...smtp, id: 'ntp', ports: [port], tlsPorts: [] }
    const { scanned } = await run('127.0.1.1', [on(port), tcp], { checks: [openResolver] })
    expect(scanned.begun).toBe(2)
    const { scanned: other } = await run('127.0.1.1', [tcp], { checks, talkMs: 300 })
    expect(other.begun).toBe(1)
    const { scanned: none } = await run('127.0.1.1', [on(port)])
    expect(none.begun).toBe(1)
  })

  test('what this machine could not ask makes a target local, with what is known of it', () => {
    const target = { probe: ntp, port: 123, isTls: false, index: 0, host: 0, address: '127.0.0.1', prefix: 0 }
    const known = { status: 'answered', finding: { module: 'ntp', banner: 'x' } } as const
    const local = { status: 'local' } as const
    expect(checkingAfter({ target, checking: { known, left: checks } }, local, checks)).toEqual({
      known: { status: 'local', finding: known.finding },
      left: [],
    })
    expect(checkingAfter({ target }, local, checks)).toEqual({ known: local, left: [] })
    expect(checkingAfter({ target }, { status: 'unreachable' }, checks).left).toEqual([])
  })
})

describe('replies are counted', () => {
  const measured = async (port: number): Promise<string> => {
    const { asked } = await run('127.0.1.1', [on(port)], { checks: [ntpMonlist] })
    expect(asked).toHaveLength(1)
    return asked[0]?.finding?.banner?.split('\n').at(-1) ?? ''
  }
  const packetsOf = (line: string): number => Number(/ in (\d+) packets? /.exec(line)?.[1])

  test('and of many, the first 8 KiB are kept', () => {
    const all = gather()
    const replies = Array.from({ length: 100 }, (_, index) => Buffer.alloc(440, index))
    for (const reply of replies) all.add(reply)
    const { first, packets, bytes, isCapped } = all.replies
    expect(Buffer.concat(first)).toEqual(Buffer.concat(replies).subarray(0, 8192))
    expect({ packets, bytes, isCapped }).toEqual({ packets: 100, bytes: 44_000, isCapped: false })
  })

  test('a full list is not cut off', async () => {
    const port = await answering('127.0.1.1', 0, (asked) => listed(asked, modeOf(asked) === 7 ? 100 : 0))
    expect(await measured(port)).toBe('mode 7 monlist: 44,000 bytes in 100 packets for 8 bytes (5500 times)')
  })

  test.each([
    { name: 'small ones', size: 440, line: '56,320 bytes in 128 packets for 8 bytes (7040 times, cut off at the cap)' },
    { name: 'large ones', size: 1400, line: '65,800 bytes in 47 packets for 8 bytes (8225 times, cut off at the cap)' },
    {
      name: 'the largest',
      size: 65_507,
      line: '131,014 bytes in 2 packets for 8 bytes (16376.8 times, cut off at the cap)',
    },
  ])('endless ones up to a cap: $name', async ({ size, line }) => {
    let flooding = true
    closed({ close: () => (flooding = false) })
    const socket = createSocket('udp4')
    closed(socket)
    socket.on('message', (bytes, { port, address }) => {
      if (modeOf(bytes) !== 7) return
      const [first = Buffer.alloc(0)] = listed(bytes, 2)
      const packet = Buffer.concat([first, Buffer.alloc(Math.max(0, size - first.length))])
      let left = 1000
      const more = (): void => {
        if (flooding && left-- > 0) socket.send(packet, port, address, more)
      }
      more()
    })
    await new Promise<void>((resolve) => void socket.bind(0, '127.0.1.1', resolve))
    expect(await measured(socket.address().port)).toBe(`mode 7 monlist: ${line}`)
  })

  test('slow ones for a moment after the first, and not as long as they come', async () => {
    const socket = createSocket('udp4')
    closed(socket)
    socket.on('message', (bytes, { port, address }) => {
      if (modeOf(bytes) !== 7) return
      const [first = Buffer.alloc(0)] = listed(bytes, 2)
      const timer = setInterval(() => socket.send(first, port, address), 100)
      closed({ close: () => clearInterval(timer) })
    })
    await new Promise<void>((resolve) => void socket.bind(0, '127.0.1.1', resolve))
    const packets = packetsOf(await measured(socket.address().port))
    // Longer than an answer is waited for (300 ms), shorter than they come: one in a turn of the loop, of which each counts for 40 ms.
    expect(packets).toBeGreaterThan(4)
    expect(packets).toBeLessThan(50)
  })

  test('when they belong to the request: others are not heard', async () => {
    const neighbour = createSocket('udp4').bind(0, '127.0.1.2')
    const otherPort = createSocket('udp4').bind(0, '127.0.1.1')
    closed(neighbour)
    closed(otherPort)
    let clientPort = 0
    const socket = createSocket('udp4')
    closed(socket)
    socket.on('message', (bytes, { port, address }) => {
      const send = (replies: readonly Buffer[], to = port): void => {
        for (const each of replies) socket.send(each, to, address)
      }
      if (modeOf(bytes) === 3) {
        clientPort = port
        send([time(bytes)])
        return
      }
      const right = modeOf(bytes) === 6 ? controlled(bytes, variables) : listed(bytes, 3)
      // Who was not asked, at its address or at its port; and what was not asked.
      for (const each of right) {
        neighbour.send(each, port, address)
        otherPort.send(each, port, address)
      }
      send([Buffer.alloc(0), Buffer.alloc(12), Buffer.alloc(65_000), bytes])
      send(modeOf(bytes) === 6 ? listed(Buffer.from('1700032a00000000', 'hex'), 2) : controlled(bytes, variables))
      if (modeOf(bytes) === 6) {
        const other = Buffer.from(bytes)
        other.writeUInt16BE((other.readUInt16BE(2) + 1) & 0xffff, 2)
        send(controlled(other, variables))
      }
      // To where something else was asked from.
      send(right, clientPort)
    })
    await new Promise<void>((resolve) => void socket.bind(0, '127.0.1.1', resolve))
    const { asked } = await run('127.0.1.1', [on(socket.address().port)], { checks })
    expect(asked.map(({ finding }) => finding)).toEqual([{ module: 'ntp', banner: clock }])
  })
})

describe('limits hold for checks, too', () => {
  test('a host is asked one thing at a time', async () => {
    let open = 0
    let most = 0
    const ports: number[] = []
    for (let n = 0; n < 2; n++) {
      const socket = createSocket('udp4')
      closed(socket)
      socket.on('message', (bytes, { port, address }) => {
        most = Math.max(most, ++open)
        setTimeout(() => {
          open--
          for (const each of ntpd(bytes)) socket.send(each, port, address)
        }, 50)
      })
      await new Promise<void>((resolve) => void socket.bind(0, '127.0.1.1', resolve))
      ports.push(socket.address().port)
    }
    const { asked, scanned } = await run('127.0.1.1', [on(...ports)], { checks })
    expect(asked.map(({ finding }) => finding?.tags)).toEqual(ports.map(() => ['ntp-control', 'ntp-monlist']))
    expect(scanned.begun).toBe(6)
    expect(most).toBe(1)
  })

  test.each([
    { name: 'in all', perSecond: 16, perPrefix: 10_000 },
    { name: 'to a prefix', perSecond: 10_000, perPrefix: 16 },
  ])('no more datagrams in a second than allowed, $name', async ({ perSecond, perPrefix }) => {
    const begun: number[] = []
    const { scanned } = await run('127.0.1.0/29', [on(9)], {
      checks,
      retries: 1,
      perSecond,
      perPrefix,
      guard: () => {
        begun.push(performance.now())
        return undefined
      },
    })
    expect(scanned).toMatchObject({ begun: 48, statuses: { silent: 8 } })
    expect(begun).toHaveLength(48)
    const spans = begun.slice(16).map((at, index) => at - (begun[index] ?? 0))
    // A second, less what may pass between the count and the guard.
    expect(Math.min(...spans)).toBeGreaterThan(900)
  })
})
