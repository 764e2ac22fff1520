import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonicalAddress } from '../../src/model/address.ts'
import { probes } from '../../src/probes/index.ts'
import type { Row } from '../../src/store/duckdb.ts'
import { findSnapshot, isOfRecords, type RecordsSnapshot } from '../../src/store/snapshots.ts'
import { censusCommand, ended } from '../helpers/cli.ts'
import {
  hostsOf,
  makeCertificate,
  realServers,
  serverMissing,
  serverUsers,
  startServers,
  upstreamVersion,
  type RealServer,
  type ServerDoor,
} from '../helpers/servers.ts'
import { openStage, stageMissing, type Stage } from '../helpers/stage.ts'
import { censusRows, observationRows } from '../helpers/store.ts'

/* Real servers from Debian, each on an address of its own in namespaces without a way out, and one census of them all. */

/** Whether there is a probe for a door. */
const isAsked = ({ service, transport, port }: ServerDoor): boolean =>
  probes.some((probe) => probe.id === service && probe.transport === transport && probe.ports.includes(port))

const noStage = stageMissing()
/** Why a server is not among those that are asked. */
const lacks = new Map<RealServer, string>()
for (const server of realServers) {
  const reason = noStage ?? serverMissing(server)
  const named = [...new Set(server.doors.map(({ service }) => service))].join(', ')
  if (!server.doors.some(isAsked)) lacks.set(server, `there is no probe for ${named} yet`)
  else if (reason !== undefined) lacks.set(server, reason)
}
if (lacks.size > 0) console.warn([...lacks].map(([{ name }, reason]) => `skipped: ${name}: ${reason}`).join('\n'))

const asked = realServers.filter((server) => !lacks.has(server))
const services = [...new Set(asked.flatMap(({ doors }) => doors.filter(isAsked).map(({ service }) => service)))]
/** How many ports of an address are asked. */
const doorsAsked = (transport: string): number =>
  new Set(probes.flatMap((probe) => (probe.transport === transport && services.includes(probe.id) ? probe.ports : [])))
    .size

/** The addresses of IPv6, each named: a prefix of it cannot be swept. */
const named6 = asked.flatMap(({ address6 }) => (address6 === undefined ? [] : [address6]))

/** Half of the addresses of IPv4 refuse what no server listens on; from the other half nothing comes back. */
const [local, silent] = ['192.0.2.0/25', '192.0.2.128/25']
const half = 128
const addresses = 2 * half + named6.length

const scope = `owner: Example Networks
contact: abuse@example.test
authorisation: the stage is this test's own
valid: { from: 2020-01-01, to: 2099-12-31 }
addresses: ${addresses}
coverage: partial
vantage: outside
ranges: [${['192.0.2.0/24', ...named6].map((range) => `{ range: "${range}", region: JP-13 }`).join(', ')}]
rate: { per_second: 20000, per_prefix: 20000 }
`

interface Found {
  /** What was exposed, as the reports count it and with what the probe told beside: one for each row. */
  readonly exposed: readonly Exposed[]
  readonly snapshot: RecordsSnapshot
  /** Observations by outcome and transport: `closed tcp`. */
  readonly outcomes: Readonly<Record<string, number>>
  /** exposure-by-region.csv */
  readonly report: readonly Readonly<Record<string, string>>[]
}

interface Exposed {
  readonly door: string
  readonly product: string
  readonly version: string
  readonly tags: readonly string[]
  readonly hostnames: string
}

const folder = mkdtempSync(join(tmpdir(), 'census-test-'))
let stage: Stage | undefined
let found: Found | undefined

beforeAll(async () => {
  if (asked.length > 0) found = await census()
}, 110_000)

