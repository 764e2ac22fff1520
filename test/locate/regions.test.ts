import { iso31662 } from 'iso-3166'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadRegions } from '../../src/locate/regions.ts'
import type { RegionTable } from '../../src/locate/regions.ts'

let regions: RegionTable
beforeAll(async () => {
  regions = await loadRegions()
})

const codes = (country: string): string[] => regions.regionsOf(country).map((region) => region.code)

describe('regionsOf and region', () => {
  it('is level 1 of ISO 3166-2: entries without a parent', () => {
    expect(codes('GB')).toEqual(['GB-ENG', 'GB-NIR', 'GB-SCT', 'GB-WLS'])
    expect(codes('BE')).toEqual(['BE-BRU', 'BE-VLG', 'BE-WAL'])
    expect(codes('ID')).toHaveLength(7)
    expect(codes('FR')).toHaveLength(13)
    expect(codes('IT')).toHaveLength(20)
    expect(codes('ES')).toHaveLength(19)
    expect(codes('jp')).toHaveLength(47)
    expect(codes('HK')).toEqual([])
    expect(codes('QQ')).toEqual([])
    expect(codes('CN')).toEqual(codes('CN').toSorted())
  })

  it.each([
    ['GB-LND', 'GB-ENG'],
    ['gb-abd', 'GB-SCT'],
    ['ES-B', 'ES-CT'],
    ['IT-MI', 'IT-25'],
    ['FR-67', 'FR-GES'],
    ['BE-VAN', 'BE-VLG'],
    ['ID-JK', 'ID-JW'],
    ['US-PR', 'PR'],
    ['CN-HK', 'HK'],
    ['CN-TW', 'TW'],
    ['FR-971', 'GP'],
    ['FI-01', 'AX'],
    ['IN-OR', 'IN-OD'],
    ['NO-32', 'NO-30'],
    ['JP', 'JP'],
    ['xk', 'XK'],
  ])('gives %s as %s', (code, expected) => expect(regions.region(code)?.code).toBe(expected))

  it.each(['GB-UKM', 'DK-101', 'JP-48', 'QQ', 'EU', '', '__proto__', 'constructor'])('has no region %j', (code) => {
    expect(regions.region(code)).toBeUndefined()
  })

  it('counts every territory with a country code of its own there only', () => {
    const territories = ['US-GU', 'US-VI', 'CN-MO', 'FR-NC', 'FR-RE', 'NL-AW', 'NL-BQ1', 'NO-21']
    for (const code of territories) {
      expect(regions.region(code)?.code).toHaveLength(2)
      expect(regions.regionsOf(code.slice(0, 2)).map((region) => region.code)).not.toContain(code)
    }
  })

  it('places every code of ISO 3166-2, except the entries that are no regions', () => {
    const lost = iso31662.filter((entry) => regions.region(entry.code) === undefined).map((entry) => entry.code)
    expect(lost.filter((code) => !code.startsWith('DK-'))).toEqual([
      'FR-CP',
      'GB-EAW',
      'GB-GBN',
      'GB-UKM',
      'GH-BA',
      'LU-D',
      'LU-G',
      'LU-L',
    ])
  })
})

describe('countryCode', () => {
  it.each([
    ['jp', 'JP'],
    ['JPN', 'JP'],
    ['Japan', 'JP'],
    ['日本', 'JP'],
    ['Korea, Republic of', 'KR'],
    ['South Korea', 'KR'],
    ['韓国', 'KR'],
    ['USA', 'US'],
    ['United States', 'US'],
    ['UK', 'GB'],
    ['Russian Federation', 'RU'],
    ['Viet Nam', 'VN'],
    ['Turkey', 'TR'],
    ["Cote d'Ivoire", 'CI'],
    ['Deutschland', 'DE'],
    ['Taiwan, Province of China', 'TW'],
    ['Hong Kong', 'HK'],
  ])('%s is %s', (name, code) => expect(regions.countryCode(name)).toBe(code))

  it.each([
    'A1',
    'A2',
    'AP',
    'EU',
    'XX',
    'ZZ',
    'O1',
    'T1',
    'Europe',
    'Asia/Pacific Region',
    '',
    '??',
    'Korea',
    'Tokyo',
  ])('%j is no country', (name) => expect(regions.countryCode(name)).toBeUndefined())

  it('finds every country by code, alpha-3 and name', () => {
    expect(regions.countries).toHaveLength(250)
    expect(regions.countries).toEqual(regions.countries.toSorted())
    for (const code of regions.countries) {
      expect(regions.countryCode(code.toLowerCase())).toBe(code)
      expect(regions.countryCode(regions.region(code)?.name ?? '')).toBe(code)
    }
  })
})

