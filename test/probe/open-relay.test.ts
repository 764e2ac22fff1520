import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Row } from '../../src/store/duckdb.ts'
import { findSnapshot, isOfRecords } from '../../src/store/snapshots.ts'
import { censusCommand, ended } from '../helpers/cli.ts'
import { makeCertificate, relayServers, serverMissing, serverUsers, startServers } from '../helpers/servers.ts'
import { farSide, openStage, stageMissing, stageClient, type Stage } from '../helpers/stage.ts'
import { censusRows, observationRows } from '../helpers/store.ts'

/* Mail servers from Debian at the far side of a wire, checked for open relays from where they trust nobody, and from elsewhere. */

const lacks = [...new Set([stageMissing(), ...relayServers.map(serverMissing)])].filter((each) => each !== undefined)
if (lacks.length > 0) console.warn(`skipped: open relays: ${lacks.join('; ')}`)

const domain = 'relay.example.net'
const folder = mkdtempSync(join(tmpdir(), 'census-test-'))
let stage: Stage | undefined

const scopeOf = (ranges: string, addresses: number, vantage: string): string => `owner: Example Networks
contact: abuse@example.test
authorisation: the stage is this test's own
valid: { from: 2020-01-01, to: 2099-12-31 }
addresses: ${addresses}
coverage: partial
vantage: ${vantage}
ranges: ${ranges}
relay_domain: ${domain}
rate: { per_second: 20000, per_prefix: 20000 }
`
const scopes = {
  outside: scopeOf('[192.0.2.0/28]', 16, 'outside'),
  'in the ranges': scopeOf(`[192.0.2.0/28, ${stageClient}]`, 17, 'outside'),
  'inside, says the scope': scopeOf('[192.0.2.0/28]', 16, 'inside'),
}

type Vantage = keyof typeof scopes

interface Told {
  readonly product: string
  readonly verdict: string | undefined
  /** What the server said to whom, last. */
  readonly words: string | undefined
}

const found = new Map<Vantage, ReadonlyMap<string, Told>>()

describe.skipIf(lacks.length > 0)('a mail server checked for relaying', () => {
  beforeAll(async () => {
    // Servers that change users must get through to their own folders.
    chmodSync(folder, 0o755)
    makeCertificate(folder)
    stage = await openStage({ folder, local: [], users: serverUsers })
    await startServers(await farSide(stage, '192.0.2.0/24'), relayServers, folder)
    for (const vantage of Object.keys(scopes) as Vantage[]) found.set(vantage, await checked(stage, vantage))
  }, 110_000)

  afterAll(async () => {
    await stage?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const plain = `MAIL FROM:<census-relay-check@${domain}> RCPT TO:<census-relay-check@${domain}>`
  const told = (vantage: Vantage, name: string, port = 25): Told | undefined => {
    const { address } = relayServers.find((server) => server.name === name) ?? {}
    return found.get(vantage)?.get(`${address}:${port}`)
  }

  test('every server has one verdict at each of its ports, from everywhere', () => {
    const endpoints = relayServers.flatMap(({ address, doors }) => doors.map(({ port }) => `${address}:${port}`))
    for (const each of found.values()) expect([...each.keys()].toSorted()).toEqual(endpoints.toSorted())
    expect(found.size).toBe(3)
  })

  test.each([
    ['closed', 'Postfix', '554 5.7.1 '],
    ['exim', 'Exim', '550 relay not permitted'],
    ['opensmtpd', 'OpenSMTPD', '550 Invalid recipient'],
    ['sendmail', 'Sendmail', '550 5.7.1 '],
  ])('%s: refused, wherever it is asked from', (name, product, words) => {
    for (const vantage of found.keys()) {
      expect(told(vantage, name)).toMatchObject({ product, verdict: 'relay-refused' })
      expect(told(vantage, name)?.words).toContain(`${plain} ${words}`)
    }
  })

  const accepted = { product: 'Postfix', words: `${plain} 250 2.1.5 Ok` }

  test('open to all: open where it trusts nobody, unknown from within', () => {
    expect(told('outside', 'open')).toEqual({ ...accepted, verdict: 'open-relay' })
    expect(told('in the ranges', 'open')).toEqual({ ...accepted, verdict: 'relay-unknown-inside' })
    expect(told('inside, says the scope', 'open')).toEqual({ ...accepted, verdict: 'relay-unknown-inside' })
  })

  test.each([465, 587, 2525])('on port %i, as on port 25', (port) => {
    for (const vantage of found.keys())
      for (const name of ['closed', 'open'])
        expect(told(vantage, name, port), `${name}, ${vantage}`).toEqual(told(vantage, name))
  })

  test('that trusts who asks: unknown, once it is known that it may', () => {
    expect(told('in the ranges', 'trusting')).toEqual({ ...accepted, verdict: 'relay-unknown-inside' })
    expect(told('inside, says the scope', 'trusting')).toEqual({ ...accepted, verdict: 'relay-unknown-inside' })
    // What docs/probing.md warns of: whoever is trusted, and does not say so, cannot be told from a stranger.
    expect(told('outside', 'trusting')).toEqual({ ...accepted, verdict: 'open-relay' })
  })

  test('no message was left behind', async () => {
    if (stage === undefined) throw new Error('no stage')
    const queue = ['sh', '-c', 'find */spool/maildrop */spool/incoming */spool/active */spool/deferred -type f']
    const { code, stdout } = await ended(stage.spawn(queue, { cwd: folder }))
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  })
})

async function checked(there: Stage, vantage: Vantage): Promise<ReadonlyMap<string, Told>> {
  const id = vantage.replaceAll(/\W+/g, '-')
  writeFileSync(join(folder, 'scope.yaml'), scopes[vantage])
  const args = ['probe', '--scope', 'scope.yaml', '--services', 'smtp', '--checks', 'open-relay', '--id', id]
  const { code, stdout, stderr } = await ended(there.spawn([...censusCommand, ...args], { cwd: folder }))
  if (code !== 0) throw new Error(`census ended with ${code}: ${stdout}${stderr}`)
  const snapshot = await findSnapshot(join(folder, 'census-store'), id)
  if (!isOfRecords(snapshot)) throw new Error('a snapshot without records')
  const products = new Map((await censusRows(snapshot)).map((row) => [endpointOf(row), row['product']]))
  const rows = (await observationRows(snapshot)).filter(({ outcome }) => outcome === 'answered')
  return new Map(
    rows.map((row) => {
      const verdicts = String(row['tags'])
        .split(' ')
        .filter((tag) => /relay/.test(tag))
      return [
        endpointOf(row),
        {
          product: String(products.get(endpointOf(row))),
          verdict: verdicts.join(' '),
          words: String(row['banner']).split('\r\n').at(-1),
        },
      ]
    }),
  )
}

/** Its address, of IPv4, and its port. */
const endpointOf = ({ address, port }: Row): string =>
  `${[...Buffer.from(String(address).slice(-8), 'hex')].join('.')}:${String(port)}`
