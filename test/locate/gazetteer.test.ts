import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { readCities } from '../../src/locate/city-file.ts'
import { gazetteer } from '../../src/locate/gazetteer.ts'
import type { PlaceTables } from '../../src/locate/place.ts'
import { pointGrid } from '../../src/locate/point-grid.ts'
import { cityFile } from './city-file.ts'
import { loadTables } from './tables.ts'

let tables: PlaceTables
beforeAll(async () => {
  tables = await loadTables()
})

describe('the grid of points', () => {
  it('finds what a comparison with every point finds, at the date line and near the poles too', () => {
    const position = fc.tuple(
      fc.double({ min: -89, max: 89, noNaN: true }),
      fc.double({ min: -180, max: 180, noNaN: true }),
    )
    fc.assert(
      fc.property(
        fc.array(position, { maxLength: 60 }),
        position,
        fc.integer({ min: 1, max: 3000 }),
        (points, [lat, lon], km) => {
          const grid = pointGrid({
            latitude: Float64Array.from(points, ([latitude]) => latitude),
            longitude: Float64Array.from(points, ([, longitude]) => longitude),
          })
          const found = new Set<number>()
          grid.within(lat, lon, km, (index) => found.add(index))
          for (const [index, [latitude, longitude]] of points.entries()) {
            // Only where the flat projection is good.
            if (km > 300 || Math.abs(lat) > 66 || Math.abs(latitude) > 66) continue
            const exact = haversineKm(lat, lon, latitude, longitude)
            const unclear = Math.abs(exact / km - 1) < 0.02
            expect(unclear || found.has(index) === exact < km).toBe(true)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('crosses the date line', () => {
    const grid = pointGrid({ latitude: Float64Array.of(-17, -17), longitude: Float64Array.of(179.9, -179.9) })
    const found: number[] = []
    grid.within(-17, 180, 20, (index) => found.push(index))
    grid.within(-17, -180, 20, (index) => found.push(index))
    expect(found.toSorted((one, other) => one - other)).toEqual([0, 0, 1, 1])
  })

  it('visits a point once even where the search goes all the way round', () => {
    const grid = pointGrid({ latitude: Float64Array.of(89.5), longitude: Float64Array.of(10) })
    let visits = 0
    grid.within(89.9, -170, 500, () => visits++)
    expect(visits).toBe(1)
  })
})

describe('the gazetteer', () => {
  it('knows by name, whatever the accents, case and width', () => {
    const regionsOf = (name: string) => new Set(tables.gazetteer.byName('JP', name).map((place) => place.region))
    expect(regionsOf('hachioji')).toContain('JP-13')
    expect(regionsOf('Hachiōji')).toContain('JP-13')
    expect(regionsOf('Ｎａｒａ')).toContain('JP-29')
    expect(regionsOf('Nara-shi')).toContain('JP-29')
    expect(regionsOf('')).toEqual(new Set())
    expect(tables.gazetteer.byName('FR', 'Hachioji')).toEqual([])
  })

  it('has the capitals of the countries that are centres of their address databases', () => {
    expect(tables.gazetteer.capital('JP')?.latitude).toBeCloseTo(35.69, 1)
    expect(tables.centres.kindAt('JP', 35.69, 139.69)).toBe('capital')
    expect(tables.centres.kindAt('JP', 36, 138)).toBe('country')
    expect(tables.centres.kindAt('JP', 36.1, 138)).toBeUndefined()
    expect(tables.centres.kindAt('US', 36, 138)).toBeUndefined()
  })

  it('measures to the nearest place of each region', () => {
    const around = tables.gazetteer.around('JP', 34.69, 135.52)
    expect(around?.homeKm).toBeLessThan(5)
    expect(around?.kmByRegion.get('JP-27')).toBe(around?.homeKm)
    expect(around?.kmByRegion.get('JP-13')).toBeUndefined()
  })

  it('keeps places whose region ISO does not have apart from those of other regions', () => {
    const here = { name: 'Here', country: 'ZZ', featureCode: 'PPL', adminCode: '99', population: 9 }
    const cities = readCities(cityFile([{ ...here, latitude: 1, longitude: 1 }]))
    const places = gazetteer(cities, { geonames: () => undefined, dbip: () => undefined })
    expect(places.around('ZZ', 1.01, 1)?.kmByRegion).toEqual(new Map([['ZZ.99', expect.closeTo(1.11, 1)]]))
  })

  it.each(['JP', 'US', 'DE', 'FR', 'GB', 'IN', 'CN', 'BR', 'KR', 'ES', 'IT', 'NL'])(
    'knows the region of the capital of %s',
    (country) => {
      const { latitude, longitude } = tables.gazetteer.capital(country) ?? { latitude: NaN, longitude: NaN }
      const around = tables.gazetteer.around(country, latitude, longitude)
      expect([...(around?.kmByRegion.keys() ?? [])].some((region) => region.startsWith(`${country}-`))).toBe(true)
    },
  )
})

function haversineKm(lat1: number, lon1: number, lat2: number, lon2: number): number {
  const radians = Math.PI / 180
  const half =
    Math.sin(((lat2 - lat1) * radians) / 2) ** 2 +
    Math.cos(lat1 * radians) * Math.cos(lat2 * radians) * Math.sin(((lon2 - lon1) * radians) / 2) ** 2
  return 2 * 6371 * Math.asin(Math.sqrt(half))
}
