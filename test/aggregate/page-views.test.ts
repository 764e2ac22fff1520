import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gatherTops, networkName, productName } from '../../src/aggregate/page-tops.ts'
import { pageViews, type PageNaming, type SourceRows } from '../../src/aggregate/page-views.ts'
import { funnelCurve } from '../../src/aggregate/page-funnel.ts'
import type { PageCell } from '../../src/model/page.ts'
import type { ReportRow } from '../../src/model/report-row.ts'
import { funnel } from '../../src/statistics/funnel.ts'
import { reportRow } from '../helpers/report-row.ts'

const naming: PageNaming = {
  region: () => undefined,
  title: () => '',
  isCategory: (service) => service === 'mail',
  top: () => undefined,
}
const of = (rows: readonly ReportRow[], source = 'shodan'): SourceRows => ({ source, unit: 'addresses', rows })

describe('views of a page', () => {
  test('one country is one view, of every source', () => {
    const rows = [
      reportRow({ count: 5 }),
      reportRow({ region: 'JP-13', count: 4 }),
      reportRow({ region: 'unknown', count: 1 }),
    ]
    const views = pageViews([of(rows), of(rows, 'censys')], 'JP', naming)
    expect(views.map(({ source, country }) => [source, country])).toEqual([
      ['shodan', 'JP'],
      ['censys', 'JP'],
    ])
    const [service] = views[0].services
    expect([service.total.count, service.unknown.count, service.cells.map(({ count }) => count)]).toEqual([5, 1, [4]])
  })

  test('several countries are the world, whose parts add up, and the one with most', () => {
    const rows = [
      reportRow({ country: '', region: 'unknown', count: 3 }),
      reportRow({ country: 'DE', region: 'DE', count: 7 }),
      reportRow({ country: 'DE', region: 'DE-BE', count: 7 }),
      reportRow({ count: 20 }),
      reportRow({ region: 'JP-13', count: 20 }),
    ]
    const [world, japan] = pageViews([of(rows)], 'JP', naming)
    expect(world.regions.map(({ code }) => code)).toEqual(['DE', 'JP'])
    const [service] = world.services
    expect([service.total.count, service.unknown.count, service.cells.map(({ count }) => count)]).toEqual([
      30,
      3,
      [7, 20],
    ])
    expect(japan?.services[0].total.count).toBe(20)
  })

  test('nothing counted is a view of nothing', () => {
    const [view] = pageViews([], undefined, naming)
    expect(view.services[0].total.count).toBe(0)
    expect(view.regions).toEqual([])
  })

  test('a region that has no row of a service has a count of 0, and the upper end of its interval', () => {
    const rows = [
      reportRow({ region: 'JP-13', population: 1_000_000 }),
      reportRow({ service: 'tcp-4321', count: 2 }),
      reportRow({ service: 'tcp-4321', region: 'JP-14', count: 2 }),
    ]
    const [view] = pageViews([of(rows)], 'JP', naming)
    const cell = view.services[1]?.cells[0]
    // Of nothing seen, -ln 0.025 may have been expected.
    expect(cell).toMatchObject({ count: 0, rate: 0, low: 0, flags: ['small-count'] })
    expect(cell?.high).toBeCloseTo(-Math.log(0.025) / 10, 10)
  })

  test('where there is no room, categories and what is counted most stay, in their order', () => {
    const regions = Array.from({ length: 300 }, (_, index) => `JP-${index}`)
    const services = ['all', 'mail', ...Array.from({ length: 50 }, (_, index) => `s${index}`)]
    const rows = services.flatMap((service, index) => [
      reportRow({ service, count: index }),
      ...regions.map((region) => reportRow({ service, region, count: 1 })),
    ])
    const [view] = pageViews([of(rows)], 'JP', naming)
    expect(view.services.map(({ id }) => id)).toEqual(['all', 'mail', ...services.slice(-18)])
    expect(view.servicesLeftOut).toBe(32)
  })
})

