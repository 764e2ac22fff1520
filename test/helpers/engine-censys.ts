import type { Answer, EngineRequest, Reply } from './engine.ts'
import type { SyntheticBanner } from './engine-banners.ts'
import { namesByModule } from './engine-names.ts'

export interface CensysOptions {
  /** The only bearer token taken; any when absent. */
  readonly token?: string
  /** The only organisation that may be named, and then must be; none may be when absent. */
  readonly organisation?: string
  /** Credits there are: 1000 when absent. An aggregate costs one. */
  readonly credits?: number
  /** Cuts every list of buckets off, whatever was asked. */
  readonly bucketLimit?: number
}

/** An answer function that knows what it has cost. */
export type CensysAnswers = Answer & {
  /** Credits spent: aggregates answered. */
  spent(): number
}

interface HostService {
  readonly protocol: string
  readonly port: number
}

/** An address, where its first banner is. */
interface Host {
  readonly country: string
  readonly province: string | undefined
  readonly city: string | undefined
  readonly asn: string | undefined
  readonly services: HostService[]
}

type Test<T> = (subject: T) => boolean
type Fields<T> = ReadonlyMap<string, (subject: T) => string | undefined>

/** What the engine says instead of an answer. */
class Refusal extends Error {
  readonly status: number
  readonly body: unknown

  constructor(status: number, body: unknown) {
    super(`status ${status}`)
    this.status = status
    this.body = body
  }
}

/** An error in the shape of RFC 9457, as all but those about the token are. */
const problem = (status: number, title: string, detail: string): Refusal =>
  new Refusal(status, { title, status, detail })
const notUnderstood = (detail: string): Refusal => problem(422, 'Unprocessable Entity', detail)

function hostsOf(banners: readonly SyntheticBanner[]): readonly Host[] {
  const protocols = namesByModule('censys')
  const hosts = new Map<string, Host>()
  for (const { ip_str: ip, country, regionName, city, asn, module, port } of banners) {
    const host = hosts.get(ip) ?? { country, province: regionName, city, asn: asn?.replace('AS', ''), services: [] }
    const protocol = protocols.get(module) ?? 'UNKNOWN'
    // The Platform tells HTTPS by its TLS, and calls it HTTP.
    host.services.push({ protocol: protocol === 'HTTPS' ? 'HTTP' : protocol, port })
    hosts.set(ip, host)
  }
  return [...hosts.values()]
}

const hostFields: Fields<Host> = new Map([
  ['host.location.country_code', ({ country }: Host) => country],
  ['host.location.province', ({ province }: Host) => province],
  ['host.location.city', ({ city }: Host) => city],
  ['host.autonomous_system.asn', ({ asn }: Host) => asn],
])
const serviceFields: Fields<HostService> = new Map([
  ['protocol', ({ protocol }: HostService) => protocol],
  ['port', ({ port }: HostService) => String(port)],
])

/** Reads the query language, as far as it is used: conditions with `and`, `or`, `not`, `{a, b}` and nesting. */
function parseQuery(query: string): Test<Host> {
  const tokens = query.match(/"[^"]*"|[\w.]+|[^\s\w.]/g) ?? []
  let at = 0
  const take = (): string => tokens[at++] ?? ''
  const isNext = (token: string): boolean => tokens[at] === token && ++at > 0
  const expect = (token: string): void => {
    const found = take()
    if (found !== token) throw notUnderstood(`${token} is expected, not ${found}, in ${query}`)
  }
  const value = (): string => {
    const [, text, number] = /^(?:"(.+)"|(\d+))$/su.exec(take()) ?? []
    const told = text ?? number
    if (told === undefined) throw notUnderstood(`a value is expected in ${query}`)
    return told
  }
  const list = <T>(one: () => T, separator: string): [T, ...T[]] => {
    const found: [T, ...T[]] = [one()]
    while (isNext(separator)) found.push(one())
    return found
  }

  /** `nested` reads what only hosts have: a condition on one of their services. */
  const reader = <T>(fields: Fields<T>, nested?: (name: string) => Test<T> | undefined): (() => Test<T>) => {
    const condition = (): Test<T> => {
      const name = take()
      const within = nested?.(name)
      if (within !== undefined) return within
      const field = fields.get(name)
      if (field === undefined) throw notUnderstood(`there is no field ${name}`)
      if (isNext('=')) {
        const wanted = value()
        return (subject) => field(subject) === wanted
      }
      expect(':')
      expect('{')
      const wanted = new Set(list(value, ','))
      expect('}')
      return (subject) => wanted.has(field(subject) ?? '')
    }
    const term = (): Test<T> => {
      if (isNext('not')) {
        const test = term()
        return (subject) => !test(subject)
      }
      if (!isNext('(')) return condition()
      const test = any()
      expect(')')
      return test
    }
    const every = (): Test<T> => {
      const tests = list(term, 'and')
      return (subject) => tests.every((test) => test(subject))
    }
    const any = (): Test<T> => {
      const tests = list(every, 'or')
      return (subject) => tests.some((test) => test(subject))
    }
    return any
  }

  const ofService = reader(serviceFields)
  const ofHost = reader(hostFields, (name) => {
    if (name !== 'host.services') return undefined
    expect(':')
    expect('(')
    const test = ofService()
    expect(')')
    return ({ services }) => services.some(test)
  })
  const test = ofHost()
  if (at < tokens.length) throw notUnderstood(`${tokens[at]} is not expected in ${query}`)
  return test
}

