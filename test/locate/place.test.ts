import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PlaceTables } from '../../src/locate/place.ts'
import { placeDecoder } from '../../src/locate/place.ts'
import type { Place, PlaceClue } from '../../src/model/place.ts'
import { capitals, clue, loadTables } from './tables.ts'

let tables: PlaceTables
beforeAll(async () => {
  tables = await loadTables()
})

/** Decodes the last clue after all of them were observed. */
function decode(...clues: readonly Partial<PlaceClue>[]): Place {
  const decoder = placeDecoder(tables)
  for (const fields of clues) decoder.observe(clue(fields))
  return decoder.decode(clue(clues.at(-1) ?? {}))
}

const jis = (prefecture: number): string => String(prefecture).padStart(2, '0')

/** The GeoNames code of every prefecture, by JIS number. */
function geonamesCodes(): ReadonlyMap<number, string> {
  const codes = Array.from({ length: 47 }, (_, index) => jis(index + 1))
  return new Map(codes.map((code) => [Number(tables.crosswalk.geonames('JP', code)?.slice(3)), code]))
}

/** Whether another prefecture's capital is so near (60 km) that a position between towns may be of either. */
function neighbours(at: number, region: string | undefined): boolean {
  const other = Number(region?.slice(3)) - 1
  const [, north = 0, east = 0] = capitals[at] ?? []
  const [, otherNorth = 0, otherEast = 0] = capitals[other] ?? []
  return other !== at && Math.hypot(north - otherNorth, (east - otherEast) * 0.82) * 111 < 60
}

describe("Japan's region codes in both code sets", () => {
  it('has a GeoNames code for each of the 47 prefectures', () => {
    expect([...geonamesCodes().keys()].toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 47 }, (_, index) => index + 1),
    )
  })

  it.each(['iso', 'geonames'] as const)('places every prefecture by its coordinates when the code is %s', (set) => {
    const geonames = geonamesCodes()
    for (const [index, [, latitude, longitude]] of capitals.entries()) {
      const regionCode = set === 'iso' ? jis(index + 1) : (geonames.get(index + 1) ?? '')
      expect(decode({ country: 'JP', regionCode, latitude, longitude }), `${regionCode} at ${latitude}`).toMatchObject({
        region: `JP-${jis(index + 1)}`,
        defaultGeolocation: false,
      })
    }
  })

  it.each(['iso', 'geonames'] as const)(
    'places every prefecture by its capital city alone when the code is %s',
    (set) => {
      const geonames = geonamesCodes()
      for (const [index, [city]] of capitals.entries()) {
        const regionCode = set === 'iso' ? jis(index + 1) : (geonames.get(index + 1) ?? '')
        expect(decode({ country: 'JP', regionCode, city }), `${regionCode} ${city}`).toMatchObject({
          region: `JP-${jis(index + 1)}`,
        })
      }
    },
  )

  it('takes no reading that is not the region of the coordinates', () => {
    for (const [at, [, latitude, longitude]] of capitals.entries()) {
      const here = `JP-${jis(at + 1)}`
      for (let number = 1; number <= 47; number++) {
        const readings = [`JP-${jis(number)}`, tables.crosswalk.geonames('JP', jis(number))]
        if (readings[0] === readings[1] || readings.some((region) => neighbours(at, region))) continue
        const { region } = decode({ country: 'JP', regionCode: jis(number), latitude, longitude })
        expect(region, `${number} at ${here}`).toBe(readings.includes(here) ? here : undefined)
      }
    }
  })

  it.each([
    ['old Tokyo', '40', 'Tokyo', 35.6895, 139.69171, 'JP-13'],
    ['new Tokyo', '13', 'Tokyo', 35.6895, 139.69171, 'JP-13'],
    ['new Fukuoka', '40', 'Fukuoka', 33.6, 130.41667, 'JP-40'],
    ['old Hyogo', '13', 'Kobe', 34.6913, 135.183, 'JP-28'],
    ['old Osaka', '32', 'Osaka', 34.69374, 135.50218, 'JP-27'],
    ['new Shimane', '32', 'Matsue', 35.47222, 133.05056, 'JP-32'],
    ['the same in both', '10', 'Maebashi', 36.39111, 139.06083, 'JP-10'],
  ])('%s', (_, regionCode, city, latitude, longitude, region) => {
    const { region: found, means } = decode({ country: 'JP', regionCode, city, latitude, longitude })
    expect(found).toBe(region)
    expect(means).toBe(regionCode === '10' ? 'region-code' : 'region-code-by-coordinates')
  })

  it('takes a code without its leading zero', () => {
    expect(decode({ country: 'JP', regionCode: '1', city: 'Sapporo' }).region).toBe('JP-01')
    expect(decode({ country: 'JP', regionCode: '1', city: 'Nagoya' }).region).toBe('JP-23')
  })

  it('takes coordinates rounded to whole degrees where the readings are far apart', () => {
    expect(decode({ country: 'JP', regionCode: '32', latitude: 34, longitude: 135 }).region).toBe('JP-27')
  })

  it('leaves a code unknown when city and coordinates say different readings', () => {
    expect(decode({ country: 'JP', regionCode: '13', city: 'Kobe', latitude: 35.7, longitude: 139.5 })).toEqual({
      country: 'JP',
      means: 'none',
      defaultGeolocation: false,
    })
  })

  it('leaves a code unknown when the city, or the coordinates, contradict both readings', () => {
    expect(decode({ country: 'JP', regionCode: '13', city: 'Sapporo' }).region).toBeUndefined()
    expect(decode({ country: 'JP', regionCode: '13', latitude: 43.06, longitude: 141.35 }).region).toBeUndefined()
  })
})

