import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ComparisonFacts } from '../../src/model/comparison-page.ts'
import type { Language } from '../../src/model/page.ts'
import { comparisonPage } from '../../src/reports/page/comparison.ts'
import { expectSound, looks, noBrowser, openFile, startBrowser, type Opened } from '../helpers/browser.ts'
import { syntheticComparison } from '../helpers/comparison.ts'
import { hostileTexts } from '../helpers/hostile-texts.ts'
import { temporaryFolder } from '../helpers/store.ts'

if (noBrowser !== undefined) console.warn(`skipped: pages in a browser: ${noBrowser}`)

describe.skipIf(noBrowser !== undefined)('comparison.html in a browser', () => {
  let browser: Browser
  let japan: ComparisonFacts
  let two: ComparisonFacts
  let untold: ComparisonFacts

  beforeAll(async () => {
    browser = await startBrowser()
    japan = await syntheticComparison({ differing: ['query'], names: { warning: 'half of it is missing' } })
    two = await syntheticComparison({ countries: ['JP', 'DE'], services: 5 })
    untold = await syntheticComparison({ services: 3, isTold: false })
  })
  afterAll(() => browser.close())

  async function opened(
    facts: ComparisonFacts,
    language: Language = 'en',
    options: Parameters<typeof openFile>[2] = {},
  ): Promise<Opened & { readonly file: string }> {
    const file = join(await temporaryFolder(), 'comparison.html')
    await writeFile(file, comparisonPage(facts, language))
    return { file, ...(await openFile(browser, file, options)) }
  }

  test.each(looks)(
    '$language, $colorScheme, $width px wide: asks for nothing, says nothing, breaks no rule of WCAG 2.2 AA, is not wider than the screen',
    async (look) => {
      const { language, colorScheme, viewport } = look
      for (const facts of [two, untold])
        await expectSound(await opened(facts, language, { colorScheme, viewport }), look, '2')
    },
  )

  test('shows of a chosen service what a page has that begins with it', async () => {
    const view = two.views[0]
    const chosen = view?.services[2]
    if (view === undefined || chosen === undefined) throw new Error('too few services')
    const drawn = `JSON.stringify([...document.querySelectorAll('[data-view="0"] [data-chart] rect, [data-view="0"] [data-chart] [data-mark=tick] line, [data-view="0"] [data-chart] text, [data-view="0"] [data-title], [data-view="0"] [data-detail] td, [data-view="0"] caption')].map((each) => [each.tagName, each.textContent.trim(), ...['x', 'width', 'x1'].map((name) => Math.round(Number(each.getAttribute(name)) * 5))]))`
    const { page } = await opened(two)
    const before = await page.evaluate<string>(drawn)
    await page.selectOption('#choose-service', '2')
    const after = await page.evaluate<string>(drawn)
    expect(after).not.toBe(before)
    const first = { ...view, services: [chosen, ...view.services.filter((each) => each !== chosen)] }
    const direct = await opened({ ...two, views: [first, ...two.views.slice(1)] })
    const [told, expected] = [after, await direct.page.evaluate<string>(drawn)].map(
      (text) => JSON.parse(text) as (string | number)[][],
    )
    expect(told?.map((each) => each.slice(0, 2))).toEqual(expected?.map((each) => each.slice(0, 2)))
    // Places are written down rounded.
    const places = (all: (string | number)[][] = []): number[] => all.flatMap((each) => each.slice(2).map(Number))
    const apart = places(told).map((place, index) => Math.abs(place - (places(expected)[index] ?? Number.NaN)))
    expect(Math.max(...apart)).toBeLessThanOrEqual(1)
    await Promise.all([page.close(), direct.page.close()])
  })

  test('has a country at a time, and sorts and filters by mouse and keyboard', async () => {
    const { page, complaints } = await opened(two)
    await page.selectOption('#choose-view', '1')
    expect(await page.locator('[data-view]:visible h2').allTextContents()).toEqual(['Germany'])
    await page.selectOption('#choose-view', '0')
    const column = (index: number): Promise<string[]> =>
      page.locator(`[data-view="0"] [data-detail] tbody tr:visible > :nth-child(${index})`).allTextContents()
    const numbers = async (): Promise<number[]> => (await column(5)).map((text) => Number(text.replaceAll(/[,+]/g, '')))
    const before = await numbers()
    expect(before).toHaveLength(47)
    const head = page.locator('[data-view="0"] [data-detail] thead th').nth(4)
    await head.locator('button').click()
    expect(await numbers()).toEqual(before.toSorted((a, b) => b - a))
    await head.locator('button').focus()
    await page.keyboard.press('Enter')
    expect(await numbers()).toEqual(before.toSorted((a, b) => a - b))
    expect(await head.getAttribute('aria-sort')).toBe('ascending')
    await page.locator('[data-view="0"] [data-filter=rows]').fill('kyo')
    expect((await column(1)).toSorted()).toEqual(['Kyoto', 'Tokyo'])
    expect(await page.locator('[data-view="0"] output').textContent()).toBe('2 of 47 rows')
    expect(complaints).toEqual([])
    await page.close()
  })

  test('is whole without its script, and dark or light as asked with it', async () => {
    const bare = await opened(two, 'en', { javaScriptEnabled: false })
    expect(await bare.page.locator('[data-view]:visible').count()).toBe(2)
    expect(await bare.page.locator('button:visible, select:visible, input:visible').count()).toBe(0)
    const { page } = await opened(two, 'en', { colorScheme: 'light' })
    await page.locator('#theme').click()
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(20, 23, 26)')
    await Promise.all([bare.page.close(), page.close()])
  })

  test('prints: nothing to press, nothing wider than paper, and where the table’s figures are', async () => {
    const { page } = await opened(japan)
    expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-')
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('#theme:visible, select:visible, input:visible').count()).toBe(0)
    expect(await page.locator('.print:visible').textContent()).toContain('comparison-by-region.csv')
    await page.setViewportSize({ width: 718, height: 1000 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(718)
    expect(await page.locator('.notice').allTextContents()).toEqual([
      expect.stringContaining('Not made in the same way') as string,
      expect.stringContaining('half of it is missing') as string,
    ])
    await page.close()
  })

  test('shows hostile names as text', async () => {
    for (const hostile of hostileTexts) {
      const names = { snapshot: hostile, region: hostile, service: hostile, warning: hostile, differing: hostile }
      const { page, complaints, requests } = await opened(await syntheticComparison({ services: 2, names }))
      await page.selectOption('#choose-service', '2')
      expect(await page.title()).toBe('Exposed services compared: Japan')
      expect(await page.locator('script').count()).toBe(2)
      expect(complaints).toEqual([])
      expect(requests).toHaveLength(1)
      await page.close()
    }
  })
})