interface Asked {
  readonly query: string
  readonly field: string
  readonly size: number
}

function readBody({ body, headers }: EngineRequest): Asked {
  if (headers['content-type'] !== 'application/json')
    throw problem(415, 'Unsupported Media Type', 'application/json is expected')
  const {
    query,
    field,
    number_of_buckets: size,
    count_by_level: level,
  } = JSON.parse(body) as Readonly<Record<string, unknown>>
  if (typeof query !== 'string' || typeof field !== 'string') throw notUnderstood('query and field are expected')
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > 10_000)
    throw notUnderstood('number_of_buckets is expected to be from 1 to 10000')
  // Without it services would be counted where the field is of a service.
  if (level !== '.') throw notUnderstood('count_by_level: only hosts are counted here')
  return { query, field, size }
}

/** Counts hosts by a field: most first, and equal counts in the order of their keys. */
function counted(hosts: readonly Host[], fieldName: string, size: number): unknown {
  const field = hostFields.get(fieldName)
  if (field === undefined) throw notUnderstood(`there is no field ${fieldName}`)
  const counts = new Map<string, number>()
  for (const host of hosts) {
    const key = field(host)
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const sorted = [...counts].toSorted(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
  return {
    total_count: hosts.length,
    // Of hosts that have the field: one without is in no bucket, listed or not.
    other_count: sorted.slice(size).reduce((sum, [, count]) => sum + count, 0),
    is_more_than_total_hits: false,
    query_duration_millis: 1,
    buckets: sorted.slice(0, size).map(([key, count]) => ({ key, count })),
  }
}

/** Plays the Censys Platform's API over banners in memory: what it counts is distinct addresses. */
export function censysAnswers(banners: readonly SyntheticBanner[], options: CensysOptions = {}): CensysAnswers {
  const { token, organisation, credits = 1000, bucketLimit = Infinity } = options
  const hosts = hostsOf(banners)
  let spent = 0

  const aggregate = (request: EngineRequest): unknown => {
    if (request.params['organization_id'] !== organisation)
      throw problem(403, 'Forbidden', 'the organization is not one of the token')
    const { query, field, size } = readBody(request)
    const result = counted(hosts.filter(parseQuery(query)), field, Math.min(size, bucketLimit))
    if (spent >= credits) throw problem(403, 'Forbidden', 'Insufficient credits for this request')
    spent += 1
    return { result }
  }
  const balance = (): unknown => ({ result: { balance: credits - spent, resets_at: null } })
  const routes: Readonly<Record<string, (request: EngineRequest) => unknown>> = {
    'POST /v3/global/search/aggregate': aggregate,
    ...(organisation === undefined
      ? { 'GET /v3/accounts/users/credits': balance }
      : { [`GET /v3/accounts/organizations/${organisation}/credits`]: balance }),
  }

  const answer = (request: EngineRequest): Reply => {
    try {
      const { authorization = '' } = request.headers
      if (token === undefined ? !authorization.startsWith('Bearer ') : authorization !== `Bearer ${token}`) {
        const error = { message: 'Access token is invalid', reason: 'invalid_token' }
        throw new Refusal(401, { error })
      }
      const route = routes[`${request.method} ${request.path}`]
      if (route === undefined) throw problem(404, 'Not Found', 'there is nothing here')
      return { body: route(request) }
    } catch (error) {
      if (error instanceof Refusal) return { status: error.status, body: error.body }
      throw error
    }
  }
  return Object.assign(answer, { spent: () => spent })
}
