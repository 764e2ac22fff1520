import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { FunnelLimit, PageCell, PageFacts, PageService } from '../../../src/model/page.ts'
import { axisEnd, decimal, quarters, whole } from '../../../src/reports/page/numbers.ts'
import { classes, colouring, rankedBars, rankedOrder } from '../../../src/reports/page/drawn.ts'
import { limitAt } from '../../../src/reports/page/funnel.ts'
import { syntheticPage } from '../../helpers/page.ts'

const cellOf = (rate: number | undefined): PageCell => ({
  count: 1,
  asked: undefined,
  rate,
  low: rate,
  high: rate,
  ratio: undefined,
  rank: undefined,
  flags: [],
})
const serviceOf = (rates: readonly (number | undefined)[]): PageService => ({
  id: 'x',
  title: '',
  total: cellOf(1),
  unknown: cellOf(undefined),
  cells: rates.map(cellOf),
  products: undefined,
  networks: undefined,
})

describe('numbers', () => {
  test.each([
    [0, '0'],
    [0.000_07, '0.0000700'],
    [2.5, '2.50'],
    [99.96, '100'],
    [999.4, '999'],
    [999.6, '1,000'],
    [1_234_567.8, '1,234,568'],
    [undefined, '–'],
  ])('%s is %s', (value, text) => {
    expect(decimal(value)).toBe(text)
  })

  test('whole numbers have their thousands apart', () => {
    expect([0, 999, 1000, 1_234_567].map(whole)).toEqual(['0', '999', '1,000', '1,234,567'])
  })

  test('an axis holds what is largest, wastes less than half, and has quarters as it says', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (most) => {
        const end = axisEnd(most)
        expect(end).toBeGreaterThanOrEqual(most * 0.9999)
        expect(end).toBeLessThan(most * 1.6)
        expect(quarters(end).map((text) => Number(text.replaceAll(',', '')) / end)).toEqual(
          [0, 0.25, 0.5, 0.75, 1].map((part) => expect.closeTo(part, 6) as number),
        )
      }),
    )
    expect([0, -1, Number.NaN, Infinity].map(axisEnd)).toEqual([1, 1, 1, 1])
  })
})

const rates = fc.array(fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }), { maxLength: 60 })

describe('a map', () => {
  test('higher rates never have a lower colour, and each lies in what its colour says', () => {
    fc.assert(
      fc.property(rates, (each) => {
        const { classOf, ranges } = colouring(serviceOf(each))
        for (const [index, rate] of each.entries()) {
          const colour = classOf[index]
          expect(colour === undefined).toBe(rate === undefined)
          if (rate === undefined || colour === undefined) continue
          expect(colour).toBeLessThan(classes)
          const [low, high] = ranges[colour] ?? [Infinity, -Infinity]
          expect(Number(rate.toPrecision(3))).toBeGreaterThanOrEqual(low)
          expect(Number(rate.toPrecision(3))).toBeLessThanOrEqual(high)
          for (const [other, value] of each.entries())
            if (value !== undefined && value > rate) expect(classOf[other]).toBeGreaterThanOrEqual(colour)
        }
      }),
    )
  })

  test('colours have as many regions each as can be where all rates differ', () => {
    const { classOf } = colouring(serviceOf(Array.from({ length: 47 }, (_, index) => (index * 13) % 47)))
    const sizes = Array.from({ length: classes }, (_, colour) => classOf.filter((each) => each === colour).length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(47)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
  })
})

describe('ranked bars', () => {
  let facts: PageFacts
  beforeAll(async () => {
    facts = await syntheticPage({ services: 3 })
  })

  test('go from the highest rate to the lowest, within their axis, with their interval around them', () => {
    const [view] = facts.views
    for (const service of view.services) {
      const { bars } = rankedBars(view, service, ({ name }) => name)
      expect(bars).toHaveLength(47)
      for (const [row, bar] of bars.entries()) {
        expect(bar.length).toBeLessThanOrEqual(bars[row - 1]?.length ?? 1)
        expect(bar.low).toBeLessThanOrEqual(bar.length)
        expect(bar.high).toBeGreaterThanOrEqual(bar.length)
        expect(bar.high).toBeLessThanOrEqual(1)
        expect(bar.text.endsWith('*')).toBe(bar.isSmall)
      }
    }
  })

  test('regions without a rate come last', () => {
    const [view] = facts.views
    const service = serviceOf(view.regions.map((_, index) => (index % 2 === 0 ? undefined : index)))
    expect(rankedOrder(view, service).slice(0, 2)).toEqual([45, 43])
    expect(rankedOrder(view, service).at(-1)).toBe(46)
  })
})

describe('limits of a funnel', () => {
  const limit = (population: number, wide: number): FunnelLimit => ({
    population,
    low998: 10 - wide,
    low95: 10 - wide / 2,
    high95: 10 + wide / 2,
    high998: 10 + wide,
  })
  const limits = [limit(100, 8), limit(10_000, 4), limit(1_000_000, 2)]

  test('are those given where they are given, and between them on the line drawn', () => {
    expect(limitAt(limits, 100)).toEqual(limits[0])
    expect(limitAt(limits, 1_000_000)).toEqual(limits[2])
    expect(limitAt(limits, 1000)).toEqual({ ...limit(1000, 6), population: 1000 })
  })

  test.each([[undefined], [1_000_001]])('are not known of a population of %s', (population) => {
    expect(limitAt(limits, population)).toBeUndefined()
  })
})
