import fc from 'fast-check'
import { writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readScope } from '../../src/config/scope.ts'
import { addressSet, parseRange } from '../../src/model/address-set.ts'
import { flagNames } from '../../src/model/flags.ts'
import { probeStatusNames, type Finding, type Probe, type ProbeStatus } from '../../src/model/probe.ts'
import { hostMarks } from '../../src/pipeline/probe-marks.ts'
import { probe } from '../../src/pipeline/probe.ts'
import { makeReport } from '../../src/pipeline/report.ts'
import { ftp } from '../../src/probes/ftp.ts'
import { http, https } from '../../src/probes/http.ts'
import { cwmp } from '../../src/probes/cwmp.ts'
import { ntp } from '../../src/probes/ntp.ts'
import { pop3 } from '../../src/probes/pop3.ts'
import { smtp } from '../../src/probes/smtp.ts'
import { ssh } from '../../src/probes/ssh.ts'
import { placingLines } from '../../src/reports/summary.ts'
import { doorsOf, planOf } from '../../src/scan/plan.ts'
import type { Kept } from '../../src/store/probe-journal.ts'
import { mail, serve } from '../helpers/peers.ts'
import { censusFacts, censusRows, observationRows, temporaryFolder } from '../helpers/store.ts'

/** Four addresses by these doors: six over TCP of five services, one of them within TLS, and one over UDP. */
const asked: readonly Probe[] = [
  { ...smtp, ports: [25, 587], tlsPorts: [] },
  { ...ssh, ports: [22] },
  { ...http, ports: [80] },
  { ...cwmp, ports: [7547] },
  { ...https, ports: [443], tlsPorts: [443] },
  ntp,
]
const planned = (probes: readonly Probe[]): ReturnType<typeof planOf> => {
  const range = parseRange('192.0.2.0/30')
  if ('fault' in range) throw new Error(range.fault)
  return planOf(addressSet([range]), doorsOf(probes))
}
const plan = planned(asked)

/** What came of a door: a status, or a finding of whoever was asked or of another. */
type Came = ProbeStatus | Finding | { readonly heard: string }
const keptOf = (index: number, came: Came): Kept => {
  const common = { index, at: 0 }
  if (typeof came === 'string') return { ...common, status: came }
  if ('heard' in came) return { ...common, status: 'garbled', heard: came.heard }
  return { ...common, status: came.module === plan.at(index).probe.id ? 'answered' : 'foreign', finding: came }
}
/** The marks of the first address, of which these came by its doors. */
const marksOf = (came: readonly Came[], of = plan): readonly string[] => {
  const marks = hostMarks(of)
  for (const [index, each] of came.entries()) marks.tell(keptOf(index, each))
  return marks.of(0)
}

const shell: Finding = { module: 'ssh', banner: 'SSH-2.0-x' }
const page: Finding = { module: 'http', banner: 'HTTP/1.1 200 OK' }
const letter: Finding = { module: 'smtp', banner: '220 mx' }
const noise = { heard: 'go away\r\n' }
const time: Finding = { module: 'ntp' }

