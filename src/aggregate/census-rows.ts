import { flagNames, type Flag } from '../model/flags.ts'
import type { Region } from '../model/region.ts'
import type { Tally, Unit } from '../model/tally.ts'
import type { ReportRow } from '../model/report-row.ts'
import type { ServiceRow } from './tallies.ts'
import { poissonInterval } from '../statistics/poisson.ts'
import { rankedFrom, ranks, rateRatio, type Cell } from '../statistics/rates.ts'

/** What rows need to know of regions; RegionTable has it. */
export interface Regions {
  region(code: string): Region | undefined
  regionsOf(country: string): readonly Region[]
  /** Population and the year it is of, for the year chosen for that code's country. */
  population(code: string): { readonly population: number; readonly year: number } | undefined
  /** People in all regions of the country whose population is known. */
  knownPopulation(country: string): number
}

export interface RowOptions {
  /** Units the figures of a source are in. */
  readonly units: (source: Tally['source']) => readonly Unit[]
  readonly per: number
  /** Regions to show; all when absent. The country's total and `unknown` always stand beside them. */
  readonly only?: ReadonlySet<string>
  /** Regions without a finding get a row with count 0. */
  readonly zeros: boolean
  /** Flags every figure of a source carries. */
  readonly flags: (source: Tally['source']) => readonly Flag[]
  /** Whether a source tells of whole regions, so that rates per head and ranks mean something; all do when absent. */
  readonly isRated?: (source: Tally['source']) => boolean
  /** Addresses asked for a service row, where that is known. `region` is the country's code for its total. */
  readonly asked?: (cell: Pick<Tally, 'source' | 'country' | 'service' | 'region'>) => number | undefined
}

const unknown = 'unknown'

/**
 * Turns tallies, sorted as `tallies()` gives them, into rows: for each source, country, service row and keys the
 * country's total, its regions and `unknown`, with rates, intervals, ratio and rank among the country's regions.
 */
export async function* censusRows(
  source: AsyncIterable<Tally> | Iterable<Tally>,
  regions: Regions,
  options: RowOptions,
): AsyncGenerator<ReportRow> {
  let group: Tally[] = []
  for await (const tally of source) {
    const first = group[0]
    if (first !== undefined && !sameGroup(first, tally)) {
      yield* groupRows(group, regions, options)
      group = []
    }
    group.push(tally)
  }
  yield* groupRows(group, regions, options)
}

/**
 * Adds a tally of nothing for every source, country and service row that has none, so that what was asked for and not
 * found is reported as 0. For the breakdown by region only.
 * @param source sorted as `tallies()` gives them, which is the order of the three lists
 */
export async function* withZeros(
  source: AsyncIterable<Tally> | Iterable<Tally>,
  asked: {
    readonly sources: readonly Tally['source'][]
    /** All that may come. */
    readonly countries: readonly string[]
    readonly serviceRows: readonly ServiceRow[]
  },
): AsyncGenerator<Tally> {
  const tallies = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  let next = await tallies.next()
  for (const each of asked.sources) {
    for (const country of asked.countries) {
      for (const { id: service, isUnnamed } of asked.serviceRows) {
        let isFound = false
        while (
          !next.done &&
          next.value.source === each &&
          next.value.country === country &&
          next.value.service === service
        ) {
          yield next.value
          isFound = true
          next = await tallies.next()
        }
        if (!isFound && isUnnamed !== true) yield { source: each, country, service, ...nothing }
      }
    }
  }
  if (!next.done) throw new Error(`a tally of ${next.value.country} ${next.value.service} is out of order`)
}

const nothing = {
  region: '',
  keys: [],
  counts: { addresses: 0, endpoints: 0, banners: 0 },
  flags: 0,
  speakingFlags: 0,
}

const sameGroup = (a: Tally, b: Tally): boolean =>
  a.source === b.source &&
  a.country === b.country &&
  a.service === b.service &&
  a.keys.every((key, index) => key === b.keys[index])

