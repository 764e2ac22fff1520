import { noChange, type Change, type RegionChange } from '../model/change.ts'
import type { Flag } from '../model/flags.ts'
import type { ReportRow } from '../model/report-row.ts'
import { holmAdjusted, sameRateProbability } from '../statistics/rate-ratio.ts'

/** What one side of a comparison says of a cell. */
export interface ComparedCell {
  readonly count: number
  /** Of everything placed in the country's regions, for regions alone. */
  readonly share: number | undefined
  readonly rank: number | undefined
  /** Everything placed in the country's regions. */
  readonly placed: number
}

/** A country, region and service as two sides count it. */
export interface ComparedRow extends Pick<
  ReportRow,
  'country' | 'region' | 'regionName' | 'regionNameLocal' | 'service'
> {
  readonly old: ComparedCell
  readonly new: ComparedCell
  /** New minus old; of different things there is no difference. */
  readonly difference: number | undefined
  /** New share by old share; 0 is a ratio, undefined where the old one is 0 or there are none. */
  readonly shareRatio: number | undefined
  readonly flags: readonly Flag[]
  /** What became of the addresses, where they can be told one by one. */
  readonly change: Change | undefined
  /** How often chance alone makes shares differ as much, adjusted for all rows; undefined where there are no two shares. */
  readonly chance: number | undefined
}

/**
 * Pairs the rows of two sides by country, region and service, in the order of the old side, then what is in the new one
 * alone. A region neither side lists has no row; one that only one side lists is 0 in the other.
 * @param isSameThing whether both count the same thing in the same way, so that counts can be subtracted
 * @param changes what became of addresses; a row that has none has no address in either
 */
export function compareRows(
  before: readonly ReportRow[],
  after: readonly ReportRow[],
  isSameThing: boolean,
  changes?: readonly RegionChange[],
): Omit<ComparedRow, 'chance'>[] {
  const changed = new Map(changes?.map((each) => [keyOf(each), each.change]))
  const [placedBefore, placedAfter] = [placed(before), placed(after)]
  const [old, now] = [new Map(before.map((row) => [keyOf(row), row])), new Map(after.map((row) => [keyOf(row), row]))]
  return [...old, ...[...now].filter(([key]) => !old.has(key))].map(([key, named]) => {
    const [left, right] = [cellOf(old.get(key), placedBefore), cellOf(now.get(key), placedAfter)]
    const { country, region, regionName, regionNameLocal, service } = named
    return {
      country,
      region,
      regionName,
      regionNameLocal,
      service,
      old: left,
      new: right,
      difference: isSameThing ? right.count - left.count : undefined,
      shareRatio:
        left.share === undefined || right.share === undefined || left.share === 0
          ? undefined
          : right.share / left.share,
      flags: [...new Set([...(old.get(key)?.flags ?? []), ...(now.get(key)?.flags ?? [])])],
      change: changes === undefined ? undefined : (changed.get(key) ?? noChange),
    }
  })
}

/** Rows with how likely chance alone is, by the test and for the family that docs/method.md tells of. */
export function withChance(rows: readonly Omit<ComparedRow, 'chance'>[]): ComparedRow[] {
  const probabilities = rows.map(({ old, new: now }) =>
    old.share === undefined || now.share === undefined || old.count + now.count === 0
      ? undefined
      : sameRateProbability({ count: old.count, population: old.placed }, { count: now.count, population: now.placed }),
  )
  const adjusted = holmAdjusted(probabilities.filter((each) => each !== undefined)).values()
  return rows.map((row, index) => ({
    ...row,
    chance: probabilities[index] === undefined ? undefined : adjusted.next().value,
  }))
}

const keyOf = ({ country, region, service }: Pick<ReportRow, 'country' | 'region' | 'service'>): string =>
  [country, region, service].join('\0')
const placeOf = ({ country, service }: ReportRow): string => [country, service].join('\0')
const isPlaced = ({ country, region }: ReportRow): boolean => region !== 'unknown' && region !== country

/** Counts in all regions of a country, by service. */
function placed(rows: readonly ReportRow[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const row of rows) if (isPlaced(row)) sums.set(placeOf(row), (sums.get(placeOf(row)) ?? 0) + row.count)
  return sums
}

function cellOf(row: ReportRow | undefined, sums: ReadonlyMap<string, number>): ComparedCell {
  if (row === undefined) return { count: 0, share: undefined, rank: undefined, placed: 0 }
  const all = sums.get(placeOf(row)) ?? 0
  return {
    count: row.count,
    share: isPlaced(row) && all > 0 ? row.count / all : undefined,
    rank: row.rank,
    placed: all,
  }
}
