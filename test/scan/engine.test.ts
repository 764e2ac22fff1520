import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { ProbeContext, TcpProbe } from '../../src/model/probe.ts'
import { ntp } from '../../src/probes/ntp.ts'
import { smtp } from '../../src/probes/smtp.ts'
import { ssh } from '../../src/probes/ssh.ts'
import { builtCli } from '../helpers/build.ts'
import { answering, mail as mailServer, serve, time } from '../helpers/peers.ts'
import { run } from '../helpers/scanned.ts'
import { controlled, listed, modeOf } from '../helpers/time-server.ts'

/** A file of the program as it is built. */
const built = (file: string): string => pathToFileURL(join(dirname(builtCli), file)).href

const mail = mailServer('ESMTP Postfix')

const on = (port: number): TcpProbe => ({ ...smtp, ports: [port], tlsPorts: [] })

describe('each target is told once, as what became of it', () => {
  test('of a peer that speaks, refuses, is silent, hangs up, or says what nobody knows', async () => {
    const port = await serve('127.0.1.1', 0, mail)
    await serve('127.0.1.2', port, () => undefined)
    await serve('127.0.1.3', port, (socket) => socket.end())
    await serve('127.0.1.4', port, (socket) => socket.write('hello, whoever you are\r\n'))
    await serve('127.0.1.5', port, (socket) => socket.resetAndDestroy())
    const { told, asked, scanned } = await run('127.0.1.0/29', [on(port)])
    expect(told).toEqual([
      `127.0.1.0 ${port} refused`,
      `127.0.1.1 ${port} answered`,
      `127.0.1.2 ${port} mute`,
      `127.0.1.3 ${port} dropped`,
      `127.0.1.4 ${port} garbled`,
      `127.0.1.5 ${port} dropped`,
      `127.0.1.6 ${port} refused`,
      `127.0.1.7 ${port} refused`,
    ])
    expect(asked.find(({ status }) => status === 'answered')?.finding).toMatchObject({ module: 'smtp' })
    expect(asked.find(({ status }) => status === 'garbled')?.heard?.toString()).toBe('hello, whoever you are\r\n')
    expect(scanned).toMatchObject({ begun: 8, statuses: { answered: 1, refused: 3, mute: 1, dropped: 2, garbled: 1 } })
  })

  test('by a conversation that knows both ends, and what relays are checked for with', async () => {
    const told: ProbeContext[] = []
    const telling: TcpProbe = {
      ...smtp,
      talk: (context) => {
        told.push(context)
        return smtp.talk(context)
      },
    }
    const port = await serve('127.0.1.1', 0, mail)
    const relay = { domain: 'relay.example.net', isInside: () => true }
    await run('127.0.1.1', [{ ...telling, ports: [port], tlsPorts: [] }], { relay })
    await run('127.0.1.1', [{ ...telling, ports: [port], tlsPorts: [] }])
    const context = { address: '127.0.1.1', port, contact: 'noc@example.net', from: '127.0.0.1', tls: undefined }
    expect(told).toStrictEqual([{ ...context, relay }, context])
  })

  describe('at a door of TLS', () => {
    const secret = (port: number): TcpProbe => ({ ...smtp, ports: [port], tlsPorts: [port] })

    test('that speaks without: it is asked once more without', async () => {
      let connections = 0
      const port = await serve('127.0.1.1', 0, (socket) => {
        connections++
        mail(socket)
      })
      const { told, asked } = await run('127.0.1.1', [secret(port)])
      expect(told).toEqual([`127.0.1.1 ${port} foreign`])
      expect(asked[0]?.finding).toMatchObject({ module: 'smtp' })
      expect(connections).toBe(2)
    })

    test('that speaks another protocol, without: it is asked as what it is, and no more', async () => {
      let connections = 0
      const port = await serve('127.0.1.1', 0, (socket) => {
        connections++
        socket.write('SSH-2.0-OpenSSH_9.2p1\r\n')
      })
      const { told, asked } = await run('127.0.1.1', [secret(port)], { recognisers: [smtp, ssh] })
      expect(told).toEqual([`127.0.1.1 ${port} foreign`])
      expect(asked[0]?.finding).toMatchObject({ module: 'ssh' })
      expect(connections).toBe(3)
    })

    test.each([
      ['220 ready\r\n', 'dropped'],
      ['SSH-2.0-OpenSSH_9.2p1\r\n', 'garbled'],
    ])('that said %j and then accepts no connection any more is told as what it was', async (words, expected) => {
      let connections = 0
      const most = expected === 'dropped' ? 1 : 2
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        if (++connections === most) server.close()
        socket.end(words)
      })
      server.listen(0, '127.0.1.9')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const { told, scanned } = await run('127.0.1.9', [secret(port)], { recognisers: [smtp, ssh] })
      expect(told).toEqual([`127.0.1.9 ${port} ${expected}`])
      expect(scanned.begun).toBe(most + 1)
    })

    test('that says what nobody knows, with or without', async () => {
      const port = await serve('127.0.1.1', 0, (socket) => socket.write('hello, whoever you are\r\n'))
      const { told, scanned } = await run('127.0.1.1', [secret(port)])
      expect(told).toEqual([`127.0.1.1 ${port} garbled`])
      expect(scanned.begun).toBe(2)
    })

    test('that says nothing to a hello, or none of TLS that is spoken here: that is told, and nothing more is asked', async () => {
      const port = await serve('127.0.1.1', 0, (socket) => socket.once('data', () => socket.end()))
      await serve('127.0.1.2', port, (socket) =>
        socket.once('data', () => socket.write(Buffer.from('15030100020246', 'hex'))),
      )
      const { told, asked, scanned } = await run('127.0.1.0/30', [secret(port)])
      expect(told).toEqual([
        `127.0.1.0 ${port} refused`,
        `127.0.1.1 ${port} dropped`,
        `127.0.1.2 ${port} garbled`,
        `127.0.1.3 ${port} refused`,
      ])
      expect(String(asked.find(({ status }) => status === 'garbled')?.heard)).toMatch(/^TLS: .*protocol version$/)
      expect(scanned.begun).toBe(4)
    })
  })

  test('of another protocol: it is asked once more as what it is', async () => {
    let connections = 0
    const other: TcpProbe = {
      ...smtp,
      id: 'pop3',
      recognises: (first) => first.toString().startsWith('+OK'),
      talk: function* () {
        const heard = yield { kind: 'hear' }
        return heard.kind === 'bytes' ? { module: 'pop3', banner: heard.bytes.toString() } : undefined
      },
    }
    const port = await serve('127.0.1.1', 0, (socket) => {
      connections++
      socket.write('+OK ready\r\n')
    })
    const { told, asked } = await run('127.0.1.1', [on(port)], { recognisers: [smtp, other] })
    expect(told).toEqual([`127.0.1.1 ${port} foreign`])
    expect(asked[0]?.finding).toEqual({ module: 'pop3', banner: '+OK ready\r\n' })
    expect(connections).toBe(2)
  })

  test('what was done before is not asked', async () => {
    let connections = 0
    const port = await serve('127.0.1.1', 0, (socket) => {
      connections++
      mail(socket)
    })
    const { told } = await run('127.0.1.0/30', [on(port)], { isDone: (index) => index === 1, doneBefore: 1 })
    expect(told.map((each) => each.split(' ')[0])).toEqual(['127.0.1.0', '127.0.1.2', '127.0.1.3'])
    expect(connections).toBe(0)
  })
})

