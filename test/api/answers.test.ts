import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { api as apiOf } from '../../src/api/answers.ts'
import { facets } from '../../src/api/query.ts'
import { filters } from '../../src/api/query.ts'
import { banner, ndjson } from '../helpers/shodan.ts'
import { key, served, type Served } from './served.ts'

const kyoto = { country_code: 'JP', region_code: '26', city: 'Kyoto', latitude: 35.02, longitude: 135.75 }
const records = [
  banner(),
  // The same a second time, and once more in another file: one record.
  banner(),
  banner({ timestamp: '2016-04-01T00:00:00.000000', data: '220 older\r\n' }),
  banner({ port: 587, product: "O'Reilly \\ mailer; --", version: '1.0', os: 'Linux', devicetype: 'router' }),
  banner({ ip_str: '192.0.2.26', org: 'Example, Inc.', asn: 'AS64500', hostnames: ['a.example', 'b.example'] }),
  banner({ ip_str: '192.0.2.27', org: 'EXAMPLE, INC.', port: 80, data: 'Server: nginx', _shodan: { module: 'http' } }),
  banner({
    ip_str: '2001:db8::1',
    port: 123,
    transport: 'udp',
    data: 'NTP',
    _shodan: { module: 'auto' },
    cpe23: ['cpe:2.3:a:ntp:ntp:4'],
    tags: ['cloud'],
    location: { country_code: 'US', region_code: 'CA', city: null },
  }),
  banner({ ip_str: '203.0.113.9', location: {}, timestamp: null, _shodan: { module: 'own-thing' }, port: 4321 }),
]

let api: Served
beforeAll(async () => {
  api = await served({ 'one.json': ndjson(...records), 'two.json': ndjson(banner({ location: kyoto })) })
})
afterAll(() => api.close())

describe('a query finds', () => {
  test.each([
    ['has_screenshot:false', 7],
    ['has_screenshot:true', 0],
    ['-has_screenshot:true', 7],
    ['Postfix', 4],
    ['postfix ESMTP', 4],
    ['"mail.example.org ESMTP"', 4],
    ['"ESMTP mail.example.org"', 0],
    ['-Postfix', 3],
    ['"Server: nginx"', 1],
    ['port:25', 3],
    ['port:25,587', 4],
    ['-port:25', 4],
    ['port:0025', 3],
    ['country:JP', 5],
    ['country:jp', 5],
    ['country:JP,US', 6],
    ['-country:JP,US', 1],
    ['country:XX', 0],
    ['region:26', 5],
    ['region:Kyoto', 5],
    ['region:京都府', 5],
    ['region:CA', 1],
    ['region:California', 1],
    ['region:nowhere', 0],
    ['-region:nowhere', 7],
    ['city:kyoto', 5],
    ['-city:kyoto', 2],
    ['city:"Nara,Kyoto"', 5],
    ['org:"Example, Inc."', 2],
    ['org:example', 0],
    ['isp:"example, inc."', 2],
    ['asn:AS64500', 1],
    ['asn:64500', 1],
    ['asn:0', 0],
    ['-asn:64500', 6],
    ['net:192.0.2.0/24', 5],
    ['net:192.0.2.26/31', 2],
    ['net:2001:db8::/32', 1],
    ['net:::/0', 1],
    ['net:0.0.0.0/0', 6],
    ['ip:192.0.2.25', 3],
    ['ip:2001:DB8:0::1', 1],
    ['-ip:192.0.2.25', 4],
    ['hostname:example', 1],
    ['hostname:B.EXAMPLE', 1],
    ['-hostname:example', 6],
    ['os:linux', 1],
    ['device:router', 1],
    ['version:1.0', 1],
    ['shodan.module:smtp', 4],
    ['shodan.module:smtps', 4],
    ['shodan.module:SMTP-starttls', 4],
    ['shodan.module:ntp', 1],
    ['shodan.module:auto', 0],
    ['shodan.module:own-thing', 1],
    ['shodan.module:smtp,http', 5],
    ['country:JP port:25 Postfix -ip:192.0.2.26', 1],
    // What no query may do.
    [`product:"O'Reilly \\ mailer; --"`, 1],
    [`"');DROP TABLE x;--"`, 0],
    [`product:"' OR 1=1 --"`, 0],
    [`city:"'||(SELECT 1)||'"`, 0],
    ['50% \\ _ *', 0],
    ['%', 0],
    ['_ostfix', 0],
    ['product:%', 0],
    ['city:K_oto', 0],
  ])('%s', async (query, total) => {
    const found = await api.ok('/shodan/host/search', { query, facets: 'country' })
    expect(found.total).toBe(total)
    expect(found.matches).toHaveLength(total)
    expect(await api.count(query)).toBe(total)
    const placed = (found.facets.country as { count: number }[]).reduce((sum, { count }) => sum + count, 0)
    expect(placed).toBe(
      (found.matches as { location: { country_code: string | null } }[]).filter(
        (each) => each.location.country_code !== null,
      ).length,
    )
  })
})

