import type { Question } from '../model/engine.ts'
import type { ServiceCatalogue, Service } from '../recognise/service.ts'
import { wrongInput } from '../model/errors.ts'

/** How many values of a product, device or network facet are counted by region; the rest is `other`. */
export const valuesListed = 10

/** A service or category as it is written in the catalogue. */
export const normalised = (name: string): string => name.trim().toLowerCase()

/** A row of a survey: a service, a category, or `all`, and what an engine is asked for it. */
export interface SurveyRow {
  readonly id: string
  readonly by: 'name' | 'port' | 'everything'
  readonly question: Question
  /** Ports that decide for banners whose name says nothing. */
  readonly ports: readonly number[]
  /** The services it is of: the rows whose own services are counted by products and networks too. */
  readonly isService: boolean
}

export interface SurveyRows {
  readonly rows: readonly SurveyRow[]
  /** Services asked for that the engine cannot be asked for, and why. */
  readonly unaskable: ReadonlyMap<string, string>
}

/** An engine, as far as its rows depend on it. */
export interface RowsOf {
  readonly source: string
  /** Whether it knows services by name. */
  readonly knowsServices: boolean
  readonly objection: (question: Question) => string | undefined
}

/**
 * The rows of a survey: `all`, then each category asked for, followed by its services. An engine that knows services by
 * name is asked by its own names for them, which is what its records are classified by; else by their ports.
 * @param asked ids and categories, normalised; every service of the catalogue when absent
 */
export function surveyRows(
  catalogue: ServiceCatalogue,
  { source: engine, knowsServices, objection }: RowsOf,
  country: string,
  asked: readonly string[] | undefined,
): SurveyRows {
  const list = asked?.filter((name) => name !== 'all')
  const wanted = new Set(list === undefined ? catalogue.services.map(({ id }) => id) : catalogue.resolve(list))
  const by = knowsServices ? 'name' : 'port'
  const rows: SurveyRow[] = [{ id: 'all', by: 'everything', question: { country }, ports: [], isService: false }]
  const unaskable = new Map<string, string>()
  const rowOf = (id: string, services: readonly Service[], isService: boolean): void => {
    const names = services.flatMap(({ names: of }) =>
      Object.entries(of).flatMap(([source, told]) => (source === engine ? told : [])),
    )
    const ports = [...new Set(services.flatMap(decidingPorts(catalogue)))].toSorted((a, b) => a - b)
    const question = { country, ...(knowsServices ? { modules: names } : { ports }) }
    const isNamed = (knowsServices ? names : ports).length > 0
    const why = isNamed ? objection(question) : 'it has no name for it'
    if (why === undefined) rows.push({ id, by, question, ports, isService })
    else unaskable.set(id, why)
  }
  for (const [category, members] of catalogue.categories) {
    const services = catalogue.services.filter(({ id }) => members.includes(id))
    if (list === undefined || list.includes(category)) rowOf(category, services, false)
    for (const service of services.filter(({ id }) => wanted.has(id))) rowOf(service.id, [service], true)
  }
  if (rows.length === 1 && asked !== undefined && !asked.includes('all'))
    throw wrongInput(
      `${engine} cannot be asked for ${[...unaskable].map(([id, why]) => `${id} (${why})`).join(', ')}`,
      '`census list services` shows others',
    )
  return { rows, unaskable }
}

/** Ports that mean one service whatever the transport: engines do not tell TCP and UDP apart. */
const decidingPorts =
  (catalogue: ServiceCatalogue) =>
  ({ id, ports }: Service): number[] =>
    [...ports.tcp, ...ports.udp].filter((port) =>
      ['tcp', 'udp'].every((transport) => {
        const owner = catalogue.classify({ source: '', port, transport })
        return owner.by !== 'port' || owner.service === id
      }),
    )