test('a host is asked one thing at a time', async () => {
  let open = 0
  let most = 0
  const ports: number[] = []
  for (let n = 0; n < 8; n++)
    ports.push(
      await serve('127.0.1.1', 0, (socket) => {
        open++
        most = Math.max(most, open)
        // Long enough that others would come meanwhile.
        setTimeout(() => mail(socket), 30)
        socket.on('close', () => open--)
      }),
    )
  const { scanned } = await run('127.0.1.1', [{ ...smtp, ports, tlsPorts: [] }], { talkMs: 5000 })
  expect(scanned.statuses).toEqual({ answered: 8 })
  // The peer hears of the end of a connection a moment after it.
  expect(most).toBeLessThanOrEqual(2)
})

describe('by datagrams', () => {
  test('a reply counts when it is to this very question: others are not heard', async () => {
    const port = await answering('127.0.1.1', 0, (asked) => [time(asked)])
    await answering('127.0.1.2', port, (asked) => [time(Buffer.concat([asked.subarray(0, 40), Buffer.alloc(8, 1)]))])
    await answering('127.0.1.3', port, () => [Buffer.alloc(0), Buffer.alloc(48), Buffer.from('x')])
    await answering('127.0.1.4', port, (asked) => [asked])
    // Answers for its neighbour, from its own address.
    await answering('127.0.1.5', port, (asked) => [Buffer.alloc(48, 9), time(asked), time(asked)])
    const { told, scanned } = await run('127.0.1.0/29', [{ ...ntp, ports: [port] }])
    expect(told.filter((each) => each.endsWith('answered'))).toEqual([
      `127.0.1.1 ${port} answered`,
      `127.0.1.5 ${port} answered`,
    ])
    expect(scanned.statuses).toEqual({ answered: 2, silent: 6 })
  })

  test('one that was lost is asked again, after all others', async () => {
    const seen = new Map<string, number>()
    const port = await answering('127.0.1.1', 0, (asked) => {
      seen.set('one', (seen.get('one') ?? 0) + 1)
      return seen.get('one') === 1 ? [] : [time(asked)]
    })
    await answering('127.0.1.2', port, (asked) => [time(asked)])
    const { asked, scanned } = await run('127.0.1.0/30', [{ ...ntp, ports: [port] }], { retries: 1 })
    expect(asked.map(({ target, status }) => `${target.address} ${status}`).toSorted()).toEqual([
      '127.0.1.0 silent',
      '127.0.1.1 answered',
      '127.0.1.2 answered',
      '127.0.1.3 silent',
    ])
    expect(asked[0]?.target.address).toBe('127.0.1.2')
    expect(scanned.begun).toBe(7)
  })
})

