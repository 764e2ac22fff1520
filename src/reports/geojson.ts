import type { PageCell, PageFacts, PageRegion, PageView } from '../model/page.ts'
import { rounded } from './csv.ts'
import { messages } from './page/words.ts'

/** Longitude and latitude in degrees, WGS 84. */
type Position = readonly [number, number]

/**
 * The regions of every view of the page as GeoJSON (RFC 7946), counts and rates of every service as their properties. A
 * region is the point `seat` gives; it and what has no region have no geometry where there is none.
 */
export function geojson(facts: PageFacts, seat: (code: string) => Position | undefined): string {
  const { snapshot, observed, basis, version, missing, views } = facts
  const features = views.flatMap((view) => [
    ...view.regions.map((region, index) => feature(view, region, index, seat(region.code))),
    feature(view, { code: 'unknown', name: 'unknown', localName: '', population: undefined }, 'unknown', undefined),
  ])
  const { limitItems, chance, creditGeonames } = messages.en
  const told = { snapshot, observed, basis, version: `exposure-census ${version}`, missing }
  const notes = [chance, ...limitItems, `A point is where a region's government sits. ${creditGeonames}`]
  const lines = features.map((each) => JSON.stringify(each)).join(',\n')
  const head = Object.entries({ ...told, notes }).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
  return `{"type": "FeatureCollection",\n${head.join(',\n')},\n"features": [\n${lines}\n]}\n`
}

function feature(
  view: PageView,
  { code, name, localName, population }: PageRegion,
  index: number | 'unknown',
  seat: Position | undefined,
): object {
  const figures = view.services.flatMap((service) => {
    const cell = index === 'unknown' ? service.unknown : service.cells[index]
    return cell === undefined ? [] : figuresOf(service.id, cell)
  })
  return {
    type: 'Feature',
    geometry: seat === undefined ? null : { type: 'Point', coordinates: seat },
    properties: {
      country: view.country,
      region: code,
      region_name: name,
      region_name_local: localName,
      source: view.source,
      unit: view.unit,
      population: population ?? null,
      population_year: view.populationYear ?? null,
      ...Object.fromEntries(figures),
    },
  }
}

/** Properties are flat, as programs that draw maps want them. */
function figuresOf(service: string, { count, rate, low, high, rank, flags }: PageCell): (readonly [string, unknown])[] {
  const number = (value: number | undefined): number | null => (value === undefined ? null : rounded(value))
  return [
    [`count_${service}`, count ?? null],
    [`per_100k_${service}`, number(rate)],
    [`per_100k_low_${service}`, number(low)],
    [`per_100k_high_${service}`, number(high)],
    [`rank_${service}`, rank ?? null],
    [`flags_${service}`, flags.join(';')],
  ]
}
