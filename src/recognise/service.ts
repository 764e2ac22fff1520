import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { engineIds } from '../model/engine.ts'
import { recordSources } from '../model/observation.ts'
import { wrongInput } from '../model/errors.ts'

const id = z.string().regex(/^[a-z0-9][a-z0-9.+-]{0,31}$/)
const ports = z.array(z.int().min(0).max(65_535)).max(100)
const nameList = z.array(z.string().min(1).max(64)).max(100)
const serviceSchema = z.strictObject({
  id,
  title: z.string().min(1),
  category: id,
  ports: z.strictObject({ tcp: ports, udp: ports }),
  names: z.partialRecord(z.enum([...recordSources, ...engineIds]), nameList),
  why: z.string().min(1),
})
const catalogueSchema = z.strictObject({
  title: z.string(),
  source: z.string().min(1),
  licence: z.string().min(1),
  notes: z.array(z.string()),
  saysNothing: z.array(z.string()),
  applicationOnly: z.array(z.enum(recordSources)),
  services: z.array(serviceSchema).min(1),
})

export type Service = z.infer<typeof serviceSchema>

/** What a record says of its service. `module` is the source's own name for it; `transport` is tcp, udp or another. */
export interface ServiceClue {
  readonly source: string
  readonly module?: string
  readonly port: number
  readonly transport: string
}

/** `by`: the source's name decided, the port did because the name says nothing, or the service is reported as itself. */
export interface ServiceMatch {
  readonly service: string
  readonly by: 'name' | 'port' | 'itself'
}

export interface ServiceCatalogue {
  readonly services: readonly Service[]
  /** Category → ids of its services, both in the catalogue's order. */
  readonly categories: ReadonlyMap<string, readonly string[]>
  /** SHA-256 of the catalogue's text, hexadecimal. */
  readonly hash: string
  /** The service of a record; never fails, and never drops what the catalogue does not know. */
  classify(clue: ServiceClue): ServiceMatch
  /** Whether a source's name for a service tells nothing of it, so that the port decides. */
  saysNothing(module: string): boolean
  /** Ids of the services a LIST of ids and category names stands for, each once, in the order asked. Unknown names: exit 2. */
  resolve(list: readonly string[]): readonly string[]
}

let shipped: ServiceCatalogue | undefined

/** The catalogue of data/services.json, which is read once. */
export const loadServices = (): ServiceCatalogue =>
  (shipped ??= parseServices(readFileSync(new URL('../../data/services.json', import.meta.url), 'utf8')))

/** A catalogue from its JSON text; one that is no JSON, has wrong fields or contradicts itself is a CensusError (exit 2). */
export function parseServices(text: string): ServiceCatalogue {
  const file = readCatalogue(text)
  const byName = indexNames(file.services)
  const byPort = indexPorts(file.services)
  const categories = new Map<string, string[]>()
  for (const { category, id: service } of file.services) {
    categories.set(category, [...(categories.get(category) ?? []), service])
  }
  for (const category of categories.keys()) {
    if (byName.get(category) === category || category === 'all') throw broken(`category "${category}" is also an id`)
  }
  const silent = new Set(file.saysNothing.map(normalName))
  for (const name of silent) if (byName.has(name)) throw broken(`"${name}" both says nothing and names a service`)
  const applicationOnly = new Set<string>(file.applicationOnly)

  const named = (source: string, module: string): string | undefined => {
    const told = module.replace(/^(scan|population)6_/i, '$1_')
    const own = source === 'shadowserver' ? byName.get(normalName(`scan_${told}`)) : undefined
    return own ?? byName.get(normalName(told)) ?? byName.get(normalName(told.replace(/^(ssl|tls)[/|]/i, '')))
  }
  const classify = ({ source, module = '', port, transport }: ServiceClue): ServiceMatch => {
    const guess = byPort.get(`${transport}/${port}`)
    const service = named(source, module)
    if (service === 'http' && guess === 'https' && applicationOnly.has(source)) return { service: 'https', by: 'name' }
    if (service !== undefined) return { service, by: 'name' }
    const name = normalName(module)
    if (name === '' || silent.has(name) || silent.has(normalName(module.replace(/^scan6_/i, 'scan_')))) {
      if (guess !== undefined) return { service: guess, by: 'port' }
      return { service: `${normalName(transport).slice(0, 16) || 'unknown'}-${port}`, by: 'itself' }
    }
    // A name of the source's own that happens to be a category's must not be added to that category's row.
    const reserved = categories.has(name) || name === 'all'
    return { service: reserved ? `${name}-unmapped` : name, by: 'itself' }
  }
  const ids = new Set(file.services.map((service) => service.id))
  const valid = [...categories.keys(), ...ids]
  const resolve = (list: readonly string[]): readonly string[] => [
    ...new Set(
      list.flatMap((asked) => {
        const name = asked.trim().toLowerCase()
        const members = categories.get(name) ?? (ids.has(name) ? [name] : undefined)
        if (members === undefined) throw unknownService(asked, nearest(name, valid, byName.get(normalName(name))))
        return members
      }),
    ),
  ]
  const hash = createHash('sha256').update(text).digest('hex')
  const saysNothing = (module: string): boolean => normalName(module) === '' || silent.has(normalName(module))
  return { services: file.services, categories, hash, classify, saysNothing, resolve }
}

