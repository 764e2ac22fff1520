import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { languages, type Language } from '../../src/model/page.ts'
import { programPath } from './stage.ts'

const path = programPath('chromium')

/** Why no page can be opened here; undefined where one can. */
export const noBrowser: string | undefined = path === undefined ? 'there is no Chromium (Debian: chromium)' : undefined

/**
 * Debian's Chromium, without a network: what a page asks for, it does not get, but of the address that may be reached. As
 * root it has no sandbox to run in.
 */
export const startBrowser = (reached?: '127.0.0.1'): Promise<Browser> =>
  chromium.launch({
    executablePath: path ?? '',
    args: [
      '--no-sandbox',
      '--proxy-server=127.0.0.1:9',
      `--host-resolver-rules=MAP * ~NOTFOUND${reached === undefined ? '' : `, EXCLUDE ${reached}`}`,
    ],
  })

export interface Opened {
  readonly page: Page
  /** Addresses of everything asked for, the page itself first. */
  readonly requests: readonly string[]
  /** What the console was told, and errors of scripts. */
  readonly complaints: readonly string[]
}

/** A page of a file, in a context of its own. */
export const openFile = (browser: Browser, file: string, options?: BrowserContextOptions): Promise<Opened> =>
  openUrl(browser, `file://${file}`, options)

/** A page at an address, in a context of its own. */
export async function openUrl(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const page = await browser.newPage(options)
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return { page, requests, complaints }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const wcag22aa = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** What axe finds against WCAG 2.2 AA, a line each. It comes in by the debugger, as the page's policy lets no script in. */
export async function violations(page: Page): Promise<string[]> {
  const debug = await page.context().newCDPSession(page)
  await debug.send('Runtime.evaluate', { expression: axe })
  const { result } = await debug.send('Runtime.evaluate', {
    expression: `axe.run(document, { runOnly: ${JSON.stringify(wcag22aa)} }).then(({ violations, passes }) => JSON.stringify({
      passes: passes.length,
      violations: violations.map(({ id, help, nodes }) => id + ': ' + help + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join(' ')),
    }))`,
    awaitPromise: true,
    returnByValue: true,
  })
  const found = JSON.parse(String(result.value)) as { passes: number; violations: string[] }
  return found.passes === 0 ? ['axe looked at nothing'] : found.violations
}

/** What is wrong with texts of charts as they are on the screen: smaller than that many pixels, out of their chart, or one on another. */
const chartFaults = (page: Page, leastPixels: number): Promise<string[]> =>
  page.evaluate<string[]>(`[...document.querySelectorAll('svg.chart')].flatMap((svg) => {
    const frame = svg.getBoundingClientRect()
    const scale = svg.getScreenCTM()?.a ?? 1
    const texts = [...svg.querySelectorAll('text')].filter((text) => text.textContent.trim() !== '')
    const boxes = texts.map((text) => ({ name: text.textContent, box: text.getBoundingClientRect(), size: parseFloat(getComputedStyle(text).fontSize) * scale }))
      .filter(({ box }) => frame.width > 0 && box.top < frame.bottom)
    return boxes.flatMap(({ name, box, size }, index) => [
      ...(size < ${leastPixels} ? [name + ' is small: ' + size] : []),
      ...(box.left < frame.left - 1 || box.right > frame.right + 1 ? [name + ' is cut off'] : []),
      ...boxes.slice(index + 1).filter((each) => each.box.left < box.right - 1 && each.box.right > box.left + 1
        && each.box.top < box.bottom - 5 && each.box.bottom > box.top + 5).map((each) => name + ' is on ' + each.name),
    ])
  })`)

/** How a page is looked at. */
export interface Look {
  readonly language: Language
  readonly colorScheme: 'light' | 'dark'
  readonly viewport: { readonly width: number; readonly height: number }
  readonly width: number
}

export const desktop = { width: 1280, height: 900 }
export const phone = { width: 360, height: 740 }

/** Every language, light and dark, on a desk and in a hand. */
export const looks: readonly Look[] = languages.flatMap((language) =>
  (['light', 'dark'] as const).flatMap((colorScheme) =>
    [desktop, phone].map((viewport) => ({ language, colorScheme, viewport, width: viewport.width })),
  ),
)

/** That a page of a file asks for nothing, says nothing, breaks no rule of WCAG 2.2 AA and is not wider than the screen, also once another service is chosen. */
export async function expectSound(
  { page, file, requests, complaints }: Opened & { readonly file: string },
  { language, width }: Look,
  service: string,
): Promise<void> {
  expect(await violations(page)).toEqual([])
  await page.selectOption('#choose-service', service)
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
  expect(await page.evaluate('document.documentElement.lang')).toBe(language)
  expect(await chartFaults(page, 11)).toEqual([])
  expect(requests).toEqual([`file://${file}`])
  expect(complaints).toEqual([])
  await page.close()
}
