import { describe, expect, test } from 'vitest'
import { shodan, shodanBanner } from '../../../src/sources/files/shodan.ts'
import { banner, headOf, observations, readAll, shodanHost, troubles } from './json-fixtures.ts'

const ndjson = (...values: unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('')
const one = (value: unknown) => {
  const reading = shodanBanner(value, 1)
  return reading.kind === 'record' ? reading.observation : reading
}

test('a banner as `shodan download` writes it', async () => {
  const readings = await readAll(shodan, ndjson(banner))
  expect(readings).toEqual([
    {
      kind: 'record',
      line: 1,
      observation: {
        source: 'shodan',
        ip: '192.0.2.25',
        port: 25,
        transport: 'tcp',
        outcome: 'answered',
        observedAt: '2024-05-01T22:57:45.950793Z',
        module: 'smtp',
        product: 'Postfix smtpd',
        version: '3.4',
        cpe: 'cpe:2.3:a:postfix:postfix:3.4',
        banner: '220 mail.example.org ESMTP Postfix\r\n',
        country: 'JP',
        regionCode: '26',
        city: 'Kyoto',
        latitude: 35.02,
        longitude: 135.75,
        asn: 64500,
        organisation: 'Example Networks',
        hostnames: 'mail.example.org mx.example.org',
        tags: 'honeypot cloud',
      },
    },
  ])
})

describe('odd banners', () => {
  test.each([
    [
      { ip: 3_221_225_985, port: '80' },
      { ip: '192.0.2.1', port: 80, transport: 'tcp' },
    ],
    [{ ip: -1_073_741_311, port: 80 }, { ip: '192.0.2.1' }],
    [{ ip_str: '', ip: '3221225985', port: 80 }, { ip: '192.0.2.1' }],
    [{ ip_str: '2001:DB8:0:0::1', port: 443 }, { ip: '2001:db8::1' }],
    [{ ip_str: '::ffff:192.0.2.7', port: 443 }, { ip: '192.0.2.7' }],
    [{ ip_str: '192.0.2.1', port: 1, location: null, country_code: 'JP' }, { country: 'JP' }],
    [{ ip_str: '192.0.2.1', port: 1, location: { country_name: 'Japan' } }, { country: 'Japan' }],
    [
      { ip_str: '192.0.2.1', port: 1, cpe: 'cpe:/a:x:y', isp: 'Carrier', asn: '64500', hostnames: null },
      { cpe: 'cpe:/a:x:y', organisation: 'Carrier', asn: 64500 },
    ],
  ])('%j', (value, expected) => {
    expect(one(value)).toMatchObject(expected)
  })

  test('a location that is text, a module that is missing, lists in place of text say nothing', () => {
    expect(
      one({ ip_str: '192.0.2.1', port: 1, location: 'Tokyo', _shodan: 'x', product: ['a'], data: { a: 1 } }),
    ).toEqual({
      source: 'shodan',
      ip: '192.0.2.1',
      port: 1,
      transport: 'tcp',
      outcome: 'answered',
    })
  })

  test.each([
    [{ product: 'x' }, 'not-a-record'],
    [[1], 'not-a-record'],
    [null, 'not-a-record'],
    [{ port: 80 }, 'no-address'],
    [{ ip: 4_294_967_296, port: 80 }, 'bad-address'],
    [{ ip_str: 'example.org', port: 80 }, 'bad-address'],
    [{ ip_str: '192.0.2.1', port: 70_000 }, 'bad-port'],
    [{ ip_str: '192.0.2.1' }, 'bad-port'],
    [{ ip_str: '192.0.2.1', port: 80, timestamp: '2024-02-30T00:00:00' }, 'bad-time'],
  ])('%j is a reject', (value, reason) => {
    expect(one(value)).toMatchObject({ kind: 'reject', line: 1, reason })
  })
})

describe('other shapes', () => {
  test('a search page, an array and banners after each other hold the same records', async () => {
    const other = { ...banner, ip_str: '2001:db8::9' }
    const expected = observations(await readAll(shodan, ndjson(banner, other)))
    expect(expected.map((found) => found.ip)).toEqual(['192.0.2.25', '2001:db8::9'])
    for (const value of [{ matches: [banner, other], total: 2 }, [banner, other]]) {
      expect(observations(await readAll(shodan, JSON.stringify(value)))).toEqual(expected)
      expect(observations(await readAll(shodan, JSON.stringify(value, undefined, 2)))).toEqual(expected)
    }
  })

  test('banners of a host inherit what they do not say, also from behind them', async () => {
    const readings = await readAll(shodan, JSON.stringify(shodanHost, undefined, 4))
    expect(observations(readings)).toMatchObject([
      {
        ip: '192.0.2.1',
        port: 22,
        country: 'JP',
        regionCode: '13',
        city: 'Chiyoda',
        organisation: 'Host Org',
        asn: 64501,
        hostnames: 'host.example.net',
        observedAt: '2024-03-01T00:00:00.000000Z',
      },
      {
        ip: '192.0.2.1',
        port: 123,
        transport: 'udp',
        country: 'US',
        organisation: 'Own Org',
        observedAt: '2024-03-02T01:00:00.500000Z',
      },
    ])
    // A banner with a place of its own does not get the host's city beside it.
    expect(observations(readings)[1]).not.toHaveProperty('city')
    expect(observations(readings)[1]).not.toHaveProperty('regionCode')
  })

  test('a host that only lists ports has open ports; one without any has no record', async () => {
    const minified = { ...shodanHost, data: [] }
    const readings = await readAll(shodan, ndjson(minified, { ...minified, ports: [] }))
    expect(readings).toHaveLength(2)
    expect(observations(readings)).toMatchObject([
      { port: 22, outcome: 'open', observedAt: '2024-03-02T01:00:00.500000Z' },
      { port: 123, outcome: 'open' },
    ])
  })

  test('a broken banner in a host is one reject beside the others', async () => {
    const readings = await readAll(shodan, ndjson({ ...shodanHost, data: [...shodanHost.data, 'x', { port: 'y' }] }))
    expect(observations(readings)).toHaveLength(2)
    expect(troubles(readings)).toEqual(['not-a-record@1', 'bad-port@1'])
  })

  test('--observed-at dates what has no time and nothing else', async () => {
    const readings = await readAll(shodan, ndjson(banner, { ip_str: '192.0.2.3', port: 1 }), {
      observedAt: '2020-01-01T00:00:00.000000Z',
    })
    expect(observations(readings).map((found) => found.observedAt)).toEqual([
      '2024-05-01T22:57:45.950793Z',
      '2020-01-01T00:00:00.000000Z',
    ])
  })

  test('lines are told apart by their numbers', async () => {
    const input = `${ndjson(banner)}nonsense\n${ndjson(banner)}{"ip_str": "192.0.2.1", "port"`
    const readings = await readAll(shodan, input)
    expect(readings.map((reading) => reading.line)).toEqual([1, 2, 3, 4])
    expect(troubles(readings)).toEqual(['not-json@2', 'cut@4'])
  })
})

describe('detection', () => {
  test.each([
    ['NDJSON', ndjson(banner)],
    ['a broken first line', `{"a\n${ndjson(banner)}`],
    ['a page', JSON.stringify({ matches: [banner], total: 1 })],
    ['an empty page', '{"matches": [], "total": 7}'],
    ['a host', JSON.stringify(shodanHost, undefined, 2)],
    ['a minified host', JSON.stringify({ ...shodanHost, data: [] })],
    ['a stub', '{"ip": 3221225985, "port": "80", "data": ""}'],
  ])('%s', (_, input) => {
    expect(shodan.detect(headOf(input))).toBe(true)
  })

  test('a first banner longer than the head', () => {
    expect(shodan.detect(headOf(JSON.stringify({ ip_str: '192.0.2.1', port: 80, data: 'x'.repeat(1000) }), 200))).toBe(
      true,
    )
  })

  test('what is not Shodan', () => {
    for (const input of [
      '',
      '{}',
      '[]',
      '[7,11]',
      '{"query_credits":56,"plan":"edu"}',
      'ip,port\n192.0.2.1,80\n',
      '<nmaprun>',
    ]) {
      expect(shodan.detect(headOf(input))).toBe(false)
    }
  })
})
