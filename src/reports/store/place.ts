import type { PageCell, PageService, PageView } from '../../model/page.ts'
import type { StorePlace, StoreSource } from '../../model/store-page.ts'
import { credits } from '../page/about.ts'
import { isRated } from '../page/drawn.ts'
import { h, type Element, type Markup } from '../page/markup.ts'
import { hasMap, legend, map, patterns } from '../page/map.ts'
import { decimal, interval, whole } from '../page/numbers.ts'
import { regionName, serviceName, viewName } from '../page/words.ts'
import { notice } from '../page/summary.ts'
import { asking, choice, dataTable, frame, link, type Column, type Framing } from './frame.ts'
import { countsOf, periodOf } from './list.ts'
import { placeName, type Words } from './words.ts'

/** A place's address: the world has none of its own. */
export const placeParts = (snapshot: string, code: string): string[] => [
  'snapshots',
  snapshot,
  ...(code === '' ? [] : ['places', code]),
]

/** The way to a place's page, or with `isWhole` to pages below it. */
export function wayTo(words: Words, { snapshot, place, country }: StorePlace, isWhole: boolean): Framing['way'] {
  const step = (code: string, title: string) => ({ title, parts: placeParts(snapshot.id, code) })
  return [
    { title: words.store.store, parts: [] },
    ...(place.code === '' && !isWhole ? [] : [step('', snapshot.id)]),
    ...(country === undefined ? [] : [step(country.code, placeName(words, country))]),
    ...(isWhole ? [step(place.code, placeName(words, place))] : []),
  ]
}

/** What a snapshot has of a place: a map and table of what is in it, or a region's services and networks. */
export function placePage(words: Words, facts: StorePlace, service: string): string {
  const { snapshot, place, views, sources } = facts
  const { store } = words
  const isWorld = place.code === ''
  const parts = placeParts(snapshot.id, place.code)
  const name = isWorld ? snapshot.id : placeName(words, place)
  return frame(
    {
      words,
      title: name,
      way: wayTo(words, facts, false) ?? [],
      here: { parts, ...(service === 'all' ? {} : { query: { service } }) },
    },
    h('p', {}, `${isWorld ? '' : `${snapshot.id} · `}${periodOf(words, snapshot)} · ${countsOf(words, snapshot)}`),
    notice(store.missing, snapshot.missing, 'h2'),
    isWorld ? h('p', {}, link(words, store.report, [...parts, 'report']), ` – ${store.reportNote}`) : undefined,
    ...views.flatMap((view, index) => viewSection(words, facts, view, service, index)),
    ...sources.flatMap((source) => sourceSection(words, facts, source, name)),
    creditList(words, facts),
  )
}

/** What licences want named on pages that show places. */
export const creditList = (
  { page }: Words,
  { credits: given, views }: Pick<StorePlace, 'credits' | 'views'>,
): Element =>
  h(
    'section',
    { 'aria-labelledby': 'credits' },
    h('h2', { id: 'credits' }, page.credits),
    h('ul', {}, ...credits(page, { credits: given, views }).map((item) => h('li', {}, ...item))),
  )