describe('the context: records of the same file, country and month', () => {
  const osaka = { country: 'JP', month: '2019-03', regionCode: '32', city: 'Osaka' }
  const bare = { country: 'JP', month: '2019-03', regionCode: '40' }

  it('decides a code without evidence of its own', () => {
    expect(decode(osaka, bare)).toEqual({
      country: 'JP',
      region: 'JP-13',
      means: 'region-code-by-context',
      defaultGeolocation: false,
    })
    const matsue = { ...osaka, city: 'Matsue' }
    expect(decode(matsue, bare).region).toBe('JP-40')
  })

  it('does not reach across files, months or countries', () => {
    expect(decode(osaka, { ...bare, month: '2019-04' }).region).toBeUndefined()
    expect(decode({ ...osaka, file: 1 }, bare).region).toBeUndefined()
    const madrid = { country: 'ES', month: '2019-03', regionCode: '29' }
    expect(decode(madrid, bare).region).toBeUndefined()
  })

  it('leaves a code unknown without any context: the date alone decides nothing', () => {
    expect(decode(bare)).toEqual({ country: 'JP', means: 'none', defaultGeolocation: false })
    expect(decode({ ...bare, month: '2026-01' }).region).toBeUndefined()
  })

  it('needs nine votes in ten', () => {
    const old = capitals.map(([, latitude, longitude], index) => ({
      country: 'JP',
      month: '2019-03',
      regionCode: geonamesCodes().get(index + 1) ?? '',
      latitude,
      longitude,
    }))
    // 10 and 47 are the same in both sets and have no vote.
    const voters = old.filter(({ regionCode }) => !['10', '47'].includes(regionCode)).slice(0, 18)
    const stray = { country: 'JP', month: '2019-03' }
    const two = [
      { ...stray, city: 'Matsue', regionCode: '32' },
      { ...stray, city: 'Fukuoka', regionCode: '40' },
    ]
    expect(decode(...voters, ...two, bare).region).toBe('JP-13')
    expect(decode(...voters, ...two, { ...stray, city: 'Yokohama', regionCode: '14' }, bare).region).toBeUndefined()
  })

  it('counts a region name beside an open code as a vote', () => {
    const named = { country: 'JP', month: '2019-03', regionCode: '13', regionName: 'Hyogo' }
    expect(decode(named)).toMatchObject({ region: 'JP-28', means: 'region-name' })
    expect(decode(named, bare)).toMatchObject({ region: 'JP-13', means: 'region-code-by-context' })
  })

  it('gives the same answers whatever the order of the clues', () => {
    const clues = capitals.flatMap(([city], index) => [
      clue({ country: 'JP', regionCode: jis(index + 1), city, month: '2025-01' }),
      clue({ country: 'JP', regionCode: jis(index + 1), month: '2025-01' }),
    ])
    const run = (order: readonly PlaceClue[]): string[] => {
      const decoder = placeDecoder(tables)
      for (const one of order) decoder.observe(one)
      return clues.map((one) => JSON.stringify(decoder.decode(one)))
    }
    const straight = run(clues)
    expect(straight.filter((text) => text.includes('by-context')).length).toBeGreaterThan(40)
    fc.assert(
      fc.property(fc.shuffledSubarray(clues, { minLength: clues.length }), (order) => {
        expect(run(order)).toEqual(straight)
      }),
      { numRuns: 10 },
    )
  })
})