describe('a middlebox', () => {
  test.each<[string, readonly Came[]]>([
    ['one protocol on every port', [shell, shell, shell, shell, shell, 'dropped', 'silent']],
    ['the same words of no protocol', [noise, noise, noise, noise, noise, 'dropped', 'silent']],
    ['the same words, and another end', Array.from({ length: 6 }, (_, at) => ({ heard: `${'x'.repeat(32)}${at}` }))],
    ['nothing', ['mute', 'dropped', 'mute', 'mute', 'mute', 'mute', 'silent']],
    ['nothing over TCP, and time over UDP', ['mute', 'mute', 'mute', 'mute', 'mute', 'mute', time]],
    ['nothing where it could be asked', ['mute', 'mute', 'mute', 'mute', 'mute', 'local', 'local']],
    ['web, asked for CWMP too', [page, page, page, page, { module: 'cwmp', banner: 'HTTP/1.1 404' }, 'mute', 'silent']],
  ])('says %s', (_, came) => {
    expect(marksOf(came)).toEqual(['middlebox'])
  })

  test.each<[string, readonly Came[]]>([
    ['that answers each port in its own protocol', [letter, letter, shell, page, page, page, time]],
    ['with one other protocol', [shell, shell, shell, shell, letter, 'dropped', 'silent']],
    ['with other words of no protocol', [noise, noise, noise, noise, { heard: 'go on' }, 'dropped', 'silent']],
    ['with words of none and a protocol', [noise, noise, noise, noise, shell, 'dropped', 'silent']],
    ['that could be asked too little', ['mute', 'mute', 'mute', 'mute', 'local', 'mute', 'silent']],
    ['that is there over UDP alone', ['silent', 'silent', 'silent', 'silent', 'silent', 'silent', time]],
    ['that is not there', ['silent', 'silent', 'silent', 'silent', 'silent', 'silent', 'silent']],
    ['that no door was asked of', ['local', 'local', 'local', 'local', 'local', 'local', 'local']],
    // One that takes all connections for one server behind it.
    ['of which one port alone speaks', ['mute', 'mute', 'mute', page, 'mute', 'mute', 'silent']],
  ])('is not a host %s', (_, came) => {
    expect(marksOf(came)).toEqual([])
  })

  test('a server that waits to be spoken to is silent to who waits for it', () => {
    const many = planned([
      { ...ftp, ports: [21] },
      { ...cwmp, ports: [7547] },
      { ...http, ports: [80, 81, 82, 83] },
    ])
    // Five doors of three services say the same; of two services they do not suffice, whenever they are heard of.
    expect(marksOf(['mute', page, page, page, page, page], many)).toEqual([])
    expect(marksOf([page, page, page, page, page, 'mute'], many)).toEqual(['middlebox'])
    expect(marksOf([page, page, page, page, 'mute', 'mute'], many)).toEqual([])
  })

  test('says one thing everywhere: five doors of three services that agree do not make up for one that does not', () => {
    const many = planned([
      { ...smtp, ports: [25, 26, 27], tlsPorts: [] },
      { ...ssh, ports: [22] },
      { ...ftp, ports: [21] },
      { ...pop3, ports: [110], tlsPorts: [] },
    ])
    expect(marksOf([noise, noise, noise, noise, noise, 'mute'], many)).toEqual(['middlebox'])
    expect(marksOf([noise, noise, noise, noise, noise, shell], many)).toEqual([])
    expect(marksOf([shell, noise, noise, noise, noise, noise], many)).toEqual([])
    // Those that said nothing do not make up for those that are too few.
    expect(marksOf(['mute', 'mute', 'mute', noise, noise, noise], many)).toEqual([])
  })

  test('is told from five doors on', () => {
    const ports = [1, 2, 3, 4, 5].map(
      (port) =>
        [
          { ...smtp, ports: [port] },
          { ...ssh, ports: [port + 10] },
        ] as const,
    )
    const doors = (count: number): readonly Probe[] =>
      [...ports.flat(), { ...pop3, ports: [110], tlsPorts: [] }].slice(-count)
    const verdict = (count: number): readonly string[] =>
      marksOf(Array<Came>(count).fill('mute'), planned(doors(count)))
    expect([3, 4, 5, 6].map((count) => verdict(count))).toEqual([[], [], ['middlebox'], ['middlebox']])
  })

  test('is told from three services on: neither a mail server nor a web server is one', () => {
    const many = [21, 22, 23, 24, 26, 27]
    const of = (...probes: readonly Probe[]): readonly string[] => {
      const every = planned(probes)
      return marksOf(Array<Came>(every.doors.length).fill('mute'), every)
    }
    expect(of({ ...smtp, ports: [25, 587, 2525, 26, 465], tlsPorts: [] })).toEqual([])
    expect(of(http)).toEqual([])
    expect(of({ ...smtp, ports: many }, { ...ssh, ports: [1] })).toEqual([])
    expect(of({ ...smtp, ports: many }, { ...ssh, ports: [1] }, { ...ftp, ports: [2] })).toEqual(['middlebox'])
  })

  const came = fc.oneof(
    fc.constantFrom(...probeStatusNames).map((status): Came => status),
    fc.constantFrom<Came>(shell, page, letter, noise, { heard: '' }),
  )
  const scan = fc.array(came, { minLength: plan.size, maxLength: plan.size })

  test('is one in whatever order its ports were asked', () => {
    // Most hosts of chance are none: half of what is drawn are alike.
    const alike = fc
      .tuple(fc.constantFrom<Came>('mute', shell, noise), scan, fc.integer({ min: 0, max: 4 }))
      .map(([same, other, changed]) => other.map((each, index) => (index % 7 < changed ? each : same)))
    let found = 0
    fc.assert(
      fc.property(fc.oneof(scan, alike), fc.infiniteStream(fc.nat()), (all, keys) => {
        const kept = all.map((each, index) => keptOf(index, each))
        const shuffled = kept.map((each) => [keys.next().value, each] as const).toSorted(([a], [b]) => a - b)
        const [inOrder, inAny] = [hostMarks(plan), hostMarks(plan)]
        for (const each of kept) inOrder.tell(each)
        for (const [, each] of shuffled) inAny.tell(each)
        for (let host = 0; host < 4; host++) {
          expect(inAny.of(host)).toEqual(inOrder.of(host))
          found += inOrder.of(host).length
        }
      }),
    )
    expect(found).toBeGreaterThan(20)
  })

  test('is none that closes one port', () => {
    const closed = fc.constantFrom<Came>('refused', 'silent', 'unreachable')
    fc.assert(
      fc.property(
        fc.constantFrom<Came>('mute', shell, noise),
        fc.integer({ min: 0, max: 5 }),
        closed,
        (all, at, no) => {
          const doors = Array<Came>(7).fill(all)
          expect(marksOf(doors)).toEqual(['middlebox'])
          expect(marksOf(doors.with(at, no))).toEqual([])
          // A neighbour's does not count.
          const marks = hostMarks(plan)
          for (const [index, each] of [...doors, ...doors.with(at, no)].entries()) marks.tell(keptOf(index, each))
          expect([0, 1, 2].map((host) => marks.of(host))).toEqual([['middlebox'], [], []])
        },
      ),
    )
  })
})

