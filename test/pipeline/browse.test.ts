import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { languages } from '../../src/model/page.ts'
import { shown } from '../../src/reports/page/markup.ts'
import type { StoreSnapshot } from '../../src/model/store-page.ts'
import { listPage } from '../../src/reports/store/list.ts'
import { wordsIn } from '../../src/reports/store/words.ts'
import { grouped } from '../../src/reports/text.ts'
import { compare } from '../../src/pipeline/compare.ts'
import { makeReport } from '../../src/pipeline/report.ts'
import { survey } from '../../src/pipeline/survey.ts'
import { begun, browsed, browsing, type Browsed } from '../helpers/browsing.ts'
import { addresses, makeSnapshot, type CsvRow, type Seen } from '../helpers/census.ts'
import { hostileTexts } from '../helpers/hostile-texts.ts'
import { temporaryFolder } from '../helpers/store.ts'
import { key, quickstart, served, type Served } from '../api/served.ts'

/** The rows of a page's table, by its place among them, as texts. */
function rowsOf(text: string, table = 0): string[][] {
  const { document } = parseHTML(text)
  const found = [...document.querySelectorAll('table')][table]
  return [...(found?.querySelectorAll('tbody tr, tfoot tr') ?? [])].map((row) =>
    [...row.querySelectorAll('th, td')].map((cell) => cell.textContent.trim()),
  )
}

const linksOf = (text: string, pattern: RegExp): { readonly href: string; readonly text: string }[] =>
  [...parseHTML(text).document.querySelectorAll('a')]
    .map((link) => ({ href: link.getAttribute('href') ?? '', text: link.textContent.trim() }))
    .filter(({ href }) => pattern.test(href))

const number = (text = ''): number => Number(text.replaceAll(',', ''))
/** A page that a command writes, as it writes it. */
const withoutWay = (text: string): string => text.replace(/<nav[^]*?<\/nav>\n?(?=<header>)/, '')
/** What an error's page says beside the link to the list. */
const sentence = (text: string): string =>
  [...parseHTML(text).document.querySelectorAll('main > *')]
    .map((each) => each.textContent.trim())
    .filter((each) => each !== 'Snapshots' && each !== 'スナップショット一覧')
    .join('\n')

