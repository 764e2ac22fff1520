import { beforeAll, describe, expect, it } from 'vitest'
import { loadRegions } from '../../src/locate/regions.ts'
import type { RegionTable } from '../../src/locate/regions.ts'

let regions: RegionTable
beforeAll(async () => {
  regions = await loadRegions()
})

/** The code, `ambiguous` or undefined. */
const named = (country: string, name: string): string | undefined => {
  const found = regions.findByName(country, name)
  return typeof found === 'object' ? found.code : found
}

describe('findByName', () => {
  const spellings: Record<string, readonly string[]> = {
    'JP-13': [
      'Tokyo',
      'TOKYO',
      'Tokyo-to',
      'Tōkyō',
      'Tôkyô',
      'Tōkyō-to',
      'Tokyo Metropolis',
      'Ｔｏｋｙｏ',
      '東京',
      '東京都',
    ],
    'JP-27': ['Osaka', 'Ōsaka', 'Osaka-fu', 'osakafu', 'Osaka Prefecture', 'Prefecture of Osaka', '大阪', '大阪府'],
    'JP-26': ['Kyoto', 'Kyoto-fu', 'Kyōto', '京都', '京都府'],
    'JP-01': ['Hokkaido', 'Hokkaidō', 'Hokkai-do', 'Hokkaido Prefecture', '北海道'],
    'JP-14': ['Kanagawa', 'Kanagawa-ken', 'Kanagawa Ken', '神奈川', '神奈川県'],
    'JP-10': ['Gunma', 'Gumma', 'Gunma-ken', '群馬県'],
    'JP-07': ['Fukushima', 'Hukusima', '福島'],
    'JP-44': ['Oita', 'Ōita', 'Ooita', 'Ôita', '大分県'],
  }
  it.each(Object.entries(spellings))('knows the spellings of %s', (code, names) => {
    expect(names.map((name) => [name, named('JP', name)])).toEqual(names.map((name) => [name, code]))
  })

  it('finds all 47 prefectures by each of their common forms, and no two by one', () => {
    for (const { code, name, localName = '' } of regions.regionsOf('JP')) {
      const suffix = { 県: 'ken', 都: 'to', 府: 'fu', 道: '' }[localName.slice(-1)]
      const short = localName === '北海道' ? localName : localName.slice(0, -1)
      const forms = [name, `${name} Prefecture`, localName, short, suffix === '' ? name : `${name}-${suffix}`]
      expect(forms.map((form) => [form, named('JP', form)])).toEqual(forms.map((form) => [form, code]))
    }
  })

  it.each(['北海', '京', 'Kyo', 'Osaka-ken', 'Yokohama', '', '県', 'Prefecture', '-', 'x'.repeat(100_000)])(
    'does not take %.20j for a prefecture',
    (name) => expect(named('JP', name)).toBeUndefined(),
  )

  it.each([
    ['RU', 'Moscow', 'RU-MOW'],
    ['RU', 'Moscow Oblast', 'RU-MOS'],
    ['RU', 'Sverdlovskaya oblast', 'RU-SVE'],
    ['DE', 'Bavaria', 'DE-BY'],
    ['DE', 'Bayern', 'DE-BY'],
    ['DE', 'Baden-Wuerttemberg', 'DE-BW'],
    ['DE', 'baden wurttemberg', 'DE-BW'],
    ['US', 'Washington', 'US-WA'],
    ['US', 'State of Washington', 'US-WA'],
    ['US', 'Washington, D.C.', 'US-DC'],
    ['NL', 'Noord-Holland', 'NL-NH'],
    ['KR', 'Seoul', 'KR-11'],
    ['KR', '서울', 'KR-11'],
    ['KR', 'Gyeonggi-do', 'KR-41'],
    ['CN', '北京', 'CN-BJ'],
    ['CN', '广西', 'CN-GX'],
    ['CN', 'Guangdong Sheng', 'CN-GD'],
    ['TW', 'Taipei', 'TW-TPE'],
    ['PL', 'Łódź Voivodeship', 'PL-10'],
    ['GB', 'Kent', 'GB-ENG'],
    ['ES', 'Barcelona', 'ES-CT'],
    ['IE', 'County Dublin', 'IE-L'],
    ['ID', 'Jakarta', 'ID-JW'],
    ['NO', 'Akershus', 'NO-30'],
  ])('%s: %s is %s', (country, name, code) => expect(named(country, name)).toBe(code))

  it.each([
    ['TW', 'Hsinchu'],
    ['PE', 'Lima'],
    ['UA', 'Kyiv'],
    ['KZ', 'Almaty'],
  ])('does not guess: %s has two called %s', (country, name) => expect(named(country, name)).toBe('ambiguous'))

  it.each([
    ['US', 'Washington County'],
    ['US', 'Tokyo'],
    ['XX', 'Tokyo'],
    ['__proto__', 'constructor'],
  ])('%s has no %s', (country, name) => expect(named(country, name)).toBeUndefined())

  it('finds every region of a country with a table by its own names', () => {
    for (const country of regions.countries.filter((code) => regions.years(code).length > 0)) {
      for (const { code, name, localName = name } of regions.regionsOf(country)) {
        expect([name, named(country, name), localName, named(country, localName)]).toEqual([
          name,
          code,
          localName,
          code,
        ])
      }
    }
  })
})
