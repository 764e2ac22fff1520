import { describe, expect, test } from 'vitest'
import { censys } from '../../../src/sources/files/censys.ts'
import { censysLegacy, censysV2, headOf, observations, readAll, troubles } from './json-fixtures.ts'

const hit = censysV2.result.hits[0]

test('hits of a v2 search, one observation a service; a host without services adds nothing', async () => {
  const readings = await readAll(censys, JSON.stringify(censysV2))
  const place = {
    country: 'JP',
    regionName: 'Osaka',
    city: 'Sakai',
    latitude: 34.57,
    longitude: 135.48,
    asn: 64502,
    organisation: 'EXAMPLE-AS',
  }
  const common = {
    source: 'censys',
    ip: '198.51.100.7',
    outcome: 'answered',
    observedAt: '2023-02-03T04:05:06.789000Z',
    ...place,
  }
  expect(readings).toHaveLength(2)
  expect(observations(readings)).toEqual([
    { ...common, port: 22, transport: 'tcp', module: 'SSH' },
    { ...common, port: 443, transport: 'udp', module: 'HTTPS' },
  ])
})

test('a v2 host with observation times, software, labels and an encoded banner', async () => {
  const service = {
    port: 2222,
    service_name: 'SSH',
    transport_protocol: 'TCP',
    observed_at: '2021-06-02T19:31:04.490557936Z',
    banner: Buffer.from('SSH-2.0-x').toString('hex'),
    _encoding: { banner: 'DISPLAY_HEX' },
    labels: ['remote-access'],
    software: [
      { part: 'o', product: 'Linux', uniform_resource_identifier: 'cpe:2.3:o:linux:linux' },
      {
        part: 'a',
        vendor: 'OpenBSD',
        product: 'OpenSSH',
        version: '9.6',
        uniform_resource_identifier: 'cpe:2.3:a:openbsd:openssh:9.6',
      },
    ],
  }
  const host = {
    ...hit,
    services: [service],
    dns: { reverse_dns: { names: ['a.example.org', 'b.example.org'] } },
    labels: ['honeypot'],
  }
  expect(observations(await readAll(censys, JSON.stringify({ code: 200, status: 'OK', result: host })))).toMatchObject([
    {
      observedAt: '2021-06-02T19:31:04.490557Z',
      banner: 'SSH-2.0-x',
      vendor: 'OpenBSD',
      product: 'OpenSSH',
      version: '9.6',
      os: 'Linux',
      cpe: 'cpe:2.3:o:linux:linux cpe:2.3:a:openbsd:openssh:9.6',
      tags: 'honeypot remote-access',
      hostnames: 'a.example.org b.example.org',
    },
  ])
})

test('hosts of the Platform, bare, in lists and in its search answer', async () => {
  const host = {
    ip: '2001:db8::44',
    location: { country: 'Japan', province: 'Kyoto' },
    services: [
      {
        port: 53,
        protocol: 'DNS',
        transport_protocol: 'udp',
        scan_time: '2025-01-02T03:04:05Z',
        labels: [{ value: 'RESOLVER' }],
      },
    ],
  }
  const expected = [
    {
      ip: '2001:db8::44',
      port: 53,
      transport: 'udp',
      module: 'DNS',
      observedAt: '2025-01-02T03:04:05.000000Z',
      country: 'Japan',
      regionName: 'Kyoto',
      tags: 'RESOLVER',
    },
  ]
  const wrapped = [
    host,
    { metadata: { hosts_count: 1 }, hosts: [host] },
    { result: { hits: [{ host_v1: { resource: host, extensions: {} } }], total_hits: 1 } },
    { result: { resource: host } },
    { result: [{ resource: host }] },
  ]
  for (const value of wrapped) {
    const input = JSON.stringify(value)
    expect(censys.detect(headOf(input))).toBe(true)
    expect(observations(await readAll(censys, input))).toMatchObject(expected)
  }
})

describe('the legacy data set', () => {
  test('flat keys: one observation a port and protocol, and those only named', async () => {
    const place = {
      country: 'DE',
      regionName: 'Hesse',
      latitude: 50.1,
      longitude: 8.6,
      asn: 64503,
      organisation: 'EXAMPLE-DE',
    }
    const common = {
      source: 'censys',
      ip: '198.51.100.25',
      outcome: 'answered',
      observedAt: '2018-07-08T09:10:11.000000Z',
      ...place,
    }
    expect(observations(await readAll(censys, JSON.stringify(censysLegacy)))).toEqual([
      {
        ...common,
        port: 25,
        transport: 'tcp',
        module: 'smtp',
        product: 'Exim',
        version: '4.94',
        banner: '220 relay.example.com ESMTP Exim 4.94',
      },
      {
        ...common,
        port: 80,
        transport: 'tcp',
        module: 'http',
        banner: 'HTTP/1.1 200 OK\r\nServer: nginx/1.18.0\r\n\r\n<title>Example</title>\r\n',
      },
      { ...common, port: 53, transport: 'udp', module: 'dns' },
      { ...common, port: 443, transport: 'tcp', module: 'https' },
    ])
  })

  test('nested objects, with and without p', async () => {
    const ssh = { ssh: { v2: { banner: { raw: 'SSH-2.0-dropbear' } } } }
    const input = [
      { ip: '198.51.100.1', p22: ssh },
      { ip: '198.51.100.2', '22': ssh },
    ]
      .map((host) => JSON.stringify(host))
      .join('\n')
    expect(censys.detect(headOf(input))).toBe(true)
    expect(observations(await readAll(censys, input))).toMatchObject([
      { ip: '198.51.100.1', port: 22, module: 'ssh', banner: 'SSH-2.0-dropbear' },
      { ip: '198.51.100.2', port: 22, module: 'ssh', banner: 'SSH-2.0-dropbear' },
    ])
  })

  test('keys that reach for prototypes reach nothing', async () => {
    const input =
      '{"ip":"198.51.100.1","location":{},"location.__proto__.polluted":1,"constructor.prototype.polluted":1,"p22.ssh.v2":{}}'
    expect(observations(await readAll(censys, input))).toHaveLength(1)
    expect({}).not.toHaveProperty('polluted')
  })
})

test('what holds no host is a reject, and not detected', async () => {
  const aggregate = JSON.stringify({ code: 200, result: { total: 3, buckets: [{ key: 'Asia', count: 3 }] } })
  expect(censys.detect(headOf(aggregate))).toBe(false)
  expect(troubles(await readAll(censys, `${aggregate}\n5\n`))).toEqual(['not-a-record@1', 'not-a-record@2'])
  const bad = JSON.stringify({ ip: 'x', services: [{ port: 1 }, { port: -1 }, 7] })
  expect(troubles(await readAll(censys, bad))).toEqual(['bad-address@1', 'bad-address@1', 'bad-address@1'])
})
