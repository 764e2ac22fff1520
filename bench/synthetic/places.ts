/** A place as a banner's `location` tells it, in both generations of region codes. */
export interface Place {
  readonly country: string
  readonly countryName: string
  readonly country3: string
  readonly city: string
  /** FIPS 10-4 / GeoNames code, as Shodan gave until about 2021. */
  readonly oldCode: string | null
  /** The part of the ISO 3166-2 code after the hyphen. */
  readonly isoCode: string | null
  readonly latitude: number
  readonly longitude: number
  /** People (2015 census) for Japan; elsewhere a relative weight. */
  readonly weight: number
}

/**
 * Japan's 47 prefectures: JIS X 0401 code (also ISO 3166-2), GeoNames admin-1 code, capital, its latitude and longitude,
 * population of the 2015 census (Statistics Bureau of Japan).
 */
const prefectureLines = `
01 12 Sapporo 43.0642 141.3469 5381733
02 03 Aomori 40.8244 140.74 1308265
03 16 Morioka 39.7036 141.1527 1279594
04 24 Sendai 38.2682 140.8694 2333899
05 02 Akita 39.7186 140.1024 1023119
06 44 Yamagata 38.2404 140.3633 1123891
07 08 Fukushima 37.7503 140.4676 1914039
08 14 Mito 36.3418 140.4468 2916976
09 38 Utsunomiya 36.5658 139.8836 1974255
10 10 Maebashi 36.3911 139.0608 1973115
11 34 Saitama 35.8617 139.6455 7266534
12 04 Chiba 35.6073 140.1063 6222666
13 40 Tokyo 35.6895 139.6917 13515271
14 19 Yokohama 35.4478 139.6425 9126214
15 29 Niigata 37.9026 139.0232 2304264
16 42 Toyama 36.6953 137.2113 1066328
17 15 Kanazawa 36.5946 136.6256 1154008
18 06 Fukui 36.0652 136.2217 786740
19 46 Kofu 35.6639 138.5683 834930
20 26 Nagano 36.6513 138.181 2098804
21 09 Gifu 35.3912 136.7223 2031903
22 37 Shizuoka 34.9769 138.3831 3700305
23 01 Nagoya 35.1815 136.9066 7483128
24 23 Tsu 34.7303 136.5086 1815865
25 35 Otsu 35.0045 135.8686 1412916
26 22 Kyoto 35.0214 135.7556 2610353
27 32 Osaka 34.6937 135.5023 8839469
28 13 Kobe 34.6913 135.183 5534800
29 28 Nara 34.6851 135.8049 1364316
30 43 Wakayama 34.226 135.1675 963579
31 41 Tottori 35.5036 134.2383 573441
32 36 Matsue 35.4723 133.0505 694352
33 31 Okayama 34.6618 133.935 1921525
34 11 Hiroshima 34.3963 132.4596 2843990
35 45 Yamaguchi 34.1859 131.4714 1404729
36 39 Tokushima 34.0658 134.5593 755733
37 17 Takamatsu 34.3401 134.0434 976263
38 05 Matsuyama 33.8416 132.7657 1385262
39 20 Kochi 33.5597 133.5311 728276
40 07 Fukuoka 33.6064 130.4183 5101556
41 33 Saga 33.2494 130.2988 832832
42 27 Nagasaki 32.7448 129.8737 1377187
43 21 Kumamoto 32.7898 130.7417 1786170
44 30 Oita 33.2382 131.6126 1166338
45 25 Miyazaki 31.9111 131.4239 1104069
46 18 Kagoshima 31.5602 130.5581 1648177
47 47 Naha 26.2124 127.6809 1433566
`

export const prefectures: readonly Place[] = prefectureLines
  .trim()
  .split('\n')
  .map((line) => {
    const [isoCode = '', oldCode = '', city = '', latitude, longitude, population] = line.split(' ')
    return {
      country: 'JP',
      countryName: 'Japan',
      country3: 'JPN',
      city,
      oldCode,
      isoCode,
      latitude: Number(latitude),
      longitude: Number(longitude),
      weight: Number(population),
    }
  })

const abroadLines = `
US USA United_States Los_Angeles CA CA 34.0522 -118.2437 20
US USA United_States New_York NY NY 40.7143 -74.006 15
DE DEU Germany Berlin 16 BE 52.5244 13.4105 10
KR KOR Korea,_Republic_of Seoul 11 11 37.566 126.9784 10
FR FRA France Paris 11 IDF 48.8534 2.3488 8
BR BRA Brazil Campinas 27 SP -22.9056 -47.0608 8
IN IND India Mumbai 16 MH 19.0728 72.8826 7
CN CHN China Shenzhen 30 GD 22.5455 114.0683 7
AU AUS Australia Sydney 02 NSW -33.8679 151.2073 5
NL NLD Netherlands Amsterdam 07 NH 52.374 4.8897 5
GB GBR United_Kingdom London ENG ENG 51.5085 -0.1257 5
`

export const abroad: readonly Place[] = abroadLines
  .trim()
  .split('\n')
  .map((line) => {
    const [
      country = '',
      country3 = '',
      countryName = '',
      city = '',
      oldCode = '',
      isoCode = '',
      latitude,
      longitude,
      weight,
    ] = line.split(' ')
    return {
      country,
      countryName: countryName.replaceAll('_', ' '),
      country3,
      city: city.replaceAll('_', ' '),
      oldCode,
      isoCode,
      latitude: Number(latitude),
      longitude: Number(longitude),
      weight: Number(weight),
    }
  })

/** Where address databases put a Japanese address of which they know nothing but the country. */
export const middleOfJapan = { latitude: 35.69, longitude: 139.69 }

/**
 * The `location` object of a banner. Shodan dropped `country_code3`, `postal_code` and `dma_code`, and changed
 * the code set of `region_code`, after 2021; `generation` says which shape is wanted.
 */
export function location(
  place: Place,
  generation: 'geonames' | 'iso',
  steps: { north: number; east: number },
): Record<string, unknown> {
  const where = {
    city: place.city,
    region_code: generation === 'iso' ? place.isoCode : place.oldCode,
    area_code: null,
    longitude: hundredths(place.longitude, steps.east),
    latitude: hundredths(place.latitude, steps.north),
    country_code: place.country,
    country_name: place.countryName,
  }
  return generation === 'iso' ? where : { ...where, country_code3: place.country3, postal_code: null, dma_code: null }
}

/** Moves a coordinate by hundredths of a degree, without the tail of binary fractions. */
const hundredths = (degrees: number, steps: number): number => (Math.round(degrees * 10_000) + steps * 100) / 10_000
