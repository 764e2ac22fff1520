import { spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DiscoveryTool } from '../../src/model/discovery.ts'
import type { PlannedProbe } from '../../src/reports/probe-text.ts'
import type { RecordsManifest } from '../../src/store/manifest.ts'
import { withFolder } from '../helpers/census.ts'
import { censusCommand, ended, type Ran } from '../helpers/cli.ts'
import { Namespace, whyNoNamespace } from '../helpers/namespace.ts'
import { repository } from '../helpers/source-graph.ts'
import { isRoot, programPath } from '../helpers/stage.ts'

/*
 * Each program itself, as the first stage of a probe: who is asked is counted where the packets arrive, at the other end of a
 * wire; see test/probe/servers.ts for who is there.
 */
interface Tool {
  readonly name: DiscoveryTool
  readonly least: number
  /** How it tells that a port is open. */
  readonly told: (address: string, port: number) => string
  readonly firstCommand: string
  readonly commands: number
  /** What comes of it where there is no router. */
  readonly noRouter: readonly [number, string]
  /** What is said where the wire is cut meanwhile. */
  readonly cut: RegExp
}
const tools: readonly Tool[] = [
  {
    name: 'masscan',
    least: 10,
    told: (address, port) => `open tcp ${port} ${address} 1600000000`,
    firstCommand: 'masscan --includefile targets.txt --excludefile excluded.txt --ports 25,',
    commands: 1,
    noRouter: [1, 'could not determine default interface'],
    cut: /this machine sent \d+ packets of 56/,
  },
  {
    name: 'zmap',
    least: 2,
    told: (address, port) => `${address},${port},synack`,
    firstCommand:
      'zmap --config settings.conf --whitelist-file targets.txt --blacklist-file excluded.txt --target-port 25 ',
    commands: 4,
    noRouter: [2, 'no default router'],
    cut: /zmap failed \(1\): [^\n]* sendto failures/,
  },
]
const whyNot = ({ name }: Tool): string | undefined =>
  !isRoot
    ? `${name} wants root`
    : programPath(name) === undefined
      ? `there is no ${name} (Debian: ${name})`
      : whyNoNamespace()
const router = '10.255.255.2'
const each = (prefix: string, list: readonly number[]): string[] => list.map((last) => `${prefix}${last}`)
const v4 = [...each('192.0.2.', [0, 1, 2, 3, 4, 6, 7]), ...each('198.51.100.', [0, 1, 2, 4, 5, 6, 7])]
const v6 = ['2001:db8::', '2001:db8::1', '2001:db8::2']
const targets = [...v4, ...v6].toSorted()
/** Of smtp and ntp, by TCP. */
const tcpDoors = 4

const today = new Date().toISOString().slice(0, 10)
const scopeText = (rate = 5000, to = '2999-12-31', ranges = '[192.0.2.0/29, 198.51.100.0/29, "2001:db8::/126"]') =>
  `owner: Example City
contact: noc@example.net
authorisation: it is a test
valid: { from: ${today}, to: ${to} }
addresses: 20
coverage: partial
vantage: outside
ranges: ${ranges}
exclude: [192.0.2.5, "2001:db8::3"]
opt_outs: [198.51.100.3, 203.0.113.0/24]
rate: { per_second: ${rate}, per_prefix: ${rate} }
`

