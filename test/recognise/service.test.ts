import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CensusError } from '../../src/model/errors.ts'
import { loadServices, parseServices } from '../../src/recognise/service.ts'

const catalogue = loadServices()
const text = readFileSync(new URL('../../data/services.json', import.meta.url), 'utf8')
const ids = new Set(catalogue.services.map((service) => service.id))
const classify = (source: string, module: string | undefined, port: number, transport = 'tcp') =>
  catalogue.classify({ source, port, transport, ...(module === undefined ? {} : { module }) })

describe('the catalogue', () => {
  it('has at least 75 services, each named by at least two formats', () => {
    expect(ids.size).toBeGreaterThanOrEqual(75)
    const named = catalogue.services.filter(
      ({ names }) => Object.values(names).filter((list) => list.length > 0).length < 2,
    )
    expect(named.map((service) => service.id)).toEqual([])
  })

  it('states source and licence', () => {
    expect(JSON.parse(text)).toMatchObject({ licence: 'MIT', source: expect.stringContaining('Own work') })
  })

  it('puts every service in exactly one category, apart from all service names', () => {
    const members = [...catalogue.categories.values()].flat()
    expect(members.toSorted()).toEqual([...ids].toSorted())
    for (const category of catalogue.categories.keys()) expect(ids.has(category)).toBe(false)
    expect(catalogue.categories.get('mail')).toEqual(expect.arrayContaining(['smtp', 'imap', 'pop3']))
    expect(catalogue.categories.get('time')).toContain('ntp')
    for (const name of ['remote-access', 'web', 'file', 'database', 'iot', 'ics', 'name', 'discovery'])
      expect([...catalogue.categories.keys()]).toContain(name)
  })

  it.each(catalogue.services)('$id: every name and port leads to it', ({ id, names, ports }) => {
    for (const [source, list] of Object.entries(names)) {
      for (const name of list) {
        for (const spelling of [name, name.toUpperCase(), name.replaceAll('-', '_'), name.replaceAll('_', '-')])
          expect(classify(source, spelling, 1)).toEqual({ service: id, by: 'name' })
      }
    }
    for (const transport of ['tcp', 'udp'] as const)
      for (const port of ports[transport])
        expect(classify('csv', 'unknown', port, transport)).toEqual({ service: id, by: 'port' })
  })
})

describe('classify', () => {
  it.each([
    ['nmap', 'ssl/http', 444, 'tcp', 'https'],
    ['nmap', 'ssl/imap', 993, 'tcp', 'imap'],
    ['nmap', 'ssl/https-alt', 8443, 'tcp', 'https'],
    ['shodan', 'https-simple-new', 8081, 'tcp', 'https'],
    ['shodan', 'smtps', 465, 'tcp', 'smtp'],
    ['shodan', 'ntp-monlist', 123, 'udp', 'ntp'],
    ['censys', 'HTTP', 443, 'tcp', 'https'],
    ['censys', 'HTTP', 80, 'tcp', 'http'],
    ['shodan', 'http', 443, 'tcp', 'http'],
    ['shadowserver', 'scan6_ntp', 123, 'udp', 'ntp'],
    ['shadowserver', 'mqtt_anon', 1, 'tcp', 'mqtt'],
    ['masscan', 'http.server', 1, 'tcp', 'http'],
    ['zgrab2', 'amqp091', 1, 'tcp', 'amqp'],
  ])('%s calls %s on %d/%s %s: by name', (source, module, port, transport, service) => {
    expect(classify(source, module, port, transport)).toEqual({ service, by: 'name' })
  })

  it.each([
    ['shodan', 'auto', 8080, 'tcp', 'http'],
    ['nmap', 'tcpwrapped', 25, 'tcp', 'smtp'],
    ['masscan', 'X509', 443, 'tcp', 'https'],
    ['masscan', 'title', 80, 'tcp', 'http'],
    ['shadowserver', 'device_id', 23, 'tcp', 'telnet'],
    ['shadowserver', 'scan6_ssl_poodle', 443, 'tcp', 'https'],
    ['zmap', undefined, 123, 'udp', 'ntp'],
  ])('%s saying %s on %d/%s means %s: by port', (source, module, port, transport, service) => {
    expect(classify(source, module, port, transport)).toEqual({ service, by: 'port' })
  })

  it('reports what it does not know as itself', () => {
    expect(classify('shodan', 'darktrack-rat', 25)).toEqual({ service: 'darktrack-rat', by: 'itself' })
    expect(classify('zmap', undefined, 12_345)).toEqual({ service: 'tcp-12345', by: 'itself' })
    expect(classify('csv', '??', 12_345, 'udp')).toEqual({ service: 'udp-12345', by: 'itself' })
    expect(classify('csv', 'Foo  Bar/<x>', 1)).toEqual({ service: 'foo-bar-x', by: 'itself' })
  })

  it('adds no unmapped name to a category or to all', () => {
    expect(classify('csv', 'MAIL', 1)).toEqual({ service: 'mail-unmapped', by: 'itself' })
    expect(classify('csv', 'all', 1)).toEqual({ service: 'all-unmapped', by: 'itself' })
  })

  it('makes a short, plain name of anything', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__proto__', 'constructor', 'x'.repeat(100_000)),
    )
    fc.assert(
      fc.property(
        anything,
        anything,
        fc.integer({ min: 0, max: 65_535 }),
        anything,
        (source, module, port, transport) => {
          const { service, by } = classify(source, module, port, transport)
          expect(service).toMatch(/^[a-z0-9][a-z0-9._+-]{0,79}$/)
          const known = ids.has(service) || catalogue.categories.has(service) || service === 'all'
          expect(known).toBe(by !== 'itself')
        },
      ),
    )
  })
})

