import { loadRegions } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import type { Question } from '../model/engine.ts'
import { loadServices } from '../recognise/service.ts'
import type { EngineClient, RecordPages } from '../sources/surveyor.ts'
import type { JournalScope } from '../store/journal.ts'
import { placeOf } from './engine.ts'
import { scopeOf } from './report-scope.ts'
import { normalised, surveyRows, type RowsOf } from './survey-rows.ts'

/** A query whose records are downloaded. */
export interface RecordQuery {
  /** The service, or `all`. */
  readonly what: string
  readonly question: Question
}

export interface RecordQueries {
  readonly queries: readonly RecordQuery[]
  /** Services asked for that the engine cannot be asked for, and why. */
  readonly unaskable: ReadonlyMap<string, string>
  /** Services and categories all of whose records are asked for; absent where all records are. */
  readonly rows?: readonly string[]
}

/** What a download is of. */
export interface RecordsScope {
  readonly country: string
  /** Ids and categories; everything when absent. */
  readonly services?: readonly string[]
  readonly regionTables?: string
}

/** The country's code. @throws CensusError exit 2 for a country or services that there are not */
export async function checkScope(engine: string, request: RecordsScope): Promise<string> {
  const { regionTables, services } = request
  const regions = await loadRegions(regionTables === undefined ? {} : { userTables: regionTables })
  const { country = '' } = scopeOf({ country: request.country }, regions)
  queriesOf({ source: engine, knowsServices: true, objection: () => undefined }, country, services, [])
  return country
}

/**
 * A query or two for each service, so that no record is downloaded twice; one for everything where no service is named.
 * @param silent the engine's names that say nothing of a service
 */
export function queriesOf(
  engine: RowsOf,
  country: string,
  asked: readonly string[] | undefined,
  silent: readonly string[],
): RecordQueries {
  const services = asked?.map(normalised)
  const catalogue = loadServices()
  const { rows, unaskable } = surveyRows(catalogue, engine, country, services)
  const isEverything = services === undefined || services.includes('all')
  const queries = rows
    .filter((row) => (isEverything ? row.by === 'everything' : row.isService))
    .flatMap(({ id, question, by, ports }) => [
      { what: id, question },
      // Records whose name says nothing are of the service that their port means.
      ...(by === 'name' && ports.length > 0
        ? [{ what: `${id}, by port`, question: { country, modules: silent, ports } }]
        : []),
    ])
  if (queries.length === 0) throw wrongInput('no service is asked for', '`census list services` shows what there is')
  const lacking = [...unaskable].filter(([id]) => !isEverything && services.includes(id))
  return {
    queries,
    unaskable: new Map(lacking),
    ...(isEverything ? {} : { rows: rows.filter((row) => row.by !== 'everything').map(({ id }) => id) }),
  }
}

/** An engine that gives records. */
export type RecordsEngine = EngineClient & { readonly records: RecordPages }

/** @throws CensusError exit 2 for an engine that gives counts only */
export function givesRecords(engine: EngineClient): RecordsEngine {
  const { records } = engine
  if (records === undefined) {
    throw wrongInput(
      `census cannot download records from ${engine.facts.title}`,
      'leave out --records to count, or see `census list sources`',
    )
  }
  return Object.assign(engine, { records })
}

const isByPort = (question: Question): question is Question & { readonly ports: readonly number[] } =>
  question.modules !== undefined && question.ports !== undefined

/** What tells this download from others. */
export const journalScope = (
  engine: RecordsEngine,
  country: string,
  queries: readonly RecordQuery[],
): JournalScope => ({
  engine: engine.facts.id,
  endpoint: placeOf(engine.endpoint),
  country,
  // The same whatever names the engine has today for what says nothing: pages that came must be found again.
  queries: queries.map(({ question }) =>
    isByPort(question)
      ? `${engine.records.query({ country, ports: question.ports })} of no name`
      : engine.records.query(question),
  ),
})
