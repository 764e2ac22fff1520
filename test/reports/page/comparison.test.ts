import { parseHTML } from 'linkedom'
import { beforeAll, describe, expect, test } from 'vitest'
import { comparisonViews } from '../../../src/aggregate/comparison-views.ts'
import { changeKinds, gains, losses } from '../../../src/model/change.ts'
import type { ComparisonFacts } from '../../../src/model/comparison-page.ts'
import { languages } from '../../../src/model/page.ts'
import { comparisonEn } from '../../../src/reports/page/comparison-en.ts'
import { comparisonJa } from '../../../src/reports/page/comparison-ja.ts'
import { comparisonPage } from '../../../src/reports/page/comparison.ts'
import { syntheticComparison, syntheticRows } from '../../helpers/comparison.ts'
import { hostileTexts } from '../../helpers/hostile-texts.ts'
import { policyOf } from '../../helpers/page.ts'

const parsed = (text: string) => parseHTML(text).document
const number = (text: string | null | undefined): number => Number((text ?? '').replaceAll(/[,+]/g, ''))

describe('comparison.html', () => {
  let japan: ComparisonFacts
  let few: ComparisonFacts

  beforeAll(async () => {
    japan = await syntheticComparison()
    few = await syntheticComparison({ services: 3 })
  })

  test.each(languages)('is less than 1 MB for 47 regions and 60 services: %s', (language) => {
    expect(japan.views[0]?.regions).toHaveLength(47)
    expect(japan.views[0]?.services).toHaveLength(61)
    expect(Buffer.byteLength(comparisonPage(japan, language))).toBeLessThan(1_000_000)
  })

  test('is the same for the same facts, and has a policy that fits its one style and its one script', () => {
    const text = comparisonPage(few, 'en')
    expect(comparisonPage(structuredClone(few), 'en')).toBe(text)
    const document = parsed(text)
    expect(document.querySelector('meta[http-equiv]')?.getAttribute('content')).toBe(policyOf(document))
    expect(document.querySelectorAll('[style], [onclick], [onload], img, iframe, link')).toHaveLength(0)
    expect(text.match(/https?:[^"'<\s]+/g)).toEqual(['https://db-ip.com'])
  })

  test('in every row of the table what came less what went is the difference', () => {
    const rows = [...parsed(comparisonPage(few, 'en')).querySelectorAll('[data-detail] tr')].slice(1)
    expect(rows).toHaveLength(49)
    for (const row of rows) {
      const [, old = 0, now = 0, difference, ...kinds] = [...row.querySelectorAll('td')].map((cell) =>
        number(cell.textContent),
      )
      const of = (kind: (typeof changeKinds)[number]): number => kinds[changeKinds.indexOf(kind)] ?? Number.NaN
      const sum = (list: readonly (typeof changeKinds)[number][]): number =>
        list.reduce((total, kind) => total + of(kind), 0)
      expect(difference).toBe(now - old)
      expect(sum(gains) - sum(losses)).toBe(difference)
      expect(of('stayed') + sum(losses)).toBe(old)
      expect(of('stayed') + sum(gains)).toBe(now)
    }
  })

  test('bars add up: their parts touch, and their right ends less their left ones are where the mark stands', () => {
    const svg = parsed(comparisonPage(few, 'en')).querySelector('[data-chart="changes"] svg')
    const rects = [...(svg?.querySelectorAll('[data-mark="bar"] rect') ?? [])].map((rect) => {
      const [x, width] = ['x', 'width'].map((name) => Number(rect.getAttribute(name)))
      return { x: x ?? 0, end: (x ?? 0) + (width ?? 0), fill: rect.getAttribute('fill') }
    })
    const marks = [...(svg?.querySelectorAll('[data-mark="tick"] line') ?? [])].map((line) =>
      Number(line.getAttribute('x1')),
    )
    const [left, width] = ['data-left', 'data-width'].map((name) => Number(svg?.getAttribute(name)))
    const zero = (left ?? 0) + (width ?? 0) / 2
    expect(marks).toHaveLength(48)
    expect(rects).toHaveLength(48 * 8)
    for (const [row, mark] of marks.entries()) {
      const parts = rects.slice(row * 8, row * 8 + 8)
      const [right, went] = [parts.slice(0, 4), parts.slice(4)]
      for (const [index, part] of right.entries()) expect(part.x).toBeCloseTo(right[index - 1]?.end ?? zero, 1)
      for (const [index, part] of went.entries()) expect(part.end).toBeCloseTo(went[index - 1]?.x ?? zero, 1)
      const net = (right[3]?.end ?? 0) - zero - (zero - (went[3]?.x ?? 0))
      expect(Math.abs(mark - zero - net)).toBeLessThan(0.2)
      expect(right.map(({ fill }) => fill)).toEqual(went.map(({ fill }) => fill))
    }
    const legend = [...parsed(comparisonPage(few, 'en')).querySelectorAll('.legend rect')]
    expect(legend.map((rect) => rect.getAttribute('fill'))).toEqual(rects.slice(0, 4).map(({ fill }) => fill))
  })

  test('the summary says what the figures say', () => {
    const summary = parsed(comparisonPage(few, 'en')).querySelector('section')?.textContent ?? ''
    const { total, cells } = few.views[0]?.services[0] ?? expect.fail('no service')
    const { change } = total
    if (change === undefined) throw new Error('no change')
    const told = (value: number): string => value.toLocaleString('en')
    expect(summary).toContain(
      `the old snapshot counts ${told(total.old)} exposed addresses, the new one ${told(total.new)}`,
    )
    expect(summary).toContain(
      `${told(change.new + change.opened + change.appeared)} came: ${told(change.new)} of which`,
    )
    expect(summary).toContain(
      `${told(change.gone + change.closed + change.vanished)} went: ${told(change.gone)} of which`,
    )
    expect(summary).toContain(`Coverage: ${told(change.coverageGained)} show`)
    expect(summary).toContain(`${told(change.stayed)} stayed, ${told(change.relabelled)} of them`)
    const most = Math.max(...cells.map(({ difference }) => difference ?? 0))
    expect(summary).toMatch(new RegExp(`Grew most: [A-Z][a-z]+ \\+${told(most)}`))
    expect(summary).not.toContain('Not made in the same way')
  })

  test('says plainly what was forced, and that nothing is known of single addresses', async () => {
    const facts = await syntheticComparison({ services: 2, isTold: false, differing: ['query', 'scope'] })
    for (const language of languages) {
      const document = parsed(comparisonPage(facts, language))
      expect(document.querySelector('.notice')?.textContent).toMatch(
        language === 'en' ? /query; scope\. .*--force/ : /検索条件、調査範囲。--force/,
      )
      expect(document.querySelectorAll('[data-chart]')).toHaveLength(0)
      expect(document.querySelectorAll('[data-detail] thead th')).toHaveLength(9)
      expect(document.querySelector('main')?.textContent).not.toMatch(/NaN|undefined|Infinity/)
    }
  })

  test('of nothing is a page too', () => {
    const text = comparisonPage({ ...few, views: [] }, 'ja')
    expect(parsed(text).querySelectorAll('table')).toHaveLength(1)
  })

  test.each(hostileTexts)('a name is text: %j', async (hostile) => {
    const names = { snapshot: hostile, region: hostile, service: hostile, warning: hostile, differing: hostile }
    const document = parsed(comparisonPage(await syntheticComparison({ services: 2, names }), 'en'))
    expect(document.querySelectorAll('script')).toHaveLength(2)
    expect(document.querySelectorAll('img, iframe, object, h1 h1, form, [onmouseover], [onerror]')).toHaveLength(0)
    expect(() => JSON.parse(document.querySelector('#data')?.textContent ?? '') as unknown).not.toThrow()
  })

  test('every language says as much of method and limits, and has no empty text', () => {
    expect(comparisonJa.methodItems).toHaveLength(comparisonEn.methodItems.length)
    expect(comparisonJa.limitItems).toHaveLength(comparisonEn.limitItems.length)
    expect(comparisonJa.groups).toHaveLength(comparisonEn.groups.length)
    for (const texts of [comparisonEn, comparisonJa]) expect(JSON.stringify(texts)).not.toMatch(/":""|,""|\[""/)
  })
})

describe('the countries of a page', () => {
  test('are those with most that there is room for, and what has none is told', async () => {
    const rows = await syntheticRows({ countries: ['DE', 'JP', 'US'], services: 60 })
    const { views, rowsLeftOut } = comparisonViews(rows, () => '')
    const shown = views.reduce((sum, view) => sum + view.services.length * (view.regions.length + 2), 0)
    expect(shown).toBeLessThanOrEqual(6000)
    expect(shown + rowsLeftOut).toBe(rows.length)
    const totals = views.map((view) => Math.max(view.services[0]?.total.old ?? 0, view.services[0]?.total.new ?? 0))
    expect(totals).toEqual(totals.toSorted((a, b) => b - a))
    for (const view of views) expect(view.services[0]?.id).toBe('all')
  })

  test('have every figure of their rows', async () => {
    const rows = await syntheticRows({ countries: ['JP', 'DE'], services: 2 })
    const { views } = comparisonViews(rows, () => '')
    for (const row of rows) {
      const view = views.find(({ country }) => country === row.country)
      const service = view?.services.find(({ id }) => id === row.service)
      const index = view?.regions.findIndex(({ code }) => code === row.region) ?? -1
      const cell =
        row.region === 'unknown'
          ? service?.unknown
          : row.region === row.country
            ? service?.total
            : service?.cells[index]
      expect(cell).toMatchObject({ old: row.old.count, new: row.new.count, change: row.change, chance: row.chance })
    }
  })
})