describe('resolve', () => {
  const refusal = (list: readonly string[]): CensusError => {
    try {
      catalogue.resolve(list)
    } catch (error) {
      if (error instanceof CensusError) return error
    }
    throw new Error('not refused')
  }

  it('takes services and categories, each service once', () => {
    expect(catalogue.resolve(['pop3', ' Mail ', 'NTP'])).toEqual([
      'pop3',
      ...(catalogue.categories.get('mail') ?? []).filter((id) => id !== 'pop3'),
      'ntp',
    ])
    expect(catalogue.resolve([])).toEqual([])
  })

  it('refuses an unknown one with exit 2, naming the nearest', () => {
    expect(refusal(['mial'])).toMatchObject({ exit: 2, message: expect.stringContaining('mial') })
    expect(refusal(['mial']).hint).toContain('mail')
    expect(refusal(['imaps']).hint).toContain('imap')
    expect(refusal(['x'.repeat(10_000)]).message.length).toBeLessThan(200)
    expect(refusal(['__proto__']).exit).toBe(2)
  })
})

describe('a catalogue that is wrong is refused with exit 2', () => {
  const good = JSON.stringify({
    title: 't',
    source: 's',
    licence: 'MIT',
    notes: [],
    saysNothing: [],
    applicationOnly: [],
    services: [],
  })
  const service = (change: object = {}) => ({
    id: 'foo',
    title: 'Foo',
    category: 'bar',
    ports: { tcp: [1], udp: [] },
    names: { nmap: ['foo'] },
    why: 'w',
    ...change,
  })
  const withServices = (...services: object[]): string => JSON.stringify({ ...JSON.parse(good), services })

  it('reads a sound one', () => {
    expect(
      parseServices(withServices(service())).classify({ source: 'nmap', module: 'FOO', port: 9, transport: 'tcp' }),
    ).toEqual({
      service: 'foo',
      by: 'name',
    })
  })

  it.each([
    ['empty', ''],
    ['no JSON', '{'],
    ['a NUL', '\0'],
    ['null', 'null'],
    ['an array', '[]'],
    ['deep nesting', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['no services', good],
    ['a __proto__ key', good.replace('{', '{"__proto__": {"x": 1}, ')],
    ['an unknown field', withServices(service({ extra: 1 }))],
    ['an unknown format', withServices(service({ names: { telepathy: ['foo'] } }))],
    ['a huge port', withServices(service({ ports: { tcp: [1e99], udp: [] } }))],
    ['a port as text', withServices(service({ ports: { tcp: ['1'], udp: [] } }))],
    ['an id that is no id', withServices(service({ id: 'Foo Bar' }))],
    ['an id twice', withServices(service(), service({ ports: { tcp: [], udp: [] } }))],
    ['a name of two services', withServices(service(), service({ id: 'baz', ports: { tcp: [], udp: [] } }))],
    ['a port of two services', withServices(service(), service({ id: 'baz', names: {} }))],
    ['a category that is an id', withServices(service({ category: 'foo' }))],
    ['a category all', withServices(service({ category: 'all' }))],
    ['a name that says nothing', JSON.stringify({ ...JSON.parse(withServices(service())), saysNothing: ['FOO'] })],
  ])('%s', (_, broken) => {
    expect(() => parseServices(broken)).toThrow(expect.objectContaining({ name: 'CensusError', exit: 2 }))
  })

  it('a real one cut short anywhere', () => {
    for (let end = 0; end < text.length - 2; end += 997)
      expect(() => parseServices(text.slice(0, end))).toThrow(CensusError)
  })
})