test('a honeypot is one by any of its ports', () => {
  const banner =
    'device::http://ro.product.name =starltexx;ro.product.model=SM-G960F;ro.product.device=starlte;features=cmd'
  expect(marksOf([letter, 'refused', { module: 'adb', banner }])).toEqual(['honeypot'])
  expect(marksOf([letter, 'refused', { module: 'adb', banner: 'device::ro.product.name=starltexx;' }])).toEqual([])
})

describe('in a snapshot', () => {
  const says =
    (words: string) =>
    (socket: Socket): void =>
      void socket.write(words)
  const page200 = (socket: Socket): void =>
    void socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n'))

  test('who says the same on all ports, and a honeypot, are told, counted, and left out of the total beside', async () => {
    const [box, honest, pot] = ['127.0.6.1', '127.0.6.2', '127.0.6.3']
    const ports: number[] = []
    for (let nth = 0; nth < 6; nth++) ports.push(await serve(box, 0, says('SSH-2.0-OpenSSH_9.2p1\r\n')))
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = ports
    for (const port of [a, b]) await serve(honest, port, mail('ESMTP Exim 4.96'))
    await serve(honest, c, says('SSH-2.0-OpenSSH_9.2p1\r\n'))
    for (const port of [d, e]) await serve(honest, port, page200)
    await serve(honest, f, mail('FTP ready'))
    // The list of algorithms that Cowrie sends: Ed25519 among its keys.
    const lists = ['curve25519-sha256', 'ssh-rsa,ecdsa-sha2-nistp256,ssh-ed25519'].map((list) =>
      Buffer.concat([Buffer.of(0, 0, 0, list.length), Buffer.from(list)]),
    )
    const payload = Buffer.concat([Buffer.of(4, 20), Buffer.alloc(16), ...lists, Buffer.alloc(40)])
    await serve(pot, c, (socket) => {
      socket.write('SSH-2.0-OpenSSH_6.0p1 Debian-4+deb7u2\r\n')
      socket.write(Buffer.concat([Buffer.of(0, 0, 0, payload.length), payload]))
    })
    const folder = await temporaryFolder()
    const path = join(folder, 'scope.yaml')
    await writeFile(
      path,
      'owner: Example\ncontact: noc@example.net\nauthorisation: none\nvalid: {from: 2000-01-01, to: 2099-12-31}\nvantage: inside\n' +
        'coverage: partial\naddresses: 4\nranges: [{range: 127.0.6.0/30, region: JP-13}]\nrate: {per_second: 1000, per_prefix: 1000}\n',
    )
    const store = join(folder, 'store')
    const snapshot = await probe({
      store,
      scope: await readScope(path, Date.now()),
      id: 'one',
      mostInFlight: 50,
      connectMs: 300,
      talkMs: 400,
      retries: 0,
      doors: [`tcp/${a} smtp`, `tcp/${b} smtp`, `tcp/${c} ssh`, `tcp/${d} http`, `tcp/${e} http`, `tcp/${f} ftp`],
    })
    const rows = (await observationRows(snapshot)).filter((row) => row['outcome'] === 'answered')
    const tagsOf = (address: string): unknown =>
      new Set(rows.filter((row) => String(row['address']).endsWith(address)).map((row) => row['tags'] as string | null))
    expect(tagsOf('7f000601')).toEqual(new Set(['middlebox']))
    expect(tagsOf('7f000603')).toEqual(new Set(['honeypot']))
    for (const tags of tagsOf('7f000602') as Set<string | null>) expect(tags ?? '').not.toMatch(/middlebox|honeypot/)
    const { withoutSuspects, shown } = await makeReport({ store, out: join(folder, 'report'), per: 100_000 })
    expect(placingLines(await censusFacts(snapshot)).at(-1)).toBe(
      '2 addresses are suspect (over 100 ports, or tagged honeypot or middlebox)',
    )
    const total = shown.flatMap((each) => each.rows).find((row) => row.region === 'JP' && row.service === 'all')
    expect([total?.count, withoutSuspects.get('JP\0all')]).toEqual([3, 1])
    const marked = (await censusRows(snapshot)).map((row) => flagNames(Number(row['flags'])).includes('suspect'))
    // All six ports of the one and the port of the other; nothing of what the honest host shows.
    expect([marked.filter(Boolean).length, marked.length]).toEqual([7, 13])
  })
})
