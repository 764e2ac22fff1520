import { codeSetByCities, facetRegions, type FacetRegions } from '../locate/facet-regions.ts'
import { loadCrosswalk } from '../locate/crosswalk.ts'
import { loadGazetteer } from '../locate/gazetteer.ts'
import type { CodeSet } from '../locate/region-code.ts'
import type { RegionTable } from '../locate/regions.ts'
import type { Counted, EngineId, Question } from '../model/engine.ts'
import { flagBit } from '../model/flags.ts'
import type { CrossBreakdown } from '../model/tally.ts'
import type { ServiceCatalogue } from '../recognise/service.ts'
import { Unanswered } from '../sources/asker.ts'
import type { Surveyor } from '../sources/surveyor.ts'
import type { FacetTally } from '../store/facets.ts'
import type { EngineSurvey } from '../store/manifest.ts'
import { crossTallies } from './survey-cross.ts'
import { bucketsOf, countRegions, type RegionCounts } from './survey-regions.ts'
import { surveyRows, type SurveyRow } from './survey-rows.ts'

/** What a survey of one engine found. */
export interface SurveyFigures extends Pick<EngineSurvey, 'rows' | 'regions' | 'drift' | 'observed'> {
  readonly tallies: readonly FacetTally[]
  readonly missing: readonly string[]
}

export interface CountRequest {
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  readonly catalogue: ServiceCatalogue
  /** Services and categories; all when absent. */
  readonly asked?: readonly string[]
  readonly regions: RegionTable
  readonly by: readonly CrossBreakdown[]
  readonly onProgress?: (progress: { readonly done: number; readonly planned: number; readonly what: string }) => void
}

/** After so many rows in a row without an answer, the engine is not asked any more. */
const mostUnanswered = 3
/** An index that is being written to moves between two answers: by less than this share of a total it is proved all the same. */
const tolerableDrift = 0.001

/** Asks everything of a survey. @throws Unanswered when not even the first question is answered */
export async function countAll(surveyor: Surveyor, request: CountRequest): Promise<SurveyFigures> {
  const { country, catalogue, by } = request
  const abilities = await surveyor.abilities()
  if (!abilities.facets.has('region')) throw new Unanswered('facets', 'it does not count by region', true)
  const { facts } = surveyor
  const engine = {
    source: facts.id,
    knowsServices: abilities.knowsServices,
    objection: (question: Question) => surveyor.objection(question),
  }
  const { rows, unaskable } = surveyRows(catalogue, engine, country, request.asked)
  const from = now()
  const [everything, ...others] = rows
  if (everything === undefined) throw new Error('a survey of nothing')
  const hasModules = abilities.knowsServices && abilities.facets.has('module')
  const first = await countRegions(
    surveyor,
    'all',
    everything.question,
    hasModules ? { module: surveyor.mostBuckets } : {},
  )
  const silent = bucketsOf({ buckets: first.others }, 'module')
    .map(({ value }) => value)
    .filter((name) => catalogue.saysNothing(name))
  const silentPorts = await portsOf(surveyor, country, silent, abilities.facets.has('port'))
  const reading = await readRegions(surveyor, country, first, request.regions, abilities.facets.has('city'))
  const collected = collect(facts.id, reading)
  collected.add(everything, [first])
  const facets = by.filter((each) => abilities.facets.has(each))
  const missing = [
    ...[...unaskable]
      .filter(([id]) => request.asked?.includes(id))
      .map(([id, why]) => `${id}: ${facts.title} cannot be asked for it: ${why}`),
    ...by.filter((each) => !facets.includes(each)).map((each) => `${each}: ${facts.title} does not count by it`),
  ]
  let unanswered = 0
  const known = new Map<string, RegionCounts>()
  for (const [index, row] of others.entries()) {
    request.onProgress?.({ done: index + 1, planned: rows.length, what: row.id })
    try {
      if (unanswered >= mostUnanswered) throw new Unanswered(row.id, 'not asked any more', false)
      const crossing = row.isService ? facets : []
      const wanted = Object.fromEntries(crossing.map((facet) => [facet, surveyor.mostBuckets]))
      const counts = [await onceOf(known, surveyor, row.id, row.question, wanted)]
      const ports = row.ports.filter((port) => silentPorts.has(port))
      if (row.by === 'name' && ports.length > 0) {
        const question = { country, modules: silent, ports }
        counts.push(await onceOf(known, surveyor, `${row.id}, by port`, question, {}))
      }
      collected.add(row, counts)
      unanswered = 0
      for (const facet of crossing) {
        const crossed = await crossTallies(surveyor, row, facet, counts, reading.decode)
        collected.tallies.push(...crossed.tallies)
        missing.push(...crossed.missing)
      }
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      unanswered++
      missing.push(`${row.id}: ${error.why}`)
    }
  }
  const last = await answered(surveyor.count('all, at the end', everything.question, {}))
  return {
    tallies: collected.tallies,
    rows: collected.rows,
    regions: { ...reading.facts, undecoded: [...collected.undecoded].toSorted() },
    drift: last === undefined ? undefined : { first: first.total, last: last.total },
    observed: { from, to: now() },
    missing: [...missing, ...collected.doubts, ...(last === undefined ? ['the total at the end was not told'] : [])],
  }
}

/** Ports of banners whose name says nothing, so that the port decides what service they are of. */
async function portsOf(
  surveyor: Surveyor,
  country: string,
  silent: readonly string[],
  hasPorts: boolean,
): Promise<{ has(port: number): boolean }> {
  if (silent.length === 0) return new Set<number>()
  if (!hasPorts) return { has: () => true }
  const question = { country, modules: silent }
  const counted = await answered(
    surveyor.count('banners of no named service', question, { port: surveyor.mostBuckets }),
  )
  if (counted === undefined) return { has: () => true }
  const ports = bucketsOf(counted, 'port')
  const listed = ports.reduce((sum, { count }) => sum + count, 0)
  // A list that was cut off leaves any port possible.
  return listed < counted.total ? { has: () => true } : new Set(ports.map(({ value }) => Number(value)))
}