function* groupRows(group: readonly Tally[], regions: Regions, options: RowOptions): Generator<ReportRow> {
  const first = group[0]
  if (first === undefined) return
  const found = new Map(group.map((tally) => [tally.region, tally]))
  if (first.country === '') {
    yield* cellRows(found.get('') ?? first, unknown, {}, undefined, options)
    return
  }
  const seen = group.map((tally) => tally.region).filter((code) => code !== '')
  // A region that no table lists cannot come of placing, but a user's table may have been taken away since.
  const codes = options.zeros
    ? [...new Set([...regions.regionsOf(first.country).map((region) => region.code), ...seen])].toSorted()
    : seen
  const people = regions.knownPopulation(first.country)
  const units = options.units(first.source)
  const statistics = new Map(units.map((unit) => [unit, regionStatistics(codes, unit, found, regions, people)]))
  yield* cellRows(total(group), first.country, {}, regions, options)
  for (const [index, code] of codes.entries()) {
    if (options.only && !options.only.has(code)) continue
    const tally = found.get(code)
    if (!tally && !options.zeros) continue
    const ratio = Object.fromEntries(units.map((unit) => [unit, statistics.get(unit)?.[index] ?? {}]))
    yield* cellRows(
      tally ?? {
        ...first,
        region: code,
        counts: { addresses: 0, endpoints: 0, banners: 0 },
        flags: 0,
        speakingFlags: 0,
      },
      code,
      ratio,
      regions,
      options,
    )
  }
  const unplaced = found.get('')
  if (unplaced || options.zeros) {
    yield* cellRows(
      unplaced ?? {
        ...first,
        region: '',
        counts: { addresses: 0, endpoints: 0, banners: 0 },
        flags: 0,
        speakingFlags: 0,
      },
      unknown,
      {},
      undefined,
      options,
    )
  }
}

interface Comparison {
  readonly rateRatio?: number | undefined
  readonly rank?: number | undefined
}

/** Ratio and rank of every region, over placed counts and known populations only; `people` is their sum in the country. */
function regionStatistics(
  codes: readonly string[],
  unit: Unit,
  found: ReadonlyMap<string, Tally>,
  regions: Regions,
  people: number,
): Comparison[] {
  const cells: Cell[] = codes.map((code) => ({
    count: found.get(code)?.counts[unit] ?? 0,
    population: regions.population(code)?.population ?? 0,
  }))
  const events = cells.reduce((sum, cell) => sum + (cell.population > 0 ? cell.count : 0), 0)
  const rank = ranks(cells)
  return cells.map((cell, index) => ({
    rateRatio: rateRatio(cell, { count: events, population: people }),
    rank: rank[index],
  }))
}

const total = (group: readonly Tally[]): Tally => {
  const sum = (unit: Unit): number => group.reduce((so, tally) => so + tally.counts[unit], 0)
  const first = group[0]
  if (first === undefined) throw new RangeError('a total of nothing')
  return {
    ...first,
    region: first.country,
    counts: { addresses: sum('addresses'), endpoints: sum('endpoints'), banners: sum('banners') },
    flags: group.reduce((bits, tally) => bits | tally.flags, 0),
    speakingFlags: group.reduce((bits, tally) => bits | tally.speakingFlags, 0),
  }
}

function* cellRows(
  tally: Tally,
  code: string,
  comparison: Partial<Record<Unit, Comparison>>,
  regions: Regions | undefined,
  options: RowOptions,
): Generator<ReportRow> {
  const region = code === unknown ? undefined : regions?.region(code)
  const population = code === unknown ? undefined : regions?.population(code)
  for (const unit of options.units(tally.source)) {
    const count = tally.counts[unit]
    // A product only older observations told has addresses and no endpoint: rows of 0 are for the regions' file.
    if (count === 0 && !options.zeros) continue
    const interval = poissonInterval(count)
    const isRated = options.isRated?.(tally.source) !== false
    const rate = (events: number): number | undefined =>
      !isRated || population === undefined || population.population === 0
        ? undefined
        : (events / population.population) * options.per
    yield {
      source: tally.source,
      country: tally.country,
      region: code,
      regionName: region?.name ?? '',
      regionNameLocal: region?.localName ?? '',
      service: tally.service,
      keys: tally.keys,
      unit,
      asked: options.asked?.({ ...tally, region: code === unknown ? '' : code }),
      count,
      population: population?.population,
      populationYear: population?.year,
      per100k: rate(count),
      per100kLow: rate(interval.low),
      per100kHigh: rate(interval.high),
      rateRatio: isRated ? comparison[unit]?.rateRatio : undefined,
      rank: isRated ? comparison[unit]?.rank : undefined,
      flags: [
        ...flagNames(unit === 'endpoints' ? tally.speakingFlags : tally.flags),
        ...(count < rankedFrom ? (['small-count'] as const) : []),
        ...options.flags(tally.source),
      ],
    }
  }
}
