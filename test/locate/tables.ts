import { loadCountryCentres } from '../../src/locate/country-centres.ts'
import { loadCrosswalk } from '../../src/locate/crosswalk.ts'
import { loadGazetteer } from '../../src/locate/gazetteer.ts'
import type { PlaceTables } from '../../src/locate/place.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import type { PlaceClue } from '../../src/model/place.ts'

/** The shipped tables, as the pipeline loads them. */
export async function loadTables(): Promise<PlaceTables> {
  const crosswalk = await loadCrosswalk()
  const gazetteer = await loadGazetteer(crosswalk)
  return { regions: await loadRegions(), crosswalk, gazetteer, centres: await loadCountryCentres(gazetteer) }
}

/** A clue of one Shodan file, undated unless said otherwise. */
export const clue = (fields: Partial<PlaceClue>): PlaceClue => ({ file: 0, month: '', source: 'shodan', ...fields })

/** Prefectural capitals, positions to two decimals: one per prefecture, in JIS order from Hokkaido to Okinawa. */
export const capitals: readonly (readonly [city: string, latitude: number, longitude: number])[] = [
  ['Sapporo', 43.06, 141.35],
  ['Aomori', 40.82, 140.74],
  ['Morioka', 39.7, 141.15],
  ['Sendai', 38.27, 140.87],
  ['Akita', 39.72, 140.1],
  ['Yamagata', 38.24, 140.36],
  ['Fukushima', 37.75, 140.47],
  ['Mito', 36.34, 140.45],
  ['Utsunomiya', 36.57, 139.88],
  ['Maebashi', 36.39, 139.06],
  ['Saitama', 35.86, 139.65],
  ['Chiba', 35.61, 140.12],
  ['Hachioji', 35.66, 139.32],
  ['Yokohama', 35.45, 139.64],
  ['Niigata', 37.9, 139.02],
  ['Toyama', 36.7, 137.21],
  ['Kanazawa', 36.59, 136.63],
  ['Fukui', 36.07, 136.22],
  ['Kofu', 35.66, 138.57],
  ['Nagano', 36.65, 138.18],
  ['Gifu', 35.39, 136.72],
  ['Shizuoka', 34.98, 138.38],
  ['Nagoya', 35.18, 136.91],
  ['Tsu', 34.73, 136.51],
  ['Otsu', 35.0, 135.87],
  ['Kyoto', 35.02, 135.76],
  ['Osaka', 34.69, 135.52],
  ['Kobe', 34.69, 135.18],
  ['Nara', 34.69, 135.83],
  ['Wakayama', 34.23, 135.17],
  ['Tottori', 35.5, 134.24],
  ['Matsue', 35.47, 133.05],
  ['Okayama', 34.66, 133.93],
  ['Hiroshima', 34.4, 132.46],
  ['Yamaguchi', 34.19, 131.47],
  ['Tokushima', 34.07, 134.56],
  ['Takamatsu', 34.34, 134.04],
  ['Matsuyama', 33.84, 132.77],
  ['Kochi', 33.56, 133.53],
  ['Fukuoka', 33.61, 130.42],
  ['Saga', 33.25, 130.3],
  ['Nagasaki', 32.74, 129.87],
  ['Kumamoto', 32.79, 130.74],
  ['Oita', 33.24, 131.61],
  ['Miyazaki', 31.91, 131.42],
  ['Kagoshima', 31.56, 130.56],
  ['Naha', 26.21, 127.68],
]