describe('other countries', () => {
  it.each([
    ['Spain, old', { country: 'ES', regionCode: '29' }, 'ES-MD', 'region-code'],
    ['Spain, new', { country: 'ES', regionCode: 'MD' }, 'ES-MD', 'region-code'],
    ['Spain, a province', { country: 'ES', regionCode: 'M' }, 'ES-MD', 'region-code'],
    ['Argentina, old', { country: 'AR', regionCode: '13' }, 'AR-M', 'region-code'],
    ['India, old', { country: 'IN', regionCode: '16' }, 'IN-MH', 'region-code'],
    ['Netherlands, old', { country: 'NL', regionCode: '07' }, 'NL-NH', 'region-code'],
    ['Netherlands, new', { country: 'NL', regionCode: 'NH' }, 'NL-NH', 'region-code'],
    [
      'France, old Grand Est, which is a department of another region in ISO',
      { country: 'FR', regionCode: '44', city: 'Colmar', latitude: 48.08, longitude: 7.36 },
      'FR-GES',
      'region-code-by-coordinates',
    ],
    [
      'France, that department',
      { country: 'FR', regionCode: '44', city: 'Nantes' },
      'FR-PDL',
      'region-code-by-coordinates',
    ],
    ['United States', { country: 'US', regionCode: 'CA' }, 'US-CA', 'region-code'],
    ['a full ISO code', { country: 'US', regionCode: 'us-ny' }, 'US-NY', 'region-code'],
    ['a full ISO code without a country', { regionCode: 'JP-27' }, 'JP-27', 'region-code'],
    ["a country's name", { country: 'Japan', regionName: 'Osaka' }, 'JP-27', 'region-name'],
    ['a source whose codes are ISO', { source: 'onyphe', country: 'JP', regionCode: '40' }, 'JP-40', 'region-code'],
    ['a name in the place of the code', { source: 'csv', country: 'JP', regionCode: 'Osaka' }, 'JP-27', 'region-name'],
  ])('%s', (_, fields, region, means) => {
    expect(decode(fields)).toMatchObject({ region, means, country: region.slice(0, 2) })
  })

  it('lets a letter code of one month decide the open ones beside it', () => {
    const month = '2025-03'
    const open = { country: 'FR', month, regionCode: '44' }
    expect(decode(open).region).toBeUndefined()
    expect(decode({ country: 'FR', month, regionCode: 'IDF' }, open)).toMatchObject({
      region: 'FR-PDL',
      means: 'region-code-by-context',
    })
  })

  it('counts a territory with a country code of its own there only', () => {
    expect(decode({ country: 'US', regionCode: 'PR' })).toEqual({
      country: 'PR',
      means: 'none',
      defaultGeolocation: false,
    })
  })

  it.each(['A1', 'A2', 'EU', 'XX', '', 'Atlantis'])('knows no country %j', (country) => {
    expect(decode({ country, regionCode: '13', regionName: 'Tokyo', city: 'Tokyo' })).toEqual({
      means: 'none',
      defaultGeolocation: false,
    })
  })
})