function viewSection(words: Words, facts: StorePlace, view: PageView, asked: string, index: number): Element {
  const { page, store } = words
  const [all] = view.services
  const service = view.services.find(({ id }) => id === asked) ?? all
  const title = serviceName(page, service)
  const { id } = facts.snapshot
  const parts = placeParts(id, facts.place.code)
  const rated = isRated(view)
  // Countries are not ranked among each other.
  const isRanked = rated && view.country !== ''
  const columns: Column[] = [
    { title: page.region },
    ...(view.isScopeLimited ? [{ title: page.asked }] : []),
    ...(rated ? [{ title: page.population }] : []),
    ...figureColumns(words, rated, isRanked),
    { title: page.notes, isText: true },
  ]
  const line = (name: Markup, cell: PageCell, population?: number): Markup[] => [
    name,
    ...(view.isScopeLimited ? [whole(cell.asked)] : []),
    ...(rated ? [whole(population)] : []),
    ...figures(words, cell, rated, isRanked),
  ]
  const rows = view.regions
    .map((region, position) => ({ region, cell: service.cells[position] ?? service.unknown }))
    .toSorted((a, b) => (b.cell.count ?? 0) - (a.cell.count ?? 0) || (a.region.code < b.region.code ? -1 : 1))
    .map(({ region, cell }) =>
      line(link(words, regionName(page, region), placeParts(id, region.code)), cell, region.population),
    )
  const unknown = facts.place.code === '' ? 'unknown' : `${facts.place.code}-unknown`
  const hasUnknown = view.services.some((each) => (each.unknown.count ?? 0) > 0)
  return h(
    'section',
    { 'aria-labelledby': `view-${index}` },
    h('h2', { id: `view-${index}` }, page.of(view.source, page.units[view.unit], viewName(page, view))),
    view.regions.length === 0
      ? h('p', {}, store.noPlaces)
      : asking(
          words,
          parts,
          choice(
            page.chooseService,
            'service',
            view.services.map((each) => ({ value: each.id, title: serviceName(page, each) })),
            service.id,
          ),
        ),
    ...(hasMap(view) ? mapWithLinks(words, view, service, (code) => placeParts(id, code)) : []),
    view.regions.length === 0 && !hasUnknown
      ? undefined
      : dataTable(page.detail(title), columns, rows, [
          line(hasUnknown ? link(words, page.unknown, placeParts(id, unknown)) : page.unknown, service.unknown),
          line(page.total, service.total),
        ]),
  )
}

/** A map whose regions lead to their pages: for the mouse alone, as the same links stand in the table. */
function mapWithLinks(
  words: Words,
  view: PageView,
  service: PageService,
  partsOf: (code: string) => string[],
): Element[] {
  const drawn = map(words.page, view, service)
  const children = drawn.children.map((child) => {
    const region = typeof child === 'string' ? undefined : view.regions[Number(child.attributes['data-i'] ?? -1)]
    if (region === undefined) return child
    const { attributes } = link(words, '', partsOf(region.code))
    return h('a', { ...attributes, tabindex: -1 }, child)
  })
  const { viewBox, class: name } = drawn.attributes
  return [
    patterns(),
    h(
      'figure',
      {},
      h('figcaption', {}, words.page.map(serviceName(words.page, service))),
      h('svg', { class: name, viewBox, 'aria-hidden': 'true' }, ...children),
      h('p', { class: 'note' }, words.store.mapNote),
      legend(words.page, view, service),
    ),
  ]
}

const figureColumns = ({ page }: Words, rated: boolean, isRanked: boolean): Column[] =>
  [page.count, ...(rated ? [page.rate, page.interval] : []), ...(isRanked ? [page.ratio, page.rank] : [])].map(
    (title) => ({ title }),
  )

/** The cells of those columns, and notes. */
const figures = ({ page }: Words, cell: PageCell, rated: boolean, isRanked: boolean): string[] => [
  whole(cell.count),
  ...(rated ? [decimal(cell.rate), interval(cell.low, cell.high)] : []),
  ...(isRanked ? [decimal(cell.ratio), whole(cell.rank)] : []),
  cell.flags.map((flag) => page.flags[flag]).join(page.join),
]

function sourceSection(words: Words, { snapshot, place }: StorePlace, source: StoreSource, name: string): Element[] {
  const { page, store } = words
  const rated = source.services.some(({ cell }) => cell.rate !== undefined)
  const unit = page.units[source.unit]
  const { networks } = source
  return [
    h('h2', {}, page.of(source.source, unit, name)),
    dataTable(
      store.services(name),
      [{ title: page.chooseService }, ...figureColumns(words, rated, rated), { title: page.notes, isText: true }],
      source.services.map((each) => [serviceName(page, each), ...figures(words, each.cell, rated, rated)]),
    ),
    h('h3', {}, store.networks(name)),
    networks === undefined
      ? h('p', {}, store.noNetworks)
      : networks.length === 0
        ? h('p', {}, store.nothing)
        : dataTable(
            store.networks(name),
            [{ title: store.network }, { title: page.count }],
            networks.map((network) => [
              link(words, network.name || page.notTold, [
                ...placeParts(snapshot.id, place.code),
                'networks',
                network.id,
              ]),
              whole(network.count),
            ]),
          ),
    ...(source.networksLeftOut === 0
      ? []
      : [h('p', { class: 'note' }, store.networksLeftOut(whole(source.networksLeftOut)))]),
  ]
}