afterAll(async () => {
  await stage?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function census(): Promise<Found> {
  // Servers that change users must get through to their own folders.
  chmodSync(folder, 0o755)
  makeCertificate(folder)
  const there = await openStage({ folder, local: [local], silent: [silent], users: serverUsers })
  stage = there
  await startServers(there, asked, folder)
  writeFileSync(join(folder, 'scope.yaml'), scope)
  const run = async (...args: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await ended(there.spawn([...censusCommand, ...args], { cwd: folder }))
    if (code !== 0) throw new Error(`census ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
  }
  await run('probe', '--scope', 'scope.yaml', '--services', services.join(','), '--timeout', '300', '--id', 'stage')
  await run('report')
  const snapshot = await findSnapshot(join(folder, 'census-store'), 'stage')
  if (!isOfRecords(snapshot)) throw new Error('a snapshot without records')
  const observations = texts(await observationRows(snapshot))
  const outcomes: Record<string, number> = {}
  for (const { outcome, transport } of observations) {
    const key = `${outcome} ${transport}`
    outcomes[key] = (outcomes[key] ?? 0) + 1
  }
  const exposed = texts(await censusRows(snapshot)).map((row): Exposed => {
    const { tags = '', hostnames = '' } =
      observations.find(
        (each) => each.outcome === 'answered' && doorColumns.every((column) => each[column] === row[column]),
      ) ?? {}
    return {
      door: `${row.service} ${row.transport} ${hostOf(row)}:${row.port}`,
      product: row.product ?? '',
      // Some tell Debian’s revision too.
      version: (row.version ?? '').replace(/[-+~].*$/, ''),
      tags: tags.split(' ').filter((tag) => tag !== ''),
      hostnames,
    }
  })
  const csv = await readFile(join(folder, 'report', 'exposure-by-region.csv'), 'utf8')
  return { exposed, snapshot, outcomes, report: parse<Record<string, string>>(csv, { columns: true }) }
}

type Texts = Readonly<Partial<Record<(typeof doorColumns)[number] | (typeof otherColumns)[number], string>>>
const doorColumns = ['address', 'port', 'transport'] as const
const otherColumns = ['outcome', 'service', 'product', 'version', 'tags', 'hostnames'] as const

/** Rows whose values are text: these columns, where they are there and say something. */
const texts = (rows: readonly Row[]): Texts[] =>
  rows.map((row) =>
    Object.fromEntries(
      [...doorColumns, ...otherColumns].flatMap((column) => {
        const value = row[column]
        return typeof value === 'string' ? [[column, value]] : []
      }),
    ),
  )

/** An address of its key, as it stands before a port. */
function hostOf({ address = '' }: Texts): string {
  const groups = address.replaceAll('-', '').match(/.{4}/g) ?? []
  const text = canonicalAddress(groups.join(':')) ?? ''
  return text.includes(':') ? `[${text}]` : text
}

/** What the census must make of a server. */
const due = (server: RealServer): Exposed[] =>
  server.doors
    .filter(isAsked)
    .flatMap(({ service, transport, port, product = '', version, tags = [], hostnames = '' }) =>
      hostsOf(server).map((host) => ({
        door: `${service} ${transport} ${host}:${port}`,
        product,
        version: versionDue(server, version),
        tags,
        hostnames,
      })),
    )

function versionDue(server: RealServer, version: ServerDoor['version']): string {
  if (version === undefined) return ''
  if (typeof version !== 'string') return version.told
  const whole = upstreamVersion(server)
  return version === 'whole' ? whole : whole.split('.').slice(0, 2).join('.')
}
const byDoor = (a: Exposed, b: Exposed): number => (a.door < b.door ? -1 : 1)

test.skipIf(process.env['CI'] === undefined)('nothing is missing where CI runs', () => {
  expect([noStage, ...realServers.map(serverMissing)].filter((reason) => reason !== undefined)).toEqual([])
})

describe('is found for what it is', () => {
  test.for(realServers.map((server) => [server.name, server] as const))('%s', ([, server], { skip }) => {
    const reason = lacks.get(server)
    if (reason !== undefined) skip(reason)
    const here = found?.exposed.filter(({ door }) => hostsOf(server).some((host) => door.includes(` ${host}:`)))
    expect(here?.toSorted(byDoor)).toEqual(due(server).toSorted(byDoor))
  })
})

describe.skipIf(asked.length === 0)('of all addresses', () => {
  const answering = asked.flatMap((server) => hostsOf(server).flatMap(() => server.doors.filter(isAsked)))
  const count = (transport: string): number => answering.filter((door) => door.transport === transport).length

  test('nothing is exposed but the servers', () => {
    const doors = asked.flatMap(due).map(({ door }) => door)
    expect(found?.exposed.map(({ door }) => door).toSorted()).toEqual(doors.toSorted())
  })

  test('every target is accounted for: refused by half of those of IPv4 and all of IPv6, silent in the other half', () => {
    const refused = (half + named6.length) * doorsAsked('tcp') - count('tcp')
    // One socket asks everyone over UDP, so that it is not told who refused.
    const silentOverUdp = addresses * doorsAsked('udp') - count('udp')
    const { targets, statuses } = found?.snapshot.manifest.probe ?? {}
    expect(targets).toBe(addresses * (doorsAsked('tcp') + doorsAsked('udp')))
    const some = (counts: Readonly<Record<string, number>>): Record<string, number> =>
      Object.fromEntries(Object.entries(counts).filter(([, number]) => number > 0))
    expect(statuses).toEqual(
      some({ answered: answering.length, refused, silent: half * doorsAsked('tcp') + silentOverUdp }),
    )
    expect(found?.outcomes).toEqual(
      some({
        'answered tcp': count('tcp'),
        'answered udp': count('udp'),
        'closed tcp': refused,
        'filtered tcp': half * doorsAsked('tcp'),
        'filtered udp': silentOverUdp,
      }),
    )
  })

  test.each(services)('the report counts %s in the region of the scope', (service) => {
    const endpoints = answering.filter((door) => door.service === service).length
    const row = found?.report.find(
      (each) => each['region'] === 'JP-13' && each['service'] === service && each['unit'] === 'endpoints',
    )
    expect({ count: row?.['count'], asked: row?.['asked'] }).toEqual({
      count: String(endpoints),
      asked: String(addresses),
    })
  })
})
