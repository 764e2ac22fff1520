import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import stringWidth from 'string-width'
import { fit } from '../text.ts'
import type { Bar } from './drawn.ts'
import { h, shown, type Element, type Markup } from './markup.ts'

/* Charts are drawn by Observable Plot into a document that only has them, and taken over element by element: without its
   style elements and classes, which the page's security policy forbids, and without the names of parts, as a chart is one image. */

const { document } = parseHTML('<html><body></body></html>')

/**
 * Units of a chart's own coordinate system wide; on a screen of any width text stays as wide as it is here to the chart. Text of 12
 * is 11 pixels or more on a screen of 360, of which 328 are the chart's.
 */
export const chartWidth = 356

/** A chart as an image with one name. Groups keep the name that Plot gives them (`bar`, `rule`, `text`), for the page's script. */
export function plotted(
  options: Plot.PlotOptions,
  label: string,
  attributes: Readonly<Record<string, string>> = {},
): Element {
  const drawn = Plot.plot({ document, width: chartWidth, ...options })
  const root = adopted(drawn)
  const viewBox = drawn.getAttribute('viewBox') ?? ''
  const given = {
    viewBox,
    role: 'img',
    'aria-label': label,
    'font-size': '12',
    'text-anchor': 'middle',
    fill: 'currentColor',
  }
  return h('svg', { class: 'chart', ...given, ...attributes }, ...root)
}

interface Node {
  readonly nodeType: number
  readonly localName: string
  readonly textContent: string
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>
  readonly childNodes: Iterable<Node>
}

function adopted(node: Node): Markup[] {
  return [...node.childNodes].flatMap((child): Markup[] => {
    if (child.nodeType === 3) return [child.textContent]
    if (child.nodeType !== 1 || child.localName === 'style') return []
    const attributes: [string, string][] = []
    for (const { name, value } of child.attributes) {
      if (name === 'aria-label' && child.localName === 'g') attributes.push(['data-mark', value])
      else if (!/^(aria-|class$|style$)/.test(name)) attributes.push([name, value])
    }
    return [h(child.localName, Object.fromEntries(attributes), ...adopted(child))]
  })
}

const rowHeight = 17
/** Plot leaves out texts that are empty; the script wants one in every row. */
const blank = ' '
const figures = 60

/** Characters of a name before a bar, wide ones counted twice. */
const nameColumns = 16
/** The same of a product or network. */
export const topColumns = 20
const columnWidth = 8

interface BarOptions {
  readonly label: string
  readonly ticks?: readonly string[]
  readonly axis?: string
  /** Characters a name has room for. */
  readonly columns?: number
  /** Bars to be seen, of those there are; all when absent. */
  readonly shownBars?: number
}

/**
 * Horizontal bars with a name before and a figure behind each. With `ticks`, five labels of an axis stand below; intervals
 * are drawn where bars have them. The script of the page moves these elements for another service.
 */
export function barChart(
  bars: readonly Bar[],
  { label, ticks, axis, columns = nameColumns, shownBars = bars.length }: BarOptions,
): Element {
  const names = marginFor(columns)
  const rows = bars.map((bar, index) => ({ ...bar, index }))
  const quarter = [0, 0.25, 0.5, 0.75, 1]
  const margins = { marginLeft: names, marginRight: figures, marginTop: 4, marginBottom: ticks === undefined ? 4 : 40 }
  const height = rows.length * rowHeight + margins.marginTop + margins.marginBottom
  const marks = [
    ...(ticks === undefined
      ? []
      : [
          Plot.gridX(quarter, { stroke: 'var(--grid)', strokeOpacity: 1 }),
          Plot.axisX(quarter, {
            tickFormat: (part: number) => ticks[part * 4] ?? '',
            label: axis ?? null,
            labelAnchor: 'left',
            labelArrow: 'none',
          }),
        ]),
    Plot.axisY({
      tickSize: 0,
      label: null,
      tickFormat: (index: number) => shortName(rows[index]?.name ?? '', columns) || blank,
    }),
    Plot.barX(rows, {
      x: 'length',
      y: 'index',
      fill: (row: Bar) => (row.isSmall ? 'var(--pale)' : 'var(--bar)'),
      stroke: 'var(--bar)',
      insetTop: 1,
      insetBottom: 1,
    }),
    ...(ticks === undefined ? [] : [Plot.ruleY(rows, { x1: 'low', x2: 'high', y: 'index', stroke: 'var(--ink)' })]),
    Plot.text(rows, {
      y: 'index',
      text: (row: Bar) => row.text || blank,
      frameAnchor: 'right',
      textAnchor: 'end',
      dx: figures - 2,
    }),
  ]
  const frame = {
    'data-left': String(names),
    'data-width': String(chartWidth - names - figures),
    'data-row': String(rowHeight),
  }
  return plotted(
    {
      ...margins,
      height,
      x: { domain: [0, 1], axis: null },
      y: { type: 'band', domain: rows.map(({ index }) => index), padding: 0, align: 0, round: false },
      color: { type: 'identity' },
      marks,
    },
    label,
    { ...frame, viewBox: `0 0 ${chartWidth} ${height - (rows.length - shownBars) * rowHeight}` },
  )
}

/** A name that fits before a bar. */
export const shortName = (name: string, columns = nameColumns): string => fit(shown(name), columns)

/** Columns that the longest of these names takes, of those it may. */
export const columnsOf = (names: readonly string[], most = nameColumns): number =>
  Math.max(1, ...names.map((name) => stringWidth(shortName(name, most))))

/** Room for so many characters. */
export const marginFor = (columns: number): number => Math.round((columns + 1) * columnWidth)
