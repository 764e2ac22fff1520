import { describe, expect, it } from 'vitest'
import { loadCrosswalk } from '../../src/locate/crosswalk.ts'
import { loadGazetteer } from '../../src/locate/gazetteer.ts'
import { loadSeats } from '../../src/locate/region-seats.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import { geojson } from '../../src/reports/geojson.ts'
import { hostileTexts } from '../helpers/hostile-texts.ts'
import { syntheticPage } from '../helpers/page.ts'

interface Collection {
  readonly type: string
  readonly notes: readonly string[]
  readonly features: readonly {
    readonly type: string
    readonly geometry: { readonly type: string; readonly coordinates: readonly [number, number] } | null
    readonly properties: Readonly<Record<string, unknown>>
  }[]
}
const read = (text: string): Collection => JSON.parse(text) as Collection

describe('regions as GeoJSON', () => {
  it('are points within them, with the figures of the page; what has no region has no geometry', async () => {
    const facts = await syntheticPage({ services: 3 })
    const [view] = facts.views
    const { type, features, notes } = read(geojson(facts, await loadSeats()))
    expect(type).toBe('FeatureCollection')
    expect(notes.join()).toContain('GeoNames, CC BY 4.0')
    expect(features).toHaveLength(48)
    const gazetteer = await loadGazetteer(await loadCrosswalk())
    for (const [index, region] of view.regions.entries()) {
      const { geometry, properties } = features[index] ?? { geometry: null, properties: {} }
      const [longitude, latitude] = geometry?.coordinates ?? [0, 0]
      expect(gazetteer.around('JP', latitude, longitude)?.kmByRegion.get(region.code), region.code).toBeCloseTo(0)
      for (const { id, cells } of view.services) {
        const cell = cells[index]
        expect(properties).toMatchObject({
          region: region.code,
          [`count_${id}`]: cell?.count,
          [`per_100k_${id}`]: Number(cell?.rate?.toPrecision(6)),
          [`rank_${id}`]: cell?.rank ?? null,
        })
      }
    }
    expect(features.at(-1)).toMatchObject({ geometry: null, properties: { region: 'unknown', per_100k_all: null } })
  })

  it('keep foreign text as it is', async () => {
    for (const text of hostileTexts) {
      const facts = await syntheticPage({ services: 2, names: { service: text, region: text, snapshot: text } })
      const { features } = read(geojson(facts, () => undefined))
      const count = facts.views[0].services.find(({ id }) => id === text)?.cells[0]?.count
      expect(features[0]?.properties[`count_${text}`]).toBe(count)
      expect(features.every(({ geometry }) => geometry === null)).toBe(true)
    }
  }, 60_000)

  it('have a seat in all tables, but where GeoNames knows none', async () => {
    const [seat, regions] = [await loadSeats(), await loadRegions()]
    const lacking = (country: string): string[] =>
      regions.regionsOf(country).flatMap(({ code }) => (seat(code) === undefined ? [code] : []))
    expect(lacking('JP')).toEqual([])
    expect(lacking('US')).toEqual([])
    expect(seat('JP')).toEqual(seat('JP-13'))
  })
})
