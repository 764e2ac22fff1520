import { booleanQuery, tallied, type Test } from './boolean-query.ts'
import type { SyntheticBanner } from './engine-banners.ts'
import { namesByModule } from './engine-names.ts'
import type { Answer, EngineRequest } from './engine.ts'

export interface FofaOptions {
  /** The only key taken; any when absent. */
  readonly key?: string
  /** F-points there are: 1000 when absent. Statistics take one. */
  readonly points?: number
  /** Cuts the list of regions off, whatever was asked. */
  readonly bucketLimit?: number
}

/** An answer function that knows what it has cost. */
export type FofaAnswers = Answer & {
  /** F-points spent: statistics answered. */
  spent(): number
}

/** A record, by what can be asked for. */
type Asset = Readonly<Partial<Record<'country' | 'region' | 'city' | 'protocol' | 'port', string>>>

/** The fields statistics are of, as its page lists them. */
const statistics = new Set('protocol,domain,port,title,os,server,country,asn,org,asset_type,fid,icp'.split(','))
const parameters = new Set(['key', 'qbase64', 'fields', 'size'])

class Refusal extends Error {}

/** `field=="value"` is the whole value, `=` contains it, `!=` is what does not contain it. */
function condition(take: () => string): Test<Asset> {
  const [field, operator] = [take() as keyof Asset, take()]
  if (!['country', 'region', 'city', 'protocol', 'port'].includes(field)) throw new Error(`there is no ${field}`)
  const [, wanted] = /^"([^"]+)"$/su.exec(take()) ?? []
  if (wanted === undefined) throw new Error('a value in quotes is expected')
  if (operator === '==') return (asset) => asset[field] === wanted
  if (operator === '=') return (asset) => asset[field]?.includes(wanted) === true
  if (operator === '!=') return (asset) => asset[field]?.includes(wanted) !== true
  throw new Error(`${operator} is no operator`)
}

function parseQuery(qbase64: string): Test<Asset> {
  const query = Buffer.from(qbase64, 'base64').toString()
  if (query === '' || Buffer.from(query).toString('base64') !== qbase64) throw new Refusal('[-4] Params Error')
  try {
    const tokens = query.match(/"[^"]*"|&&|\|\||[!=]?=|\w+|\S/g) ?? []
    return booleanQuery(tokens, { and: '&&', or: '||' }, condition)
  } catch (error) {
    throw new Refusal(`[820000] FOFA Query Syntax Incorrect: ${String(error)}`)
  }
}

/** Plays FOFA's statistics over banners in memory. */
export function fofaAnswers(banners: readonly SyntheticBanner[], options: FofaOptions = {}): FofaAnswers {
  const { key, points = 1000, bucketLimit = Infinity } = options
  const protocols = namesByModule('fofa')
  const assets = banners.map(({ country, regionName, city, module, port }): Asset => ({
    country,
    protocol: protocols.get(module) ?? 'unknown',
    port: String(port),
    ...(regionName === undefined ? {} : { region: regionName }),
    ...(city === undefined ? {} : { city }),
  }))
  let spent = 0

  const stats = ({ params }: EngineRequest): unknown => {
    const { qbase64 = '', fields = 'title', size = '5' } = params
    if (Object.keys(params).some((name) => !parameters.has(name)) || !/^[1-9]\d{0,3}$/.test(size))
      throw new Refusal('[-4] Params Error')
    const wrong = fields.split(',').find((field) => !statistics.has(field))
    if (wrong !== undefined) throw new Refusal(`[820001] no statistics of ${wrong}`)
    const found = assets.filter(parseQuery(qbase64))
    if (spent >= points) throw new Refusal('[820031] F点余额不足')
    spent += 1
    const regionsOf = (code: string): unknown =>
      tallied(found.flatMap(({ country, region }) => (country === code ? [region ?? 'Unknown'] : [])))
        .slice(0, Math.min(Number(size), bucketLimit))
        .map(([name, count]) => ({ name, count, code: '' }))
    const countries = tallied(found.map(({ country }) => country))
      .slice(0, Number(size))
      .map(([name, count]) => ({ name: `Country ${name}`, name_code: name, count, regions: regionsOf(name) }))
    return {
      error: false,
      consumed_fpoint: 1,
      required_fpoints: 1,
      size: found.length,
      distinct: { ip: 0, title: 0 },
      aggs: fields.split(',').includes('country') ? { countries } : {},
      lastupdatetime: '2026-05-31 00:00:00',
    }
  }
  const routes: Readonly<Record<string, (request: EngineRequest) => unknown>> = {
    'GET /api/v1/search/stats': stats,
    'GET /api/v1/info/my': () => ({ error: false, isvip: true, vip_level: 13, fcoin: 0, fofa_point: points - spent }),
  }

  const answer: Answer = (request) => {
    try {
      const { key: told = '' } = request.params
      if (told === '' || (key !== undefined && told !== key)) throw new Refusal('[-700] Account Invalid')
      const route = routes[`${request.method} ${request.path}`]
      return route === undefined ? { status: 404, body: 'there is nothing here' } : { body: route(request) }
    } catch (error) {
      if (error instanceof Refusal) return { body: { error: true, errmsg: error.message } }
      throw error
    }
  }
  return Object.assign(answer, { spent: () => spent })
}
