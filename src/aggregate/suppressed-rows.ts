import type { PublishedRow } from '../model/published.ts'
import type { ReportRow } from '../model/report-row.ts'
import { suppress, type Union } from '../statistics/suppression.ts'
import type { ServiceRow } from './tallies.ts'

type Place = Pick<ReportRow, 'source' | 'country' | 'region' | 'service'>

/** What a cell is called in sets. */
export const cellKey = ({ source, country, region, service }: Place): string =>
  [source, country, region, service].join('\0')

/** What is hidden of a report. */
export interface Hidden {
  /** Whether a row's count is. */
  has(row: Place): boolean
  /** Whether any count of its service is, in its country. */
  touches(row: Place): boolean
  readonly size: number
}

/**
 * Chooses what to hide of rows of exposure-by-region.csv: counts from 1 to below `least`, and as many others as it takes that
 * nobody can reckon them out: where nothing less does, all of a service, or, as in a country with few addresses, of the country.
 * @param rows of all services of the snapshot, in addresses and of one source each: what is shown of a part of them tells no more
 * @param services all that there are, so that `all` is all of them
 * @param wasHidden whether an earlier edition hid a cell: what it hid is hidden again before anything else
 */
export function hiddenCells(
  rows: readonly ReportRow[],
  services: readonly ServiceRow[],
  least: number,
  wasHidden: (cell: Place) => boolean = () => false,
): Hidden {
  const tables = new Map<string, ReportRow[]>()
  for (const row of rows) {
    const key = `${row.source}\0${row.country}`
    const table = tables.get(key)
    if (table === undefined) tables.set(key, [row])
    else table.push(row)
  }
  const hidden = new Set<string>()
  const touched = new Set<string>()
  const columnOf = ({ source, country, service }: Place): string => [source, country, service].join('\0')
  for (const table of tables.values())
    for (const cell of hiddenOf(table, services, least, wasHidden)) {
      hidden.add(cellKey(cell))
      touched.add(columnOf(cell))
    }
  return { has: (row) => hidden.has(cellKey(row)), touches: (row) => touched.has(columnOf(row)), size: hidden.size }
}

/** Of a country's rows. */
function hiddenOf(
  rows: readonly ReportRow[],
  services: readonly ServiceRow[],
  least: number,
  wasHidden: (cell: Place) => boolean,
): readonly Place[] {
  const [first] = rows
  if (first === undefined) return []
  const { source, country } = first
  const isAnySmall = rows.some(({ count }) => count > 0 && count < least)
  if (!isAnySmall) return []
  // What has no country has no regions, and no sum of them.
  if (country === '') return rows
  const counts = new Map(rows.map((row) => [cellKey(row), row.count]))
  const there = new Set(rows.map(({ service }) => service))
  const columns = services.filter(({ id }) => there.has(id))
  const regions = [...new Set(rows.map(({ region }) => region))].filter((region) => region !== country)
  const places = [...regions, country].map((region) =>
    columns.map(({ id }) => ({ source, country, region, service: id })),
  )
  const table = {
    rows: places.map((row) => row.map((place) => counts.get(cellKey(place)) ?? 0)),
    unions: unionsOf(columns),
  }
  const { hidden, unprotected } = suppress(table, least, (row, column) => {
    const place = places[row]?.[column]
    return place !== undefined && wasHidden(place)
  })
  return places.flatMap((row, at) => row.filter((_, column) => unprotected.length > 0 || hidden[at]?.[column] === true))
}

/**
 * A category is of those of its services that are there; `all` is of every service, and of the categories and the services of none
 * (a service has one category at most).
 */
function unionsOf(columns: readonly ServiceRow[]): Union[] {
  const place = new Map(columns.map(({ id }, index) => [id, index]))
  const isOne = ({ id, services }: ServiceRow): boolean => services?.length === 1 && services[0] === id
  const singles = columns.flatMap((column, index) => (isOne(column) ? [index] : []))
  const categories = columns.flatMap((column, union) =>
    column.services === undefined || isOne(column)
      ? []
      : [{ union, parts: column.services.flatMap((each) => place.get(each) ?? []) }],
  )
  const grouped = new Set(categories.flatMap(({ parts }) => parts))
  const covers = [singles, [...categories.map(({ union }) => union), ...singles.filter((each) => !grouped.has(each))]]
  const whole = columns.flatMap(({ services }, union) =>
    services === undefined ? covers.map((parts) => ({ union, parts })) : [],
  )
  return [...categories, ...whole].filter(({ parts }) => parts.length > 0)
}

/** A row as it is told: where something of a service is hidden, no ratio or rank tells of it. */
export function publishedRow(row: ReportRow, hidden: Hidden): PublishedRow {
  if (!hidden.touches(row)) return row
  const compared = { ...row, rateRatio: undefined, rank: undefined }
  if (!hidden.has(row)) return compared
  const flags = row.flags.filter((flag) => flag === 'partial' || flag === 'scope-limited')
  const rates = { per100k: undefined, per100kLow: undefined, per100kHigh: undefined }
  return { ...compared, ...rates, asked: undefined, count: undefined, flags: [...flags, 'suppressed'] }
}