function goesBefore(tool: Tool): void {
  const { name } = tool
  let near: Namespace
  let far: Namespace
  let servers: ChildProcess

  beforeAll(async () => {
    ;({ near, far } = await Namespace.pair())
    servers = far.start([process.execPath, '--import', 'tsx', 'test/probe/servers.ts'], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(servers.stdout ?? servers, 'data')
  })
  // A machine knows its router, having used it; what brings the wire down makes it forget.
  beforeEach(() => {
    const [link] = JSON.parse(far.run(['ip', '-json', 'link', 'show', 'wire'])) as readonly {
      readonly address: string
    }[]
    near.run(['ip', 'neigh', 'replace', router, 'lladdr', link?.address ?? '', 'dev', 'wire'])
  })
  afterAll(async () => {
    servers.kill()
    await near.close()
    await far.close()
  })

  interface Place {
    readonly store: string
    /** Started by these words, where they are given. */
    readonly start: (words: readonly string[], ...by: string[]) => ChildProcess
    readonly probe: (words: readonly string[], ...by: string[]) => Promise<Ran>
  }
  const withScope = <T>(text: string, work: (place: Place) => Promise<T>): Promise<T> =>
    withFolder(async (folder) => {
      const [scope, store] = [join(folder, 'scope.yaml'), join(folder, 'store')]
      await writeFile(scope, text)
      const start = (words: readonly string[], ...by: string[]): ChildProcess =>
        near.start([
          ...by,
          ...censusCommand,
          'probe',
          ...['--scope', scope, '--store', store, '--services', 'smtp,ntp', '--timeout', '400', '--json'].concat(words),
        ])
      return work({ store, start, probe: (...all) => ended(start(...all)) })
    })
  const first = ['--discovery', name]
  const manifestOf = ({ stdout }: Ran): NonNullable<RecordsManifest['probe']> => {
    const { probe } = JSON.parse(stdout) as RecordsManifest
    if (probe === undefined) throw new Error('no probe')
    return probe
  }
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  const until = async (child: ChildProcess, isSo: () => boolean): Promise<void> => {
    while (!isSo()) {
      if (child.exitCode !== null) throw new Error('it ended before')
      await pause(20)
    }
  }
  /** Its processes. */
  const running = (): string[] =>
    near
      .run(['sh', '-c', `ps -eo pid=,comm=,args= | awk '$2 == "${name}" && /targets.txt/ { print $1 }'`])
      .split('\n')
      .filter((pid) => pid !== '' && spawnSync('test', ['-d', `/proc/${pid}`]).status === 0)

  test('finds what is found without it, and asks nobody else', () =>
    withScope(scopeText(400), async ({ probe }) => {
      far.watch(targets)
      const plain = await probe(['--id', 'plain'])
      expect([plain.code, plain.stderr]).toEqual([0, ''])
      expect(far.sent()).toMatchObject({ outside: 0, asked: targets, strays: [] })
      far.watch(targets)
      const ran = await probe([...first, '--id', 'first'])
      expect([ran.code, ran.stderr]).toEqual([0, ''])
      expect(far.sent()).toMatchObject({ outside: 0, asked: targets, strays: [] })
      const [without, found] = [manifestOf(plain), manifestOf(ran)]
      // The redirecting servers, those that are no mail server’s friends, and the time server.
      expect(found.statuses.answered).toBeGreaterThanOrEqual(3)
      expect(found.statuses).toEqual(without.statuses)
      expect(without.discovery).toBeUndefined()
      expect(found.discovery).toMatchObject({ tool: name, runs: 2, rate: 200, seed: found.seed, dropped: 0 })
      expect(found.discovery).toMatchObject({ asked: v4.length * tcpDoors, open: 4 })
      expect(found.discovery?.version).toMatch(/^\d+\.\d+/)
      // 198.51.100.4/30 swallows what comes.
      expect(found.discovery?.refused).toBe((v4.length - 4) * tcpDoors - 4)
    }))

  test('believes of whom it is told nothing that the scope does not say', () =>
    withScope(scopeText(400), async ({ probe, store }) => {
      const bin = `${store}-bin`
      await mkdir(bin)
      // As itself, which says more than it heard.
      const lies = (
        [
          ['203.0.113.9', 25],
          ['192.0.2.5', 25],
          ['198.51.100.3', 25],
          ['192.0.2.1', 24],
          ['0.0.0.0', 25],
        ] as const
      ).map(([address, port]) => `echo ${tool.told(address, port)}`)
      const script = `#!/bin/sh\n[ "$1" = --version ] || { ${lies.join('; ')}; }\nexec ${programPath(name)} "$@"\n`
      await writeFile(join(bin, name), script, { mode: 0o755 })
      far.watch(targets)
      const ran = await probe([...first, '--retries', '0'], 'env', `PATH=${bin}:/usr/sbin:/usr/bin:/sbin:/bin`)
      expect([ran.code, ran.stderr]).toEqual([0, ''])
      expect(far.sent()).toMatchObject({ outside: 0, strays: [] })
      expect(manifestOf(ran).discovery?.dropped).toBe(lies.length * tool.commands)
    }))

  test('a dry run says what would be run, and sends nothing', () =>
    withScope(scopeText(), async ({ probe }) => {
      far.watch([])
      const { code, stdout } = await probe([...first, '--dry-run', '--seed', '7'])
      expect(code).toBe(0)
      const { discovery } = JSON.parse(stdout) as PlannedProbe
      expect(discovery?.packets).toBe(2 * v4.length * tcpDoors)
      expect(discovery?.commands).toHaveLength(tool.commands)
      expect(discovery?.commands[0]).toContain(tool.firstCommand)
      expect(discovery?.commands[0]).toContain('--rate 2500 --seed 7 ')
      expect(far.sent()).toMatchObject({ inside: 0, outside: 0 })
    }))

  test.each([
    ['no such program', ['env', 'PATH=/nowhere'], 'not installed'],
    ['no right to raw sockets', ['setpriv', '--bounding-set', '-net_raw'], 'CAP_NET_RAW'],
  ])('%s: exit 2, and not one packet', (_, by, said) =>
    withScope(scopeText(), async ({ probe, store }) => {
      far.watch([])
      const { code, stdout, stderr } = await probe(first, ...by)
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(/(^|\n)census: [^\n]+\n$/)
      expect(stderr).toContain(said)
      expect(far.sent()).toMatchObject({ inside: 0, outside: 0 })
      await expect(readdir(store)).rejects.toMatchObject({ code: 'ENOENT' })
    }),
  )

  /** Settings and lists of the system's, by which others would be asked, or fewer. */
  const hide = [
    'mount -t tmpfs etc /etc && mkdir /etc/masscan /etc/zmap',
    'echo range=203.0.113.0/24 >/etc/masscan/masscan.conf',
    `printf 'target-port 24\\nmax-targets "1"\\nblacklist-file "/etc/zmap/blacklist.conf"\\n' >/etc/zmap/zmap.conf`,
    'echo 192.0.2.0/24 >/etc/zmap/blacklist.conf',
    'exec "$0" "$@"',
  ].join(' && ')

  test('settings of the system’s change nothing', () =>
    withScope(scopeText(400), async ({ probe }) => {
      far.watch(name === 'masscan' ? [] : targets)
      const ran = await probe([...first, '--retries', '0'], 'unshare', '--mount', 'sh', '-c', hide)
      expect(far.sent()).toMatchObject({ outside: 0, strays: [] })
      // masscan cannot be kept from reading its own, and is not started.
      if (name === 'masscan') {
        expect(ran.code).toBe(2)
        expect(ran.stderr).toContain('masscan.conf')
      } else expect(manifestOf(ran).discovery).toMatchObject({ asked: v4.length * tcpDoors, open: 4, dropped: 0 })
    }))

  test.runIf(name === 'zmap').each([
    ['was never asked for', 'true'],
    ['did not answer', `ip neigh add ${router} dev wire nud failed`],
  ])('a router that %s: exit 2, and not one packet', (_, then) =>
    withScope(scopeText(), async ({ probe }) => {
      near.run(['sh', '-e'], `ip neigh del ${router} dev wire\n${then}`)
      far.watch([])
      const { code, stderr } = await probe(first)
      expect(code).toBe(2)
      expect(stderr).toContain(`the hardware address of the router ${router} is not known`)
      expect(far.sent()).toMatchObject({ inside: 0, outside: 0 })
    }),
  )

  test.each([
    ['no TCP port', scopeText(), ['--services', 'ntp'], 'no TCP port'],
    ['too little time', scopeText(tool.least - 1), [], `below ${tool.least}`],
    ['loopback', scopeText(5000, '2999-12-31', '[127.0.0.0/29, 192.0.2.0/29, "2001:db8::/126"]'), [], '127.0.0.0'],
  ])('%s to ask: exit 2', (_, text, words, said) =>
    withScope(text.replace(/opt_outs.*\n/, ''), async ({ probe }) => {
      far.watch([])
      const { code, stderr } = await probe([...first, ...words])
      expect(code).toBe(2)
      expect(stderr).toContain(said)
      expect(far.sent()).toMatchObject({ inside: 0, outside: 0 })
    }),
  )

  test('is killed with it, and begins again; once it has ended, what goes on leaves it out', () =>
    withScope(scopeText(40), async ({ start, probe, store }) => {
      far.watch(targets)
      const one = start([...first, '--id', 'a', '--services', 'smtp', '--retries', '0'])
      const gone = once(one, 'close')
      await until(one, () => far.sent().inside >= 8)
      expect(running()).toHaveLength(1)
      one.kill('SIGKILL')
      await gone
      while (running().length > 0) await pause(20)
      const before = far.sent()
      await pause(1000)
      expect(far.sent()).toEqual(before)
      expect(before.inside).toBeLessThan(v4.length * tcpDoors)

      const two = start([...first, '--id', 'a', '--services', 'smtp', '--retries', '0'])
      const ending = once(two, 'close')
      const journal = join(store, 'probes', (await readdir(join(store, 'probes')))[0] ?? '', 'part-000000.ndjson')
      await until(two, () => existsSync(journal) && /"discovery":\{/.test(readFileSync(journal, 'utf8')))
      two.kill('SIGKILL')
      await ending
      expect(far.sent()).toMatchObject({ outside: 0, strays: [] })
      await near.quiet()

      const open = ['192.0.2.1', '192.0.2.2', ...v6].toSorted()
      far.watch(open)
      const ran = await probe([...first, '--id', 'a', '--services', 'smtp', '--retries', '0'])
      expect(ran.code).toBe(0)
      expect(far.sent()).toMatchObject({ outside: 0, strays: [] })
      const { statuses, discovery, targets: all } = manifestOf(ran)
      expect(discovery).toMatchObject({ open: 4, rate: 20 })
      expect(Object.values(statuses).reduce((sum, count) => sum + count, 0)).toBe(all)
    }))

  test('fails when it is killed: exit 1, and nothing is published', () =>
    withScope(scopeText(40), async ({ start, store }) => {
      far.watch(targets)
      const whole = start(first)
      const result = ended(whole)
      await until(whole, () => far.sent().inside >= 8)
      for (const pid of running()) process.kill(Number(pid), 'SIGKILL')
      const { code, stderr } = await result
      expect(code).toBe(1)
      expect(stderr).toContain(`${name} failed (SIGKILL)`)
      expect(await readdir(join(store, 'snapshots')).catch(() => [])).toEqual([])
      expect(far.sent()).toMatchObject({ outside: 0, strays: [] })
    }))

  test('fails as it does: in its words, and nothing is published', () =>
    withScope(scopeText(40), async ({ start, probe, store }) => {
      near.run(['ip', 'route', 'del', 'default'])
      const lost = await probe(first)
      near.run(['ip', 'route', 'add', 'default', 'via', router])
      expect(lost.code).toBe(tool.noRouter[0])
      expect(lost.stderr).toContain(tool.noRouter[1])

      far.watch(targets)
      const cut = start(first)
      const result = ended(cut)
      await until(cut, () => far.sent().inside >= 8)
      near.run(['ip', 'link', 'set', 'wire', 'down'])
      const { code, stderr } = await result
      near.run(['sh', '-e'], `ip link set wire up\nip route add default via ${router}`)
      expect(code).toBe(1)
      expect(stderr).toMatch(tool.cut)
      expect(await readdir(join(store, 'snapshots')).catch(() => [])).toEqual([])
    }))

  test('a scope that ends meanwhile ends it', () => {
    // Asking takes longer than that, and beginning to ask much less.
    const to = Math.floor(Date.now() / 1000) * 1000 + 8000
    return withScope(scopeText(10, new Date(to).toISOString().replace('.000Z', 'Z')), async ({ probe }) => {
      far.watch(targets)
      const { code, stderr } = await probe(first)
      expect(code).toBe(2)
      expect(stderr).toContain('not valid any more')
      expect(running()).toEqual([])
      const before = far.sent()
      expect(before.inside).toBeGreaterThan(0)
      await pause(1000)
      expect(far.sent()).toEqual(before)
      expect(before.outside).toBe(0)
    })
  })
}

for (const tool of tools) {
  const why = whyNot(tool)
  if (why !== undefined) console.warn(`test/probe/discovery.test.ts is skipped for ${tool.name}: ${why}`)
  // Most of the time is spent waiting for answers: one waits while the other does, each in namespaces of its own.
  describe.skipIf(why !== undefined)(`a probe that ${tool.name} goes before`, { concurrent: true }, () => {
    describe('one test after the other', { sequential: true }, () => {
      goesBefore(tool)
    })
  })
}