describe('resolve', () => {
  it.each([
    ['Tokyo', undefined, 'JP-13'],
    ['大阪府', undefined, 'JP-27'],
    ['JP-14', undefined, 'JP-14'],
    [' jp-14 ', 'jp', 'JP-14'],
    ['14', 'JP', 'JP-14'],
    ['CA', 'US', 'US-CA'],
    ['Georgia', undefined, 'US-GA'],
    ['Punjab', 'IN', 'IN-PB'],
    ['JP', undefined, 'JP'],
    ['Victoria', 'AU', 'AU-VIC'],
  ])('%j in %s is %s', (text, country, code) => expect(regions.resolve(text, country)).toEqual({ code }))

  it('lists the candidates of a name that several regions have', () => {
    expect(regions.resolve('Punjab')).toEqual({ candidates: ['IN-PB', 'PK-PB'] })
    expect(regions.resolve('Hsinchu', 'TW')).toEqual({ candidates: ['TW-HSQ', 'TW-HSZ'] })
  })

  it.each([
    ['Atlantis', undefined],
    ['', undefined],
    ['JP-48', undefined],
    ['JP-13', 'US'],
    ['Tokyo', 'US'],
  ])('has no candidate for %j in %s', (text, country) => {
    expect(regions.resolve(text, country)).toEqual({ candidates: [] })
  })
})

describe('population and years', () => {
  it('takes the nearest year, the earlier of two', () => {
    expect(regions.population('JP-13', 2016)).toEqual({ population: 13_515_271, year: 2015 })
    expect(regions.population('JP-13', 2018)).toEqual({ population: 14_047_594, year: 2020 })
    expect(regions.population('JP-13', 2021)).toEqual({ population: 14_047_594, year: 2020 })
    expect(regions.population('JP-13', 2040)).toEqual({ population: 14_038_167, year: 2022 })
    expect(regions.population('JP-13', 2021, { exact: true })).toBeUndefined()
  })

  it("takes a country's total from its regions where they have one, else from the World Bank", () => {
    expect(regions.population('JP', 2015)).toEqual({ population: 127_094_745, year: 2015 })
    expect(regions.population('JP', 2018, { exact: true })).toEqual({ population: 126_811_000, year: 2018 })
    expect(regions.population('FR', 2016, { exact: true })?.year).toBe(2016)
    expect(regions.population('TW', 2016)).toEqual({ population: 23_561_236, year: 2020 })
  })

  it('is unknown where no table has it', () => {
    expect(regions.population('FR-IDF', 2020)).toBeUndefined()
    expect(regions.population('XK', 2020)).toBeUndefined()
    expect(regions.population('QQ-1', 2020)).toBeUndefined()
    expect(regions.population('JP', Number.NaN, { exact: true })).toBeUndefined()
    expect(regions.years('JP')).toEqual([2015, 2020, 2022])
    expect(regions.years('FR')).toEqual([])
    expect(regions.years('HK')).toEqual([])
  })
})

describe('defaultRegion', () => {
  it('is where the address database puts half of a country or more', () => {
    expect(regions.defaultRegion('jp')).toBe('JP-13')
    expect(regions.defaultRegion('AU')).toBe('AU-NSW')
  })
  it('is nowhere in a country that is spread, has fewer than three regions, or is unknown', () => {
    for (const country of ['US', 'KR', 'DE', 'GQ', 'SG', 'QQ']) expect(regions.defaultRegion(country)).toBeUndefined()
  })
})

it('has the same hash every time', async () => {
  const again = await loadRegions()
  expect(again.hash).toBe(regions.hash)
  expect(again.hash).toMatch(/^[0-9a-f]{64}$/)
})