describe('the pages of a store', () => {
  /** The quick start's records, and what a search engine with the same would count. */
  let api: Served
  let pages: Browsed
  let csv: (name: string) => Promise<CsvRow[]>

  beforeAll(async () => {
    api = await served([quickstart])
    for (const [id, by] of [
      ['facets', []],
      ['networks', ['network']],
    ] as const)
      await survey({
        store: api.store,
        id,
        sources: [{ engine: 'shodan', key: () => key, endpoint: api.url, requestsPerSecond: 1000, maxCredits: 0 }],
        country: 'JP',
        services: ['mail', 'ntp'],
        by,
        http: {},
      })
    for (const language of languages)
      await makeReport({
        store: api.store,
        snapshot: 'served',
        per: 100_000,
        out: join(api.folder, language),
        language,
      })
    csv = async (name) =>
      parse<CsvRow>(await readFile(join(api.folder, 'en', name), 'utf8'), { columns: true, record_delimiter: '\r\n' })
    pages = await browsed(api.store, { includeHosts: true })
  })
  afterAll(async () => {
    await pages.close()
    await api.close()
  })

  test('lists the snapshots, newest first', async () => {
    const { status, text } = await pages.get('/')
    expect(status).toBe(200)
    const counted = `shodan ${grouped(await api.count('country:JP'))} banners`
    expect(rowsOf(text).map(([id, , source, basis, count, state]) => [id, source, basis, count, state])).toEqual([
      ['networks', 'shodan', 'counted by the search engine', counted, 'complete'],
      ['facets', 'shodan', 'counted by the search engine', counted, 'complete'],
      ['served', 'shodan', 'records held', '7,427 records', 'complete'],
    ])
  })

  test.each(languages)('shows the page that census report makes, in %s, to all who ask at once', async (language) => {
    const expected = await readFile(join(api.folder, language, 'report.html'), 'utf8')
    const path = `${language === 'en' ? '' : `/${language}`}/snapshots/served/report`
    const answers = await Promise.all(Array.from({ length: 12 }, () => pages.get(path)))
    for (const { status, text, headers } of answers) {
      expect(status).toBe(200)
      expect(withoutWay(text)).toBe(expected)
      expect(linksOf(text, /^\//).map(({ href }) => href)).toEqual([
        language === 'en' ? '/' : '/ja',
        `${language === 'en' ? '/ja' : ''}/snapshots/served/report`,
      ])
      // The page says of itself what its policy is, and the header says no less.
      const [, own = ''] = /content="(default-src [^"]*)"/.exec(text) ?? []
      expect(headers.get('content-security-policy')).toBe(`${own.replaceAll('&#39;', "'")}; frame-ancestors 'none'`)
    }
  })

  test('every region of a country has the figures of exposure-by-region.csv', async () => {
    const rows = (await csv('exposure-by-region.csv')).filter(
      (row) => row['country'] === 'JP' && row['unit'] === 'addresses' && row['service'] === 'ntp',
    )
    const { text } = await pages.get('/snapshots/served/places/JP?service=ntp')
    const told = new Map(rowsOf(text).map(([name, , count]) => [name, number(count)]))
    expect(told.size).toBe(49)
    for (const row of rows) {
      const name = row['region'] === 'JP' ? 'Total' : row['region'] === 'unknown' ? 'unknown' : row['region_name']
      expect(told.get(name), name).toBe(Number(row['count']))
    }
    // The map leads where the table does.
    const links = linksOf(text, /places\/JP-\d\d$/)
    expect(links).toHaveLength(94)
    expect(new Set(links.map(({ href }) => href)).size).toBe(47)
  })

  test.each([
    ['JP-13', 'JP', 'JP-13'],
    ['JP-unknown', 'JP', 'unknown'],
    ['unknown', '', 'unknown'],
  ])('%s: services, networks and addresses add up to the report’s', async (place, country, region) => {
    const { status, text } = await pages.get(`/snapshots/served/places/${place}`)
    expect(status).toBe(200)
    const mine = (row: CsvRow): boolean =>
      row['country'] === country && row['region'] === region && row['unit'] === 'addresses' && row['count'] !== '0'
    const services = (await csv('exposure-by-region.csv')).filter(mine)
    expect(rowsOf(text).map(([, count]) => number(count))).toEqual(services.map((row) => Number(row['count'])))
    const networks = (await csv('exposure-by-network.csv')).filter(mine)
    const ofAll = networks.filter((row) => row['service'] === 'all')
    expect(rowsOf(text, 1).map(([, count]) => number(count))).toEqual(
      ofAll.map((row) => Number(row['count'])).toSorted((a, b) => b - a),
    )
    const [first] = linksOf(text, /\/networks\//)
    if (first === undefined) throw new Error('no network')
    const network = await pages.get(first.href)
    const asn = /^AS(\d+) /.exec(first.text)?.[1] ?? ''
    const organisation = first.text.replace(/^AS\d+ /, '')
    const ofFirst = networks.filter((row) => row['asn'] === asn && row['organisation'] === organisation)
    expect(rowsOf(network.text).map(([, count]) => number(count))).toEqual(ofFirst.map((row) => Number(row['count'])))
    // And its addresses, each of which has a page.
    const listed = rowsOf(network.text, 1)
    expect(listed).toHaveLength(number(rowsOf(network.text)[0]?.[1]))
    expect(new Set(listed.map(([address]) => address)).size).toBe(listed.length)
    const [address = '', names = ''] = listed[0] ?? []
    const host = await pages.get(`/snapshots/served/hosts/${address}`)
    expect(host.status).toBe(200)
    expect([...new Set(rowsOf(host.text).map(([, service = '']) => service))].toSorted().join(', ')).toBe(names)
  })

  test('of counts only what was asked for', async () => {
    const { text } = await pages.get('/snapshots/facets/places/JP-13')
    expect(text).toContain('Nobody asked for networks.')
    expect(rowsOf(text).map(([name]) => name)).toEqual([
      'All services',
      'Mail',
      'SMTP mail server (with submission and SMTPS)',
      'IMAP mailbox access (with IMAPS)',
      'POP3 mailbox access (with POP3S)',
      'NTP time server',
    ])
    const asked = await pages.get('/snapshots/networks/places/JP-13')
    const [first] = linksOf(asked.text, /\/networks\//)
    const network = await pages.get(first?.href ?? '')
    expect(network.status).toBe(200)
    // It holds no records, whoever asks.
    expect(network.text).not.toContain('TLP')
    for (const path of ['/snapshots/facets/hosts/198.51.100.153', '/snapshots/facets/places/DE'])
      expect((await pages.get(path)).status, path).toBe(404)
    expect((await pages.get('/snapshots/facets/report')).status).toBe(200)
  })

  test.each(languages)('shows the page that census compare makes, in %s', async (language) => {
    const out = join(api.folder, `compared-${language}`)
    const { page } = await compare({ store: api.store, old: 'served', new: 'networks', out, language })
    const prefix = language === 'en' ? '' : `/${language}`
    const { status, text, headers } = await pages.get(`${prefix}/compare?old=served&new=networks`)
    expect(status).toBe(200)
    expect(withoutWay(text)).toBe(await readFile(page, 'utf8'))
    const [, own = ''] = /content="(default-src [^"]*)"/.exec(text) ?? []
    expect(headers.get('content-security-policy')).toBe(`${own.replaceAll('&#39;', "'")}; frame-ancestors 'none'`)
    expect(linksOf(text, /^\//).map(({ href }) => href)).toEqual([
      language === 'en' ? '/' : '/ja',
      `${language === 'en' ? '/ja' : ''}/compare?old=served&new=networks`,
    ])
    expect((await pages.get(`${prefix}/compare?old=served/shodan&new=networks/shodan`)).status).toBe(200)
  })

  test('compares nothing with itself, nor with what there is not', async () => {
    for (const [path, expected] of [
      ['/compare?old=served&new=served', 400],
      ['/compare?old=served&new=nowhere', 404],
      ['/compare?old=served', 404],
      ['/compare?old=served&old=served&new=networks', 404],
      ['/compare?old=served/censys&new=networks', 404],
      ['/compare?old=served/&new=networks', 404],
      ['/compare?old=served/shodan/x&new=networks', 404],
      ['/compare?old=served/..&new=networks', 404],
    ] as const)
      expect((await pages.get(path)).status, path).toBe(expected)
  })

  const odd = [
    ['/snapshots', 404],
    ['/snapshots/..%2f..%2fetc', 404],
    ['/snapshots/served%00', 404],
    ['/snapshots/served%2f..%2fserved', 404],
    ['/snapshots/.draft-x', 404],
    [`/snapshots/${'a'.repeat(65)}`, 404],
    [`/snapshots/${'a'.repeat(3000)}`, 414],
    ['/snapshots/SERVED', 404],
    ['/snapshots/served/x', 404],
    ['/snapshots/served/report/x', 404],
    ['/snapshots/served/places', 404],
    ['/snapshots/served/places/JP-99', 404],
    ['/snapshots/served/places/ZZ', 404],
    ['/snapshots/served/places/jp', 404],
    ["/snapshots/served/places/JP'--", 404],
    ['/snapshots/served/places/JP-13/networks', 404],
    ['/snapshots/served/places/JP-13/networks/0000000000000000', 404],
    ['/snapshots/served/places/JP-13/x', 404],
    ['/snapshots/served/places/JP?service=%3Cscript%3E', 404],
    ['/snapshots/served/places/JP?service=constructor', 404],
    ['/snapshots/served/hosts', 404],
    ['/snapshots/served/hosts/x', 404],
    ["/snapshots/served/hosts/192.0.2.1'", 404],
    ['/snapshots/served/hosts/192.0.2.1', 404],
    ['/snapshots/served/hosts/::1%25eth0', 404],
    ['/fr', 404],
    ['/en', 404],
    ['/ja/ja', 404],
    ['/?a=%zz', 400],
    ['/%ff', 400],
    ['/%', 400],
  ] as const
  test.each(odd)('%s: %i, in one sentence', async (path, status) => {
    const before = pages.errors.length
    const answer = await pages.get(path)
    expect(answer.status).toBe(status)
    expect(sentence(answer.text)).toMatch(/^[^.。\n]{5,}[.。]?$/)
    expect(answer.text).not.toContain(api.folder)
    expect(pages.errors).toHaveLength(before)
  })

  test.each([
    ['/snapshots/../../etc', 404],
    ['/snapshots/..', 404],
    ['/snapshots/served/places/..', 404],
    ['/..', 404],
    ['//etc/passwd', 404],
    ['http://elsewhere.example/snapshots/served', 404],
    ['/./', 404],
  ])('%s, word for word: %i', async (target, status) => {
    const { request } = await import('node:http')
    const { port } = new URL(pages.url)
    const cookie = await begun(pages.links.at(-1) ?? '')
    const found = await new Promise((resolve, reject) => {
      const asked = request({ port, host: '127.0.0.1', path: target, headers: { cookie } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      asked.on('error', reject)
      asked.end()
    })
    expect(found).toBe(status)
  })
})