/** What was counted, or nothing where the engine does not say. */
const answered = (counting: Promise<Counted>): Promise<Counted | undefined> =>
  counting.catch((error: unknown) => {
    if (error instanceof Unanswered) return undefined
    throw error
  })

/** Times of facets are those of asking, in whole seconds. */
const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z')

/** A category of one service asks what that service asks: once is enough. */
async function onceOf(
  known: Map<string, RegionCounts>,
  surveyor: Surveyor,
  what: string,
  question: SurveyRow['question'],
  wanted: Parameters<typeof countRegions>[3],
): Promise<RegionCounts> {
  const key = surveyor.describe(question, {})
  const found = known.get(key)
  const isEnough = Object.keys(wanted ?? {}).every((facet) => found !== undefined && facet in found.others)
  if (found !== undefined && isEnough) return found
  const counted = await countRegions(surveyor, what, question, wanted)
  known.set(key, counted)
  return counted
}

interface Reading {
  readonly facts: Omit<EngineSurvey['regions'], 'undecoded'>
  /** The region of a value; '' when it is none we know. */
  readonly decode: (value: string) => string
}

/** Finds out how the engine spells regions. A code that may mean two is decided for the whole list by its cities. */
async function readRegions(
  surveyor: Surveyor,
  country: string,
  counts: RegionCounts,
  regions: RegionTable,
  hasCities: boolean,
): Promise<Reading> {
  const crosswalk = await loadCrosswalk()
  const read = facetRegions(country, counts.buckets, { regions, crosswalk })
  const decided = (codeSet: CodeSet, decidedBy: EngineSurvey['regions']['decidedBy']): Reading => ({
    facts: { spelled: read.spelled, codeSet, decidedBy },
    decode: (value) =>
      facetRegions(country, [{ value, count: 0 }], { regions, crosswalk }).decode(value, codeSet) ?? '',
  })
  if (read.doubtful.length === 0) return decided('iso', 'no code is in doubt')
  if (read.codeSet !== undefined) return decided(read.codeSet, 'the list')
  const byCities = hasCities ? await askCities(surveyor, country, read) : undefined
  // Shodan's codes are ISO 3166-2 since about 2021, and an engine is asked today.
  return byCities === undefined ? decided('iso', 'the year') : decided(byCities, 'cities')
}

/** The cities of the most counted doubtful codes tell which code set the list is in. */
async function askCities(surveyor: Surveyor, country: string, read: FacetRegions): Promise<CodeSet | undefined> {
  const gazetteer = await loadGazetteer(await loadCrosswalk())
  for (const { value, readings } of read.doubtful.slice(0, 3)) {
    if (!surveyor.isAskable('region', value)) continue
    const question = { country, where: { facet: 'region', value } } as const
    const counted = await answered(surveyor.count(`cities of region ${value}`, question, { city: 50 }))
    const cities = counted === undefined ? [] : bucketsOf(counted, 'city')
    const codeSet = codeSetByCities(country, readings, cities, gazetteer)
    if (codeSet !== undefined) return codeSet
  }
  return undefined
}

/** Gathers tallies by region, and how each row was proved. */
function collect(
  source: EngineId,
  reading: Reading,
): {
  readonly tallies: FacetTally[]
  readonly rows: EngineSurvey['rows']
  readonly undecoded: Set<string>
  readonly doubts: string[]
  add(row: SurveyRow, counts: readonly RegionCounts[]): void
} {
  const tallies: FacetTally[] = []
  const rows: EngineSurvey['rows'] = []
  const undecoded = new Set<string>()
  const doubts: string[] = []
  return {
    tallies,
    rows,
    undecoded,
    doubts,
    add: ({ id, by }, counts) => {
      const byRegion = new Map<string, number>([['', 0]])
      for (const { value, count } of counts.flatMap(({ buckets }) => buckets)) {
        const region = reading.decode(value)
        if (region === '') undecoded.add(value)
        byRegion.set(region, (byRegion.get(region) ?? 0) + count)
      }
      const sum = (of: (each: RegionCounts) => number): number => counts.reduce((total, each) => total + of(each), 0)
      const rest = sum((each) => Math.max(0, each.rest))
      byRegion.set('', (byRegion.get('') ?? 0) + rest)
      const doubtful = counts.filter(({ remainder }) => remainder === 'unconfirmed')
      const flags = doubtful.length > 0 ? flagBit('remainder-unconfirmed') : 0
      for (const [region, count] of byRegion)
        tallies.push({
          source,
          service: id,
          breakdown: 'region',
          keys: [],
          region,
          count,
          flags: region === '' ? flags : 0,
        })
      const total = sum((each) => each.total)
      for (const { discrepancy, unanswered, rest: mine } of doubtful) {
        if (unanswered !== undefined)
          doubts.push(`${id}: ${mine} outside of the regions listed, not confirmed: ${unanswered}`)
        else if (Math.abs(discrepancy) > tolerableDrift * total)
          doubts.push(
            mine < 0
              ? `${id}: the regions listed have ${Math.abs(discrepancy)} more than the total`
              : `${id}: ${mine} outside of the regions listed, where the engine counts ${mine - discrepancy}`,
          )
      }
      rows.push({
        service: id,
        total,
        listed: total - rest,
        remainder: flags !== 0 ? 'unconfirmed' : rest > 0 ? 'confirmed' : 'none',
        asked: by,
      })
    },
  }
}
