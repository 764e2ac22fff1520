import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Probe } from '../../src/model/probe.ts'
import { checks, udpChecks } from '../../src/probes/checks/index.ts'
import { probes } from '../../src/probes/index.ts'
import { loadServices } from '../../src/recognise/service.ts'
import { terminalWidth, wrapped } from '../../src/reports/text.ts'

const key = ({ id, transport }: Probe): string => `${id} ${transport}`
const named = probes.map((probe) => ({ name: key(probe), probe }))

const folder = new URL('../../src/probes/', import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && file !== 'index.ts')

/** A probe is an object with an id and a transport that talks or has a request. */
const isProbe = (value: unknown): value is Probe =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  'transport' in value &&
  ('talk' in value || 'request' in value)

interface Exported {
  readonly file: string
  readonly name: string
  readonly probe: Probe
}

const exported: readonly Exported[] = (
  await Promise.all(
    files.map(async (file) => {
      const module = (await import(new URL(file, folder).href)) as Readonly<Record<string, unknown>>
      return Object.entries(module).flatMap(([name, probe]) => (isProbe(probe) ? [{ file, name, probe }] : []))
    }),
  )
).flat()

/** Ports of services that no probe asks, and why. */
const unasked: Readonly<Record<string, readonly (readonly [number, string])[]>> = {
  'netbios udp': [[138, 'its datagrams have no answer']],
  'ethernetip udp': [[2222, 'it is for the values of a plant, which nothing is asked by']],
}

/** Ports that two probes would ask, of which the first of the index does, and why both have them. */
const shared: Readonly<Record<string, string>> = {}

describe('the index', () => {
  test('has each probe that a file exports, once, and nothing else', () => {
    const missing = exported.filter(({ probe }) => !probes.includes(probe)).map(({ name }) => name)
    const foreign = probes.filter((probe) => !exported.some((each) => each.probe === probe)).map(key)
    expect({ missing, foreign }).toEqual({ missing: [], foreign: [] })
    expect(new Set(probes).size).toBe(probes.length)
  })

  test('has one probe for a service over a transport', () => {
    expect([...new Set(named.map(({ name }) => name))]).toEqual(named.map(({ name }) => name))
  })

  test('has one probe for a port, but for those that are known to be shared', () => {
    const askers = new Map<string, string[]>()
    for (const { id, transport, ports } of probes)
      for (const port of ports) askers.set(`${transport}/${port}`, [...(askers.get(`${transport}/${port}`) ?? []), id])
    const twice = [...askers].filter(([, ids]) => ids.length > 1).map(([door, ids]) => `${door} ${ids.join(', ')}`)
    expect(twice).toEqual(Object.keys(shared))
  })
})

test('what is not asked has a probe that could ask it', () => {
  expect(named.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(unasked)))
})

function testClauses(facts: Readonly<Record<string, string>>): void {
  test.each(Object.entries(facts))('%s is one clause', (_, said) => {
    // Printable, one space between words, and no stop: neither at the end nor between two sentences.
    expect(said).toMatch(/^[^\s\p{C}]+(?: [^\s\p{C}]+)*$/u)
    expect(said).not.toMatch(/[.!?;,]$|[.!?] /)
    // As `census list probes` has it: beside its name, in a few lines of a terminal.
    const lines = wrapped(said, terminalWidth - 14)
    expect(lines.length).toBeLessThanOrEqual(3)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(terminalWidth - 14)
  })
}

const services = new Map(loadServices().services.map((service) => [service.id, service]))

describe.each(named)('$name', ({ name, probe }) => {
  test('is of a service of the catalogue, and asks its ports', () => {
    const left = (unasked[name] ?? []).map(([port]) => port)
    const ports = services.get(probe.id)?.ports[probe.transport] ?? []
    expect(ports).toEqual(expect.arrayContaining(left))
    expect(probe.ports).toEqual(ports.filter((port) => !left.includes(port)))
    expect(probe.ports.length).toBeGreaterThan(0)
  })

  test('has TLS first on some of its ports at most', () => {
    const tlsPorts = probe.transport === 'tcp' ? (probe.tlsPorts ?? []) : []
    expect(probe.ports).toEqual(expect.arrayContaining([...tlsPorts]))
    expect(new Set(tlsPorts).size).toBe(tlsPorts.length)
  })

  const { sends, harmless, identity, reference } = probe
  const matching = probe.transport === 'udp' ? { matching: probe.matching } : {}
  testClauses({ sends, harmless, identity, reference, ...matching })
})

describe.each(checks)('$id', ({ id, probe, sends, harmless, identity, reference }) => {
  test('goes with a probe there is, and has a name of its own', () => {
    expect(probes.map((each) => each.id)).toContain(probe)
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect([...probes, ...checks].filter((each) => each.id === id)).toHaveLength(1)
  })

  testClauses({ sends, harmless, identity, reference })
})

function expectClause(said: string): void {
  // Printable, one space between words, and no stop: neither at the end nor between two sentences.
  expect(said).toMatch(/^[^\s\p{C}]+(?: [^\s\p{C}]+)*$/u)
  expect(said).not.toMatch(/[.!?;,]$|[.!?] /)
  // As `census list probes` has it: beside its name, in a few lines of a terminal.
  const lines = wrapped(said, terminalWidth - 14)
  expect(lines.length).toBeLessThanOrEqual(3)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(terminalWidth - 14)
}

describe('the files', () => {
  test.each(exported)('$file has a docstring above $name', ({ file, name }) => {
    expect(docstringAbove(readFileSync(new URL(file, folder), 'utf8'), name)).toMatch(/^[A-Z].{20,}\.$/)
  })
})

/** What stands above an export, in one line. */
function docstringAbove(source: string, name: string): string {
  const [above = ''] = source.split(`export const ${name}: `)
  const [, docstring = ''] = above === source ? [] : (/\n\/\*\*((?:(?!\*\/)[^])+)\*\/\n$/.exec(above) ?? [])
  return docstring.replaceAll(/[\s*]+/g, ' ').trim()
}

describe('checks by datagrams', () => {
  const checkFolder = new URL('checks/', folder)
  const checkFiles = readdirSync(checkFolder)

  test('are those that a file exports', async () => {
    const found: unknown[] = []
    for (const file of checkFiles.filter((each) => each !== 'index.ts')) {
      const module = (await import(new URL(file, checkFolder).href)) as Readonly<Record<string, unknown>>
      found.push(
        ...Object.values(module).filter((each) => typeof each === 'object' && each !== null && 'isReply' in each),
      )
    }
    expect(new Set(found)).toEqual(new Set(udpChecks))
    expect(found).toHaveLength(udpChecks.length)
  })

  test.each(udpChecks)('$id belongs to a probe by datagrams, whose id is its module', ({ probe }) => {
    const asked = probes.find((each) => each.id === probe && each.transport === 'udp')
    expect(asked).toBeDefined()
  })

  test.each(udpChecks)('$id says what it does in clauses', ({ sends, harmless, identity, reference, matching }) => {
    for (const said of [sends, harmless, identity, reference, matching]) expectClause(said)
  })

  test.each(udpChecks)('$id has a file of its name, with a docstring', ({ id }) => {
    const source = readFileSync(new URL(`${id}.ts`, checkFolder), 'utf8')
    const name = id.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    expect(docstringAbove(source, name)).toMatch(/^[A-Z].{20,}\.$/)
  })
})