/** A source's name for a service in the form all names are compared in: /^[a-z0-9][a-z0-9.+-]{0,63}$/, or empty. */
function normalName(text: string): string {
  return text
    .slice(0, 256)
    .toLowerCase()
    .replace(/[^a-z0-9.+]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
    .replace(/-+$/, '')
}

function readCatalogue(text: string): z.infer<typeof catalogueSchema> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw broken(error instanceof Error ? error.message : 'not JSON')
  }
  const parsed = catalogueSchema.safeParse(json)
  if (!parsed.success) throw broken(z.prettifyError(parsed.error))
  return parsed.data
}

/** Every name and id → its service. One name means one service in every format, or the catalogue is broken. */
function indexNames(services: readonly Service[]): Map<string, string> {
  const index = new Map<string, string>()
  for (const service of services) {
    for (const name of [service.id, ...Object.values(service.names).flat()]) {
      const normal = normalName(name)
      const other = index.get(normal)
      if (normal === '' || (other !== undefined && other !== service.id)) {
        throw broken(`name "${name}" of ${service.id} is empty or belongs to ${other ?? 'nobody'}`)
      }
      index.set(normal, service.id)
    }
  }
  if (new Set(services.map((service) => service.id)).size !== services.length) throw broken('an id is there twice')
  return index
}

function indexPorts(services: readonly Service[]): Map<string, string> {
  const index = new Map<string, string>()
  for (const service of services) {
    const keys = [...service.ports.tcp.map((port) => `tcp/${port}`), ...service.ports.udp.map((port) => `udp/${port}`)]
    for (const key of keys) {
      const other = index.get(key)
      if (other !== undefined) throw broken(`${key} belongs to ${other} and to ${service.id}`)
      index.set(key, service.id)
    }
  }
  return index
}

function nearest(name: string, valid: readonly string[], meant: string | undefined): readonly string[] {
  const limit = Math.max(2, Math.floor(name.length / 2))
  const close = valid
    .map((candidate) => ({ candidate, steps: distance(name.slice(0, 64), candidate) }))
    .filter(({ steps }) => steps <= limit)
    .toSorted(
      (a, b) =>
        a.steps - b.steps ||
        Math.abs(a.candidate.length - name.length) - Math.abs(b.candidate.length - name.length) ||
        (a.candidate < b.candidate ? -1 : 1),
    )
    .map(({ candidate }) => candidate)
  return [...new Set([...(meant === undefined ? [] : [meant]), ...close])].slice(0, 3)
}

const unknownService = (asked: string, close: readonly string[]) =>
  wrongInput(
    `there is no service or category ${JSON.stringify(asked.slice(0, 80))}`,
    `${close.length === 0 ? '' : `nearest: ${close.join(', ')}; `}\`census list services\` shows them all`,
  )

const broken = (what: string) => wrongInput(`The service catalogue (services.json) is wrong: ${what}`)