test('when all is done, the process has nothing left to do', async () => {
  // One that is sent more to than it hears, and others that are silent.
  const port = await answering('127.0.1.1', 0, (asked) =>
    modeOf(asked) === 3 ? [time(asked)] : modeOf(asked) === 6 ? controlled(asked, 'version="x"') : listed(asked, 200),
  )
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { scan } from ${JSON.stringify(built('scan/engine.js'))}
       import { doorsOf, planOf } from ${JSON.stringify(built('scan/plan.js'))}
       import { addressSet, parseRange } from ${JSON.stringify(built('model/address-set.js'))}
       import { ntp } from ${JSON.stringify(built('probes/ntp.js'))}
       import { smtp } from ${JSON.stringify(built('probes/smtp.js'))}
       import { udpChecks } from ${JSON.stringify(built('probes/checks/index.js'))}
       const doors = doorsOf([{ ...smtp, ports: [9], tlsPorts: [] }, { ...ntp, ports: [${port}] }])
       const plan = planOf(addressSet([parseRange('127.0.1.0/28')]), doors)
       const tags = []
       await scan({ plan, guard: () => undefined, contact: 'x', order: (n) => n, isDone: () => false, doneBefore: 0, recognisers: [],
         checks: udpChecks, perSecond: 1000, perPrefix: 1000, mostInFlight: 4, connectMs: 200, talkMs: 200, retries: 1,
         onAsked: ({ finding }) => void tags.push(...(finding?.tags ?? [])) })
       process.stdout.write(tags.join(' '))`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: 20_000 },
  )
  let said = ''
  child.stdout.on('data', (bytes) => (said += String(bytes)))
  const [code] = (await once(child, 'close')) as [number | null]
  expect({ code, said }).toEqual({ code: 0, said: 'ntp-control ntp-monlist' })
}, 30_000)

describe('trouble', () => {
  test('on this side is not the other’s: what could not be asked is asked later, and never told as closed', async () => {
    const port = await serve('127.0.1.1', 0, mail)
    // Nothing can be sent to the broadcast address of loopback without asking for it: EACCES, as of a firewall's rule.
    const { told } = await run('127.255.255.254/31', [on(port)], { talkMs: 300 })
    expect(told).toEqual([`127.255.255.254 ${port} refused`, `127.255.255.255 ${port} local`])
  }, 60_000)

  test('what is out of scope ends the scan before anything is sent', async () => {
    await expect(run('192.0.2.1', [on(25)])).rejects.toThrow('192.0.2.1 must not be asked: it is not loopback')
    await expect(run('192.0.2.1', [ntp])).rejects.toThrow('must not be asked')
  })

  test('a disk that is full ends the scan, and connections with it', async () => {
    const port = await serve('127.0.1.1', 0, mail)
    await serve('127.0.1.2', port, () => undefined)
    const full = (): Promise<void> => Promise.reject(new Error('the disk is full'))
    await expect(run('127.0.1.0/29', [on(port)], { onAsked: full, talkMs: 60_000 })).rejects.toThrow('the disk is full')
  })

  test('while the disk is waited for, nothing new is asked', async () => {
    const port = await serve('127.0.1.1', 0, mail)
    let free: () => void = () => undefined
    let asked = 0
    const running = run('127.0.1.0/28', [on(port)], {
      mostInFlight: 1,
      onAsked: () => {
        asked++
        return new Promise((resolve) => {
          free = resolve
        })
      },
    })
    for (let n = 1; n <= 16; n++) {
      while (asked < n) await new Promise((resolve) => setTimeout(resolve, 5))
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(asked).toBe(n)
      free()
    }
    await running
  })

  test('a peer that was connected while this process was busy is heard before its time is up', async () => {
    const port = await serve('127.0.1.0', 0, mail)
    await serve('127.0.1.1', port, mail)
    const { told } = await run('127.0.1.0/31', [on(port)], {
      connectMs: 200,
      // The second is looked for when the first is begun, and for longer than that has.
      order: (place) => {
        const until = Date.now() + (place === 1 ? 600 : 0)
        while (Date.now() < until);
        return place
      },
    })
    expect(told.toSorted()).toEqual([`127.0.1.0 ${port} answered`, `127.0.1.1 ${port} answered`])
  })

  test('a process that is busy elsewhere times nothing out', async () => {
    const port = await serve('127.0.1.1', 0, (socket) => void setTimeout(() => mail(socket), 100))
    let busied = false
    const { told, scanned } = await run('127.0.1.1', [on(port)], {
      connectMs: 200,
      talkMs: 200,
      onProgress: () => {
        if (busied) return
        busied = true
        const until = Date.now() + 1000
        while (Date.now() < until);
      },
    })
    expect(told).toEqual([`127.0.1.1 ${port} answered`])
    expect(scanned.lagMs).toBeGreaterThan(500)
  })
})
