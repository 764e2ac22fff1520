import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { languages, type Language } from '../../src/model/page.ts'
import { desktop, noBrowser, openFile, openUrl, phone, startBrowser, violations } from '../helpers/browser.ts'
import { begun, browsed, type Browsed } from '../helpers/browsing.ts'
import { addresses, makeSnapshot, type Seen } from '../helpers/census.ts'
import { hostileTexts } from '../helpers/hostile-texts.ts'

if (noBrowser !== undefined) console.warn(`skipped: the store's pages in a browser: ${noBrowser}`)

/** Hosts of Tokyo and elsewhere; the names of networks are long, hostile, or none. */
const seen = (from: number): Seen[] =>
  addresses(260, from).map((ip, index) => ({
    ip,
    region: ['JP-13', 'JP-14', 'JP-27', 'DE-BE'][index % 4] ?? '',
    service: ['smtp', 'ntp', 'tcp-4321'][index % 3] ?? '',
    asn: 64_496 + (index % 20),
    organisation: hostileTexts[index % 20]?.toWellFormed().replaceAll('\0', '') ?? 'Long-Name'.repeat(index % 9),
    product: 'Postfix',
  }))

describe.skipIf(noBrowser !== undefined)('the pages of census serve in a browser', () => {
  let browser: Browser
  let folder: string
  let pages: Browsed
  /** The address of a page that lists hosts. */
  let network: string
  let session: { readonly name: string; readonly value: string; readonly domain: string; readonly path: string }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'census-test-'))
    const store = join(folder, 'store')
    await makeSnapshot(store, 'first', seen(0), { missing: ['half of it'] })
    await makeSnapshot(store, 'second', seen(100))
    browser = await startBrowser('127.0.0.1')
    pages = await browsed(store, { includeHosts: true })
    const region = await pages.get('/snapshots/first/places/JP-13')
    network = /\/snapshots[^"]*\/networks\/\w+/.exec(region.text)?.[0] ?? ''
    const [name = '', value = ''] = (await begun(pages.links.at(-1) ?? '')).split('=')
    session = { name, value, domain: '127.0.0.1', path: '/' }
  })
  afterAll(async () => {
    await browser.close()
    await pages.close()
    await rm(folder, { recursive: true, force: true })
  })

  const cookies = () => [{ ...session, expires: -1, httpOnly: true, secure: false, sameSite: 'Strict' as const }]
  const inLanguage = (language: Language, path: string): string => (language === 'en' ? path : `/ja${path}`)
  const open = (path: string, options: Parameters<typeof openUrl>[2] = {}) =>
    openUrl(browser, pages.url + path, { storageState: { cookies: cookies(), origins: [] }, ...options })

  const paths: readonly (readonly [string, () => string])[] = [
    ['the list', () => '/'],
    ['a snapshot', () => '/snapshots/first'],
    ['its report', () => '/snapshots/first/report'],
    ['a country', () => '/snapshots/first/places/JP?service=ntp'],
    ['a region', () => '/snapshots/first/places/JP-13'],
    ['a network', () => network],
    ['a host', () => '/snapshots/first/hosts/198.18.0.0'],
    ['a comparison', () => '/compare?old=first&new=second'],
  ]
  const looks = [
    { colorScheme: 'light', viewport: desktop },
    { colorScheme: 'dark', viewport: phone },
  ] as const

  test.each(paths.flatMap(([name, path]) => languages.map((language) => ({ name, path, language }))))(
    '$name, $language: one request, no word in the console, nothing against WCAG 2.2 AA, not wider than the screen',
    async ({ path, language }) => {
      for (const look of looks) {
        const { page, requests, complaints } = await open(inLanguage(language, path()), look)
        expect(await violations(page)).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(look.viewport.width)
        expect(await page.evaluate('document.documentElement.lang')).toBe(language)
        expect(await page.locator('h1').count()).toBe(1)
        expect(requests).toEqual([pages.url + inLanguage(language, path())])
        expect(complaints).toEqual([])
        expect(await page.locator('script').count()).toBe(/report$|^\/compare/.test(path()) ? 2 : 0)
        await page.close()
      }
    },
  )

  test('leads from the link that was printed to a host, by keyboard alone', async () => {
    const { page, complaints } = await openUrl(browser, pages.links.at(-1) ?? '')
    expect(new URL(page.url()).pathname).toBe('/')
    for (const name of ['first', 'Japan', 'Tokyo', 'AS64496 <script>document.title = "taken"</script>', '198.18.0.0']) {
      const link = page.locator('table').getByRole('link', { name, exact: true }).first()
      await link.focus()
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
    }
    expect(await page.locator('h1').textContent()).toBe('198.18.0.0')
    expect(await page.title()).toBe('198.18.0.0 – exposure-census')
    expect(complaints).toEqual([])
    // And back, by the way at the top.
    await page.locator('.way a').first().click()
    expect(new URL(page.url()).pathname).toBe('/')
    // The link is used up.
    const again = await openUrl(browser, pages.links[0] ?? '')
    expect(await again.page.locator('h1').textContent()).toContain('was used')
    await Promise.all([page.close(), again.page.close()])
  })

  test('a region of the map leads to its page; a service is chosen without a script', async () => {
    const { page } = await open('/snapshots/first/places/JP', { javaScriptEnabled: false })
    await page.locator('select').selectOption('ntp')
    await page.locator('button').click()
    expect(new URL(page.url()).search).toBe('?service=ntp')
    expect(await page.locator('figcaption').textContent()).toContain('NTP')
    await page.locator('.map a[href$="JP-01"] path').click()
    expect(await page.locator('h1').textContent()).toBe('Hokkaido')
    // The other language is the same page.
    await page.locator('.language').click()
    expect(await page.locator('h1').textContent()).toBe('北海道')
    await page.close()
  })

  test('two snapshots are chosen and compared', async () => {
    const { page } = await open('/ja')
    await page.locator('select[name=old]').selectOption('first')
    await page.locator('select[name=new]').selectOption('second')
    await page.locator('button').click()
    expect(await page.locator('header p').textContent()).toMatch(/first.*second/)
    expect(await page.locator('tbody th').allTextContents()).toContain('東京都')
    await page.locator('nav a').first().click()
    expect(new URL(page.url()).pathname).toBe('/ja')
    await page.close()
  })

  test('a page of another site can neither show it nor load it', async () => {
    const file = join(folder, 'other.html')
    await writeFile(file, `<iframe src="${pages.url}/"></iframe><img src="${pages.url}/snapshots/first">`)
    const { page } = await openFile(browser, file, { storageState: { cookies: cookies(), origins: [] } })
    const [asked, shown]: [string[], string[]] = [[], []]
    page.on('request', (request) => void asked.push(request.url()))
    page.on('response', (response) => void (response.status() === 200 && shown.push(response.url())))
    await page.reload()
    expect(asked.toSorted()).toEqual([`file://${file}`, `${pages.url}/`, `${pages.url}/snapshots/first`])
    expect(shown.filter((url) => url.startsWith('http'))).toEqual([])
    expect(await page.frames()[1]?.evaluate('document.body?.innerText ?? ""')).not.toContain('first')
    await page.close()
  })
})
