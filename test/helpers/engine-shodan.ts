import type { Answer, EngineRequest, Reply } from './engine.ts'
import { prefectures, type SyntheticBanner } from './engine-banners.ts'

export interface ShodanOptions {
  /** The only key taken; any when absent. */
  readonly key?: string
  /** Query credits there are: 100 when absent. A page of a search costs one; counting is free. */
  readonly credits?: number
  /** `free` may search without filters, and the first page only. */
  readonly plan?: 'dev' | 'free'
  /** Banners on a page: 100 when absent. */
  readonly pageSize?: number
  /** Cuts every list of buckets off, whatever was asked. */
  readonly facetLimit?: number
  /** How regions are spelled in facets, filters and records: `iso` (13), `geonames` (40) or `name` (Tokyo); else `iso`. */
  readonly regions?: 'iso' | 'geonames' | 'name'
  /** Whether banners can be counted by module; they can when absent. */
  readonly moduleFacet?: boolean
}

/** An answer function that knows what it has cost. */
export type ShodanAnswers = Answer & {
  /** Query credits left. */
  credits(): number
}

type Field = (banner: SyntheticBanner) => string | undefined
type Matches = (banner: SyntheticBanner) => boolean

/** What the engine says instead of an answer. */
class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const geonames = new Map(prefectures.map((prefecture) => [prefecture.iso, prefecture.geonames]))

const spelledRegion =
  (spelling: NonNullable<ShodanOptions['regions']>): Field =>
  ({ region, regionName }) => {
    if (region === undefined) return undefined
    return spelling === 'iso' ? region : spelling === 'name' ? regionName : geonames.get(region)
  }

/** Values of a filter: commas separate them, within quotes too, and any of them will do. */
const listed = (text: string): string[] =>
  text
    .replaceAll('"', '')
    .split(',')
    .map((value) => value.trim().toLowerCase())

/** Reads a query: words and filters that must all hold, each turned round by a leading `-`. */
function evaluator(query: string, filters: ReadonlyMap<string, Field>): { matches: Matches; isFiltered: boolean } {
  const terms = query.match(/(?:"[^"]*"|[^\s"])+/g) ?? []
  if (terms.length === 0) throw new Refusal(400, 'Empty search query')
  let isFiltered = false
  const tests = terms.map((term): Matches => {
    const isNot = term.startsWith('-')
    const [, name, value] = /^-?([a-z._]+):(.*)$/s.exec(term) ?? []
    if (name === undefined || value === undefined) {
      const word = term
        .slice(isNot ? 1 : 0)
        .replaceAll('"', '')
        .toLowerCase()
      return (banner) => banner.data.toLowerCase().includes(word) !== isNot
    }
    const field = filters.get(name)
    if (field === undefined) throw new Refusal(400, `Unknown filter: ${name}`)
    isFiltered = true
    const wanted = new Set(listed(value))
    return (banner) => wanted.has(field(banner)?.toLowerCase() ?? '\0') !== isNot
  })
  return { matches: (banner) => tests.every((test) => test(banner)), isFiltered }
}

