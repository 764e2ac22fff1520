import type { SyntheticBanner } from './engine-banners.ts'
import { namesByModule } from './engine-names.ts'
import type { Answer, EngineRequest } from './engine.ts'

export interface OnypheOptions {
  /** The only key taken; any when absent. */
  readonly key?: string
  /** Credits there are: 1000 when absent. A page takes one, however much is on it. */
  readonly credits?: number
  /** Records on a page, whatever was asked. */
  readonly pageSize?: number
  /** A term that is overlooked, as `tls`. */
  readonly overlooks?: string
}

type OnypheRecord = Readonly<Record<string, string | number>>

class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The records ONYPHE would have of banners. */
export function onypheRecords(banners: readonly SyntheticBanner[]): readonly OnypheRecord[] {
  const names = namesByModule('onyphe')
  return banners.map((banner): OnypheRecord => {
    const name = names.get(banner.module) ?? banner.module
    return {
      '@category': 'datascan',
      '@timestamp': `${banner.timestamp.slice(0, 19)}.000Z`,
      ip: banner.ip_str,
      port: banner.port,
      transport: banner.transport,
      protocol: name === 'https' ? 'http' : name,
      ...(name === 'https' ? { tls: 'true' } : {}),
      country: banner.country,
      ...(banner.regionName === undefined ? {} : { subdivision: banner.regionName }),
      ...(banner.city === undefined ? {} : { city: banner.city }),
      ...(banner.product === undefined ? {} : { product: banner.product }),
      data: banner.data,
    }
  })
}

/** Terms hold together; of those with `?` one has to; those with `!` must not. */
function queryOf(query: string, overlooks: string | undefined): (record: OnypheRecord) => boolean {
  const terms = query.split(' ').map((term) => {
    const [, sign, field, value] = /^([?!]?)([a-z.]+):([^\s:]+)$/.exec(term) ?? []
    if (field === undefined || value === undefined) throw new Refusal(400, `Invalid term ${term}`)
    const known = field === 'category' ? '@category' : field
    if (!['@category', 'country', 'protocol', 'port', 'tls'].includes(known))
      throw new Refusal(400, `Unknown field ${field}`)
    return { sign, field, holds: (record: OnypheRecord) => String(record[known] ?? '') === value }
  })
  const heeded = terms.filter(({ field }) => field !== overlooks)
  const some = heeded.filter(({ sign }) => sign === '?')
  return (record) =>
    heeded.every(({ sign, holds }) => sign === '?' || holds(record) === (sign !== '!')) &&
    (some.length === 0 || some.some(({ holds }) => holds(record)))
}

/** Plays ONYPHE's search over banners in memory. */
export function onypheAnswers(
  banners: readonly SyntheticBanner[],
  { key, credits = 1000, pageSize, overlooks }: OnypheOptions = {},
): Answer {
  const records = onypheRecords(banners)
  let left = credits
  const envelope = (results: readonly unknown[], total: number, page: string, size: number): unknown => ({
    count: results.length,
    error: 0,
    max_page: Math.ceil(total / size),
    myip: '192.0.2.250',
    page,
    page_size: size,
    results,
    status: 'ok',
    text: 'Success',
    took: '0.010',
    total,
  })
  const search = ({ params: { q = '', page = '1', size = '10', ...others } }: EngineRequest): unknown => {
    const per = pageSize ?? Number(size)
    if (Object.keys(others).length > 0 || !/^[1-9]\d*$/.test(page) || !(per >= 1 && per <= 100))
      throw new Refusal(400, 'Invalid parameter')
    if (Number(page) * per > 10_000) throw new Refusal(400, 'Page is beyond the 10,000 results')
    const found = records.filter(queryOf(q, overlooks))
    if (left <= 0) throw new Refusal(402, 'Not enough credits')
    left--
    const from = (Number(page) - 1) * per
    return envelope(found.slice(from, from + per), found.length, page, per)
  }
  return (request) => {
    const [, told] = /^bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
    try {
      if (told === undefined || (key !== undefined && told !== key)) throw new Refusal(400, 'Invalid API key')
      if (request.path === '/api/v2/search/') return { body: search(request) }
      if (request.path !== '/api/v2/user') return { status: 404, body: 'there is nothing here' }
      return { body: envelope([{ '@category': 'user', apikey: told, view: 'Lion View', credits: left }], 1, '1', 10) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { status: error.status, body: { count: 0, error: 3, status: 'nok', text: error.message } }
    }
  }
}