describe('a banner', () => {
  test('has every field that Shodan’s have and the snapshot knows', async () => {
    const { matches } = await api.ok('/shodan/host/search', { query: 'port:587' })
    expect(matches).toEqual([
      {
        ip: 3221226009,
        ip_str: '192.0.2.25',
        port: 587,
        transport: 'tcp',
        timestamp: '2016-05-01T22:57:45.950793',
        data: '220 mail.example.org ESMTP Postfix\r\n',
        asn: null,
        org: null,
        isp: null,
        os: 'Linux',
        hostnames: [],
        domains: [],
        product: "O'Reilly \\ mailer; --",
        version: '1.0',
        devicetype: 'router',
        location: {
          ...kyoto,
          country_name: 'Japan',
          country_code3: null,
          area_code: null,
          postal_code: null,
          dma_code: null,
        },
        opts: {},
        _shodan: { module: 'smtp', id: null, crawler: null, ptr: false, options: {} },
      },
    ])
  })

  test('of an IPv6 address, of a module that says nothing, of no place and no time', async () => {
    const { matches } = await api.ok('/shodan/host/search', { query: '-country:JP' })
    expect(matches).toMatchObject([
      {
        ip_str: '2001:db8::1',
        ipv6: '2001:db8::1',
        port: 123,
        cpe23: ['cpe:2.3:a:ntp:ntp:4'],
        tags: ['cloud'],
        location: { country_code: 'US', region_code: 'CA' },
        _shodan: { module: 'ntp' },
      },
      {
        ip_str: '203.0.113.9',
        timestamp: null,
        location: { country_code: null, country_name: null, region_code: null },
        _shodan: { module: 'own-thing' },
      },
    ])
    expect(matches[0]).not.toHaveProperty('ip')
  })
})

describe('a host', () => {
  test('has the newest banner of every port, or all with history', async () => {
    const host = await api.ok('/shodan/host/192.0.2.25')
    expect(host).toMatchObject({
      ip_str: '192.0.2.25',
      ip: 3221226009,
      ports: [25, 587],
      country_code: 'JP',
      region_code: '26',
      os: 'Linux',
      last_update: '2016-05-01T22:57:45.950793',
    })
    const ports = (json: { data: { port: number; data: string }[] }) => json.data.map(({ port }) => port)
    expect(ports(host)).toEqual([25, 587])
    const whole = await api.ok('/shodan/host/192.0.2.25', { history: 'True' })
    expect(ports(whole)).toEqual([25, 587, 25])
    expect(whole.data[2].data).toBe('220 older\r\n')
    const minified = await api.ok('/shodan/host/192.0.2.25', { minify: 'true' })
    expect(minified).not.toHaveProperty('data')
    expect(minified.ports).toEqual([25, 587])
    expect(await api.ok('/shodan/host/2001:DB8:0:0::1')).toMatchObject({ ip_str: '2001:db8::1', ports: [123] })
  })

  test('that is not known, and one that is no address', async () => {
    expect(await api.get('/shodan/host/192.0.2.99')).toEqual({
      status: 404,
      json: { error: 'No information available for that IP.' },
    })
    for (const address of ['192.0.2', 'x', "1'--", '192.0.2.25,192.0.2.26', '%00'])
      expect(await api.get(`/shodan/host/${address}`), address).toEqual({ status: 400, json: { error: 'Invalid IP' } })
  })
})

