import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Language, PageFacts } from '../../src/model/page.ts'
import { shown } from '../../src/reports/page/markup.ts'
import { page as makePage } from '../../src/reports/page/page.ts'
import { expectSound, looks, noBrowser, openFile, startBrowser, type Opened } from '../helpers/browser.ts'
import { hostileTexts } from '../helpers/hostile-texts.ts'
import { syntheticPage } from '../helpers/page.ts'
import { temporaryFolder } from '../helpers/store.ts'

if (noBrowser !== undefined) console.warn(`skipped: pages in a browser: ${noBrowser}`)

/** A snapshot of an earlier year, which counted less. */
const periodOf = ({ views: [view] }: PageFacts, year: number): PageFacts['history'][number] => ({
  snapshot: `synthetic-of-the-year-${year}`,
  observedTo: `${year}-06-30T00:00:00Z`,
  totals: Object.fromEntries(
    view.services.map(({ id, total }) => [id, Math.round(((total.count ?? 0) * (year - 2000)) / 20)]),
  ),
  flags: year === 2018 ? ['partial', 'forced'] : ['forced'],
})

describe.skipIf(noBrowser !== undefined)('report.html in a browser', () => {
  let browser: Browser
  /** 47 regions and 60 services. */
  let japan: PageFacts
  let few: PageFacts
  let world: PageFacts

  beforeAll(async () => {
    browser = await startBrowser()
    japan = await syntheticPage()
    const five = await syntheticPage({ services: 5 })
    few = { ...five, history: [2010, 2018, 2020].map((year) => periodOf(five, year)) }
    world = await syntheticPage({ countries: ['JP', 'DE', 'US'], services: 5 })
  })
  afterAll(() => browser.close())

  async function opened(
    facts: PageFacts,
    language: Language = 'en',
    options: Parameters<typeof openFile>[2] = {},
  ): Promise<Opened & { readonly file: string }> {
    const file = join(await temporaryFolder(), 'report.html')
    await writeFile(file, makePage(facts, language))
    return { file, ...(await openFile(browser, file, options)) }
  }

  test.each(looks)(
    '$language, $colorScheme, $width px wide: asks for nothing, says nothing, breaks no rule of WCAG 2.2 AA, is not wider than the screen',
    async (look) => {
      const { language, colorScheme, viewport } = look
      for (const facts of [few, world])
        await expectSound(await opened(facts, language, { colorScheme, viewport }), look, '3')
    },
  )

  test('shows of a chosen service what a page has that begins with it', async () => {
    const [view] = few.views
    const [all, ...services] = view.services
    const begins = services[2]
    if (begins === undefined) throw new Error('too few services')
    // Products are not known of every service.
    const bare = { ...all, products: undefined }
    const mine = { ...few, views: [{ ...view, services: [bare, ...services] }] } as const
    const other = { ...few, views: [{ ...view, services: [begins, bare, ...services] }] } as const
    const drawn = `JSON.stringify([...document.querySelectorAll(
      'figure:has([data-chart]), [data-sentence], [data-title], [data-map] path, [data-map] title, [data-range], [data-chart] text, [data-chart] rect, [data-chart] [data-mark=rule] line, [data-chart=funnel] path, [data-chart=funnel] circle, [data-outside], [data-detail] td, [data-detail] caption'
    )].map((each) => [each.tagName, each.getAttribute('class'), each.getAttribute('fill'), each.hidden || each.hasAttribute('hidden'),
      ...['width', 'x1', 'x2', 'cx', 'cy'].map((name) => Math.round(Number(each.getAttribute(name)) * 10)), (each.closest('[data-chart=funnel]') ? each.getAttribute('d') ?? '' : '').replaceAll(/[0-9.]+/g, (number) => Math.round(Number(number))), each.children.length === 0 ? each.textContent.trim() : '']))`
    const chosen = await opened(mine)
    expect(await chosen.page.locator('[data-title=products]:visible').count()).toBe(0)
    const before = await chosen.page.evaluate<string>(drawn)
    await chosen.page.selectOption('#choose-service', '3')
    const after = await chosen.page.evaluate<string>(drawn)
    const direct = await opened(other)
    expect(after).not.toBe(before)
    const [told, expected] = [JSON.parse(after), JSON.parse(await direct.page.evaluate<string>(drawn))] as string[][][]
    const number = /[0-9.]+/g
    const numbers = (rows: string[][] = []): number[] =>
      rows.flatMap((row) => (row.at(-2)?.match(number) ?? []).map(Number))
    const others = (rows: string[][] = []): string[][] =>
      rows.map((row) => [...row.slice(0, -2), row.at(-2)?.replaceAll(number, '') ?? '', row.at(-1) ?? ''])
    expect(others(told)).toEqual(others(expected))
    // Of curves, what is written down is rounded.
    const apart = numbers(expected).map((each, index) => Math.abs(each - (numbers(told)[index] ?? Number.NaN)))
    expect(Math.max(...apart)).toBeLessThanOrEqual(1)
    await Promise.all([chosen.page.close(), direct.page.close()])
  })

  test('sorts 47 regions and 60 services by mouse and by keyboard, and filters both', async () => {
    const { page, complaints } = await opened(japan)
    const column = (table: string, index: number): Promise<string[]> =>
      page.locator(`${table} tbody tr:visible > :nth-child(${index})`).allTextContents()
    const numbers = (texts: readonly string[]): number[] => texts.map((text) => Number(text.replaceAll(',', '')))
    const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b)

    const before = await column('[data-matrix]', 3)
    expect(before).toHaveLength(47)
    const head = page.locator('[data-matrix] thead th').nth(2)
    await head.locator('button').click()
    const down = numbers(await column('[data-matrix]', 3))
    expect(down).toEqual(sorted(numbers(before)).toReversed())
    expect(await head.getAttribute('aria-sort')).toBe('descending')
    await head.locator('button').focus()
    await page.keyboard.press('Enter')
    expect(numbers(await column('[data-matrix]', 3))).toEqual(sorted(numbers(before)))
    expect(await head.getAttribute('aria-sort')).toBe('ascending')
    await page.keyboard.press('Space')
    expect(await head.getAttribute('aria-sort')).toBe('descending')
    await page.locator('[data-matrix] thead button').first().click()
    const names = await column('[data-matrix]', 1)
    expect(names).toEqual(names.toSorted())
    expect(await head.getAttribute('aria-sort')).toBeNull()

    const filters = page.locator('.filters').nth(1)
    // The table that is wider than the screen is the next thing after its filters, and arrows move it.
    await filters.locator('[value=count]').focus()
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowRight')
    await expect
      .poll(() => page.evaluate(`document.activeElement.matches('.scroll') && document.activeElement.scrollLeft > 0`))
      .toBe(true)

    await filters.locator('[data-filter=rows]').fill('kyo')
    expect(await column('[data-matrix]', 1)).toEqual(['Kyoto', 'Tokyo'])
    expect(await filters.locator('output').textContent()).toBe('2 of 47 rows')
    await filters.locator('[data-filter=columns]').fill('imap')
    expect(await page.locator('[data-matrix] thead th:visible').allTextContents()).toEqual(['Region', 'imap'])
    // The first filter is of the other table alone.
    expect(await column('[data-detail]', 1)).toHaveLength(47)
    await filters.locator('[data-filter=columns]').fill('')
    await filters.locator('[value=rate]').check()
    const [, first] = japan.views[0].services[1]?.cells ?? []
    await filters.locator('[data-filter=rows]').fill('JP-02')
    expect(await column('[data-matrix]', 3)).toEqual([first?.rate?.toPrecision(3)])
    expect(complaints).toEqual([])
    await page.close()
  })

  test('is whole without its script', async () => {
    const { page } = await opened(world, 'en', { javaScriptEnabled: false })
    expect(await page.locator('[data-view]:visible').count()).toBe(2)
    expect(await page.locator('[data-matrix]:visible').count()).toBe(2)
    expect(await page.locator('svg.map:visible').count()).toBe(2)
    expect(await page.locator('button:visible, select:visible, input:visible').count()).toBe(0)
    await page.close()
  })

  test('has a view for the world and for the country with most, one at a time', async () => {
    const { page } = await opened(world)
    expect(await page.locator('[data-view]:visible h2').allTextContents()).toEqual([
      'the world: addresses, source shodan',
    ])
    await page.selectOption('#choose-view', '1')
    expect(await page.locator('[data-view]:visible h2').allTextContents()).toEqual(['Japan: addresses, source shodan'])
    await page.selectOption('#choose-service', '2')
    expect(await page.locator('[data-view]:visible [data-title=bars]').textContent()).toContain(
      world.views[1]?.services[2]?.title,
    )
    await page.close()
  })

  test('is dark or light as asked', async () => {
    const { page } = await opened(few, 'en', { colorScheme: 'light' })
    const ground = (): Promise<string> => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    expect(await ground()).toBe('rgb(255, 255, 255)')
    await page.locator('#theme').click()
    expect(await ground()).toBe('rgb(20, 23, 26)')
    await page.locator('#theme').click()
    expect(await ground()).toBe('rgb(255, 255, 255)')
    await page.close()
  })

  test('prints: nothing to press, no table wider than paper', async () => {
    const { page } = await opened(japan)
    const file = await page.pdf({ format: 'A4' })
    expect(file.subarray(0, 5).toString()).toBe('%PDF-')
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('button:visible, select:visible, input:visible, [data-matrix]:visible').count()).toBe(
      await page.locator('thead button:visible').count(),
    )
    expect(await page.locator('.print:visible').count()).toBe(1)
    // A4 less margins, at 96 pixels an inch.
    await page.setViewportSize({ width: 718, height: 1000 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(718)
    await page.close()
  })

  test('its policy lets no other script or style in', async () => {
    const file = join(await temporaryFolder(), 'report.html')
    const text = makePage(few, 'en')
    await writeFile(file, text.replace("'use strict'", "'use strict' "))
    const changed = await openFile(browser, file)
    expect(changed.complaints.join()).toMatch(/Content Security Policy/)
    expect(await changed.page.locator('.chooser:visible').count()).toBe(0)
    await changed.page.close()

    const { page, complaints } = await opened(few)
    const failures: string[] = []
    page.on('requestfailed', (request) => failures.push(request.failure()?.errorText ?? ''))
    await page.evaluate(`{
      const script = document.createElement('script')
      script.textContent = 'document.title = "taken"'
      document.body.append(script)
      const image = new Image()
      image.src = 'http://192.0.2.1/x.png'
      document.body.append(image)
    }`)
    await page.waitForFunction('document.images.length === 1')
    expect(await page.title()).toBe('Exposed services: Japan')
    expect(complaints.length).toBeGreaterThanOrEqual(2)
    expect(failures).toEqual(['csp'])
    await page.close()
  })

  test('shows hostile names as text', async () => {
    for (const hostile of hostileTexts) {
      const facts = await syntheticPage({
        services: 3,
        names: {
          snapshot: hostile,
          product: hostile,
          organisation: hostile,
          service: hostile,
          warning: hostile,
          region: hostile,
        },
      })
      const { page, complaints, requests } = await opened(facts)
      await page.selectOption('#choose-service', '3')
      const found = await page.evaluate(
        `[document.scripts.length, document.images.length, document.querySelectorAll('iframe, object, embed, base, form').length, document.title]`,
      )
      expect(found, JSON.stringify(hostile)).toEqual([2, 0, 0, 'Exposed services: Japan'])
      expect(complaints, JSON.stringify(hostile)).toEqual([])
      expect(requests).toHaveLength(1)
      expect(await page.locator('.notice li').textContent()).toBe(`the snapshot x is partial: ${shown(hostile)}`)
      expect(await page.locator('[data-matrix] tbody th').first().textContent()).toBe(shown(hostile))
      await page.close()
    }
  })
})
