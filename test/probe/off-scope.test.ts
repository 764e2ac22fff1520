import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { probesOf } from '../../src/pipeline/probe-plan.ts'
import type { PlannedProbe } from '../../src/reports/probe-text.ts'
import { doorsOf } from '../../src/scan/plan.ts'
import type { RecordsManifest } from '../../src/store/manifest.ts'
import { withFolder } from '../helpers/census.ts'
import { ended, type Ran } from '../helpers/cli.ts'
import { Namespace, whyNoNamespace } from '../helpers/namespace.ts'
import { repository } from '../helpers/source-graph.ts'

/*
 * Counted by the kernel, outside of the process that is not to be believed: packets to anybody whom the scope does not let
 * be asked. Everything happens in a network namespace; see test/probe/servers.ts for who is in it.
 */
const why = whyNoNamespace()
if (why !== undefined) console.warn(`test/probe/off-scope.test.ts is skipped: ${why}`)

/** Fewer than there are, where a run need not be long. */
const few = ['--services', 'smtp,ntp']
const fewDoors = 5
const last = (prefix: string, from: number, to: number, radix = 10): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${(from + index).toString(radix)}`)

/** Whom the scope lets be asked, listed by hand; as nft spells them. */
const targets = [
  ...last('192.0.2.', 0, 4),
  ...last('192.0.2.', 6, 31),
  ...last('192.0.2.', 40, 63),
  ...last('198.51.100.', 0, 2),
  ...last('198.51.100.', 4, 15),
  '2001:db8::',
  ...last('2001:db8::', 1, 3, 16),
  ...last('2001:db8::', 5, 15, 16),
].toSorted()

interface ScopeText {
  readonly from?: string
  readonly to?: string
  readonly ranges?: string
  readonly addresses?: number
  readonly exclude?: string
  readonly perSecond?: number
}

const today = new Date().toISOString().slice(0, 10)

const scopeText = ({
  from = today,
  to = '2999-12-31',
  ranges = '[192.0.2.0/26, 198.51.100.0/28, "2001:db8::/124"]',
  addresses = 96,
  exclude = '[192.0.2.5, 192.0.2.32/29, "2001:db8::4"]',
  perSecond = 5000,
}: ScopeText = {}): string => `owner: Example City
contact: noc@example.net
authorisation: it is a test
valid: { from: ${from}, to: ${to} }
addresses: ${addresses}
coverage: partial
vantage: outside
ranges: ${ranges}
exclude: ${exclude}
opt_outs: [198.51.100.3, 203.0.113.0/24]
rate: { per_second: ${perSecond}, per_prefix: ${perSecond} }
`

/** Names and proxies that must not be used, and would be counted if they were. */
const lures = Object.fromEntries(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [
    [name, 'http://203.0.113.80:3128'],
    [name.toLowerCase(), 'http://203.0.113.80:3128'],
  ]),
)

describe.skipIf(why !== undefined)('packets off scope', () => {
  let namespace: Namespace
  let servers: ChildProcess

  beforeAll(async () => {
    namespace = await Namespace.open()
    servers = namespace.start([process.execPath, '--import', 'tsx', 'test/probe/servers.ts'], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(servers.stdout ?? servers, 'data')
  })
  afterAll(async () => {
    servers.kill()
    await namespace.close()
  })

  interface Place {
    readonly scope: string
    readonly store: string
    readonly start: (...more: string[]) => ChildProcess
    readonly probe: (...more: string[]) => Promise<Ran>
  }
  /** A folder with a scope, and what is sent from there. */
  const withScope = <T>(text: string, work: (place: Place) => Promise<T>): Promise<T> =>
    withFolder(async (folder) => {
      const [scope, store] = [join(folder, 'scope.yaml'), join(folder, 'store')]
      await writeFile(scope, text)
      const start = (...more: string[]): ChildProcess =>
        namespace.census(
          ['probe', '--scope', scope, '--store', store, '--timeout', '400', '--json', '--id', 'a', ...more],
          { ...lures, NODE_USE_ENV_PROXY: '1' },
        )
      return work({ scope, store, start, probe: (...more) => ended(start(...more)) })
    })
  /** Ends a probe in its middle, as soon as so many packets are out. */
  const killed = async (child: ChildProcess, packets: number): Promise<void> => {
    const gone = once(child, 'close')
    while (namespace.sent().inside < packets) {
      if (child.exitCode !== null) throw new Error('it ended before it was killed')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    child.kill('SIGKILL')
    await gone
    await namespace.quiet()
  }
  const statusesOf = (stdout: string): Record<string, number> =>
    (JSON.parse(stdout) as RecordsManifest).probe?.statuses ?? {}
  const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0)

  test('are counted: connections, datagrams and questions of names', () => {
    const hello = `
      const [family, address] = process.argv.slice(1)
      require('node:net').connect(25, address).on('error', () => undefined).on('connect', function () { this.destroy() })
      const socket = require('node:dgram').createSocket(family)
      socket.send('?', 123, address, () => socket.close())`
    const send = (family: string, address: string): void =>
      void namespace.run([process.execPath, '-e', hello, family, address])
    for (const [family, address] of [
      ['udp4', '198.18.0.1'],
      ['udp4', '192.0.2.5'],
      ['udp4', '192.0.2.64'],
      ['udp4', '127.0.0.1'],
      ['udp6', '2001:db8::4'],
      ['udp6', '2001:db8::10'],
      ['udp6', '::1'],
    ] as const) {
      namespace.watch(targets)
      send(family, address)
      const { inside, outside, strays } = namespace.sent()
      expect(inside).toBe(0)
      expect(outside).toBeGreaterThan(1)
      expect(strays).toContain(address)
    }
    namespace.watch(targets)
    for (const [family, address] of [
      ['udp4', '192.0.2.4'],
      ['udp6', '2001:db8::5'],
    ] as const)
      send(family, address)
    expect(namespace.sent()).toMatchObject({ outside: 0, asked: ['192.0.2.4', '2001:db8::5'] })
    namespace.run([process.execPath, '-e', `require('node:dns').lookup('mx.example.net', () => undefined)`])
    expect(namespace.sent().outside).toBeGreaterThan(0)
  })

  test('a run asks those in the scope, each and nobody else, wherever they point', () =>
    withScope(scopeText(), async ({ probe }) => {
      namespace.watch(targets)
      const { code, stdout, stderr } = await probe()
      expect([code, stderr]).toEqual([0, ''])
      expect(servers.exitCode).toBeNull()
      const { inside, outside, asked, strays } = namespace.sent()
      expect([outside, strays]).toEqual([0, []])
      expect(asked).toEqual(targets)
      const doors = doorsOf(probesOf(undefined)).length
      expect(inside).toBeGreaterThanOrEqual(targets.length * doors)
      const statuses = statusesOf(stdout)
      expect(sum(statuses)).toBe(targets.length * doors)
      // The honest time server, the mail servers at 192.0.2.2 and those at all addresses of IPv6.
      expect(statuses['answered']).toBeGreaterThanOrEqual(1 + 2 + 15)
    }))

  test('a dry run sends nothing', () =>
    withScope(scopeText(), async ({ probe }) => {
      namespace.watch(targets)
      const { code, stdout } = await probe('--dry-run', ...few)
      expect(code).toBe(0)
      expect((JSON.parse(stdout) as PlannedProbe).targets).toBe(targets.length * fewDoors)
      expect(namespace.sent()).toMatchObject({ inside: 0, outside: 0 })
    }))

  test.each([
    ['an expired scope', scopeText({ from: '2020-01-01', to: '2020-12-31' }), 'not valid any more'],
    ['one that is not valid yet', scopeText({ from: '2999-01-01' }), 'not valid yet'],
    ['a line that is wrong', `${scopeText()}excludes: []\n`, 'no such field'],
    ['another number of addresses', scopeText({ addresses: 97 }), 'which is meant'],
    ['a name', scopeText({ ranges: '[localhost]', addresses: 1 }), 'is no address'],
    ['multicast', scopeText({ ranges: '[224.0.0.1]', addresses: 1 }), 'multicast'],
    ['a private range', scopeText({ ranges: '[10.255.255.0/24]', addresses: 256 }), 'private: true'],
    ['nothing', '', ''],
  ])('%s: exit 2 and not one packet', (_, text, said) =>
    withScope(text, async ({ probe, store }) => {
      namespace.watch([])
      const { code, stdout, stderr } = await probe()
      expect(code).toBe(2)
      expect(stdout).toBe('')
      expect(stderr).toMatch(/^census: [^\n]+\n$/)
      expect(stderr).toContain(said)
      expect(namespace.sent()).toMatchObject({ inside: 0, outside: 0 })
      await expect(readdir(store)).rejects.toMatchObject({ code: 'ENOENT' })
    }),
  )

  test.each([
    ['no scope', []],
    ['a scope that is not there', ['--scope', '/nowhere/scope.yaml']],
    ['a scope of another kind', ['--scope', 'package.json']],
    ['addresses beside it', ['--scope', '/nowhere/scope.yaml', '192.0.2.1']],
  ])('%s: exit 2 and not one packet', async (_, words) => {
    namespace.watch([])
    const { code } = await ended(namespace.census(['probe', ...words], lures))
    expect(code).toBe(2)
    expect(namespace.sent()).toMatchObject({ inside: 0, outside: 0 })
  })

  test('a scope that expires is not asked from then on', () => {
    const to = Math.floor(Date.now() / 1000) * 1000 + 7000
    const text = scopeText({ to: new Date(to).toISOString().replace('.000Z', 'Z'), perSecond: 30 })
    return withScope(text, async ({ start }) => {
      namespace.watch(targets)
      const running = ended(start(...few))
      await new Promise((resolve) => setTimeout(resolve, to + 500 - Date.now()))
      const before = namespace.sent()
      expect(before.inside).toBeGreaterThan(0)
      const { code, stderr } = await running
      expect(code).toBe(2)
      expect(stderr).toContain('not valid')
      await new Promise((resolve) => setTimeout(resolve, 1000))
      expect(namespace.sent()).toEqual(before)
      expect(before.outside).toBe(0)
    })
  })

  test('a run that is killed goes on with those that are left', () =>
    withScope(scopeText({ perSecond: 100 }), async ({ start, probe, scope }) => {
      namespace.watch(targets)
      await killed(start(...few), 200)
      const before = namespace.sent()
      expect(before).toMatchObject({ outside: 0, strays: [] })
      // The rate is part of the scope: what goes on is the same file, and nothing else of it is asked.
      expect(await readFile(scope, 'utf8')).toBe(scopeText({ perSecond: 100 }))
      const { code, stdout } = await probe(...few)
      expect(code).toBe(0)
      const { outside, asked } = namespace.sent()
      expect(outside).toBe(0)
      expect(asked).toEqual(targets)
      expect(sum(statusesOf(stdout))).toBe(targets.length * fewDoors)
    }))

  test('a scope that became smaller meanwhile is the one that counts', () =>
    withScope(scopeText({ perSecond: 100 }), async ({ start, probe, scope }) => {
      namespace.watch(targets)
      await killed(start(...few), 200)
      expect(namespace.sent().outside).toBe(0)
      const fewer = last('192.0.2.', 1, 3)
      await writeFile(scope, scopeText({ ranges: '[192.0.2.0/30]', addresses: 4, exclude: '[192.0.2.0]' }))
      namespace.watch(fewer)
      const { code } = await probe(...few)
      expect(code).toBe(0)
      expect(namespace.sent()).toMatchObject({ outside: 0, asked: fewer, strays: [] })
    }))

  test('a scope that is changed while it is asked changes nothing, and one that is taken away neither', () =>
    withScope(
      scopeText({ ranges: '[192.0.2.0/28]', addresses: 16, exclude: '[192.0.2.5]', perSecond: 40 }),
      async (place) => {
        const asked = [...last('192.0.2.', 0, 4), ...last('192.0.2.', 6, 15)].toSorted()
        namespace.watch(asked)
        const running = place.start(...few)
        const result = ended(running)
        while (namespace.sent().inside < 20) await new Promise((resolve) => setTimeout(resolve, 20))
        await writeFile(place.scope, scopeText())
        while (namespace.sent().inside < 60) await new Promise((resolve) => setTimeout(resolve, 20))
        await writeFile(place.scope, 'ranges: [0.0.0.0/0]\n')
        expect((await result).code).toBe(0)
        expect(namespace.sent()).toMatchObject({ outside: 0, asked, strays: [] })
      },
    ))

  describe('a journal that', () => {
    const journalOf = async (store: string): Promise<string> => {
      const [key = ''] = await readdir(join(store, 'probes'))
      return join(store, 'probes', key, 'part-000000.ndjson')
    }

    const edits: readonly (readonly [string, (text: string) => string])[] = [
      ['is of another scope', (text) => text.replace(/"scope":"\w{8}/, '"scope":"00000000')],
      ['is of other doors', (text) => text.replace('tcp/25 smtp', 'tcp/23 smtp')],
      ['is of more targets', (text) => text.replace(/"targets":\d+/, '"targets":99999')],
      ['is of another seed', (text) => text.replace(/"seed":\d+/, '"seed":1')],
      ['has a target beyond the last', (text) => `${text}{"at":1,"none":{"refused":[999999]},"said":[]}\n`],
      ['has a target below the first', (text) => `${text}{"at":1,"none":{"refused":[-1]},"said":[]}\n`],
      ['has a target that is no number', (text) => `${text}{"at":1,"none":{"refused":["8.8.8.8"]},"said":[]}\n`],
      ['names an address', (text) => `${text}{"at":1,"address":"8.8.8.8","none":{},"said":[]}\n`],
      ['has an empty line', (text) => text.replaceAll('\n', '\n\n')],
      ['has no beginning', (text) => text.slice(text.indexOf('\n') + 1)],
      ['is no journal', () => 'ranges: [0.0.0.0/0]\n'],
    ]

    test('was edited by hand: nothing is sent', () =>
      withScope(scopeText({ perSecond: 100 }), async ({ start, probe, store }) => {
        namespace.watch(targets)
        await killed(start(...few), 150)
        const path = await journalOf(store)
        const text = await readFile(path, 'utf8')
        expect(text.split('\n').length).toBeGreaterThan(2)
        namespace.watch(targets)
        for (const [name, edit] of edits) {
          expect(edit(text), name).not.toBe(text)
          await writeFile(path, edit(text))
          const { code, stderr } = await probe(...few)
          expect([name, code]).toEqual([name, 1])
          expect(stderr).toContain('part-000000.ndjson, line ')
        }
        expect(namespace.sent()).toMatchObject({ inside: 0, outside: 0 })
      }))

    test('ends in the middle of a line goes on, and says too much at most', () =>
      withScope(scopeText({ perSecond: 100 }), async ({ start, probe, store }) => {
        namespace.watch(targets)
        await killed(start(...few), 150)
        await appendFile(await journalOf(store), '{"at":1,"none":{"refused":[999999')
        const { code } = await probe(...few)
        expect(code).toBe(0)
        expect(namespace.sent()).toMatchObject({ outside: 0, asked: targets, strays: [] })
      }))
  })
})
