import * as Plot from '@observablehq/plot'
import type { PageFacts } from '../../model/page.ts'
import { plotted, shortName } from './chart.ts'
import { h, type Element } from './markup.ts'
import { whole } from './numbers.ts'
import { day, serviceName, type Messages } from './words.ts'

/** Services that a trend is drawn of. */
const mostLines = 6
const lineHeight = 64

/** Totals of the first view's largest services over snapshots, each on an axis of its own from 0; none of fewer than two. */
export function trendSection(words: Messages, { history, views: [view] }: PageFacts): Element | undefined {
  const last = history.at(-1)
  if (last === undefined || history.length < 2) return undefined
  const services = view.services
    .filter(({ id }) => history.every(({ totals }) => Object.hasOwn(totals, id)))
    .toSorted((a, b) => (last.totals[b.id] ?? 0) - (last.totals[a.id] ?? 0))
    .slice(0, mostLines)
  const names = services.map((service) => shortName(serviceName(words, service)))
  const points = services.flatMap(({ id }, index) => {
    const most = Math.max(1, ...history.map(({ totals }) => totals[id] ?? 0))
    return history.map(({ totals, observedTo }, position) => {
      const count = totals[id] ?? 0
      return { index, position, part: count / most, text: whole(count), day: day(observedTo) }
    })
  })
  const chart = plotted(
    {
      height: services.length * lineHeight + 40,
      marginLeft: 132,
      marginRight: 44,
      marginTop: 10,
      marginBottom: 24,
      fy: { domain: services.map((_, index) => index), axis: null, padding: 0.3 },
      x: { type: 'point', domain: history.map((_, position) => position) },
      y: { domain: [0, 1], axis: null },
      marks: [
        Plot.ruleY([0], { stroke: 'var(--grid)' }),
        Plot.text(
          services.map((_, index) => ({ index })),
          {
            fy: 'index',
            frameAnchor: 'left',
            textAnchor: 'end',
            dx: -6,
            text: ({ index }: { index: number }) => names[index] ?? '',
          },
        ),
        Plot.line(points, { fy: 'index', x: 'position', y: 'part', stroke: 'var(--bar)', strokeWidth: 2 }),
        Plot.dot(points, { fy: 'index', x: 'position', y: 'part', fill: 'var(--bar)' }),
        Plot.text(
          points.filter(({ position }) => position === 0 || position === history.length - 1),
          { fy: 'index', x: 'position', y: 'part', text: 'text', dy: -10 },
        ),
        Plot.axisX([0, history.length - 1], {
          tickFormat: (position: number) => day(history[position]?.observedTo ?? '') || words.undated,
          label: null,
        }),
      ],
    },
    words.trendLabel,
  )
  return h(
    'section',
    { 'aria-labelledby': 'trend' },
    h('h2', { id: 'trend' }, words.trend),
    h('figure', {}, h('figcaption', {}, words.trendLabel), chart),
  )
}
