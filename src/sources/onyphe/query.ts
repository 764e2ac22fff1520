import type { Question } from '../../model/engine.ts'

/*
 * Questions in ONYPHE's query language (OQL): terms are ANDed, `?` before several ORs them, `!` negates, and every field of a
 * record can be asked for: https://www.onyphe.io/docs/onyphe-query-language. The category `datascan` is what applications said
 * (https://search.onyphe.io/docs/data-models/datascan); `country`, `protocol`, `port` and `tls` of its records, of which `tls`
 * is the text "true": sample engines/onyphe.json.
 */

/** Names of services, told apart by more than the protocol: a record of HTTPS is one of `http` with `tls`. */
const overHttp: Readonly<Record<string, string>> = { http: 'protocol:http !tls:true', https: 'protocol:http tls:true' }

/** Why a question cannot be asked, if it cannot. */
export function objection({ modules, where, notRegions }: Question): string | undefined {
  if (where !== undefined || notRegions !== undefined) return 'it is asked for whole services only'
  return modules !== undefined && modules.length > 1 && modules.some((module) => module in overHttp)
    ? 'HTTP and HTTPS can only be asked for alone'
    : undefined
}

/** @throws Error for what cannot be asked */
export function onypheQuery(question: Question): string {
  const { country, modules, ports } = question
  if (!/^[A-Z]{2}$/.test(country)) throw new Error(`ONYPHE: ${JSON.stringify(country)} is no country code`)
  const why = objection(question)
  if (why !== undefined) throw new Error(`ONYPHE: ${why}`)
  return [
    `category:datascan country:${country}`,
    ...(modules === undefined ? [] : [overHttp[modules[0] ?? ''] ?? anyOf('protocol', modules)]),
    ...(ports === undefined ? [] : [anyOf('port', ports.map(String))]),
  ].join(' ')
}

function anyOf(field: string, values: readonly string[]): string {
  const [only] = values
  if (only === undefined || !values.every((value) => /^[\w.-]+$/.test(value)))
    throw new Error(`ONYPHE: ${field} of ${JSON.stringify(values)} cannot be asked for`)
  return values.length === 1 ? `${field}:${only}` : values.map((value) => `?${field}:${value}`).join(' ')
}

/** Why a record is none that was asked for, if it is none: an engine or a plan that overlooks a term would give it. */
export function strangeness(
  record: Readonly<Record<string, unknown>>,
  { country, modules, ports }: Question,
): string | undefined {
  const { country: place, protocol, tls, port } = record
  if (place !== country) return `country ${told(place)}`
  if (ports !== undefined && !ports.some((each) => String(each) === String(port))) return `port ${told(port)}`
  if (modules === undefined) return undefined
  const [only = ''] = modules
  const names = only in overHttp ? ['http'] : modules
  if (!names.some((name) => name === protocol)) return `protocol ${told(protocol)}`
  return only in overHttp && (String(tls) === 'true') !== (only === 'https') ? `tls ${told(tls)}` : undefined
}

const told = (value: unknown): string => (JSON.stringify(value) ?? 'none').slice(0, 40)