describe('lists', () => {
  test('of facets, filters, ports, protocols, tokens and what the key may do', async () => {
    expect(await api.ok('/shodan/host/search/facets')).toEqual(facets)
    expect(await api.ok('/shodan/host/search/filters')).toEqual(filters.toSorted())
    expect(await api.ok('/shodan/ports')).toEqual([25, 80, 123, 587, 4321])
    const protocols = (await api.ok('/shodan/protocols')) as Record<string, string>
    expect(protocols['smtp']).toMatch(/^SMTP mail server/)
    expect(Object.keys(protocols).length).toBeGreaterThan(80)
    expect(await api.ok('/shodan/host/search/tokens', { query: 'Raspbian port:22' })).toEqual({
      attributes: { ports: [22] },
      errors: [],
      string: 'Raspbian',
      filters: ['port'],
    })
    expect((await api.ok('/shodan/host/search/tokens', { query: 'colour:"' })).errors).toHaveLength(1)
    expect(await api.ok('/api-info')).toMatchObject({
      plan: 'census',
      query_credits: 1_000_000,
      scan_credits: 0,
      usage_limits: { query_credits: -1 },
    })
  })

  test('facets: names in one bucket whatever their case, nothing in none, ports as numbers', async () => {
    const { facets: found } = await api.ok('/shodan/host/count', {
      query: 'has_screenshot:false',
      facets: 'org, port:2,asn,shodan.module,city,region,product,os',
    })
    expect(found).toEqual({
      org: [{ count: 2, value: 'EXAMPLE, INC.' }],
      port: [
        { count: 3, value: 25 },
        { count: 1, value: 80 },
      ],
      asn: [{ count: 1, value: 'AS64500' }],
      'shodan.module': [
        { count: 4, value: 'smtp' },
        { count: 1, value: 'http' },
        { count: 1, value: 'ntp' },
        { count: 1, value: 'own-thing' },
      ],
      city: [{ count: 5, value: 'Kyoto' }],
      region: [
        { count: 5, value: '26' },
        { count: 1, value: 'CA' },
      ],
      product: expect.arrayContaining([{ count: 1, value: "O'Reilly \\ mailer; --" }]),
      os: [{ count: 1, value: 'Linux' }],
    })
  })
})

