import * as Plot from '@observablehq/plot'
import type { FunnelLimit, PageService, PageView } from '../../model/page.ts'
import { chartWidth, plotted } from './chart.ts'
import { axisEnd, decimal, quarters, rounded, whole } from './numbers.ts'
import type { Element } from './markup.ts'
import { regionName, type Messages } from './words.ts'

const margins = { marginLeft: 48, marginRight: 12, marginTop: 10, marginBottom: 40 }
const height = 300
/** Half of the room that a digit takes. */
const halfDigit = 4

/** The four lines of a funnel, from the lowest to the highest. */
export const lines = ['low998', 'low95', 'high95', 'high998'] as const

/** Where the axis of a funnel's rates ends. */
export const funnelEnd = (service: PageService, limits: readonly FunnelLimit[]): number =>
  axisEnd(Math.max(...service.cells.map(({ rate }) => rate ?? 0), ...limits.map(({ high998 }) => high998)))

/** Each region's rate against its population, between the limits of chance. The page's script moves it for another service. */
export function funnelChart(
  words: Messages,
  view: PageView,
  service: PageService,
  limits: readonly FunnelLimit[],
): Element {
  const end = funnelEnd(service, limits)
  const ticks = quarters(end)
  const dots = view.regions.map(({ population }, index) => ({
    // One that has no population is drawn where the script finds it, and cannot be seen.
    population: population ?? limits[0]?.population ?? 1,
    part: rounded(service.cells[index]?.rate ?? 0) / end,
    radius: population === undefined || population === 0 ? 0 : 3.5,
  }))
  const populations = limits.map(({ population }) => population)
  const domain = [Math.min(...populations), Math.max(...populations)]
  return plotted(
    {
      ...margins,
      height,
      x: { type: 'log', domain },
      y: { domain: [0, 1] },
      r: { type: 'identity' },
      marks: [
        Plot.gridY([0, 0.25, 0.5, 0.75, 1], { stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisY([0, 0.25, 0.5, 0.75, 1], { tickFormat: (part: number) => ticks[part * 4] ?? '', label: null }),
        Plot.axisX({
          ticks: populationTicks(Math.min(...populations), Math.max(...populations)),
          tickFormat: (people: number) => whole(people),
          label: words.population,
          labelArrow: 'none',
        }),
        ...lines.map((line) =>
          Plot.line(limits, {
            x: 'population',
            y: (limit: FunnelLimit) => rounded(limit[line]) / end,
            stroke: 'var(--ink)',
            ...(line.endsWith('95') ? { strokeDasharray: '4 3' } : {}),
          }),
        ),
        Plot.dot(dots, {
          x: 'population',
          y: 'part',
          r: 'radius',
          fill: 'var(--bar)',
          stroke: 'var(--ground)',
          strokeWidth: 0.5,
        }),
      ],
    },
    words.funnelLabel,
    { 'data-top': String(margins.marginTop), 'data-height': String(height - margins.marginTop - margins.marginBottom) },
  )
}

/** Populations that an axis of logarithms is labelled with: 1, 2 and 5 of each power of ten, as far as labels have room. */
function populationTicks(low: number, high: number): number[] {
  const width = chartWidth - margins.marginLeft - margins.marginRight
  let end = -margins.marginLeft
  const ticks = Array.from({ length: 11 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power))
    .flat()
    .filter((people) => {
      const middle = (Math.log(people / low) / Math.log(high / low)) * width
      const half = whole(people).length * halfDigit
      const hasRoom =
        people >= low && people <= high && middle - half > end && middle + half < chartWidth - margins.marginLeft
      if (hasRoom) end = middle + half
      return hasRoom
    })
  return ticks.length === 0 ? [low] : ticks
}

/** Which regions lie outside of the outer limits. */
export function funnelSentence(
  words: Messages,
  view: PageView,
  { cells }: PageService,
  limits: readonly FunnelLimit[],
): string {
  const outside = view.regions.flatMap((region, index) => {
    const rate = cells[index]?.rate
    const limit = limitAt(limits, region.population)
    if (rate === undefined || limit === undefined) return []
    const isAbove = rate > limit.high998
    return isAbove || rate < limit.low998 ? [{ name: `${regionName(words, region)} ${decimal(rate)}`, isAbove }] : []
  })
  const names = (isAbove: boolean): string =>
    outside.flatMap((each) => (each.isAbove === isAbove ? [each.name] : [])).join(words.join) || words.nobody
  return words.funnelOutside(names(true), names(false))
}

/** The limits drawn at a population: on a straight line between two that are known, on an axis of logarithms. */
export function limitAt(limits: readonly FunnelLimit[], population: number | undefined): FunnelLimit | undefined {
  if (population === undefined) return undefined
  const next = limits.findIndex((limit) => limit.population >= population)
  const [low, high] = [limits[next - 1] ?? limits[next], limits[next]]
  if (low === undefined || high === undefined) return undefined
  const width = Math.log(high.population / low.population)
  const way = width === 0 ? 0 : Math.log(population / low.population) / width
  const between = (line: (typeof lines)[number]): number => low[line] + (high[line] - low[line]) * way
  return {
    population,
    low95: between('low95'),
    high95: between('high95'),
    low998: between('low998'),
    high998: between('high998'),
  }
}
