import * as Plot from '@observablehq/plot'
import type { PageFacts, PagePeriod, PageService } from '../../model/page.ts'
import { poissonInterval } from '../../statistics/poisson.ts'
import { rateRatioInterval } from '../../statistics/rate-ratio.ts'
import { columnsOf, marginFor, plotted, shortName } from './chart.ts'
import { h, type Element } from './markup.ts'
import { decimal, interval, whole } from './numbers.ts'
import { scrolled, heading } from './tables.ts'
import { day, serviceName, type Messages } from './words.ts'

/** Services that a trend is drawn of. */
const mostLines = 6
const lineHeight = 64
/** Beyond it there is no interval to be seen. */
const mostCounted = 1e8

/** Totals of the first view's largest services over snapshots, each on an axis of its own from 0; none of fewer than two. */
export function trendSection(words: Messages, { history, views: [view] }: PageFacts): Element | undefined {
  const [first, last] = [history[0], history.at(-1)]
  if (first === undefined || last === undefined || history.length < 2) return undefined
  const services = view.services
    .filter(({ id }) => history.every(({ totals }) => Object.hasOwn(totals, id)))
    .toSorted((a, b) => (last.totals[b.id] ?? 0) - (last.totals[a.id] ?? 0))
    .slice(0, mostLines)
  if (services.length === 0) return undefined
  const isForced = last.flags.includes('forced')
  return h(
    'section',
    { 'aria-labelledby': 'trend' },
    h('h2', { id: 'trend' }, words.trend),
    isForced ? h('p', { class: 'notice' }, words.trendForced) : undefined,
    h('p', { class: 'note' }, words.trendNote),
    h('figure', {}, h('figcaption', {}, words.trendLabel), chart(words, history, services)),
    table(words, history, services),
  )
}

const countOf = ({ totals }: PagePeriod, { id }: PageService): number => totals[id] ?? 0

function chart(words: Messages, history: readonly PagePeriod[], services: readonly PageService[]): Element {
  const names = services.map((service) => shortName(serviceName(words, service)))
  const times = history.map(({ observedTo }) => Date.parse(observedTo))
  const [from = 0, to = 0] = [times[0], times.at(-1)]
  const points = services.flatMap((service, index) => {
    const intervals = history.map((period) => chance(countOf(period, service)))
    const most = Math.max(1, ...intervals.map(({ high }) => high))
    return history.map((period, position) => ({
      index,
      // Snapshots stand as far from each other as they were made.
      time: ((times[position] ?? 0) - from) / Math.max(1, to - from),
      part: countOf(period, service) / most,
      low: (intervals[position]?.low ?? 0) / most,
      high: (intervals[position]?.high ?? 0) / most,
      text: whole(countOf(period, service)),
      isEnd: position === 0 || position === history.length - 1,
    }))
  })
  const days = [from, to].map((time) => day(new Date(time).toISOString()))
  return plotted(
    {
      height: services.length * lineHeight + 40,
      marginLeft: marginFor(columnsOf(names)) + 30,
      marginRight: 44,
      marginTop: 14,
      marginBottom: 24,
      fy: { domain: services.map((_, index) => index), axis: null, padding: 0.3 },
      x: { type: 'linear', domain: [0, 1] },
      y: { domain: [0, 1], axis: null },
      marks: [
        Plot.ruleY([0], { stroke: 'var(--grid)' }),
        Plot.text(
          services.map((_, index) => ({ index })),
          {
            fy: 'index',
            frameAnchor: 'left',
            textAnchor: 'end',
            dx: -30,
            text: ({ index }: { index: number }) => names[index] ?? '',
          },
        ),
        Plot.ruleX(points, { fy: 'index', x: 'time', y1: 'low', y2: 'high', stroke: 'var(--ink)' }),
        Plot.line(points, { fy: 'index', x: 'time', y: 'part', stroke: 'var(--bar)', strokeWidth: 2 }),
        Plot.dot(points, { fy: 'index', x: 'time', y: 'part', fill: 'var(--bar)' }),
        Plot.text(
          points.filter(({ isEnd }) => isEnd),
          { fy: 'index', x: 'time', y: 'high', text: 'text', dy: -9 },
        ),
        Plot.axisX([0, 1], { tickFormat: (end: number) => days[end] ?? '', label: null }),
      ],
    },
    words.trendLabel,
  )
}

const chance = (count: number): { readonly low: number; readonly high: number } =>
  count > mostCounted ? { low: count, high: count } : poissonInterval(count)

function table(words: Messages, history: readonly PagePeriod[], services: readonly PageService[]): Element {
  const ratio = (service: PageService): string => {
    const [first, last] = [history[0], history.at(-1)]
    const [old, now] = [first && countOf(first, service), last && countOf(last, service)]
    if (old === undefined || now === undefined || old === 0 || old + now > mostCounted)
      return interval(undefined, undefined)
    const found = rateRatioInterval({ count: now, population: 1 }, { count: old, population: 1 })
    return `${decimal(now / old)} (${interval(found?.low, found?.high)})`
  }
  const cells = (texts: readonly string[], notes: string): Element[] => [
    ...texts.map((text) => h('td', {}, text)),
    h('td', { class: 'text' }, notes),
  ]
  return scrolled(
    words.trendTable,
    h(
      'table',
      { 'data-trend': '' },
      h('caption', {}, words.trendTable),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heading(words.snapshot, true),
          heading(words.until, true),
          ...services.map((service) => heading(serviceName(words, service), false)),
          heading(words.notes, true),
        ),
      ),
      h(
        'tbody',
        {},
        ...history.map((period) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, period.snapshot),
            h('td', { class: 'text' }, day(period.observedTo)),
            ...cells(
              services.map((service) => whole(countOf(period, service))),
              period.flags.map((flag) => words.flags[flag]).join(words.join),
            ),
          ),
        ),
      ),
      h(
        'tfoot',
        {},
        h('tr', {}, h('th', { scope: 'row' }, words.trendRatio), h('td'), ...cells(services.map(ratio), '')),
      ),
    ),
  )
}
