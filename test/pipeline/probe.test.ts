import { readdir, readFile, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { readScope } from '../../src/config/scope.ts'
import type { Scope } from '../../src/model/scope.ts'
import { planProbe, probe, type ProbeRequest } from '../../src/pipeline/probe.ts'
import { makeReport } from '../../src/pipeline/report.ts'
import { openProbeJournal } from '../../src/store/probe-journal.ts'
import { prepareStore, type RecordsSnapshot } from '../../src/store/snapshots.ts'
import { ended, startCensus } from '../helpers/cli.ts'
import { answering, mail as mailServer, serve, time } from '../helpers/peers.ts'
import { censusRows, imported, observationRows, temporaryFolder } from '../helpers/store.ts'
import { controlled, listed, modeOf } from '../helpers/time-server.ts'

const mail = mailServer('ESMTP Exim 4.96 ready')
const shell = (socket: Socket): void => void socket.write('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n')

async function scopeOf(text: string): Promise<Scope> {
  const path = join(await temporaryFolder(), 'scope.yaml')
  await writeFile(path, text)
  return readScope(path, Date.now())
}

const head = `owner: Example Prefecture
contact: noc@example.net
authorisation: Resolution 12/2026
valid: {from: 2000-01-01, to: 2099-12-31}
vantage: inside
`
const body = `addresses: 24
ranges:
  - {range: 127.0.2.0/28, region: JP-13, owner: City of Example}
  - {range: 127.0.3.0/29, region: JP-27}
exclude: [127.0.2.3]
rate: {per_second: 1000, per_prefix: 1000}
`
const partial = `${head}coverage: partial\n${body}`

let port = 0
/** Mail in Tokyo (one excluded) and Osaka; a shell on the same port; one that says nothing. */
async function stage(): Promise<void> {
  port = await serve('127.0.2.1', 0, mail)
  await serve('127.0.2.3', port, mail)
  await serve('127.0.2.4', port, shell)
  await serve('127.0.2.5', port, () => undefined)
  await serve('127.0.3.2', port, mail)
}

const requestOf = (store: string, scope: Scope, rest: Partial<ProbeRequest> = {}): ProbeRequest => ({
  store,
  scope,
  id: 'one',
  mostInFlight: 50,
  connectMs: 300,
  talkMs: 300,
  retries: 0,
  // The real ports are not free to tests: these ask for the same on another.
  doors: [`tcp/${port} smtp`, 'tcp/22 ssh'],
  ...rest,
})

interface Line extends Readonly<Record<string, string>> {}

async function reported(store: string, country?: string): Promise<Line[]> {
  const out = join(await temporaryFolder(), 'report')
  await makeReport({ store, out, per: 100_000, ...(country === undefined ? {} : { country }) })
  return parse(await readFile(join(out, 'exposure-by-region.csv'), 'utf8'), { columns: true })
}

describe('a probe', () => {
  let scope: Scope
  let store = ''
  let snapshot: RecordsSnapshot

  async function probed(rest: Partial<ProbeRequest> = {}, text = partial): Promise<void> {
    await stage()
    scope = await scopeOf(text)
    store = join(await temporaryFolder(), 'store')
    snapshot = await probe(requestOf(store, scope, rest))
  }

  test('keeps every target with what became of it, and nothing of what is excluded', async () => {
    await probed()
    const { manifest } = snapshot
    const { probe: facts, accounting, complete, sources } = manifest
    // 23 addresses at two doors; a foreign answer is two observations: of what was asked for, and of what answered.
    expect(facts).toMatchObject({
      owner: 'Example Prefecture',
      addresses: 24,
      excluded: 1,
      targets: 46,
      doors: [`tcp/${port} smtp`, 'tcp/22 ssh'],
      scope: scope.hash,
      begun: 47,
    })
    const { answered, foreign, mute, refused = 0, ...others } = facts?.statuses ?? {}
    expect({ answered, foreign, mute, others }).toEqual({ answered: 2, foreign: 1, mute: 1, others: {} })
    expect(refused).toBe(42)
    expect(accounting).toMatchObject({ in: 47, kept: 47, keptByOutcome: { answered: 3, failed: 2, closed: 42 } })
    expect({ complete, sources }).toEqual({ complete: true, sources: ['probe'] })
    expect(facts).not.toHaveProperty('checks')
    const rows = await observationRows(snapshot)
    expect(rows.some((row) => String(row['address']).endsWith('ffff7f000203'))).toBe(false)
    const said = rows.filter((row) => row['outcome'] === 'answered')
    const lines = said.map((row) => [row['module'], row['organisation'], row['region_code']].join(', '))
    expect(lines.toSorted()).toEqual([
      'smtp, City of Example, JP-13',
      'smtp, Example Prefecture, JP-27',
      'ssh, City of Example, JP-13',
    ])
    // The journal is gone with the snapshot it became.
    expect(await readdir(store)).not.toContain('probes')
  })

  test('that checks keeps the verdict and the words, and that it was made', async () => {
    port = await serve('127.0.2.1', 0, (socket) => {
      socket.write('220 mx.example.net ESMTP\r\n')
      socket.on(
        'data',
        (bytes) => void socket.write(bytes.toString('latin1').startsWith('RCPT') ? '250 taken\r\n' : '250 x\r\n'),
      )
    })
    store = join(await temporaryFolder(), 'store')
    const checking = await scopeOf(`${partial.replace('inside', 'outside')}relay_domain: relay.example.net\n`)
    snapshot = await probe(requestOf(store, checking, { checks: ['open-relay'] }))
    expect(snapshot.manifest.probe?.checks).toEqual(['open-relay'])
    const said = (await observationRows(snapshot)).filter((row) => row['outcome'] === 'answered')
    // From loopback, whatever the scope says.
    expect(said.map((row) => row['tags'])).toEqual(['relay-unknown-inside'])
    expect(String(said[0]?.['banner'])).toMatch(/RCPT TO:<census-relay-check@relay\.example\.net> 250 taken$/)
  })

  test('is reported with how many were asked, and without rates or ranks', async () => {
    await probed()
    const rows = await reported(store)
    const cell = (region: string, service: string): Line | undefined =>
      rows.find((row) => row['region'] === region && row['service'] === service && row['unit'] === 'addresses')
    const told = (region: string, service: string): unknown => {
      const { asked, count } = cell(region, service) ?? {}
      return { asked, count }
    }
    expect(told('JP-13', 'smtp')).toEqual({ asked: '15', count: '1' })
    expect(told('JP-27', 'smtp')).toEqual({ asked: '8', count: '1' })
    expect(told('JP', 'smtp')).toEqual({ asked: '23', count: '2' })
    expect(told('JP-13', 'ssh')).toEqual({ asked: '15', count: '1' })
    expect(told('JP', 'all')).toEqual({ asked: '23', count: '3' })
    expect(told('JP', 'mail')).toEqual({ asked: '23', count: '2' })
    expect(told('JP-01', 'smtp')).toEqual({ asked: '0', count: '0' })
    expect(told('unknown', 'smtp')).toEqual({ asked: '0', count: '0' })
    for (const row of rows) {
      expect(row['flags']?.split(';')).toContain('scope-limited')
      expect([row['per_100k'], row['per_100k_low'], row['per_100k_high'], row['rate_ratio'], row['rank']]).toEqual(
        Array.from({ length: 5 }, () => ''),
      )
    }
  })

  test('of a whole region has rates', async () => {
    await probed({}, partial.replace('coverage: partial', 'coverage: complete'))
    const rows = await reported(store)
    const row = rows.find((each) => each['region'] === 'JP-13' && each['service'] === 'smtp')
    expect(Number(row?.['per_100k'])).toBeGreaterThan(0)
    expect(row?.['flags']).not.toContain('scope-limited')
  })

  test('ends in the figures of an import of the same facts', async () => {
    await probed()
    const facts = [
      'ip,port,transport,module,banner,region_code,observed_at',
      `127.0.2.1,${port},tcp,smtp,220 mx.example.net ESMTP Exim 4.96 ready,JP-13,2026-01-01T00:00:00Z`,
      `127.0.2.4,${port},tcp,ssh,SSH-2.0-OpenSSH_9.2p1 Debian-2,JP-13,2026-01-01T00:00:00Z`,
      `127.0.3.2,${port},tcp,smtp,220 mx.example.net ESMTP Exim 4.96 ready,JP-27,2026-01-01T00:00:00Z`,
    ]
    const other = await imported({ 'facts.csv': `${facts.join('\n')}\n` }, { id: 'one' })
    const figures = (rows: readonly Line[]): unknown =>
      rows.map(({ region, service, unit, count }) => [region, service, unit, count])
    const mine = await reported(store, 'JP')
    const theirs = await reported(join(other.folder, '..', '..'), 'JP')
    expect(figures(mine)).toEqual(figures(theirs))
    expect(mine.length).toBeGreaterThan(100)
  })

  test('without any answer says 0 of what was asked', async () => {
    store = join(await temporaryFolder(), 'store')
    port = await serve('127.0.9.1', 0, mail)
    await probe(requestOf(store, await scopeOf(partial)))
    const rows = await reported(store)
    const row = rows.find((each) => each['region'] === 'JP' && each['service'] === 'smtp')
    expect([row?.['asked'], row?.['count']]).toEqual(['23', '0'])
  })

  test('of named services tells of those alone', async () => {
    await probed({ services: ['smtp', 'mail'] })
    const services = new Set((await reported(store)).map((row) => row['service']))
    expect(services).toEqual(new Set(['mail', 'smtp']))
  })

  test('is planned without a packet or a file', async () => {
    let connections = 0
    port = await serve('127.0.2.1', 0, () => connections++)
    const folder = await temporaryFolder()
    const plan = await planProbe(requestOf(join(folder, 'store'), await scopeOf(partial), { retries: 2 }))
    expect(plan).toMatchObject({
      addresses: 23,
      excluded: 1,
      targets: 46,
      begun: { least: 46, most: 138 },
      seconds: { least: 1, most: 1 },
    })
    expect(connections).toBe(0)
    expect(await readdir(folder)).toEqual([])
  })

  test('of a region that is none, or an id that is taken: exit 2 before anything is sent', async () => {
    let connections = 0
    port = await serve('127.0.2.1', 0, () => connections++)
    const folder = await temporaryFolder()
    const wrong = await scopeOf(partial.replace('JP-27', 'JP-99'))
    await expect(probe(requestOf(join(folder, 'store'), wrong))).rejects.toMatchObject({
      exit: 2,
      message: expect.stringContaining('JP-99') as unknown,
    })
    expect(await readdir(folder)).toEqual([])
    store = join(folder, 'store')
    const nobody = await scopeOf(partial.replaceAll('127.0.', '127.7.'))
    await probe(requestOf(store, nobody))
    await expect(probe(requestOf(store, nobody))).rejects.toMatchObject({ exit: 2 })
    expect(connections).toBe(0)
  })
})

describe('with checks', () => {
  const text = `${head}coverage: partial
addresses: 8
ranges: [{range: 127.0.5.0/29, region: JP-13}]
rate: {per_second: 1000, per_prefix: 1000}
`
  const variables = 'version="ntpd 4.2.6p5@1.2349-o", system="Linux/3.2"'
  /** What is asked of 127.0.5.1, which answers all of it, on the port given back. */
  async function ntpd(modes: number[]): Promise<number> {
    return answering('127.0.5.1', 0, (asked) => {
      const mode = modeOf(asked)
      modes.push(mode)
      return mode === 3 ? [time(asked)] : mode === 6 ? controlled(asked, variables) : listed(asked, 3)
    })
  }
  const checks = ['ntp-control', 'ntp-monlist']
  const requested = async (folder: string, door: number, rest: Partial<ProbeRequest> = {}): Promise<ProbeRequest> =>
    requestOf(folder, await scopeOf(text), { doors: [`udp/${door} ntp`], ...rest })

  test('keeps one observation of a target, with what they found, and its product', async () => {
    const modes: number[] = []
    const request = await requested(join(await temporaryFolder(), 'store'), await ntpd(modes), { checks })
    const snapshot = await probe(request)
    expect(modes).toEqual([3, 6, 7])
    expect(snapshot.manifest.probe).toMatchObject({ targets: 8, begun: 24, statuses: { answered: 1, silent: 7 } })
    const rows = (await observationRows(snapshot)).filter((row) => row['outcome'] === 'answered')
    expect(rows.map((row) => [row['module'], row['tags']])).toEqual([['ntp', 'ntp-control ntp-monlist']])
    expect(String(rows[0]?.['banner']).split('\n').slice(1)).toEqual([
      'version="ntpd 4.2.6p5@1.2349-o", system="Linux/3.2"',
      expect.stringMatching(/^mode 6 readvar: \d+ bytes in 1 packet for 12 bytes/),
      'mode 7 monlist: 1,320 bytes in 3 packets for 8 bytes (165 times)',
    ])
    await reported(request.store)
    expect((await censusRows(snapshot)).map((row) => [row['product'], row['version']])).toEqual([['ntpd', '4.2.6p5']])
  })

  test('asks nothing beside where none is named', async () => {
    const modes: number[] = []
    const door = await ntpd(modes)
    await probe(await requested(join(await temporaryFolder(), 'store'), door, { checks: [] }))
    expect(modes).toEqual([3])
  })

  test('is planned with them', async () => {
    const planned = async (rest: Partial<ProbeRequest>): Promise<unknown> =>
      (await planProbe(await requested('none', 123, { retries: 1, ...rest }))).begun
    expect(await planned({})).toEqual({ least: 8, most: 16 })
    expect(await planned({ checks })).toEqual({ least: 24, most: 48 })
    await expect(planned({ checks: ['open-resolver'] })).rejects.toMatchObject({ exit: 2 })
  })

  test('of a target that could not be asked all of them, what was found is kept, and the snapshot is partial', async () => {
    const store = join(await temporaryFolder(), 'store')
    const door = await ntpd([])
    const request = await requested(store, door, { seed: 1 })
    // As a scan leaves it that was interrupted after this.
    const doors = [`udp/${door} ntp`]
    await prepareStore(store)
    const journal = await openProbeJournal(store, { scope: request.scope.hash, doors, checks: [], targets: 8, seed: 1 })
    await journal.write([
      { index: 1, status: 'local', at: Date.now(), finding: { module: 'ntp', banner: 'version=4' } },
      { index: 2, status: 'local', at: Date.now() },
    ])
    await journal.close()
    const snapshot = await probe(request)
    const { complete, missing, probe: facts } = snapshot.manifest
    expect({ complete, missing }).toEqual({
      complete: false,
      missing: ['2 of 8 targets could not be asked, or not all: this machine lacked ports, files or a route'],
    })
    expect(facts?.statuses).toEqual({ local: 2, silent: 6 })
    const rows = await observationRows(snapshot)
    expect(rows.filter((row) => row['outcome'] === 'answered').map((row) => row['banner'])).toEqual(['version=4'])
    expect(rows).toHaveLength(7)
  })
})

describe('as a command', () => {
  const slow = `${head}coverage: partial
addresses: 256
ranges: [{range: 127.0.4.0/24, region: JP-13}]
rate: {per_second: 40, per_prefix: 40}
`
  /** The lines of a probe's journal; none where there is none yet. */
  const journalOf = async (store: string): Promise<string[]> => {
    const [folder] = await readdir(join(store, 'probes')).catch(() => [])
    if (folder === undefined) return []
    const parts = (await readdir(join(store, 'probes', folder))).toSorted()
    const texts = await Promise.all(parts.map((part) => readFile(join(store, 'probes', folder, part), 'utf8')))
    return texts.flatMap((text) => text.split('\n').slice(1, -1))
  }
  const indexesOf = (lines: readonly string[]): number[] =>
    lines.flatMap((line) => {
      const { none, said } = JSON.parse(line) as { none: Record<string, number[]>; said: { index: number }[] }
      return [...Object.values(none).flat(), ...said.map(({ index }) => index)]
    })

  test('that is killed goes on where it stopped: no target lost, none twice', async () => {
    // Port 4190 is nobody's on loopback: each is refused.
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'scope.yaml'), slow)
    const args = [
      'probe',
      '--scope',
      join(folder, 'scope.yaml'),
      '--store',
      join(folder, 'store'),
      '--services',
      'ldap',
    ]
    const store = join(folder, 'store')
    const settled: number[][] = []
    for (let kills = 0; kills < 2; kills++) {
      const child = startCensus([...args, '--id', 'killed'])
      const end = ended(child)
      const before = (await journalOf(store)).length
      while ((await journalOf(store)).length < before + 2) await new Promise((resolve) => setTimeout(resolve, 20))
      child.kill('SIGKILL')
      await end
      settled.push(indexesOf(await journalOf(store)))
    }
    const [first = [], second = []] = settled
    expect(first.length).toBeGreaterThan(0)
    expect(second.slice(0, first.length)).toEqual(first)
    expect(new Set(second).size).toBe(second.length)
    await writeFile(join(folder, 'scope.yaml'), slow)
    const { code, stdout, stderr } = await ended(startCensus([...args, '--id', 'killed', '--json']))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { probe: facts } = JSON.parse(stdout) as RecordsSnapshot['manifest']
    const targets = facts?.targets ?? 0
    expect(facts?.statuses).toEqual({ refused: targets })
    expect(facts?.begun).toBe(targets - second.length)
  }, 120_000)

  test.each([
    ['no scope', ['probe'], /--scope/],
    ['a scope that is not there', ['probe', '--scope', '/nowhere/scope.yaml'], /scope.yaml cannot be read/],
    ['no such service', ['probe', '--scope', 'scope.yaml', '--services', 'smpt'], /smpt.*nearest: smtp/],
    ['a service without a probe', ['probe', '--scope', 'scope.yaml', '--services', 'knx'], /no probe for knx/],
    ['no services', ['probe', '--scope', 'scope.yaml', '--services', ','], /--services names none/],
    ['no such check', ['probe', '--scope', 'scope.yaml', '--checks', 'relays'], /no check "relays".*: open-relay/],
    [
      'a check of what is not asked',
      ['probe', '--scope', 'scope.yaml', '--services', 'ssh', '--checks', 'open-relay'],
      /open-relay goes with smtp, which is not among/,
    ],
    ['a check without its domain', ['probe', '--scope', 'scope.yaml', '--checks', 'open-relay'], /relay_domain: /],
    ['no checks', ['probe', '--scope', 'scope.yaml', '--checks', ','], /--checks names none/],
    ['a wrong number', ['probe', '--scope', 'scope.yaml', '--retries', '9'], /whole number from 0 to 5/],
  ])('%s: exit 2, one line, nothing written', async (_, args, message) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'scope.yaml'), slow)
    const { code, stdout, stderr } = await ended(startCensus(args, { cwd: folder }))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(await readdir(folder)).toEqual(['scope.yaml'])
  })

  test('run by a configuration, twice with an id: the second time asks nobody', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'scope.yaml'), slow.replaceAll('40', '4000'))
    await writeFile(
      join(folder, 'census.yaml'),
      'id: nightly\nstore: store\nprobe: {scope: scope.yaml, timeout: 300, retries: 0}\nservices: [ldap]\nreport: {out: report}\n',
    )
    const run = (...args: string[]): ReturnType<typeof ended> => ended(startCensus(args, { cwd: folder }))
    const checked = await run('check', 'census.yaml')
    expect(checked).toMatchObject({ code: 0, stderr: '' })
    expect(checked.stdout).toContain('valid now')
    expect((await readdir(folder)).toSorted()).toEqual(['census.yaml', 'scope.yaml'])
    const first = await run('run')
    expect(first).toEqual({ code: 0, stdout: '', stderr: '' })
    const csv = await readFile(join(folder, 'report', 'exposure-by-region.csv'), 'utf8')
    expect(csv).toContain('nightly')
    const second = await run('run')
    expect(second.code).toBe(0)
    expect(second.stderr).toContain('nothing is asked')
    expect(await readFile(join(folder, 'report', 'exposure-by-region.csv'), 'utf8')).toBe(csv)
    const config = await readFile(join(folder, 'census.yaml'), 'utf8')
    await writeFile(join(folder, 'census.yaml'), config.replace('retries: 0', 'retries: 0, checks: [open-relay]'))
    expect(await run('run')).toMatchObject({ code: 2, stderr: expect.stringContaining('nightly') as unknown })
  }, 60_000)

  test('that checks says so before it does', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'scope.yaml'), `${slow}relay_domain: relay.example.net\n`)
    await writeFile(
      join(folder, 'census.yaml'),
      'probe: {scope: scope.yaml, checks: [open-relay]}\nservices: [smtp]\nreport: {out: report}\n',
    )
    const args = ['probe', '--scope', 'scope.yaml', '--checks', 'Open-Relay', '--dry-run']
    for (const command of [args, ['check', 'census.yaml']]) {
      const { code, stdout } = await ended(startCensus(command, { cwd: folder }))
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringContaining('\nChecks: open-relay.\n') as unknown,
      })
    }
    const { stdout } = await ended(startCensus([...args, '--json'], { cwd: folder }))
    expect(JSON.parse(stdout)).toMatchObject({ checks: ['open-relay'] })
  })
})
