import { createRequire } from 'node:module'
import * as Plot from '@observablehq/plot'
import { iso31661 } from 'iso-3166'
import { feature } from 'topojson-client'
import type { PageService, PageView, RegionMap } from '../../model/page.ts'
import { plotted } from './chart.ts'
import { classes, colouring, isRated, isSmall } from './drawn.ts'
import { h, type Element, type Markup } from './markup.ts'
import { decimal, whole } from './numbers.ts'
import { regionName, type Messages } from './words.ts'

type World = Parameters<typeof feature>[0]
type Countries = GeoJSON.FeatureCollection

/** Whether there is a map of a view's regions. */
export const hasMap = (view: PageView): boolean => isRated(view) && (view.country === '' || view.map !== undefined)

/** The outlines that maps of these views are drawn of. */
export const mapsDrawn = (views: readonly PageView[]): RegionMap[] => [
  ...new Set(views.filter(hasMap).flatMap(({ map: outlines }) => outlines ?? [])),
]

/** The map of a view, coloured by a service's rates. The page's script colours it for another one. */
export const map = (words: Messages, view: PageView, service: PageService): Element =>
  view.map === undefined ? worldMap(words, view, service) : countryMap(words, view, service, view.map)

function countryMap(words: Messages, view: PageView, service: PageService, { viewBox, outlines }: RegionMap): Element {
  const places = view.regions.flatMap(({ code }, index) => {
    const d = outlines.get(code)
    return d === undefined ? [] : [{ index, d }]
  })
  return h(
    'svg',
    { class: 'map', viewBox, role: 'img', 'aria-label': words.mapLabel, 'data-map': '' },
    ...coloured(words, view, service, places),
  )
}

function worldMap(words: Messages, view: PageView, service: PageService): Element {
  const { features } = countries()
  const drawn = plotted(
    {
      width: 640,
      height: 312,
      projection: { type: 'equal-earth', domain: { type: 'Sphere' } },
      marks: [Plot.geo(features)],
    },
    words.mapLabel,
  )
  const ds = paths(drawn)
  const byNumber = new Map(iso31661.map((country) => [country.numeric, country.alpha2]))
  const places = features.map((each, position) => {
    const code = byNumber.get(String(each.id))
    return { index: view.regions.findIndex((region) => region.code === code), d: ds[position] ?? '' }
  })
  return h(
    'svg',
    { class: 'map', viewBox: '0 0 640 312', role: 'img', 'aria-label': words.mapLabel, 'data-map': '' },
    ...coloured(words, view, service, places),
  )
}

/** Countries of the world at 1 : 110 million (world-atlas 2.0.2, of Natural Earth), by numeric code of ISO 3166-1. */
function countries(): Countries {
  const world = createRequire(import.meta.url)('world-atlas/countries-110m.json') as World & {
    readonly objects: { readonly countries: Parameters<typeof feature>[1] }
  }
  return feature(world, world.objects.countries) as Countries
}

/** A tenth of a unit is less than a pixel. */
const shortened = (d: string): string =>
  d.replaceAll(/-?\d+\.\d+/g, (number) => String(Number(Number(number).toFixed(1))))

const paths = (markup: Markup): string[] =>
  typeof markup === 'string'
    ? []
    : [...(markup.tag === 'path' ? [shortened(markup.attributes['d'] ?? '')] : []), ...markup.children.flatMap(paths)]

function coloured(
  words: Messages,
  view: PageView,
  service: PageService,
  places: readonly { readonly index: number; readonly d: string }[],
): Element[] {
  const names = colourNames(service)
  return places.map(({ index, d }) => {
    const region = view.regions[index]
    if (region === undefined) return h('path', { d, class: 'absent' })
    const cell = service.cells[index]
    const title = `${regionName(words, region)}: ${decimal(cell?.rate)} (${whole(cell?.count)})`
    return h('path', { d, class: names[index], 'data-i': index }, h('title', {}, title))
  })
}

/** For each region the class of its path. */
export function colourNames(service: PageService): string[] {
  const { classOf } = colouring(service)
  return service.cells.map((cell, index) => {
    const colour = classOf[index]
    return colour === undefined ? 'none' : isSmall(cell) ? `k${colour} s` : `k${colour}`
  })
}

/** For each colour the rates it stands for. */
export const legendTexts = (service: PageService): string[] =>
  colouring(service).ranges.map((range) =>
    range === undefined
      ? ''
      : range[0] === range[1]
        ? decimal(range[0])
        : `${decimal(range[0])} – ${decimal(range[1])}`,
  )

export function legend(words: Messages, view: PageView, service: PageService): Element {
  const swatch = (name: string): Element =>
    h(
      'svg',
      { class: 'swatch', viewBox: '0 0 24 16', 'aria-hidden': 'true' },
      h('rect', { width: 24, height: 16, class: name }),
    )
  const texts = legendTexts(service)
  return h(
    'div',
    { class: 'legend' },
    h('p', {}, words.legend),
    h(
      'ul',
      {},
      ...texts.map((text, colour) =>
        h('li', { 'data-range': colour, hidden: text === '' }, swatch(`k${colour}`), h('span', {}, text)),
      ),
      h('li', {}, swatch(`k1 s`), h('span', {}, words.legendSmall)),
      h('li', {}, swatch('none'), h('span', {}, words.legendNone)),
      view.country === '' ? h('li', {}, swatch('absent'), h('span', {}, words.legendAbsent)) : undefined,
    ),
  )
}

/** Patterns that maps and legends are filled with: no figure, and each colour where counts are small. */
export const patterns = (): Element =>
  h(
    'svg',
    { class: 'patterns', width: 0, height: 0, 'aria-hidden': 'true' },
    h(
      'defs',
      {},
      pattern('none', 'hatch-ground', h('path', { d: 'M0 6L6 0', class: 'hatch' })),
      ...Array.from({ length: classes }, (_, colour) =>
        pattern(`s${colour}`, `k${colour}`, h('circle', { cx: 3, cy: 3, r: 1.1, class: `dot dot${colour}` })),
      ),
    ),
  )

const pattern = (id: string, ground: string, mark: Element): Element =>
  h(
    'pattern',
    { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse' },
    h('rect', { width: 6, height: 6, class: ground }),
    mark,
  )
