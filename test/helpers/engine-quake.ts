import { booleanQuery, tallied, type Test } from './boolean-query.ts'
import type { SyntheticBanner } from './engine-banners.ts'
import { namesByModule } from './engine-names.ts'
import type { Answer, EngineRequest } from './engine.ts'

export interface QuakeOptions {
  /** The only token taken; any when absent. */
  readonly token?: string
  /** Calls there are this month: 1000 when absent. An aggregation is one. */
  readonly credits?: number
  /** Cuts every list of buckets off, whatever was asked. */
  readonly bucketLimit?: number
}

/** An answer function that knows what it has cost. */
export type QuakeAnswers = Answer & {
  /** Calls spent: aggregations answered. */
  spent(): number
}

/** A service of an address, by what can be asked for and counted by. */
type Service = Readonly<Partial<Record<'country' | 'country_code' | 'province' | 'asn' | 'service' | 'port', string>>>

const fields = new Set(['country', 'province', 'asn', 'service', 'port'])
/** Of those its page lists. */
const aggregated = new Set(['country_code', 'province', 'asn', 'service', 'port'])

class Refusal extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status = 200) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** `field:"value"` finds the words of the value, one after another, anywhere. */
function condition(take: () => string): Test<Service> {
  const name = take()
  if (!fields.has(name)) throw new Refusal('q3017', `暂不支持该字段查询 ${name}`)
  if (take() !== ':') throw new Error('a colon is expected')
  const [, wanted] = /^"([^"]+)"$/su.exec(take()) ?? []
  if (wanted === undefined) throw new Error('a value in quotes is expected')
  const wordsOf = (text: string): string =>
    ` ${text
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .join(' ')} `
  const field = name === 'country' ? 'country_code' : (name as keyof Service)
  return (service) => wordsOf(service[field] ?? '').includes(wordsOf(wanted))
}

function parseQuery(query: string): Test<Service> {
  try {
    const tokens = query.match(/"[^"]*"|\w+|\S/g) ?? []
    return booleanQuery(tokens, { and: 'AND', or: 'OR', not: 'NOT' }, condition)
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal('q3015', `查询语句解析错误: ${String(error)}`)
  }
}

interface Asked {
  readonly query: string
  readonly size: number
  readonly list: readonly string[]
}

function readBody({ body, headers }: EngineRequest): Asked {
  if (headers['content-type'] !== 'application/json') throw new Refusal('u3010', 'application/json is expected')
  const { query, size, aggregation_list, latest, ignore_cache, ...rest } = JSON.parse(body) as Record<string, unknown>
  if (typeof query !== 'string' || !Array.isArray(aggregation_list)) throw new Refusal('u3009', '缺少请求参数')
  const list = (aggregation_list as readonly unknown[]).map((field) => JSON.stringify(field))
  const isRight =
    Number.isInteger(size) &&
    Number(size) >= 1 &&
    Number(size) <= 10_000 &&
    [latest, ignore_cache].every((flag) => flag === undefined || typeof flag === 'boolean') &&
    Object.keys(rest).length === 0 &&
    (list.length === 1 || list.length === 2)
  if (!isRight) throw new Refusal('u3010', '参数类型错误')
  const wrong = list.find((field) => !aggregated.has(field.slice(1, -1)))
  if (wrong !== undefined) throw new Refusal('q3017', `暂不支持该字段查询 ${wrong}`)
  return { query, size: Number(size), list: list.map((field) => field.slice(1, -1)) }
}

/** Plays Quake's aggregations of services over banners in memory. */
export function quakeAnswers(banners: readonly SyntheticBanner[], options: QuakeOptions = {}): QuakeAnswers {
  const { token, credits = 1000, bucketLimit = Infinity } = options
  const names = namesByModule('quake')
  const services = banners.map(({ country, regionName, asn, module, port }): Service => ({
    country_code: country,
    service: names.get(module) ?? 'unknown',
    port: String(port),
    ...(regionName === undefined ? {} : { province: regionName }),
    ...(asn === undefined ? {} : { asn: asn.replace('AS', '') }),
  }))
  let spent = 0

  const aggregation = (request: EngineRequest): unknown => {
    const { query, size, list } = readBody(request)
    const found = services.filter(parseQuery(query))
    if (spent >= credits) throw new Refusal('q3007', '用户积分不足')
    spent += 1
    const bucketsOf = (field: string): unknown =>
      tallied(found.map((service) => service[field as keyof Service]))
        .slice(0, Math.min(size, bucketLimit))
        .map(([key, count]) => ({ key: field === 'asn' || field === 'port' ? Number(key) : key, doc_count: count }))
    return Object.fromEntries(list.map((field) => [field, bucketsOf(field)]))
  }
  const routes: Readonly<Record<string, (request: EngineRequest) => unknown>> = {
    'POST /api/v3/aggregation/quake_service': aggregation,
    // It tells the token, too.
    'GET /api/v3/user/info': ({ headers }) => ({ credit: credits - spent, token: headers['x-quaketoken'] }),
  }

  const answer: Answer = (request) => {
    try {
      const told = request.headers['x-quaketoken'] ?? ''
      if (told === '' || (token !== undefined && told !== token)) throw new Refusal('u3004', 'token 无效', 401)
      const route = routes[`${request.method} ${request.path}`]
      if (route === undefined || Object.keys(request.params).length > 0) throw new Refusal('u3010', '参数类型错误', 404)
      return { body: { code: 0, message: 'Successful.', data: route(request), meta: {} } }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { status: error.status, body: { code: error.code, message: error.message, data: {}, meta: {} } }
    }
  }
  return Object.assign(answer, { spent: () => spent })
}
