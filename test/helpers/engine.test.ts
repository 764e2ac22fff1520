import { get, type IncomingHttpHeaders } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine, type EngineOptions, type Fault } from './engine.ts'
import { prefectures, syntheticBanners, type SyntheticBanner } from './engine-banners.ts'
import { shodanAnswers, type ShodanOptions } from './engine-shodan.ts'

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Whether the whole body came, by its Content-Length. */
  readonly complete: boolean
}

const ask = (url: string, headers: Readonly<Record<string, string>> = {}): Promise<Got> =>
  new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      // What breaks off is an outcome here.
      response.on('error', () => undefined)
      response.on('close', () => {
        const { statusCode: status = 0, complete } = response
        resolve({ status, headers: response.headers, body: Buffer.concat(chunks), complete })
      })
    }).on('error', reject)
  })

const engines: Engine[] = []
const started = async (options: EngineOptions): Promise<Engine> => {
  const engine = await startEngine(options)
  engines.push(engine)
  return engine
}
afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())))

describe('faults', () => {
  const right = { total: 7, matches: [] }
  const rightText = JSON.stringify(right)
  /** What comes of a fault in the first answer, the second being right. */
  const first = async (fault: Fault): Promise<Got> => {
    const engine = await started({ answer: () => ({ body: right }), faults: (n) => (n === 0 ? fault : undefined) })
    const got = await ask(engine.url)
    const next = await ask(engine.url)
    expect([next.status, next.body.toString()]).toEqual([200, rightText])
    return got
  }

  test.each<[Fault, number, string | RegExp, IncomingHttpHeaders]>([
    [{ fault: 'denied', status: 401, as: 'json' }, 401, '{"error":"Access denied"}', {}],
    [{ fault: 'denied', status: 401, as: 'html' }, 401, /^<!DOCTYPE html>/, { 'content-type': 'text/html' }],
    [{ fault: 'denied', status: 403, as: 'json' }, 403, '{"error":"Access denied"}', {}],
    [{ fault: 'denied', status: 403, as: 'html' }, 403, /403 Forbidden/, { 'content-type': 'text/html' }],
    [{ fault: 'too-many', retryAfter: '2' }, 429, /error/, { 'retry-after': '2' }],
    [{ fault: 'too-many', retryAfter: '0' }, 429, /error/, { 'retry-after': '0' }],
    [{ fault: 'too-many' }, 429, /error/, { 'retry-after': undefined }],
    [{ fault: 'down', status: 500 }, 500, /Internal Server Error/, {}],
    [{ fault: 'down', status: 502 }, 502, /Bad Gateway/, { 'content-type': 'text/html' }],
    [{ fault: 'down', status: 503, retryAfter: '9' }, 503, /Unavailable/, { 'retry-after': '9' }],
    [{ fault: 'error', error: 'no' }, 200, '{"error":"no"}', {}],
    [{ fault: 'total', delta: -3 }, 200, '{"total":4,"matches":[]}', {}],
    [{ fault: 'repeat' }, 200, rightText, {}],
    [{ fault: 'empty' }, 200, '', { 'content-length': '0' }],
    [{ fault: 'html' }, 200, /^<!DOCTYPE html>/, { 'content-type': 'text/html' }],
    [{ fault: 'too-large', bytes: 5000 }, 200, ' '.repeat(5000) + rightText, {}],
    [{ fault: 'content-type', type: 'text/plain' }, 200, rightText, { 'content-type': 'text/plain' }],
    [{ fault: 'shape', body: [] }, 200, '[]', { 'content-type': 'application/json' }],
    [{ fault: 'shape', body: null }, 200, 'null', {}],
    [{ fault: 'shape', body: 5 }, 200, '5', {}],
  ])('%j', async (fault, status, body, headers) => {
    const got = await first(fault)
    expect(got.status).toBe(status)
    expect(got.complete).toBe(true)
    if (typeof body === 'string') expect(got.body.toString()).toBe(body)
    else expect(got.body.toString()).toMatch(body)
    for (const [name, value] of Object.entries(headers)) expect(got.headers[name]).toBe(value)
  })

  test('none: an answer as it is, also to who asks for gzip', async () => {
    const engine = await started({ answer: () => ({ status: 206, headers: { x: 'y' }, body: Buffer.from('plain') }) })
    const { status, headers, body } = await ask(engine.url, { 'accept-encoding': 'gzip' })
    expect([status, headers['x'], headers['content-encoding'], body.toString()]).toEqual([206, 'y', undefined, 'plain'])
  })

  test.each([0, 1, 9, rightText.length - 1, 10_000])('a body cut off at byte %j', async (at) => {
    const { headers, body, complete } = await first({ fault: 'cut', at })
    expect(complete).toBe(false)
    expect(headers['content-length']).toBe(String(rightText.length))
    expect(body.toString()).toBe(rightText.slice(0, Math.min(at, rightText.length - 1)))
  })

  test('a compressed body, its transfer cut off and its bytes cut off', async () => {
    const transfer = await first({ fault: 'cut', at: 12, gzip: true })
    expect([transfer.complete, transfer.body.length]).toEqual([false, 12])
    const bytes = await first({ fault: 'gzip-cut', at: 12 })
    expect([bytes.complete, bytes.body.length]).toEqual([true, 12])
    for (const { headers, body } of [transfer, bytes]) {
      expect(headers['content-encoding']).toBe('gzip')
      expect(() => gunzipSync(body)).toThrow(/unexpected end/)
    }
    const long = await first({ fault: 'too-large', bytes: 100_000, gzip: true })
    expect(long.body.length).toBeLessThan(1000)
    expect(gunzipSync(long.body).toString().trim()).toBe(rightText)
  })

  test('silence ends with the engine', async () => {
    const engine = await started({ answer: () => ({ body: right }), faults: () => ({ fault: 'silence' }) })
    const got = ask(engine.url).catch((error: NodeJS.ErrnoException) => error.code)
    while (engine.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await engine.close()
    expect(await got).toBe('ECONNRESET')
  })

  test('a redirect leads to a trap that counts who falls into it', async () => {
    const engine = await started({ answer: () => ({ body: right }), faults: () => ({ fault: 'redirect' }) })
    const { status, headers } = await ask(engine.url)
    expect([status, headers.location]).toEqual([302, expect.stringMatching(/^http:\/\/127\.0\.0\.2:\d+\/$/)])
    expect(engine.trapped()).toBe(0)
    await expect(ask(headers.location ?? '')).rejects.toThrow(/hang up|ECONNRESET/)
    expect(engine.trapped()).toBe(1)
  })

  test('a page is repeated; requests are kept; an answer is compressed for who asks', async () => {
    let n = 0
    const answer = () => ({ body: { page: ++n } })
    const engine = await started({ answer, gzip: true, faults: (nth) => (nth === 1 ? { fault: 'repeat' } : undefined) })
    const bodies: string[] = []
    for (const page of [1, 2, 3]) bodies.push((await ask(`${engine.url}/a?page=${page}`)).body.toString())
    expect(bodies).toEqual(['{"page":1}', '{"page":1}', '{"page":2}'])
    expect(gunzipSync((await ask(engine.url, { 'accept-encoding': 'gzip' })).body).toString()).toBe('{"page":3}')
    expect(engine.requests.map(({ path, params }) => `${path} ${params['page']}`)).toEqual([
      '/a 1',
      '/a 2',
      '/a 3',
      '/ undefined',
    ])
    expect(engine.requests[3]?.headers['accept-encoding']).toBe('gzip')
    expect(engine.connections()).toBe(4)
  })
})

describe('Shodan', () => {
  const one = (change: Partial<SyntheticBanner>): SyntheticBanner => ({
    ip_str: '192.0.2.1',
    port: 25,
    transport: 'tcp',
    timestamp: '2026-05-01T00:00:00.000000',
    module: 'smtp',
    country: 'JP',
    data: 'Hello World',
    ...change,
  })
  const few = [
    one({ region: '13', regionName: 'Tokyo', city: 'Tokyo', product: 'Postfix smtpd' }),
    one({ region: '13', regionName: 'Tokyo', port: 587, product: 'Exim smtpd', version: '4.96' }),
    one({ region: '27', regionName: 'Osaka', city: 'Higashi Osaka', module: 'imap', port: 143 }),
    one({ module: 'auto', org: 'Example Network 1', asn: 'AS64496', devicetype: 'router' }),
    one({ country: 'US', region: 'CA', module: 'a module, of 2026' }),
  ]
  const shodan = async (banners: readonly SyntheticBanner[], options: ShodanOptions = {}) => {
    const answer = shodanAnswers(banners, options)
    const { url } = await started({ answer })
    return async (path: string, params: Readonly<Record<string, string>> = {}) => {
      const { status, body } = await ask(`${url}${path}?${new URLSearchParams(params).toString()}`)
      return { status, body: JSON.parse(body.toString()) as unknown, credits: answer.credits() }
    }
  }

  test.each([
    ['country:JP', 4],
    ['country:jp,us', 5],
    ['country:"jp,us"', 5],
    ['-country:JP', 1],
    ['country:JP region:13', 2],
    ['country:JP -region:"13,27"', 1],
    ['country:JP -region:13 -region:27', 1],
    ['city:"Higashi Osaka"', 1],
    ['port:25,587', 4],
    ['product:"Postfix smtpd","Exim smtpd"', 2],
    ['product:"postfix smtpd,exim smtpd"', 2],
    ['version:4.96', 1],
    ['org:"Example Network 1" asn:AS64496 device:router', 1],
    ['shodan.module:smtp,imap', 3],
    ['shodan.module:smtp port:25 country:JP', 1],
    ['hello', 5],
    ['-"hello world"', 0],
  ])('%s', async (query, total) => {
    const api = await shodan(few)
    expect(await api('/shodan/host/count', { query })).toMatchObject({ status: 200, body: { matches: [], total } })
  })

  test('facets, in every spelling, cut off at what was asked or at what the engine gives', async () => {
    const count = { query: 'country:JP', facets: 'region:5,port:2,shodan.module' }
    const facets = {
      port: [
        { value: 25, count: 2 },
        { value: 143, count: 1 },
      ],
      'shodan.module': [
        { value: 'smtp', count: 2 },
        { value: 'auto', count: 1 },
        { value: 'imap', count: 1 },
      ],
    }
    const spelled = { iso: ['13', '27'], geonames: ['40', '32'], name: ['Tokyo', 'Osaka'] } as const
    for (const regions of ['iso', 'geonames', 'name'] as const) {
      const [tokyo, osaka] = spelled[regions]
      const api = await shodan(few, { regions })
      const region = [
        { value: tokyo, count: 2 },
        { value: osaka, count: 1 },
      ]
      expect((await api('/shodan/host/count', count)).body).toEqual({
        matches: [],
        total: 4,
        facets: { ...facets, region },
      })
      expect((await api('/shodan/host/count', { query: `region:${osaka}` })).body).toEqual({ matches: [], total: 1 })
    }
    const api = await shodan(few, { facetLimit: 1 })
    expect((await api('/shodan/host/count', count)).body).toMatchObject({
      facets: { region: [{ value: '13' }], port: [{ value: 25 }], 'shodan.module': [{ value: 'smtp' }] },
    })
  })

  test('pages cost credits, until there are none', async () => {
    const banners = syntheticBanners(250)
    const api = await shodan(banners, { credits: 4 })
    const pages: unknown[] = []
    for (const page of ['1', '2', '3', '4']) {
      const { body } = await api('/shodan/host/search', { query: 'country:JP', page })
      const { matches, total } = body as { matches: { ip_str: string; timestamp: string }[]; total: number }
      expect(total).toBe(250)
      pages.push(...matches.map((match) => `${match.ip_str} ${match.timestamp}`))
    }
    expect(pages).toEqual(banners.map((banner) => `${banner.ip_str} ${banner.timestamp}`))
    expect((await api('/api-info')).body).toMatchObject({ query_credits: 0, usage_limits: { query_credits: 4 } })
    expect(await api('/shodan/host/search', { query: 'country:JP' })).toMatchObject({
      status: 402,
      body: { error: expect.stringMatching(/^Insufficient query credits, please upgrade your API plan/) as string },
    })
    expect((await api('/shodan/host/count', { query: 'country:JP' })).status).toBe(200)
  })

  test('what it refuses', async () => {
    const api = await shodan(few, { key: 'right', plan: 'free', moduleFacet: false })
    const search = '/shodan/host/search'
    const key = 'right'
    const upgrade = 'Please upgrade your API plan to use filters or paging'
    expect(await api(search, { query: 'hello', key: 'wrong' })).toMatchObject({ status: 401 })
    expect(await api(search, { query: 'hello' })).toMatchObject({ status: 401, body: { error: 'Access denied' } })
    expect(await api(search, { query: 'port:25', key })).toMatchObject({ status: 403, body: { error: upgrade } })
    expect(await api(search, { query: 'hello', page: '2', key })).toMatchObject({ status: 403, credits: 100 })
    expect(await api(search, { query: 'hello', key })).toMatchObject({ status: 200, credits: 99 })
    for (const wrong of [{ query: 'x.y:1' }, { query: '' }, { query: 'x', facets: 'shodan.module:5' }]) {
      const { status, body } = await api('/shodan/host/count', { ...wrong, key })
      expect([status, body]).toEqual([400, { error: expect.any(String) as string }])
    }
    expect((await api('/shodan/host/search/facets', { key })).body).not.toContain('shodan.module')
    expect((await api('/shodan/host/search/filters', { key })).body).toContain('shodan.module')
    expect((await api('/elsewhere', { key })).status).toBe(404)
  })
})

describe('synthetic banners', () => {
  const banners = syntheticBanners(20_000, { seed: 7 })

  test('are the same for the same seed, and others for another', () => {
    expect(syntheticBanners(100, { seed: 7 })).toEqual(banners.slice(0, 100))
    expect(syntheticBanners(100, { seed: 8 })).not.toEqual(banners.slice(0, 100))
  })

  test('are on addresses of documentation, no endpoint twice', () => {
    const odd = banners.filter(
      ({ ip_str }) => !/^(198\.1[89]\.\d+\.\d+|192\.0\.2\.\d+|2001:db8::[\da-f:]+)$/.test(ip_str),
    )
    expect(odd).toEqual([])
    const endpoints = new Set(banners.map(({ ip_str, port, transport }) => `${ip_str} ${port}/${transport}`))
    expect(endpoints.size).toBe(banners.length)
    expect(new Set(banners.map(({ ip_str }) => ip_str)).size).toBeLessThan(banners.length)
  })

  test('are in all 47 prefectures, skewed, and some in none', () => {
    const unknown = banners.filter(({ region }) => region === undefined).length / banners.length
    expect(unknown).toBeGreaterThan(0.05)
    expect(unknown).toBeLessThan(0.07)
    expect(new Set(banners.map(({ region }) => region)).size).toBe(48)
    const tokyo = banners.filter(({ regionName }) => regionName === 'Tokyo').length
    expect(tokyo).toBeGreaterThan(banners.filter(({ regionName }) => regionName === 'Osaka').length * 2)
    expect(new Set(banners.map(({ module }) => module)).size).toBe(11)
  })

  test('have the two codes of a prefecture', () => {
    const codes = Object.fromEntries(prefectures.map(({ name, iso, geonames }) => [name, `${iso} ${geonames}`]))
    expect(codes).toMatchObject({ Hokkaido: '01 12', Tokyo: '13 40', Aichi: '23 01', Gunma: '10 10', Okinawa: '47 47' })
    expect(new Set(prefectures.map(({ geonames }) => geonames)).size).toBe(47)
  })
})
