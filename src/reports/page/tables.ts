import type { PageCell, PageService, PageView } from '../../model/page.ts'
import { isRated } from './drawn.ts'
import { h, type Element } from './markup.ts'
import { decimal, interval, whole } from './numbers.ts'
import { otherName, regionName, serviceName, type Messages } from './words.ts'

/** Columns after which a table no longer fits on paper. */
const widest = 12

/** All figures of one service, a row for each region. The page's script fills it for another one. */
export function detailTable(words: Messages, view: PageView, service: PageService, caption: string): Element {
  const rated = isRated(view)
  const heads = [
    words.region,
    words.regionLocal,
    ...(view.isScopeLimited ? [words.asked] : []),
    words.population,
    words.count,
    ...(rated ? [words.rate, words.interval, words.ratio, words.rank] : []),
    words.notes,
  ]
  const cells = (cell: PageCell, population: number | undefined): Element[] =>
    detailTexts(words, view, cell, population).map((text, index, all) =>
      h('td', { class: index === all.length - 1 ? 'text' : undefined }, text),
    )
  const rows = view.regions.map((region, index) => {
    const cell = service.cells[index] ?? service.unknown
    return h(
      'tr',
      { 'data-i': index },
      h('th', { scope: 'row', title: region.code }, regionName(words, region)),
      h('td', { class: 'text' }, h('bdi', {}, otherName(words, region))),
      ...cells(cell, region.population),
    )
  })
  const end = [
    ['unknown', words.unknown, service.unknown, undefined] as const,
    ['total', words.total, service.total, totalPopulation(view)] as const,
  ]
  return scrolled(
    caption,
    h(
      'table',
      { 'data-detail': '' },
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, ...heads.map((name, index) => heading(name, index < 2 || name === words.notes)))),
      h('tbody', {}, ...rows),
      h(
        'tfoot',
        {},
        ...end.map(([name, title, cell, population]) =>
          h('tr', { 'data-i': name }, h('th', { scope: 'row' }, title), h('td'), ...cells(cell, population)),
        ),
      ),
    ),
  )
}

const totalPopulation = (view: PageView): number | undefined => {
  const sum = view.regions.reduce((so, { population }) => so + (population ?? 0), 0)
  return sum === 0 ? undefined : sum
}

/** The cells after the names. */
const detailTexts = (words: Messages, view: PageView, cell: PageCell, population: number | undefined): string[] => [
  ...(view.isScopeLimited ? [whole(cell.asked)] : []),
  whole(population),
  whole(cell.count),
  ...(isRated(view) ? [decimal(cell.rate), interval(cell.low, cell.high), decimal(cell.ratio), whole(cell.rank)] : []),
  cell.flags.map((flag) => words.flags[flag]).join(words.join),
]

/** Counts of all services by region. The page's script shows rates in their place. */
export function matrixTable(words: Messages, view: PageView): Element {
  const unit = words.units[view.unit]
  // Titles would make columns as wide as they are long.
  const heads = view.services.map((service) => {
    const name = serviceName(words, service)
    return heading(service.title === '' ? name : service.id, false, name)
  })
  const row = (
    name: string,
    title: string,
    cellOf: (service: PageService) => PageCell | undefined,
    code?: string,
  ): Element =>
    h(
      'tr',
      { 'data-i': name },
      h('th', { scope: 'row', title: code }, title),
      ...view.services.map((service) => h('td', {}, whole(cellOf(service)?.count))),
    )
  return scrolled(
    words.matrixCaption(unit),
    h(
      'table',
      { class: view.services.length > widest ? 'wide' : undefined, 'data-matrix': '' },
      h('caption', {}, words.matrixCaption(unit)),
      h('thead', {}, h('tr', {}, heading(words.region, true), ...heads)),
      h(
        'tbody',
        {},
        ...view.regions.map((region, index) =>
          row(String(index), regionName(words, region), (service) => service.cells[index], region.code),
        ),
      ),
      h(
        'tfoot',
        {},
        row('unknown', words.unknown, (service) => service.unknown),
        row('total', words.total, (service) => service.total),
      ),
    ),
  )
}

/** Whether the table of all services is too wide to be printed. */
export const isTooWide = (view: PageView): boolean => view.services.length > widest

/** A column's heading; a text column sorts by letters. */
export const heading = (name: string, isText: boolean, title?: string): Element =>
  h('th', { scope: 'col', class: isText ? 'text' : undefined, title }, name)

/** A table that scrolls by itself, also by keyboard. */
export const scrolled = (label: string, table: Element): Element =>
  h('div', { class: 'scroll', role: 'region', tabindex: 0, 'aria-label': label }, table)