test('of counts of several engines the list offers each to be compared', () => {
  const snapshot: StoreSnapshot = {
    id: 'two',
    basis: 'facets',
    sources: ['shodan', 'censys'],
    observed: { from: '', to: '' },
    createdAt: '2024-01-01T00:00:00.000Z',
    counts: [
      { source: 'shodan', unit: 'banners', count: 1 },
      { source: 'censys', unit: 'addresses', count: 1 },
    ],
    missing: [],
  }
  const offered = (...snapshots: StoreSnapshot[]): (string | null)[] =>
    [...parseHTML(listPage(wordsIn('en'), snapshots)).document.querySelectorAll('select[name=old] option')].map(
      (each) => each.getAttribute('value'),
    )
  expect(offered(snapshot)).toEqual(['two/shodan', 'two/censys'])
  const one = { ...snapshot, id: 'one', counts: snapshot.counts.slice(0, 1) }
  expect(offered(one, snapshot)).toEqual(['one', 'two/shodan', 'two/censys'])
  expect(offered(one)).toEqual([])
})

describe('hosts', () => {
  const seen: Seen[] = addresses(450).map((ip) => ({
    ip,
    region: 'JP-13',
    service: 'smtp',
    asn: 64_496,
    organisation: 'Example',
  }))

  test('are refused, and nobody looks for them, unless the command line allows them', async () => {
    const store = join(await temporaryFolder(), 'store')
    await makeSnapshot(store, 'test', seen)
    const { get, links } = await browsing(store)
    expect(links).toEqual([])
    const region = await get('/snapshots/test/places/JP-13')
    const [network] = linksOf(region.text, /networks/)
    const page = await get(network?.href ?? '')
    expect(rowsOf(page.text)[0]).toEqual(['All services', '450'])
    expect(page.text).not.toContain('198.18.')
    expect((await get(`${network?.href}?page=2`)).status).toBe(404)
    for (const address of ['198.18.0.0', '192.0.2.1', 'x']) {
      const host = await get(`/snapshots/test/hosts/${address}`)
      expect(host.status).toBe(403)
      expect(sentence(host.text)).toContain('--include-hosts')
    }
  })

  test('are listed some at a time, each address once; to a session alone', async () => {
    const store = join(await temporaryFolder(), 'store')
    await makeSnapshot(store, 'test', [...seen, { ip: '2001:db8::1', region: 'JP-14', service: 'ntp', port: 123 }])
    const { get, url } = await browsing(store, { includeHosts: true })
    expect((await fetch(`${url}/snapshots/test/hosts/198.18.0.0`)).status).toBe(403)
    const [network] = linksOf((await get('/snapshots/test/places/JP-13')).text, /networks/)
    const listed: string[] = []
    for (const page of [1, 2, 3]) {
      const { text } = await get(`${network?.href}?page=${page}`)
      listed.push(...rowsOf(text, 1).map(([address = '']) => address))
      expect(linksOf(text, /page=|networks\/\w+$/).map(({ text: name }) => name)).toContain(
        page === 3 ? 'Previous page' : 'Next page',
      )
    }
    expect(listed).toEqual(addresses(450))
    for (const page of ['0', '4', '1e99', '-1', 'x'])
      expect((await get(`${network?.href}?page=${page}`)).status, page).toBe(404)
    const six = await get('/snapshots/test/hosts/2001:DB8:0::1')
    expect(rowsOf(six.text)).toEqual([['123/tcp', 'ntp', '(not told)', '(not told)', 'undated']])
  })
})

