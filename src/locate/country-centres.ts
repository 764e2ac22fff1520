import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'
import type { Gazetteer } from './gazetteer.ts'

/**
 * `capital`: the point is the capital too, so with a city named it is a place like any other.
 * `country`: nobody's place, evidence of nothing whether a city is named or not.
 */
export type CentreKind = 'capital' | 'country'

export interface CountryCentres {
  /** Whether a position in degrees is one that means "somewhere in this country". */
  kindAt(country: string, latitude: number, longitude: number): CentreKind | undefined
}

/** About 2 km: sources round these points to two to five decimals. */
const centreDegrees = 0.02
/** A listed point this near the capital (about 10 km) is the capital. */
const capitalDegrees = 0.1

const file = fileURLToPath(new URL('../../data/locate/country_centres.csv', import.meta.url))

/** The points of data/locate/country_centres.csv (sources in its datapackage.json) and the gazetteer's capitals. */
export async function loadCountryCentres(gazetteer: Gazetteer): Promise<CountryCentres> {
  const rows: Record<string, string>[] = parse(await readFile(file), { columns: true, bom: true })
  const listed = new Map<string, { latitude: number; longitude: number }[]>()
  for (const row of rows) {
    const [country, latitude, longitude] = [row['country'], Number(row['latitude']), Number(row['longitude'])]
    if (country === undefined || !Number.isFinite(latitude) || !Number.isFinite(longitude)) {
      throw new Error(`${file}: columns country, latitude, longitude expected`)
    }
    listed.set(country, [...(listed.get(country) ?? []), { latitude, longitude }])
  }
  return {
    kindAt(country, latitude, longitude) {
      const near = (point: { latitude: number; longitude: number } | undefined, degrees: number): boolean =>
        point !== undefined &&
        Math.abs(point.latitude - latitude) <= degrees &&
        Math.abs(point.longitude - longitude) <= degrees
      const capital = gazetteer.capital(country)
      if (near(capital, centreDegrees)) return 'capital'
      if (!listed.get(country)?.some((point) => near(point, centreDegrees))) return undefined
      return near(capital, capitalDegrees) ? 'capital' : 'country'
    },
  }
}
