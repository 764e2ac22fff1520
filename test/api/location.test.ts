import { beforeAll, describe, expect, test } from 'vitest'
import { servedLocation, type SaidOfPlace } from '../../src/api/location.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import type { Place, PlaceClue } from '../../src/model/place.ts'
import { loadDeciders } from '../../src/pipeline/deciders.ts'

let decode: (clue: PlaceClue) => Place
beforeAll(async () => {
  const { places } = await loadDeciders(await loadRegions(), {})
  decode = (clue) => places.decode(clue)
})

const said = (change: Partial<SaidOfPlace>): SaidOfPlace => ({
  country: 'JP',
  region: '',
  saidCountry: undefined,
  city: undefined,
  latitude: undefined,
  longitude: undefined,
  ...change,
})
const tokyo = { city: 'Tokyo', latitude: 35.69, longitude: 139.69 }
const kobe = { city: 'Kobe', latitude: 34.69, longitude: 135.18 }

describe('the location served', () => {
  test('is the second part of the code where the evidence agrees', () => {
    expect(servedLocation(said({ region: 'JP-13', ...tokyo }), decode)).toEqual({
      country_code: 'JP',
      region_code: '13',
      ...tokyo,
    })
  })

  test('is the whole code where the second part would mean another region, or none', () => {
    // As GeoNames has it, 13 is Hyogo, whose capital is Kobe.
    expect(servedLocation(said({ region: 'JP-13', ...kobe }), decode)).toMatchObject({ region_code: 'JP-13', ...kobe })
    expect(servedLocation(said({ region: 'JP-13' }), decode)).toMatchObject({ region_code: 'JP-13' })
  })

  test('is short where both code sets agree', () => {
    expect(servedLocation(said({ country: 'US', region: 'US-CA' }), decode)).toMatchObject({ region_code: 'CA' })
  })

  test('says as little as leads to no region, where none is known', () => {
    const nothing = { country_code: 'JP', region_code: null, city: null, latitude: null, longitude: null }
    expect(servedLocation(said(kobe), decode)).toEqual(nothing)
    // These coordinates are where databases put what they know of Japan alone.
    expect(servedLocation(said(tokyo), decode)).toEqual({ ...nothing, latitude: 35.69, longitude: 139.69 })
    expect(servedLocation(said({ city: 'Nowhere at all' }), decode)).toMatchObject({ city: 'Nowhere at all' })
  })

  test('keeps a country that is none, so that nobody looks the address up', () => {
    expect(servedLocation(said({ country: '', saidCountry: 'EU' }), decode)).toMatchObject({ country_code: 'EU' })
    expect(servedLocation(said({ country: '', saidCountry: 'JP' }), decode)).toMatchObject({ country_code: null })
  })

  test('decodes alone to the place that was decided, whatever the record says', async () => {
    const regions = await loadRegions()
    for (const country of ['JP', 'US', 'KR', 'CN', 'FR', 'GB', 'TW', 'PR', 'AQ']) {
      for (const { code } of [{ code: '' }, ...regions.regionsOf(country)]) {
        for (const evidence of [{}, tokyo, kobe, { city: 'Springfield' }, { latitude: 37.75, longitude: -97.82 }]) {
          const location = servedLocation(said({ country, region: code, ...evidence }), decode)
          const clue: PlaceClue = {
            file: 0,
            month: '2024-05',
            source: 'shodan',
            country: location.country_code ?? '',
            ...(location.region_code === null ? {} : { regionCode: location.region_code }),
            ...(location.city === null ? {} : { city: location.city }),
            ...(location.latitude === null ? {} : { latitude: location.latitude }),
            ...(location.longitude === null ? {} : { longitude: location.longitude }),
          }
          const place = decode(clue)
          expect([place.country, place.region ?? ''], JSON.stringify(clue)).toEqual([country, code])
        }
      }
    }
  })
})