describe("a country's centre", () => {
  const centre = { country: 'JP', latitude: 35.69, longitude: 139.69 }

  it('is no region without a region code', () => {
    expect(decode(centre)).toEqual({ country: 'JP', means: 'none', defaultGeolocation: false })
    expect(decode({ country: 'US', latitude: 37.751, longitude: -97.822 }).region).toBeUndefined()
    expect(decode({ country: 'JP', latitude: 36, longitude: 138 }).region).toBeUndefined()
    expect(decode({ country: 'DE', latitude: 51.2993, longitude: 9.491 }).region).toBeUndefined()
  })

  it('keeps a region code, flagged', () => {
    expect(decode({ ...centre, regionCode: '13' })).toMatchObject({ region: 'JP-13', defaultGeolocation: true })
    expect(decode({ ...centre, regionCode: '40' })).toMatchObject({ region: 'JP-13', defaultGeolocation: true })
    expect(decode({ ...centre, regionName: 'Tokyo' })).toMatchObject({ region: 'JP-13', defaultGeolocation: true })
    expect(decode({ country: 'US', regionCode: 'CA', latitude: 37.751, longitude: -97.822 })).toEqual({
      country: 'US',
      region: 'US-CA',
      means: 'region-code',
      defaultGeolocation: true,
    })
  })

  it('lets the context decide before the capital does', () => {
    const fukuoka = { country: 'JP', regionCode: '40', city: 'Fukuoka' }
    expect(decode(fukuoka, { ...centre, regionCode: '40' })).toEqual({
      country: 'JP',
      region: 'JP-40',
      means: 'region-code-by-context',
      defaultGeolocation: true,
    })
  })

  it('leaves a code unknown of which neither reading is the capital', () => {
    expect(decode({ ...centre, regionCode: '27' }).region).toBeUndefined()
  })

  it('has no vote on the code set', () => {
    const bare = { country: 'JP', regionCode: '27' }
    expect(decode({ ...centre, regionCode: '13' }, bare).region).toBeUndefined()
  })

  it('is a place like any other when the city is named', () => {
    expect(decode({ ...centre, city: 'Tokyo' })).toMatchObject({ region: 'JP-13', defaultGeolocation: false })
  })
})

describe('names, cities and coordinates without a code', () => {
  it.each([
    ['Tokyo', 'JP-13'],
    ['東京都', 'JP-13'],
    ['大阪', 'JP-27'],
    ['Aichi', 'JP-23'],
  ])('places by the region name %s', (regionName, region) => {
    expect(decode({ country: 'JP', regionName })).toMatchObject({ region, means: 'region-name' })
  })

  it('leaves a record unknown whose certain code and name differ', () => {
    expect(decode({ country: 'US', regionCode: 'CA', regionName: 'Nevada' }).region).toBeUndefined()
    expect(decode({ country: 'JP', regionCode: '13', regionName: 'Osaka' }).region).toBeUndefined()
  })

  it('places by a city only where it is the only one of its name', () => {
    expect(decode({ country: 'JP', city: 'Sapporo' })).toMatchObject({ region: 'JP-01', means: 'city' })
    expect(decode({ country: 'JP', city: 'Ｓａｐｐｏｒｏ' })).toMatchObject({ region: 'JP-01', means: 'city' })
    expect(decode({ country: 'US', city: 'Springfield' }).region).toBeUndefined()
    expect(decode({ city: 'Sapporo' })).toEqual({ means: 'none', defaultGeolocation: false })
  })

  it('tells same-named cities apart by coordinates', () => {
    expect(decode({ country: 'US', city: 'Springfield', latitude: 39.8, longitude: -89.64 })).toMatchObject({
      region: 'US-IL',
      means: 'coordinates',
    })
  })

  it('leaves a record unknown whose city and coordinates differ', () => {
    expect(decode({ country: 'JP', city: 'Sapporo', latitude: 34.69, longitude: 135.52 }).region).toBeUndefined()
  })

  it('places by coordinates inside a region, not at its border and not outside the country', () => {
    expect(decode({ country: 'JP', latitude: 43.06, longitude: 141.35 })).toMatchObject({
      region: 'JP-01',
      means: 'coordinates',
    })
    // Half-way between the centres of Otsu (Shiga) and Kyoto, which are 9 km apart.
    expect(decode({ country: 'JP', latitude: 35.01, longitude: 135.815 }).region).toBeUndefined()
    expect(decode({ country: 'JP', latitude: 48.853, longitude: 2.349 }).region).toBeUndefined()
    expect(decode({ country: 'JP', latitude: 30, longitude: 150 }).region).toBeUndefined()
    // Toronto: some 50 km from the towns of New York across the lake, but in the midst of Canadian ones.
    expect(decode({ country: 'US', latitude: 43.65, longitude: -79.38 }).region).toBeUndefined()
    expect(decode({ latitude: 43.06, longitude: 141.35 })).toEqual({ means: 'none', defaultGeolocation: false })
  })

  it('does not take coordinates outside the country for evidence against a code', () => {
    const osaka = { country: 'JP', regionCode: '32', city: 'Osaka', latitude: 48.853, longitude: 2.349 }
    expect(decode(osaka)).toMatchObject({ region: 'JP-27' })
  })
})

