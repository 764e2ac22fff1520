import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { udpChecks } from '../../src/probes/checks/index.ts'
import { findSnapshot, isOfRecords } from '../../src/store/snapshots.ts'
import { builtCli } from '../helpers/build.ts'
import { ended } from '../helpers/cli.ts'
import {
  realServers,
  serverMissing,
  serverUsers,
  startServers,
  upstreamVersion,
  type RealServer,
} from '../helpers/servers.ts'
import { openStage, stageMissing, type Stage } from '../helpers/stage.ts'
import { censusRows, observationRows } from '../helpers/store.ts'

/* Debian's time and name servers, open and closed, each held against the checks in namespaces without a way out. */

const services = ['ntp', 'dns']
const servers = realServers.filter(({ doors }) => doors.some(({ service }) => services.includes(service)))
const missing = stageMissing() ?? servers.map(serverMissing).find((reason) => reason !== undefined)
if (missing !== undefined) console.warn(`skipped: the checks by datagrams: ${missing}`)

const scope = `owner: Example Networks
contact: abuse@example.test
authorisation: the stage is this test's own
valid: { from: 2020-01-01, to: 2099-12-31 }
addresses: 128
coverage: partial
vantage: outside
ranges: [{ range: 192.0.2.0/25, region: JP-13 }]
rate: { per_second: 20000, per_prefix: 20000 }
`

/** Asks as `census probe` does. */
const asking = (ids: readonly string[]): string => {
  const from = (file: string): string => JSON.stringify(pathToFileURL(join(dirname(builtCli), file)).href)
  return `import { readScope } from ${from('config/scope.js')}
    import { probe } from ${from('pipeline/probe.js')}
    await probe({ store: 'store', scope: await readScope('scope.yaml', Date.now()), services: ${JSON.stringify(services)},
      checks: ${JSON.stringify(ids)}, id: 'stage', mostInFlight: 1000, connectMs: 300, talkMs: 20000, retries: 1 })`
}

interface Said {
  readonly banner: string
  readonly tags: readonly string[]
  readonly product: string
  readonly version: string
}

const folder = mkdtempSync(join(tmpdir(), 'census-test-'))
let stage: Stage | undefined
/** What each address said over UDP. */
const said = new Map<string, Said>()
let statuses: Readonly<Record<string, number | undefined>> = {}

beforeAll(async () => {
  if (missing !== undefined) return
  // Servers that change users must get through to their own folders.
  chmodSync(folder, 0o755)
  stage = await openStage({ folder, local: ['192.0.2.0/25'], users: serverUsers })
  await startServers(stage, servers, folder)
  writeFileSync(join(folder, 'scope.yaml'), scope)
  const program = asking(udpChecks.map(({ id }) => id))
  const command = [process.execPath, '--input-type=module', '--eval', program]
  const { code, stderr } = await ended(stage.spawn(command, { cwd: folder }))
  if (code !== 0) throw new Error(stderr)
  const snapshot = await findSnapshot(join(folder, 'store'), 'stage')
  if (!isOfRecords(snapshot)) throw new Error('a snapshot without records')
  statuses = snapshot.manifest.probe?.statuses ?? {}
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const known = (await censusRows(snapshot)).filter((row) => row['transport'] === 'udp')
  for (const row of await observationRows(snapshot)) {
    if (row['outcome'] !== 'answered' || row['transport'] !== 'udp') continue
    const { product, version } = known.find((each) => each['address'] === row['address']) ?? {}
    const address = [...Buffer.from(text(row['address']).slice(-8), 'hex')].join('.')
    const tags = text(row['tags'])
      .split(' ')
      .filter((tag) => tag !== '')
    said.set(address, { banner: text(row['banner']), tags, product: text(product), version: text(version) })
  }
}, 110_000)

afterAll(async () => {
  await stage?.close()
  rmSync(folder, { recursive: true, force: true })
})

const named = (name: string): RealServer => {
  const found = servers.find((server) => server.name === name)
  if (found === undefined) throw new Error(`no server ${name}`)
  return found
}
const of = (name: string): Said | undefined => said.get(named(name).address)

/** `360 bytes in 1 packet for 12 bytes (30 times)` → 30; undefined where nothing of the kind is said. */
function factor(line: string): number | undefined {
  const [, bytes, , sent, times] =
    /: ([\d,]+) bytes? in (\d+) packets? for (\d+) bytes \(([\d.]+) times\)$/.exec(line) ?? []
  if (bytes === undefined) return undefined
  expect(Number(times)).toBeCloseTo(Number(bytes.replaceAll(',', '')) / Number(sent), 1)
  return Number(times)
}

test.skipIf(process.env['CI'] === undefined)('nothing is missing where CI runs', () => {
  expect(missing).toBeUndefined()
})

test.skipIf(missing !== undefined)('all that answers is there, and nothing else', () => {
  expect([...said.keys()].toSorted()).toEqual(servers.map(({ address }) => address).toSorted())
  expect(statuses).toEqual({ answered: servers.length, silent: 2 * 128 - servers.length })
})

test.skipIf(missing !== undefined).each([
  { name: 'ntpsec', tag: 'ntp-control', line: 'mode 6 readvar' },
  { name: 'bind', tag: 'open-resolver', line: 'recursion' },
  { name: 'bind, which resolves for anyone', tag: 'open-resolver', line: 'recursion' },
])('$name is found open: $tag', ({ name, tag, line }) => {
  const { banner = '', tags } = of(name) ?? {}
  expect(tags).toEqual([tag])
  const measured = banner.split('\n').filter((each) => each.startsWith(`${line}: `))
  expect(measured).toHaveLength(1)
  expect(factor(measured[0] ?? '')).toBeGreaterThan(1)
})

test.skipIf(missing !== undefined)('who answers a control message is recognised by it', () => {
  expect(of('ntpsec')).toMatchObject({ product: 'NTPsec', version: upstreamVersion(named('ntpsec')) })
  expect(of('ntpsec, closed to queries')).toMatchObject({ product: '', version: '' })
})

test.skipIf(missing !== undefined).each([
  { name: 'ntpsec, closed to queries', last: /^version=4, stratum=\d+/ },
  { name: 'chrony', last: /^version=4, stratum=\d+/ },
  { name: 'bind, which resolves for nobody', last: /^recursion: REFUSED$/ },
])('$name is not', ({ name, last }) => {
  const { banner = '', tags } = of(name) ?? {}
  expect(tags).toEqual([])
  expect(banner.split('\n').at(-1)).toMatch(last)
})