test('hostile names of networks are text, and stand in no address', async () => {
  const store = join(await temporaryFolder(), 'store')
  const names = hostileTexts.map((text) => text.toWellFormed().replaceAll('\0', '').trim())
  await makeSnapshot(
    store,
    'test',
    names.map((organisation, index) => ({
      ip: addresses(1, index)[0] ?? '',
      region: 'JP-13',
      service: '<b>\'"',
      asn: 64_496,
      organisation,
      product: organisation,
    })),
  )
  const { get } = await browsing(store, { includeHosts: true })
  const { text } = await get('/snapshots/test/places/JP-13')
  const links = linksOf(text, /networks/)
  expect(links).toHaveLength(names.length)
  expect(links.map((each) => each.text).toSorted()).toEqual(
    names.map((name) => `AS64496 ${shown(name)}`.trim()).toSorted(),
  )
  for (const [index, name] of names.entries()) {
    const [at] = links.filter((each) => each.text === `AS64496 ${shown(name)}`.trim())
    expect(at?.href).toMatch(/^\/snapshots\/test\/places\/JP-13\/networks\/[0-9a-f]{16}$/)
    const network = await get(at?.href ?? '')
    expect(network.status).toBe(200)
    expect(rowsOf(network.text, 1).map(([address]) => address)).toEqual(addresses(1, index))
    const host = await get(`/snapshots/test/hosts/${addresses(1, index)[0]}`)
    for (const page of [network, host]) {
      const { document } = parseHTML(page.text)
      expect(document.querySelectorAll('script, img, iframe, object').length).toBe(0)
    }
  }
})

