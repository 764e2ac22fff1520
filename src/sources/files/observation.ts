import { canonicalAddress } from '../../model/address.ts'
import type { Observation, Outcome, RecordSource } from '../../model/observation.ts'
import type { Reading, RejectReason } from '../../model/reader.ts'

/** Anything a foreign record may hold; `observation()` and `text()` make sense of it. */
export type Foreign = unknown

const maxTextLength = 65_536

/**
 * A foreign scalar as well-formed text of at most 65,536 UTF-16 units: numbers and booleans printed; objects, null and
 * text of nothing but ASCII white space are absent.
 */
export function text(value: Foreign): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string' || !/[^ \t\r\n\v\f]/.test(value)) return undefined
  return value.slice(0, maxTextLength).toWellFormed()
}

/** A foreign list of scalars (or one scalar) as space-separated text. */
export function words(value: Foreign): string | undefined {
  const list = Array.isArray(value) ? value : [value]
  const joined = list.map(text).filter((word) => word !== undefined)
  return joined.length === 0 ? undefined : joined.join(' ').slice(0, maxTextLength).toWellFormed()
}

/** A foreign number: finite numbers and decimal text. */
export function number(value: Foreign): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || !/^\s*[+-]?\d+(\.\d*)?(e[+-]?\d+)?\s*$/i.test(value)) return undefined
  const parsed = Number(value)
  return Number.isFinite(parsed) ? parsed : undefined
}

/** An autonomous system number from `AS64496`, `64496` or 64496; absent unless 1 to 4294967295 (RFC 6793). */
function asNumber(value: Foreign): number | undefined {
  const parsed = number(typeof value === 'string' ? value.trim().replace(/^AS\s*/i, '') : value)
  return parsed !== undefined && Number.isInteger(parsed) && parsed > 0 && parsed < 2 ** 32 ? parsed : undefined
}

/** A nested property of a foreign object, `undefined` wherever the path leaves plain objects. Own properties only. */
export function at(value: Foreign, ...path: readonly string[]): Foreign {
  let here = value
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined
    here = (here as Record<string, unknown>)[key]
  }
  return here
}

const isoTime =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$/i

/**
 * A foreign time as ISO 8601 UTC with microseconds, `bad` when it says something that is no time.
 * ISO 8601 without an offset is UTC (as Shodan, Shadowserver and ZoomEye mean it); integers are Unix seconds, or milliseconds from 10^11.
 */
export function time(value: Foreign): string | undefined {
  const given = text(value)
  if (given === undefined) return undefined
  const seconds = number(given)
  if (seconds !== undefined) {
    const milliseconds = Math.abs(seconds) >= 1e11 ? seconds : seconds * 1000
    return inRange(milliseconds) ? withMicroseconds(milliseconds, '') : 'bad'
  }
  const parts = isoTime.exec(given.trim())
  if (!parts) return 'bad'
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = parts
  const offset = /^(Z|UTC)$/i.test(zone) ? 'Z' : zone.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2')
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`)
  // Date.parse rolls 30 February over on some engines: the day must survive the round trip.
  const local = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  if (Number.isNaN(milliseconds) || local.getUTCDate() !== Number(day) || !inRange(milliseconds)) return 'bad'
  return withMicroseconds(milliseconds, fraction)
}

const inRange = (milliseconds: number): boolean => milliseconds >= 0 && milliseconds < Date.UTC(2200, 0, 1)

const withMicroseconds = (milliseconds: number, fraction: string): string =>
  fraction === ''
    ? `${new Date(milliseconds).toISOString().slice(0, -1)}000Z`
    : `${new Date(milliseconds).toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`

/** The fields of an observation before they are checked: as foreign as they came. */
export interface ForeignObservation {
  readonly ip: Foreign
  readonly port: Foreign
  readonly transport?: Foreign
  readonly observedAt?: Foreign
  readonly outcome?: Outcome
  readonly module?: Foreign
  readonly vendor?: Foreign
  readonly product?: Foreign
  readonly version?: Foreign
  readonly deviceType?: Foreign
  readonly os?: Foreign
  readonly cpe?: Foreign
  readonly banner?: Foreign
  readonly country?: Foreign
  readonly regionCode?: Foreign
  readonly regionName?: Foreign
  readonly city?: Foreign
  readonly latitude?: Foreign
  readonly longitude?: Foreign
  readonly asn?: Foreign
  readonly organisation?: Foreign
  readonly hostnames?: Foreign
  readonly tags?: Foreign
}

/**
 * The one door from foreign fields to an observation: a `record` when address, port and time are sound, else a
 * `reject` that says which is not. `text` is the excerpt of the input that goes with a reject.
 */
export function observation(
  source: RecordSource,
  line: number,
  foreign: ForeignObservation,
  excerpt?: string,
): Reading {
  const reject = (reason: RejectReason, value: Foreign): Reading => ({
    kind: 'reject',
    line,
    reason,
    detail: (text(value) ?? '').slice(0, 200),
    ...(excerpt === undefined ? {} : { text: excerpt.slice(0, 1000) }),
  })
  const address = text(foreign.ip)?.trim()
  if (address === undefined) return reject('no-address', foreign.ip)
  const ip = canonicalAddress(address)
  if (ip === undefined) return reject('bad-address', address)
  const port = number(foreign.port)
  if (port === undefined || !Number.isInteger(port) || port < 0 || port > 65_535)
    return reject('bad-port', foreign.port)
  const observedAt = time(foreign.observedAt)
  if (observedAt === 'bad') return reject('bad-time', foreign.observedAt)
  const latitude = number(foreign.latitude)
  const longitude = number(foreign.longitude)
  const placed =
    latitude !== undefined && longitude !== undefined && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180
  return {
    kind: 'record',
    line,
    observation: defined({
      source,
      ip,
      port,
      transport: text(foreign.transport)?.trim().toLowerCase() ?? 'tcp',
      outcome: foreign.outcome ?? 'answered',
      observedAt,
      module: text(foreign.module),
      vendor: text(foreign.vendor),
      product: text(foreign.product),
      version: text(foreign.version),
      deviceType: text(foreign.deviceType),
      os: text(foreign.os),
      cpe: words(foreign.cpe),
      banner: text(foreign.banner),
      country: text(foreign.country),
      regionCode: text(foreign.regionCode),
      regionName: text(foreign.regionName),
      city: text(foreign.city),
      latitude: placed ? latitude : undefined,
      longitude: placed ? longitude : undefined,
      asn: asNumber(foreign.asn),
      organisation: text(foreign.organisation),
      hostnames: words(foreign.hostnames),
      tags: words(foreign.tags),
    }) as unknown as Observation,
  }
}

function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
