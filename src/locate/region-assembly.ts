import { basename } from 'node:path'
import { wrongInput } from '../model/errors.ts'
import type { Region } from '../model/region.ts'
import { isoCountries } from './region-codes.ts'
import type { RegionCodes } from './region-codes.ts'
import type { CountryRow, RegionData, TableFile } from './region-data.ts'
import { parseRegionTable } from './region-file.ts'
import type { RegionRow } from './region-file.ts'

interface Draft {
  readonly code: string
  readonly country: string
  name: string
  localName?: string
  readonly otherNames: Set<string>
  readonly population: Map<number, number>
}

/**
 * Every country and level 1 region by its code: countries.csv, then ISO 3166-2, then the shipped tables, then the
 * user's; the later overrides and adds.
 * @throws CensusError (exit 2) for the first fault of a table: file, line, field, what to do.
 */
export function assembleRegions(
  data: RegionData,
  codes: RegionCodes,
  countries: readonly CountryRow[],
): ReadonlyMap<string, Region> {
  const drafts = new Map<string, Draft>()
  for (const row of countries) drafts.set(row.code, countryDraft(row))
  for (const { code, name, level1 } of codes.entries) if (code === level1) drafts.set(code, draft(code, name))
  for (const file of data.shipped) for (const row of checkedRows(file, codes)) apply(drafts, row)
  for (const row of userRows(data.user, codes, drafts)) apply(drafts, row)
  return new Map([...drafts].map(([code, made]) => [code, finished(made)]))
}

const draft = (code: string, name: string): Draft => {
  return { code, country: code.slice(0, 2), name, otherNames: new Set(), population: new Map() }
}

function countryDraft(row: CountryRow): Draft {
  const { code, name, nameLocal, otherNames, population } = row
  const made = { code, country: code, name, otherNames: new Set(otherNames), population: new Map(population) }
  return nameLocal === '' ? made : { ...made, localName: nameLocal }
}

function finished({ otherNames, localName, ...made }: Draft): Region {
  const others = [...otherNames].filter((name) => name !== made.name && name !== localName)
  return { ...made, otherNames: others, ...(localName === undefined ? {} : { localName }) }
}

/** What a row says replaces what was known; a name it replaces is still recognised. */
function apply(drafts: Map<string, Draft>, row: RegionRow): void {
  const known = drafts.get(row.code) ?? draft(row.code, row.name)
  drafts.set(row.code, known)
  if (row.name !== '') {
    known.otherNames.add(known.name)
    known.name = row.name
  }
  if (row.nameLocal !== '') {
    if (known.localName !== undefined) known.otherNames.add(known.localName)
    known.localName = row.nameLocal
  }
  for (const name of row.otherNames) known.otherNames.add(name)
  known.population.set(row.year, row.population)
}

/** The rows of one table, their codes held against ISO 3166-2. @throws CensusError (exit 2) */
function checkedRows(file: TableFile, codes: RegionCodes): readonly RegionRow[] {
  const rows = parseRegionTable(file.bytes, file.name)
  const countryOfFile = /^([A-Z]{2})\.csv$/i.exec(basename(file.name))?.[1]?.toUpperCase()
  for (const { line, code, country } of rows) {
    const where = `${file.name}, line ${line}, field`
    if (!isoCountries.has(country)) {
      throw wrongInput(
        `${where} country: "${country}" is not a country of ISO 3166-1`,
        'Write its alpha-2 code, like JP',
      )
    }
    if (countryOfFile !== undefined && countryOfFile !== country) {
      const hint = `Move the row to ${country}.csv, or give the file a name that is no country code`
      throw wrongInput(`${where} country: "${country}" in a table of ${countryOfFile}`, hint)
    }
    if (code === country || (codes.level1(code) ?? code) === code) {
      if (codes.rollups.get(code)?.reason !== 'not-a-region') continue
      throw wrongInput(`${where} code: ${code} is not a region of level 1 of ISO 3166-2`, 'Leave the row out')
    }
    const counted = codes.level1(code) ?? ''
    throw wrongInput(
      `${where} code: ${code} is not of level 1 of ISO 3166-2: it counts for ${counted}`,
      `Use ${counted}`,
    )
  }
  return rows
}

/** The rows of all the user's tables: no code and year twice, and a name for every region that is new. */
function userRows(
  files: readonly TableFile[],
  codes: RegionCodes,
  known: ReadonlyMap<string, Draft>,
): readonly RegionRow[] {
  const seen = new Map<string, string>()
  return files.flatMap((file) =>
    checkedRows(file, codes).map((row) => {
      const where = `${file.name}, line ${row.line}, field`
      const before = seen.get(`${row.code} ${row.year}`)
      if (before !== undefined) {
        const hint = 'Leave one of the two rows out'
        throw wrongInput(`${where} code: ${row.code} has a row for ${row.year} already, in ${before}`, hint)
      }
      seen.set(`${row.code} ${row.year}`, file.name)
      if (row.name === '' && !known.has(row.code)) {
        throw wrongInput(`${where} name: ISO 3166-2 has no ${row.code}, so it needs a name`, 'Write its English name')
      }
      return row
    }),
  )
}