describe('what is wrong is told, as JSON', () => {
  test.each<[string, Record<string, string | number>, RegExp]>([
    ['/shodan/host/count', {}, /Empty search query/],
    ['/shodan/host/count', { query: 'colour:red' }, /no filter "colour"/],
    ['/shodan/host/search', { query: 'port:x' }, /no value/],
    ['/shodan/host/count', { query: '"' }, /not closed/],
    ['/shodan/host/count', { query: 'a\0b' }, /NUL/],
    ['/shodan/host/count', { query: 'x'.repeat(9000) }, /longer than/],
    ['/shodan/host/count', { query: 'x', facets: 'colour' }, /no facet "colour"/],
    ['/shodan/host/count', { query: 'x', facets: 'port:0' }, /from 1 to 1000/],
    ['/shodan/host/count', { query: 'x', facets: 'port:1001' }, /from 1 to 1000/],
    ['/shodan/host/count', { query: 'x', facets: `port:${'9'.repeat(400)}` }, /from 1 to 1000/],
    ['/shodan/host/count', { query: 'x', facets: 'port:-1' }, /from 1 to 1000/],
    ['/shodan/host/count', { query: 'x', facets: 'port:1:1' }, /from 1 to 1000/],
    ['/shodan/host/search', { query: 'x', page: -1 }, /"page" must be/],
    ['/shodan/host/search', { query: 'x', page: 0 }, /"page" must be/],
    ['/shodan/host/search', { query: 'x', page: '1e9' }, /"page" must be/],
    ['/shodan/host/search', { query: 'x', page: 99_999_999_999 }, /"page" must be/],
    ['/shodan/host/search', { query: 'x', limit: 1001 }, /"limit" must be/],
    ['/shodan/host/search', { query: 'x', limit: 0 }, /"limit" must be/],
    ['/shodan/host/search', { query: 'x', offset: -1 }, /"offset" must be/],
    ['/shodan/host/search', { query: 'x', minify: 'maybe' }, /"minify" must be/],
    ['/shodan/host/192.0.2.25', { history: 'maybe' }, /"history" must be/],
  ])('%s %j', async (path, parameters, message) => {
    const { status, json } = await api.get(path, parameters)
    expect(status).toBe(400)
    expect(Object.keys(json)).toEqual(['error'])
    expect(json.error).toMatch(message)
  })

  test('the last page there can be is empty', async () => {
    expect(await api.ok('/shodan/host/search', { query: 'Postfix', page: 2 ** 31 })).toEqual({ matches: [], total: 4 })
  })

  test.each(['%', '%zz', '%ff', '%c0%80', '%ed%a0%80'])('the escape %s', async (escape) => {
    for (const target of [`/shodan/host/count?query=${escape}&key=${key}`, `/${escape}?key=${key}`]) {
      const response = await fetch(api.url + target)
      expect(response.status).toBe(400)
      expect(await response.json()).toEqual({ error: expect.stringContaining('escape') })
    }
  })

  test('no key, a wrong one, two, and one that is not a parameter', async () => {
    const wrong: [string, RequestInit][] = [
      ['/api-info', {}],
      ['/api-info?key=', {}],
      ['/api-info?key=wrong', {}],
      [`/api-info?key=${key}x`, {}],
      [`/api-info?key=${key}&key=${key}`, {}],
      [`/api-info?KEY=${key}`, {}],
      ['/api-info', { headers: { authorization: `Bearer ${key}`, 'x-api-key': key, cookie: `key=${key}` } }],
      ['/nothing/here', {}],
      ['/shodan/host/count?query=%22', {}],
    ]
    for (const [target, init] of wrong) {
      const response = await fetch(api.url + target, init)
      expect(response.status, target).toBe(401)
      expect(await response.json()).toEqual({ error: 'Invalid API key' })
    }
  })

  test('other methods, other paths', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) {
      const response = await fetch(`${api.url}/api-info?key=${key}`, {
        method,
        ...(['POST', 'PUT', 'PATCH'].includes(method) ? { body: 'x'.repeat(100_000) } : {}),
      })
      expect(response.status, method).toBe(405)
      if (method !== 'HEAD') expect(await response.json()).toEqual({ error: 'Only GET is answered' })
    }
    for (const path of [
      '/',
      '//',
      '/shodan',
      '/shodan/host/',
      '/shodan/host/count/x',
      '/shodan/scan',
      '/../api-info/..',
    ])
      expect((await api.get(path)).status, path).toBe(404)
    expect((await api.get('/api-info/')).status).toBe(200)
  })
})

describe('a question that nobody waits for any more', () => {
  const asked = { method: 'GET', target: `/shodan/ports?key=${key}` }
  const given = { status: 503, json: { error: 'The search timed out, please try again' } }

  /** A database whose statements run until they are interrupted. */
  const endless = () => {
    const done: string[] = []
    let stop: (error: Error) => void = () => undefined
    const running = new Promise<never>((_, reject) => (stop = reject))
    let begun: () => void = () => undefined
    const started = new Promise<void>((resolve) => (begun = resolve))
    const connection = {
      stream: () => {
        begun()
        return running
      },
      interrupt: () => {
        done.push('interrupted')
        stop(new Error('INTERRUPT Error: Interrupted!'))
      },
      closeSync: () => done.push('closed'),
    }
    const database = { connect: () => Promise.resolve(connection) }
    const handler = apiOf({ database, census: {}, observations: '', words: {} } as never, key)
    return { handler, done, started }
  }

  test('ends its statement and its connection', async () => {
    const { handler, done, started } = endless()
    const gone = new AbortController()
    const answer = handler({ ...asked, signal: gone.signal })
    await started
    expect(done).toEqual([])
    gone.abort()
    expect(await answer).toEqual(given)
    expect(done).toEqual(['interrupted', 'closed'])
  })

  test('is not asked', async () => {
    const { handler, done } = endless()
    expect(await handler({ ...asked, signal: AbortSignal.abort() })).toEqual(given)
    expect(done).toEqual([])
  })
})
