import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gatherTops, networkName, productName } from '../../src/aggregate/page-tops.ts'
import { pageViews, type PageNaming, type SourceRows } from '../../src/aggregate/page-views.ts'
import type { ReportRow } from '../../src/model/report-row.ts'

const row = (given: Partial<ReportRow>): ReportRow => ({
  source: 'shodan',
  country: 'JP',
  region: 'JP',
  regionName: '',
  regionNameLocal: '',
  service: 'all',
  keys: [],
  unit: 'addresses',
  asked: undefined,
  count: 0,
  population: undefined,
  populationYear: undefined,
  per100k: undefined,
  per100kLow: undefined,
  per100kHigh: undefined,
  rateRatio: undefined,
  rank: undefined,
  flags: [],
  ...given,
})
const naming: PageNaming = {
  region: () => undefined,
  title: () => '',
  isCategory: (service) => service === 'mail',
  top: () => undefined,
}
const of = (rows: readonly ReportRow[], source = 'shodan'): SourceRows => ({ source, unit: 'addresses', rows })

describe('views of a page', () => {
  test('one country is one view, of every source', () => {
    const rows = [row({ count: 5 }), row({ region: 'JP-13', count: 4 }), row({ region: 'unknown', count: 1 })]
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
      row({ country: '', region: 'unknown', count: 3 }),
      row({ country: 'DE', region: 'DE', count: 7 }),
      row({ country: 'DE', region: 'DE-BE', count: 7 }),
      row({ count: 20 }),
      row({ region: 'JP-13', count: 20 }),
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
      row({ region: 'JP-13', population: 1_000_000 }),
      row({ service: 'tcp-4321', count: 2 }),
      row({ service: 'tcp-4321', region: 'JP-14', count: 2 }),
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
      row({ service, count: index }),
      ...regions.map((region) => row({ service, region, count: 1 })),
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
          tops.see(row({ keys: key, unit: 'endpoints', count }))
          // What is of another unit, region or country is of no matter.
          tops.see(row({ keys: key, unit: 'banners', count: 5000 }))
          tops.see(row({ keys: key, unit: 'endpoints', region: 'JP-13', count: 5000 }))
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
