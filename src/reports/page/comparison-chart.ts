import * as Plot from '@observablehq/plot'
import type { Change, ChangeKind } from '../../model/change.ts'
import type { ComparisonCell, ComparisonService } from '../../model/comparison-page.ts'
import { chartWidth, columnsOf, marginFor, plotted, shortName } from './chart.ts'
import { axisEnd, quarters, signed } from './numbers.ts'
import type { Element } from './markup.ts'

const rowHeight = 17
/** Room for a difference behind the bars. */
const figures = 60
/** Rows of the chart. */
export const mostRows = 60

/** What the parts of a bar stand for: on the right what came, on the left what went. Of each pair one colour. */
const groups: readonly (readonly [gains: readonly ChangeKind[], losses: readonly ChangeKind[]])[] = [
  [
    ['new', 'opened', 'appeared'],
    ['gone', 'closed', 'vanished'],
  ],
  [['movedIn'], ['movedOut']],
  [['rePlacedIn'], ['rePlacedOut']],
  [['coverageGained'], ['coverageLost']],
]
export const colours = groups.map((_, index) => `var(--part${index})`)

export const sumOf = (change: Change, kinds: readonly ChangeKind[]): number =>
  kinds.reduce((sum, kind) => sum + change[kind], 0)

/** For each group what came and what went. */
const partsOf = (change: Change): (readonly [number, number])[] =>
  groups.map(([gains, losses]) => [sumOf(change, gains), sumOf(change, losses)])

/** Ends of a bar's parts from the middle outwards: to the right, and then to the left. */
function stacked(change: Change): { readonly from: number; readonly to: number }[] {
  const parts = partsOf(change)
  return ([0, 1] as const).flatMap((side) => {
    let end = 0
    return parts.map((part) => {
      const from = end
      end += part[side]
      return side === 0 ? { from, to: end } : { from: -end, to: -from }
    })
  })
}

/** What the script draws a service's bars from: rows by how much changed, and all lengths as parts of the axis. */
export interface Bars {
  /** Indexes of regions; behind the last one stands `unknown`. */
  readonly order: readonly number[]
  readonly ticks: readonly string[]
  /** For each row the ends of its eight parts, from -1 to 1. */
  readonly parts: readonly (readonly (readonly [number, number])[])[]
  readonly differences: readonly number[]
}

/** @returns undefined where what became of addresses is not known */
export function barsOf({ cells, unknown }: ComparisonService): Bars | undefined {
  const all = [...cells, unknown]
  const changes = all.flatMap(({ change }) => change ?? [])
  if (changes.length < all.length) return undefined
  const changed = changes.map((change) =>
    partsOf(change)
      .flat()
      .reduce((sum, part) => sum + part, 0),
  )
  const order = [...all.keys()].toSorted((a, b) => (changed[b] ?? 0) - (changed[a] ?? 0) || a - b).slice(0, mostRows)
  const stacks = order.map((index) => stacked(changes[index] ?? ({} as Change)))
  const end = axisEnd(Math.max(...stacks.flat().flatMap(({ from, to }) => [-from, to])))
  const part = (value: number): number => Number((value / end).toFixed(4))
  const [, , middle = '', , last = ''] = quarters(end)
  return {
    order,
    ticks: [`-${last}`, `-${middle}`, '0', middle, last],
    parts: stacks.map((stack) => stack.map(({ from, to }) => [part(from), part(to)])),
    differences: order.map((index) => part(differenceOf(all[index]))),
  }
}

const differenceOf = (cell: ComparisonCell | undefined): number => cell?.difference ?? 0

/** Diverging stacked bars that add up to the difference. The page's script moves them for another service. */
export function changeChart(service: ComparisonService, names: readonly string[], bars: Bars, label: string): Element {
  const all = [...service.cells, service.unknown]
  const rows = bars.order.map((index, row) => ({ row, name: shortName(names[index] ?? ''), cell: all[index] }))
  const segments = bars.parts.flatMap((parts, row) =>
    parts.map(([from, to], each) => ({ row, from, to, colour: colours[each % groups.length] })),
  )
  const left = marginFor(columnsOf(names))
  const ticks = [-1, -0.5, 0, 0.5, 1]
  return plotted(
    {
      marginLeft: left,
      marginRight: figures,
      marginTop: 4,
      marginBottom: 24,
      height: rows.length * rowHeight + 28,
      x: { domain: [-1, 1], axis: null },
      y: { type: 'band', domain: rows.map(({ row }) => row), padding: 0, align: 0, round: false },
      color: { type: 'identity' },
      marks: [
        Plot.gridX(ticks, { stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisX(ticks, { tickFormat: (tick: number) => bars.ticks[(tick + 1) * 2] ?? '', label: null }),
        Plot.axisY({ tickSize: 0, label: null, tickFormat: (row: number) => rows[row]?.name ?? '' }),
        Plot.barX(segments, { x1: 'from', x2: 'to', y: 'row', fill: 'colour', insetTop: 2, insetBottom: 2 }),
        Plot.ruleX([0], { stroke: 'var(--line)' }),
        Plot.tickX(rows, {
          x: ({ row }: { row: number }) => bars.differences[row] ?? 0,
          y: 'row',
          stroke: 'var(--ink)',
          strokeWidth: 2.5,
        }),
        Plot.text(rows, {
          y: 'row',
          text: ({ cell }: (typeof rows)[number]) => signed(differenceOf(cell)),
          frameAnchor: 'right',
          textAnchor: 'end',
          dx: figures - 2,
        }),
      ],
    },
    label,
    { 'data-left': String(left), 'data-width': String(chartWidth - left - figures) },
  )
}
