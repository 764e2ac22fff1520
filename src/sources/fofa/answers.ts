import type { Bucket, Counted } from '../../model/engine.ts'
import { isCount, isObject, type Told } from '../judge.ts'
import type { Account } from '../surveyor.ts'

/*
 * What FOFA answers, and where that stands:
 * - `error`, `size` (how many there are), `aggs`, `consumed_fpoint`, and `fofa_point`, `vip_level` of the account:
 *   https://en.fofa.info/api, kept at https://github.com/helGayhub233/SurveyHub-MCP (docs/api/fofa_api.md)
 * - `aggs.countries`, a list that may be empty: https://fofapro.github.io/fofa-py/fofa.html (search_stats); its `name_code`,
 *   `count` and `regions`, a list of `name` and `count`: https://github.com/polite-007/pi-redteam-tool
 *   (extensions/fofa-stats/index.test.mjs). That null is no regions and a region "Unknown"
 *   none is what clients make of it; no page says so.
 * - `errmsg`, which begins with a code: https://github.com/LubyRuffy/gofofa (client_test.go); 45012 is asked too fast:
 *   https://github.com/bit4woo/domain_hunter_pro (src/InternetSearch/APISearchAction.java)
 */

/** F-points each request is reckoned at, as nothing says that it takes none. */
export const pointsPerRequest = 1

/** The engine's own words where it says that something is wrong; or that it took more than was reckoned. */
export function errorOf(json: unknown): Told | string | undefined {
  if (!isObject(json)) return undefined
  const { consumed_fpoint: points, error, errmsg } = json
  if (points !== undefined && !(isCount(points) && points <= pointsPerRequest))
    return {
      kind: 'refused',
      why: `it took ${JSON.stringify(points)} F-points for a request, where ${pointsPerRequest} was reckoned: nothing more is asked`,
      spent: isCount(points) ? points - pointsPerRequest : 0,
    }
  if (error === undefined || error === false) return undefined
  const why = [errmsg, error].find((text) => typeof text === 'string') ?? 'an error without words'
  const [, code] = /^\[(-?\d+)\]/.exec(why) ?? []
  if (code === undefined) return why
  return { kind: code === tooFast ? 'again' : 'refused', why }
}

const tooFast = '45012'

/** Records counted in a country. @returns undefined when the answer has another shape, or is of another country */
export function readCounted(json: unknown, country: string, size: number | undefined): Counted | undefined {
  if (!isObject(json) || json['error'] !== false || !isCount(json['size']) || !isObject(json['aggs'])) return undefined
  const { size: total, aggs } = json
  const countries: unknown = aggs['countries'] ?? []
  if (!Array.isArray(countries) || countries.length !== (total === 0 ? 0 : 1)) return undefined
  const [only] = countries as unknown[]
  if (only !== undefined && (!isObject(only) || only['name_code'] !== country || !isCount(only['count'])))
    return undefined
  if (size === undefined) return { total, buckets: {} }
  const list = (only === undefined ? undefined : only['regions']) ?? []
  if (!Array.isArray(list)) return undefined
  const read = list.map(bucketOf)
  if (!read.every((bucket) => bucket !== undefined)) return undefined
  if (new Set(read.map(({ value }) => value)).size < read.length) return undefined
  if (read.reduce((sum, { count }) => sum + count, 0) > total) return undefined
  // What has no region is counted outside of those listed, as everything else that is not listed.
  return { total, buckets: { region: read.filter(({ value }) => value !== '' && value !== 'Unknown') } }
}

function bucketOf(json: unknown): Bucket | undefined {
  if (!isObject(json) || typeof json['name'] !== 'string' || !isCount(json['count'])) return undefined
  return { value: json['name'], count: json['count'] }
}

/** F-points left. */
export function readAccount(json: unknown): Account | undefined {
  if (!isObject(json) || !isCount(json['fofa_point'])) return undefined
  const { fofa_point: credits, vip_level: level } = json
  return { plan: isCount(level) ? `level ${level}` : 'not told', credits }
}