describe('most frequent names', () => {
  const keys = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(30).map(String), fc.nat(3).map(String)))

  test('are those of all rows sorted, with versions added up and the rest told', () => {
    fc.assert(
      fc.property(keys, fc.array(fc.nat(1000), { minLength: 200, maxLength: 200 }), (all, counts) => {
        const unique = [...new Map(all.map((key) => [key.join('\0'), key])).values()]
        const sorted = unique.toSorted((a, b) => (a.join('\0') < b.join('\0') ? -1 : 1)).slice(0, 200)
        const tops = gatherTops('JP', () => 'endpoints', productName)
        const sums = new Map<string, number>()
        for (const [index, key] of sorted.entries()) {
          const count = counts[index] ?? 0
          tops.see(reportRow({ keys: key, unit: 'endpoints', count }))
          // What is of another unit, region or country is of no matter.
          tops.see(reportRow({ keys: key, unit: 'banners', count: 5000 }))
          tops.see(reportRow({ keys: key, unit: 'endpoints', region: 'JP-13', count: 5000 }))
          sums.set(`${key[0]}\0${key[1]}`, (sums.get(`${key[0]}\0${key[1]}`) ?? 0) + count)
        }
        const found = tops.top('shodan', 'all')
        const due = [...sums.values()].toSorted((a, b) => b - a)
        expect(found?.items.map(({ count }) => count) ?? []).toEqual(due.slice(0, 10))
        expect(found?.rest ?? 0).toBe(due.slice(10).reduce((sum, count) => sum + count, 0))
      }),
    )
  })

  test.each([
    [['4713', 'Example Net'], 'AS4713 Example Net'],
    [['AS4713', ''], 'AS4713'],
    [['', 'Example Net'], 'Example Net'],
    [['0', ''], ''],
    [['', ''], ''],
  ])('a network %j is called %j', (keysOfRow, name) => {
    expect(networkName(keysOfRow).name).toBe(name)
  })
})

describe('the funnel of a service', () => {
  const regions = [1e6, 2e6, 4e6, 8e6, 16e6].map((population, index) => ({
    code: `JP-0${index}`,
    name: '',
    localName: '',
    population,
  }))
  const cellsOf = (counts: readonly number[]): PageCell[] =>
    regions.map(({ population }, index) => {
      const count = counts[index] ?? 0
      const rate = (count / population) * 100_000
      return { count, asked: undefined, rate, low: 0, high: 0, ratio: undefined, rank: undefined, flags: [] }
    })

  test('has the limits of the statistics at every region, around the rate of all', () => {
    const counts = [40, 60, 150, 240, 500]
    const limits = funnelCurve(regions, cellsOf(counts)) ?? []
    const told = funnel(regions.map(({ population }, index) => ({ population, count: counts[index] ?? 0 })))
    for (const [index, { population }] of regions.entries()) {
      const limit = limits.find((each) => each.population === population)
      const { inner, outer } = told?.cells[index] ?? { inner: { low: -1, high: -1 }, outer: { low: -1, high: -1 } }
      expect([limit?.low95, limit?.high95]).toEqual([inner.low * 100_000, inner.high * 100_000])
      expect([limit?.low998, limit?.high998]).toEqual([outer.low * 100_000, outer.high * 100_000])
    }
    const populations = limits.map(({ population }) => population)
    expect(populations).toEqual([...new Set(populations)].toSorted((a, b) => a - b))
    expect(populations.length).toBeGreaterThan(regions.length)
  })

  test('a region without people or a rate takes no part', () => {
    const limits = funnelCurve(regions, cellsOf([4, 6, 15, 24, 50]))
    const some = [...regions, { code: 'JP-99', name: '', localName: '', population: undefined }]
    const cells = cellsOf([4, 6, 15, 24, 50])
    expect(funnelCurve(some, [...cells, { ...(cells[0] as PageCell), count: 1000 }])).toEqual(limits)
  })

  test.each([
    ['nothing is found', cellsOf([0, 0, 0, 0, 0])],
    ['there are no rates', cellsOf([1, 2, 3, 4, 5]).map((cell) => ({ ...cell, rate: undefined }))],
    ['an engine says what cannot be', cellsOf([2 ** 53 - 1, 1, 1, 1, 1])],
  ])('is not drawn where %s', (_, cells) => {
    expect(funnelCurve(regions, cells)).toBeUndefined()
  })
})
