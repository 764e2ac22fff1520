import * as Plot from '@observablehq/plot'
import type { PageView } from '../../model/page.ts'
import { barChart, chartWidth, columnsOf, marginFor, plotted, shortName } from './chart.ts'
import { at, countBars, mostBars } from './drawn.ts'
import type { Element } from './markup.ts'
import { whole } from './numbers.ts'
import { regionName, type Messages } from './words.ts'

/* The two figures that readers of the study of 2016 looked at, made of this snapshot's counts. */

const rowHeight = 17
/** Width of a digit; what two columns leave between them. */
const digitWidth = 6.8
const gap = 0.08
/** Columns of a name beside two of figures. */
const fewColumns = 12

/** Figure 1: the population of each region beside what is exposed there, most people first. */
export function populationChart(words: Messages, view: PageView): Element | undefined {
  const [all] = view.services
  const rows = view.regions
    .map((region, index) => ({ region, count: at(all.cells, index).count }))
    .filter(({ region }) => region.population !== undefined)
    .toSorted((a, b) => (b.region.population ?? 0) - (a.region.population ?? 0))
    .slice(0, mostBars)
  if (rows.length === 0) return undefined
  const column = (title: string, values: readonly (number | undefined)[]) => {
    const most = Math.max(1, ...values.map((value) => value ?? 0))
    return values.map((value, index) => ({ title, index, part: (value ?? 0) / most, text: whole(value) }))
  }
  const titles = [words.population, words.units[view.unit]]
  const bars = [
    ...column(
      titles[0] ?? '',
      rows.map(({ region }) => region.population ?? 0),
    ),
    ...column(
      titles[1] ?? '',
      rows.map(({ count }) => count),
    ),
  ]
  const longest = Math.max(...bars.map(({ text }) => text.length)) + 1
  const names = rows.map(({ region }) => regionName(words, region))
  const columns = columnsOf(names, fewColumns)
  const marginLeft = marginFor(columns)
  // As a band scale divides what is left between two.
  const panel = ((chartWidth - marginLeft - 4) * (1 - gap)) / (2 + gap)
  return plotted(
    {
      height: rows.length * rowHeight + 30,
      marginLeft,
      marginTop: 26,
      marginBottom: 4,
      marginRight: 4,
      fx: { domain: titles, padding: gap },
      // The longest bar leaves room for the longest figure.
      x: { domain: [0, panel / (panel - longest * digitWidth)], axis: null },
      y: { type: 'band', domain: rows.map((_, index) => index), padding: 0, align: 0, round: false },
      marks: [
        Plot.axisFx({ anchor: 'top', label: null }),
        Plot.axisY({
          tickSize: 0,
          label: null,
          tickFormat: (index: number) => shortName(at(names, index), columns),
        }),
        Plot.barX(bars, { fx: 'title', x: 'part', y: 'index', fill: 'var(--bar)', insetTop: 1, insetBottom: 1 }),
        Plot.text(bars, { fx: 'title', y: 'index', text: 'text', frameAnchor: 'right', textAnchor: 'end' }),
      ],
    },
    words.figurePopulationLabel,
  )
}

/** Figure 2: NTP servers by region, most first; none where NTP was not counted. */
export function ntpChart(words: Messages, view: PageView): Element | undefined {
  const ntp = view.services.find(({ id }) => id === 'ntp')
  if (ntp === undefined || view.regions.length === 0) return undefined
  const rows = view.regions
    .map((region, index) => ({ name: regionName(words, region), count: at(ntp.cells, index).count }))
    .filter((row): row is { name: string; count: number } => row.count !== undefined)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, mostBars)
  return barChart(countBars(rows), { label: words.figureNtpLabel, columns: columnsOf(rows.map(({ name }) => name)) })
}