describe('a store that changes', () => {
  const one: Seen = { ip: '192.0.2.1', region: 'JP-13', service: 'smtp' }

  test('shows new snapshots, no removed ones, and what is new of one that was made again', async () => {
    const store = join(await temporaryFolder(), 'store')
    const { get, errors } = await browsing(store)
    const empty = await get('/')
    expect(empty.text).toContain('The store holds no snapshot yet.')
    await makeSnapshot(store, 'a', [one])
    expect(rowsOf((await get('/')).text).map(([id]) => id)).toEqual(['a'])
    const count = async (): Promise<string | undefined> => rowsOf((await get('/snapshots/a/places/JP-13')).text)[0]?.[1]
    expect(await count()).toBe('1')
    const folder = join(store, 'snapshots', 'a')
    await rm(folder, { recursive: true })
    // What was made of it is not shown any more.
    for (const path of ['', '/report', '/places/JP-13']) expect((await get(`/snapshots/a${path}`)).status).toBe(404)
    await makeSnapshot(store, 'a', [one, { ...one, ip: '192.0.2.2' }])
    const file = join(folder, 'manifest.json')
    const manifest = JSON.parse(await readFile(file, 'utf8')) as object
    await writeFile(file, JSON.stringify({ ...manifest, createdAt: '2024-01-02T00:00:00.000Z' }))
    await rm(join(store, 'census'), { recursive: true })
    expect(await count()).toBe('2')
    expect(errors).toEqual([])
  })

  test('a snapshot that goes while its page is made is no page', async () => {
    const store = join(await temporaryFolder(), 'store')
    const { folder } = await makeSnapshot(store, 'a', [one])
    await rm(join(store, 'census'), { recursive: true })
    const { get, errors } = await browsing(store)
    // The list still knows it, and its records are gone.
    await rename(join(folder, 'observations'), join(store, 'gone'))
    const asked = get('/snapshots/a/places/JP-13')
    await rm(folder, { recursive: true })
    expect((await asked).status).toBe(404)
    expect(errors).toEqual([])
  })

  test('what cannot be read is told where census runs, and nobody else why', async () => {
    const store = join(await temporaryFolder(), 'store')
    await makeSnapshot(store, 'a', [one])
    const { get, errors } = await browsing(store)
    await mkdir(join(store, 'snapshots', 'b'))
    await writeFile(join(store, 'snapshots', 'b', 'manifest.json'), '{')
    const { status, text } = await get('/ja')
    expect(status).toBe(500)
    expect(text).not.toContain(store)
    expect(sentence(text)).toMatch(/^ページを作成できませんでした。/)
    expect(errors).toHaveLength(1)
    expect(String(errors[0])).toContain('is not JSON')
    await rm(join(store, 'snapshots', 'b'), { recursive: true })
    expect((await get('/ja')).status).toBe(200)
  })

  test('two that were not made in the same way are compared when that is said', async () => {
    const store = join(await temporaryFolder(), 'store')
    await makeSnapshot(store, 'a', [one])
    await makeSnapshot(store, 'b', [{ ...one, source: 'censys' }])
    const { get } = await browsing(store)
    const refused = await get('/compare?old=a&new=b')
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('the two were not made in the same way')
    const [force] = linksOf(refused.text, /force/)
    const forced = await get(force?.href ?? '')
    expect(forced.status).toBe(200)
    const [link, other] = linksOf(forced.text, /^\//)
    expect([link?.href, other?.href]).toEqual(['/', '/ja/compare?old=a&new=b&force=1'])
    expect(forced.text).toContain('not made in the same way')
  })

  test('a snapshot without places, and one that is partial', async () => {
    const store = join(await temporaryFolder(), 'store')
    await makeSnapshot(store, 'bare', [{ ip: '192.0.2.1', service: 'smtp' }], { missing: ['the <end>'] })
    await makeSnapshot(store, 'nothing', [])
    const { get, errors } = await browsing(store)
    const bare = await get('/snapshots/bare')
    expect(bare.status).toBe(200)
    expect(bare.text).toContain('the &lt;end&gt;')
    expect((await get('/snapshots/bare/places/unknown')).status).toBe(200)
    for (const path of ['/snapshots/bare/places/JP', '/snapshots/nothing/places/unknown'])
      expect((await get(path)).status, path).toBe(404)
    for (const path of ['/snapshots/nothing', '/snapshots/nothing/report', '/snapshots/bare/report'])
      expect((await get(path)).status, path).toBe(200)
    const refused = await get('/compare?old=bare&new=nothing&force=1')
    expect(refused.status).toBe(409)
    expect(linksOf(refused.text, /force/).map(({ text }) => text)).toEqual(['日本語'])
    expect(errors).toEqual([])
  })

  test('leaves nothing behind but the census that a report would make', async () => {
    const store = join(await temporaryFolder(), 'store')
    await makeSnapshot(store, 'a', [one])
    const kept = join(await temporaryFolder(), 'kept')
    await cp(store, kept, { recursive: true })
    const before = new Set(await readdir(tmpdir()))
    const { get, close } = await browsed(store)
    for (const path of ['/', '/snapshots/a', '/snapshots/a/report', '/snapshots/a/places/JP-13'])
      expect((await get(path)).status).toBe(200)
    await close()
    const left = (await readdir(tmpdir())).filter((name) => name.startsWith('census-serve-') && !before.has(name))
    expect(left).toEqual([])
    const files = async (folder: string): Promise<string[]> => (await readdir(folder, { recursive: true })).toSorted()
    expect(await files(store)).toEqual(await files(kept))
  })
})

test('two readers, each with a link of their own; nobody else', async () => {
  const store = join(await temporaryFolder(), 'store')
  const { get, links, url } = await browsing(store, { link: true })
  const second = await begun(links.at(-1) ?? '')
  expect((await get('/')).status).toBe(200)
  expect((await fetch(url, { headers: { cookie: second } })).status).toBe(200)
  expect((await fetch(url)).status).toBe(403)
  expect(await begun(links[0] ?? '')).toBe('')
})

test('a session of one server is none of another', async () => {
  const store = await mkdtemp(join(await temporaryFolder(), 'store'))
  const [one, two] = [await browsing(store, { link: true }), await browsing(store, { link: true })]
  const cookie = await begun(one.links.at(-1) ?? '')
  expect((await fetch(one.url, { headers: { cookie } })).status).toBe(200)
  expect((await fetch(two.url, { headers: { cookie } })).status).toBe(403)
  expect(cookie.split('=')[0]).toBe(`census-${new URL(one.url).port}`)
})