/** Counts banners by a field: most first, and equal counts in the order of their values. */
function buckets(banners: readonly SyntheticBanner[], name: string, field: Field, size: number): unknown[] {
  const counts = new Map<string, number>()
  for (const banner of banners) {
    const value = field(banner)
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return [...counts]
    .toSorted(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
    .slice(0, size)
    .map(([value, count]) => ({ count, value: name === 'port' ? Number(value) : value }))
}

/** A banner as the API writes it. */
const record = (banner: SyntheticBanner, regionCode: string | undefined, id: number): unknown => ({
  ip_str: banner.ip_str,
  port: banner.port,
  transport: banner.transport,
  timestamp: banner.timestamp,
  data: banner.data,
  ...(banner.product === undefined ? {} : { product: banner.product }),
  ...(banner.version === undefined ? {} : { version: banner.version }),
  ...(banner.devicetype === undefined ? {} : { devicetype: banner.devicetype }),
  org: banner.org ?? null,
  isp: banner.org ?? null,
  ...(banner.asn === undefined ? {} : { asn: banner.asn }),
  hash: id * 7919 - 2 ** 20,
  hostnames: [],
  domains: [],
  location: {
    country_code: banner.country,
    country_name: banner.country === 'JP' ? 'Japan' : null,
    region_code: regionCode ?? null,
    city: banner.city ?? null,
    latitude: null,
    longitude: null,
    area_code: null,
  },
  _shodan: { module: banner.module, id: `synthetic-${id}`, crawler: 'test', options: {}, ptr: true },
})

/**
 * Plays Shodan's REST API over banners in memory. Values of filters are compared whole and without regard to case; a
 * word of its own is looked for in `data`.
 */
export function shodanAnswers(banners: readonly SyntheticBanner[], options: ShodanOptions = {}): ShodanAnswers {
  const { key, plan = 'dev', pageSize = 100, facetLimit = Infinity, regions = 'iso', moduleFacet = true } = options
  const allCredits = options.credits ?? 100
  let credits = allCredits
  const region = spelledRegion(regions)
  const fields = new Map<string, Field>([
    ['country', (banner) => banner.country],
    ['region', region],
    ['city', (banner) => banner.city],
    ['port', (banner) => String(banner.port)],
    ['product', (banner) => banner.product],
    ['version', (banner) => banner.version],
    ['org', (banner) => banner.org],
    ['asn', (banner) => banner.asn],
    ['device', (banner) => banner.devicetype],
    ['shodan.module', (banner) => banner.module],
  ])
  const isFacet = (name: string): boolean =>
    fields.has(name) && name !== 'version' && (moduleFacet || name !== 'shodan.module')

  const facetsOf = (found: readonly SyntheticBanner[], asked: string): Record<string, unknown> =>
    Object.fromEntries(
      asked.split(',').map((each) => {
        const [name = '', size = '10'] = each.trim().split(':')
        const field = fields.get(name)
        if (field === undefined || !isFacet(name)) throw new Refusal(400, `Unknown facet: ${name}`)
        if (!/^\d+$/.test(size)) throw new Refusal(400, `Invalid size of the facet ${name}`)
        return [name, buckets(found, name, field, Math.min(Number(size), facetLimit))]
      }),
    )

  const found = ({ params }: EngineRequest) => {
    const { matches, isFiltered } = evaluator(params['query'] ?? '', fields)
    const matched = banners.filter(matches)
    const facets = params['facets'] === undefined ? {} : { facets: facetsOf(matched, params['facets']) }
    return { matched, facets, isFiltered }
  }

  const search = (request: EngineRequest): unknown => {
    const page = Number(request.params['page'] ?? '1')
    if (!Number.isInteger(page) || page < 1) throw new Refusal(400, 'Invalid page')
    const { matched, facets, isFiltered } = found(request)
    if (plan === 'free' && (isFiltered || page > 1)) {
      throw new Refusal(403, 'Please upgrade your API plan to use filters or paging')
    }
    if (credits < 1) {
      const hint = 'please upgrade your API plan or wait for the monthly limit to reset'
      throw new Refusal(402, `Insufficient query credits, ${hint}`)
    }
    credits -= 1
    const shown = matched.slice((page - 1) * pageSize, page * pageSize)
    const regionCode: Field = regions === 'name' ? (banner) => banner.region : region
    const matches = shown.map((banner) => record(banner, regionCode(banner), banners.indexOf(banner)))
    return { matches, ...facets, total: matched.length }
  }

  const routes: Readonly<Record<string, (request: EngineRequest) => unknown>> = {
    '/api-info': () => ({
      scan_credits: 0,
      usage_limits: { scan_credits: 0, query_credits: allCredits, monitored_ips: 0 },
      plan: plan === 'free' ? 'oss' : plan,
      https: plan !== 'free',
      unlocked: plan !== 'free',
      query_credits: credits,
      monitored_ips: 0,
      unlocked_left: credits,
      telnet: false,
    }),
    '/shodan/host/count': (request) => {
      const { matched, facets } = found(request)
      return { matches: [], ...facets, total: matched.length }
    },
    '/shodan/host/search': search,
    '/shodan/host/search/facets': () => [...fields.keys()].filter(isFacet),
    '/shodan/host/search/filters': () => [...fields.keys()],
  }

  const answer = (request: EngineRequest): Reply => {
    try {
      if (key !== undefined && request.params['key'] !== key) throw new Refusal(401, 'Access denied')
      const route = routes[request.path]
      if (route === undefined) throw new Refusal(404, 'Not found')
      return { body: route(request) }
    } catch (error) {
      if (error instanceof Refusal) return { status: error.status, body: { error: error.message } }
      throw error
    }
  }
  return Object.assign(answer, { credits: () => credits })
}