describe('hostile input', () => {
  it('never throws and never gives a region outside its country', () => {
    const foreignText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(
        '__proto__',
        'constructor',
        'toString',
        '\0',
        'JP-',
        '-13',
        'jp-13',
        '０１',
        'JP.13',
        ' 13 ',
        '1e3',
      ),
    )
    const anyNumber = fc.oneof(fc.double(), fc.constantFrom(90, -90, 180, -180, NaN, Infinity, 1e308))
    const anyClue = fc.record(
      {
        country: fc.oneof(foreignText, fc.constantFrom('JP', 'US', 'FR', 'jp', 'AQ', 'FJ')),
        regionCode: foreignText,
        regionName: foreignText,
        city: foreignText,
        latitude: anyNumber,
        longitude: anyNumber,
        source: fc.constantFrom('shodan', 'csv', 'fofa', '__proto__'),
        month: foreignText,
      },
      { requiredKeys: [] },
    )
    const decoder = placeDecoder(tables)
    fc.assert(
      fc.property(anyClue, (fields) => {
        decoder.observe(clue(fields))
        const place = decoder.decode(clue(fields))
        expect(place.region === undefined || place.region.startsWith(`${place.country}-`)).toBe(true)
        expect(place.region === undefined).toBe(place.means === 'none')
        expect(place.region === undefined && place.defaultGeolocation).toBe(false)
        expect(tables.regions.region(place.region ?? 'JP-13')?.code).toBe(place.region ?? 'JP-13')
      }),
      { numRuns: 2000 },
    )
  })

  it('survives very long text', () => {
    const long = '大'.repeat(65_536)
    const { region } = decode({ country: 'JP', regionCode: long, regionName: long, city: long })
    expect(region).toBeUndefined()
  })
})

it('decodes 50,000 distinct clues in both passes', () => {
  const clues = Array.from({ length: 50_000 }, (_, index) => {
    const [city, latitude, longitude] = capitals[index % 47] ?? ['', 0, 0]
    const regionCode = jis((index % 47) + 1)
    return clue({ country: 'JP', month: String(index), regionCode, city, latitude, longitude: longitude + index / 1e7 })
  })
  const decoder = placeDecoder(tables)
  for (const one of clues) decoder.observe(one)
  const placed = clues.filter((one) => decoder.decode(one).region !== undefined)
  expect(placed.length).toBe(clues.length)
})

describe('a namesake', () => {
  it('across the border of the region a position plainly lies in is not taken', () => {
    // A Washington of a hundred people in Virginia; the position is that of the capital.
    const at = { country: 'US', city: 'Washington', latitude: 38.8951, longitude: -77.0364 }
    expect(decode({ source: 'shodan', ...at }).region).not.toBe('US-VA')
  })
})
