import { describe, expect, test } from 'vitest'
import { fofa } from '../../../src/sources/files/fofa.ts'
import { onyphe } from '../../../src/sources/files/onyphe.ts'
import { zoomeye } from '../../../src/sources/files/zoomeye.ts'
import { fofaRows, headOf, observations, onyphePage, readAll, troubles, zoomeyeV1, zoomeyeV2 } from './json-fixtures.ts'

describe('ZoomEye', () => {
  test('API v1', async () => {
    expect(observations(await readAll(zoomeye, JSON.stringify(zoomeyeV1)))).toEqual([
      {
        source: 'zoomeye',
        ip: '203.0.113.9',
        port: 110,
        transport: 'tcp',
        outcome: 'answered',
        observedAt: '2016-03-09T16:14:04.000000Z',
        module: 'pop3',
        product: 'Dovecot',
        banner: '+OK\r\n',
        country: 'JP',
        regionName: 'Hokkaido',
        city: 'Sapporo',
        latitude: 43.06,
        longitude: 141.35,
        asn: 64504,
        organisation: 'Example North',
        hostnames: 'pop.example.jp',
      },
    ])
  })

  test('API v2 and its records as NDJSON', async () => {
    const expected = [
      {
        source: 'zoomeye',
        ip: '203.0.113.53',
        port: 53,
        transport: 'udp',
        outcome: 'answered',
        observedAt: '2024-06-04T12:06:15.900404Z',
        module: 'dns',
        country: 'Japan',
        regionName: 'Fukuoka',
        city: 'Fukuoka',
        latitude: 33.59,
        longitude: 130.4,
        asn: 64505,
        organisation: 'Example West',
        tags: 'honeypot',
      },
    ]
    expect(observations(await readAll(zoomeye, JSON.stringify(zoomeyeV2, undefined, 1)))).toEqual(expected)
    const lines = zoomeyeV2.data.map((value) => `${JSON.stringify(value)}\n`).join('')
    expect(zoomeye.detect(headOf(lines))).toBe(true)
    expect(observations(await readAll(zoomeye, lines))).toEqual(expected)
  })

  test('a site has a record for each of its addresses; what is none is rejected', async () => {
    const input = JSON.stringify({
      matches: [{ ip: ['203.0.113.1', '203.0.113.2'], port: 80 }, { site: 'x' }, { ip: [], port: 1 }],
    })
    const readings = await readAll(zoomeye, input)
    expect(observations(readings).map((found) => found.ip)).toEqual(['203.0.113.1', '203.0.113.2'])
    expect(troubles(readings)).toEqual(['not-a-record@1', 'no-address@1'])
  })
})

describe('FOFA', () => {
  const expected = [
    {
      source: 'fofa',
      ip: '203.0.113.80',
      port: 554,
      transport: 'tcp',
      outcome: 'answered',
      observedAt: '2023-01-02T03:04:05.000000Z',
      module: 'rtsp',
      country: 'JP',
      regionName: 'Okinawa',
      asn: 64506,
      hostnames: 'cam.example.org',
    },
  ]

  test('rows named by fields, before or behind them, as text or list', async () => {
    const { fields, ...rest } = fofaRows
    for (const value of [fofaRows, { ...rest, fields }, { ...rest, fields: fields.split(',') }]) {
      const readings = await readAll(fofa, JSON.stringify(value))
      expect(observations(readings)).toEqual(expected)
      expect(troubles(readings)).toEqual(['bad-port@1'])
    }
  })

  test('rows nothing names have the default fields; fields of one page do not name the next', async () => {
    const bare =
      '{"error":false,"size":1,"mode":"extended","results":[["https://[2001:db8::1]:8443","2001:db8::1","8443"]]}'
    const readings = await readAll(fofa, `${JSON.stringify(fofaRows)}\n${bare}\n`)
    expect(observations(readings)).toMatchObject([{ ip: '203.0.113.80' }, { ip: '2001:db8::1', port: 8443 }])
    expect(observations(readings)[1]).not.toHaveProperty('hostnames')
  })

  test('rows of another length that nothing names are not guessed at', async () => {
    const readings = await readAll(fofa, '{"results":[["203.0.113.5","80"],["a","203.0.113.5","80"],[]]}')
    expect(observations(readings)).toHaveLength(1)
    expect(troubles(readings)).toEqual(['bad-row@1', 'bad-row@1'])
  })

  test('rows do not wait for their names without bound', async () => {
    const row = '["203.0.113.5:1","203.0.113.5","1"],'
    let given = 0
    const input = (async function* () {
      yield Buffer.from('{"results":[')
      for (; given < 100; given++) yield Buffer.from(row)
      yield Buffer.from('[]],"fields":"host,ip,port"}')
    })()
    const readings = fofa.read(input, { fileName: 'x.json', maxRecordBytes: 500 })
    expect(await readings.next()).toMatchObject({ value: { kind: 'record' } })
    expect(given).toBeLessThan(20)
  })

  test('objects', async () => {
    const value = {
      ip: '203.0.113.82',
      port: 443,
      protocol: 'https',
      host: 'https://a.example.com',
      as_organization: 'Example',
      banner: '',
      header: 'HTTP/1.1 200 OK',
      is_honeypot: true,
    }
    for (const input of [JSON.stringify(value), JSON.stringify([value])]) {
      expect(fofa.detect(headOf(input))).toBe(true)
      expect(observations(await readAll(fofa, input))).toMatchObject([
        {
          ip: '203.0.113.82',
          port: 443,
          module: 'https',
          hostnames: 'a.example.com',
          organisation: 'Example',
          banner: 'HTTP/1.1 200 OK',
          tags: 'honeypot',
        },
      ])
    }
  })

  test('rows before a cut are kept', async () => {
    const readings = await readAll(fofa, '{"error":false,"results":[["203.0.113.5","203.0.113.5","1"],["20')
    expect(observations(readings)).toHaveLength(1)
    expect(troubles(readings)).toEqual(['cut@1'])
  })
})

describe('ONYPHE', () => {
  test('a page: services are answered, SYN scans open, other categories no records', async () => {
    const readings = await readAll(onyphe, JSON.stringify(onyphePage))
    expect(observations(readings)).toEqual([
      {
        source: 'onyphe',
        ip: '192.0.2.77',
        port: 443,
        transport: 'tcp',
        outcome: 'answered',
        observedAt: '2025-04-08T09:35:55.000000Z',
        module: 'https',
        vendor: 'Apache',
        product: 'HTTP Server',
        version: '2.4.57',
        deviceType: 'Router',
        banner: 'HTTP/1.1 200 OK\r\n',
        country: 'FR',
        city: 'Lyon',
        latitude: 45.76,
        longitude: 4.83,
        asn: 64507,
        organisation: 'Example FR',
        hostnames: 'www.example.fr',
      },
      {
        source: 'onyphe',
        ip: '2001:db8::5',
        port: 8080,
        transport: 'tcp',
        outcome: 'open',
        observedAt: '2025-04-08T09:36:00.000000Z',
      },
    ])
    expect(troubles(readings)).toEqual(['not-a-record@1'])
  })

  test('NDJSON', async () => {
    const lines = onyphePage.results.map((value) => `${JSON.stringify(value)}\n`).join('')
    expect(observations(await readAll(onyphe, lines))).toHaveLength(2)
  })
})
