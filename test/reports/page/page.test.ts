import { parseHTML } from 'linkedom'
import { beforeAll, describe, expect, test } from 'vitest'
import { languages, type PageFacts } from '../../../src/model/page.ts'
import { loadServices } from '../../../src/recognise/service.ts'
import { page } from '../../../src/reports/page/page.ts'
import { messages, type Messages } from '../../../src/reports/page/words.ts'
import { hostileTexts } from '../../helpers/hostile-texts.ts'
import { policyOf, syntheticPage } from '../../helpers/page.ts'

const parsed = (text: string) => parseHTML(text).document

describe('report.html', () => {
  let japan: PageFacts
  let world: PageFacts

  beforeAll(async () => {
    japan = await syntheticPage()
    world = await syntheticPage({ countries: ['JP', 'DE', 'US'], services: 4 })
  })

  test.each(languages)('is less than 1 MB for 47 regions and 60 services: %s', (language) => {
    const text = page(japan, language)
    expect(japan.views[0].regions).toHaveLength(47)
    expect(japan.views[0].services).toHaveLength(61)
    expect(Buffer.byteLength(text)).toBeLessThan(1_000_000)
  })

  test('is the same for the same facts', () => {
    expect(page(japan, 'en')).toBe(page(structuredClone(japan), 'en'))
  })

  test('has a policy that fits its one style and its one script', () => {
    const document = parsed(page(japan, 'en'))
    expect(document.querySelector('meta[http-equiv]')?.getAttribute('content')).toBe(policyOf(document))
    expect(document.querySelectorAll('[style], [onclick], [onload], svg style, img, iframe, link')).toHaveLength(0)
  })

  test('names no file of this machine, and no address but those of credits and of the namespace of its sources', () => {
    const text = page(japan, 'en')
    expect(text.match(/https?:[^"'<\s]+/g)).toEqual(['https://db-ip.com'])
    expect(text).not.toMatch(/file:|\/home\/|\/root\/|node_modules/)
  })

  test('every figure of the first service is in its table, with the total and what is unknown', () => {
    const document = parsed(page(japan, 'en'))
    const counts = [...document.querySelectorAll('[data-detail] tbody tr, [data-detail] tfoot tr')].map((row) =>
      Number(row.querySelectorAll('td')[2]?.textContent.replaceAll(',', '')),
    )
    const [all] = japan.views[0].services
    expect(counts).toEqual([...all.cells.map(({ count }) => count), all.unknown.count, all.total.count])
    expect(counts.slice(0, -1).reduce((sum, count) => sum + count, 0)).toBe(counts.at(-1))
  })

  test('the table of all services has every count, with what is unknown and the total', () => {
    const rows = [...parsed(page(japan, 'en')).querySelectorAll('[data-matrix] tbody tr, [data-matrix] tfoot tr')]
    const counts = rows.map((row) =>
      [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent.replaceAll(',', ''))),
    )
    const { services, regions } = japan.views[0]
    expect(counts).toEqual([
      ...regions.map((_, index) => services.map(({ cells }) => cells[index]?.count)),
      services.map(({ unknown }) => unknown.count),
      services.map(({ total }) => total.count),
    ])
  })

  test('the map has every prefecture, each with its own figure', () => {
    const paths = [...parsed(page(japan, 'ja')).querySelectorAll('[data-map] path')]
    expect(new Set(paths.map((path) => path.getAttribute('data-i'))).size).toBe(47)
    for (const path of paths) {
      const region = japan.views[0].regions[Number(path.getAttribute('data-i'))]
      expect(path.querySelector('title')?.textContent).toContain(`${region?.localName}: `)
    }
  })

  test('another country has a map where its outlines are installed, bars otherwise, and the credits name them', async () => {
    const credit = (source: string): RegExp => new RegExp(`Map of \\w+: Victor Cazanave, ${source}, CC-BY-4.0`)
    const [germany, netherlands] = [
      await syntheticPage({ countries: ['DE'] }),
      await syntheticPage({ countries: ['NL'] }),
    ]
    const [drawn, bare] = [page(germany, 'en'), page(netherlands, 'en')]
    expect(Buffer.byteLength(drawn)).toBeLessThan(1_000_000)
    expect(drawn).toMatch(credit('@svg-maps/germany 2.0.0'))
    const titles = [...parsed(drawn).querySelectorAll('[data-map] path')].map(
      (path) => path.querySelector('title')?.textContent.split(':')[0],
    )
    expect(titles).toEqual(germany.views[0].regions.map(({ name }) => name))
    expect(titles).toHaveLength(16)
    expect(parsed(bare).querySelector('[data-map]')).toBeNull()
    expect(parsed(bare).querySelector('[data-chart=bars] svg')).not.toBeNull()
    expect(parsed(bare).querySelector('main')?.textContent).not.toMatch(/svg-maps|ColorBrewer/)
  })

  test('the map of the world colours what was seen, and nothing else', () => {
    const paths = [...parsed(page(world, 'en')).querySelectorAll('[data-view="0"] [data-map] path')]
    const coloured = paths.filter((path) => path.getAttribute('class') !== 'absent')
    expect(paths.length).toBeGreaterThan(150)
    const names = coloured.map((path) => String(path.querySelector('title')?.textContent.split(':')[0]))
    expect(names.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['Germany', 'Japan', 'United States'])
  })

  test('the summary says what the figures say, and what is missing', () => {
    const text = page({ ...japan, missing: ['page 7 of 9'], warnings: [{ kind: 'other-bases' }] }, 'en')
    const { total, unknown } = japan.views[0].services[0]
    const summary = parsed(text).querySelector('section')?.textContent ?? ''
    expect(summary).toContain(`${total.count?.toLocaleString('en')} exposed addresses were counted in Japan`)
    expect(summary).toContain(`${unknown.count} could not`)
    expect(summary).toContain('page 7 of 9')
    expect(summary).toContain('records held are compared with counts of a search engine')
  })

  test('what is hidden is a dash, and the summary says so', () => {
    const [view] = japan.views
    const [all, ...rest] = view.services
    const hidden = {
      count: undefined,
      rate: undefined,
      low: undefined,
      high: undefined,
      flags: ['suppressed'] as const,
    }
    const services = [
      {
        ...all,
        unknown: { ...all.unknown, ...hidden },
        cells: all.cells.map((each, index) => (index === 0 ? { ...each, ...hidden } : each)),
      },
      ...rest,
    ] as const
    for (const language of ['en', 'ja'] as const) {
      const document = parsed(page({ ...japan, views: [{ ...view, services }] }, language))
      const main = document.querySelector('main')?.textContent ?? ''
      expect(main).toContain(language === 'en' ? 'are hidden (–)' : '非表示（–）')
      expect(main).not.toMatch(/NaN|undefined|Infinity|null/)
    }
  })

  test('a scope, a country without populations, and nothing at all have pages without rates', async () => {
    const [view] = japan.views
    const bare = { rate: undefined, low: undefined, high: undefined, ratio: undefined, rank: undefined }
    const stripped = view.services.map((service) => ({
      ...service,
      total: { ...service.total, ...bare },
      cells: service.cells.map((cell) => ({ ...cell, ...bare, asked: 256 })),
    }))
    const [first, ...rest] = stripped
    if (first === undefined) throw new Error('no service')
    const regions = view.regions.map((region) => ({ ...region, population: undefined }))
    for (const [changed, sentence] of [
      [{ isScopeLimited: true }, 'addresses of a scope alone'],
      [{ regions }, 'No population is known'],
      [
        { regions: [], services: [{ ...first, cells: [], total: { ...first.total, count: 0 } }] as const },
        'Nothing was counted',
      ],
    ] as const) {
      const facts = { ...japan, views: [{ ...view, services: [first, ...rest] as const, ...changed }] as const }
      const document = parsed(page(facts, 'en'))
      expect(document.body.textContent).toContain(sentence)
      expect(document.querySelectorAll('[data-map]')).toHaveLength(0)
      expect(document.querySelector('main')?.textContent).not.toMatch(/NaN|undefined|Infinity/)
    }
  })

  test('draws a trend of several snapshots, and none of one', () => {
    const [view] = japan.views
    const period = (snapshot: string, of: number) => ({
      snapshot,
      observedTo: `${snapshot}-12-31T00:00:00Z`,
      totals: Object.fromEntries(view.services.map(({ id, total }) => [id, (total.count ?? 0) * of])),
      flags: [],
    })
    const one = parsed(page({ ...japan, history: [period('2020', 1)] }, 'en'))
    expect(one.querySelector('#trend')).toBeNull()
    const two = parsed(page({ ...japan, history: [period('2019', 2), period('2020', 1)] }, 'en'))
    const text = two.querySelector('#trend')?.parentElement?.textContent ?? ''
    expect(text).toContain('2019-12-31')
    expect(text).toContain(((view.services[0].total.count ?? 0) * 2).toLocaleString('en'))
    // Twice as long ago, twice as far away.
    const three = [period('2010', 1), period('2018', 1), period('2022', 1)]
    const [left, middle, right] = [
      ...parsed(page({ ...japan, history: three }, 'en')).querySelectorAll('[aria-labelledby="trend"] circle'),
    ].map((dot) => Number(dot.getAttribute('cx')))
    expect(((middle ?? 0) - (left ?? 0)) / ((right ?? 0) - (left ?? 0))).toBeCloseTo(2 / 3, 2)
  })

  test('a trend has its figures in a table, and says what is wrong with them', () => {
    const period = (snapshot: string, count: number, flags: PageFacts['history'][number]['flags'] = []) => ({
      snapshot,
      observedTo: `${snapshot}-12-31T00:00:00Z`,
      totals: { all: count },
      flags,
    })
    const tableOf = (history: PageFacts['history']) => {
      const section = parsed(page({ ...japan, history }, 'en')).querySelector('[aria-labelledby="trend"]')
      return {
        rows: [...(section?.querySelectorAll('tr') ?? [])].map((row) =>
          [...row.querySelectorAll('th, td')].map((cell) => cell.textContent),
        ),
        text: section?.textContent ?? '',
      }
    }
    const { rows, text } = tableOf([period('2019', 20), period('2020', 30, ['partial'])])
    // 30 to 20: Clopper–Pearson of 30 in 50 by summing the binomial, as odds.
    expect(rows).toEqual([
      ['Snapshot', 'Observed until', 'All services', 'Notes'],
      ['2019', '2019-12-31', '20', ''],
      ['2020', '2020-12-31', '30', 'the snapshot lacks something'],
      ['Newest to oldest (95 % interval)', '', '1.50 (0.824 – 2.79)', ''],
    ])
    expect(text).not.toContain('not made in the same way')
    const forced = tableOf([period('2019', 0, ['forced']), period('2020', 30, ['forced'])])
    expect(forced.text).toContain('not made in the same way')
    expect(forced.rows.at(-1)?.[2]).toBe('–')
    const same = [period('2020', 1), { ...period('2020', 1), snapshot: 'x' }]
    for (const history of [same, [period('2019', 0), period('2020', 2e9)]])
      expect(tableOf(history).text).not.toMatch(/NaN|undefined|Infinity/)
  })

  test('draws a funnel where limits are known, and names who is outside', () => {
    const document = parsed(page(japan, 'en'))
    const [view] = japan.views
    expect(document.querySelectorAll('[data-chart="funnel"] circle').length).toBe(47)
    const limits = view.services[0].funnel?.[0]
    const smallest = view.regions.findIndex(({ population }) => population === limits?.population)
    const rate = view.services[0].cells[smallest]?.rate ?? 0
    const sentence = document.querySelector('[data-outside]')?.textContent ?? ''
    const isOutside = rate > (limits?.high998 ?? 0) || rate < (limits?.low998 ?? 0)
    expect(sentence.includes(`${view.regions[smallest]?.name} `)).toBe(isOutside)
    // Countries have none, their regions have.
    expect(parsed(page(world, 'en')).querySelectorAll('[data-chart="funnel"]').length).toBe(world.views.length - 1)
  })

  test.each(hostileTexts.map((text) => [text]))('a name is text: %j', async (text) => {
    const names = { snapshot: text, product: text, organisation: text, service: text, warning: text, region: text }
    const hostile = parsed(page(await syntheticPage({ services: 2, names }), 'en'))
    const tame = parsed(page(await syntheticPage({ services: 2, names: { ...mapped(names) } }), 'en'))
    const shape = (document: typeof tame): string[] => [...document.querySelectorAll('*')].map((each) => each.localName)
    expect(shape(hostile)).toEqual(shape(tame))
  })
})

const mapped = (names: object): Record<string, string> =>
  Object.fromEntries(Object.keys(names).map((name) => [name, 'x']))

describe('messages', () => {
  const all = Object.values(messages)

  test('every category of the catalogue has a name in every language, and no other', () => {
    const { categories } = loadServices()
    for (const words of all)
      expect(Object.keys(words.categories).toSorted()).toEqual(['all', ...categories.keys()].toSorted())
  })

  test('every language says as much of method and limits, and has no empty text', () => {
    const texts = (words: Messages): string[] =>
      Object.values(words)
        .flat()
        .filter((each) => typeof each === 'string')
    for (const words of all) {
      expect(words.methodItems).toHaveLength(messages.en.methodItems.length)
      expect(words.limitItems).toHaveLength(messages.en.limitItems.length)
      expect(texts(words)).not.toContain('')
    }
    const kept = texts(messages.ja).filter((text) => texts(messages.en).includes(text))
    expect(kept).toEqual(['IP Geolocation by DB-IP'])
  })
})
