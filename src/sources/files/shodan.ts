import type { Reader, Reading } from '../../model/reader.ts'
import { isObject, list, notARecord } from './fields.ts'
import { jsonReadings, jsonSample } from './json-elements.ts'
import { at, type Foreign, observation, text, words } from './observation.ts'
import { shodanBulk } from './shodan-bulk.ts'

/*
 * Shodan: banners as `shodan download` writes them (NDJSON), arrays of them, pages of the search API (`matches`), and
 * host objects. Fields: https://datapedia.shodan.io/ and https://developer.shodan.io/api
 */

const lists = ['matches']
/** What a host says for all its banners. */
const inherited = ['ip_str', 'ip', 'org', 'isp', 'asn', 'hostnames', 'tags'] as const
const placeFields = ['country_code', 'country_name', 'region_code', 'city', 'latitude', 'longitude'] as const

export const shodan: Reader = {
  id: 'shodan',
  source: 'shodan',
  title: 'Shodan banners, hosts and search pages (JSON)',
  detect: (head) => {
    const { elements, envelopes } = jsonSample(head, lists)
    if (elements.length === 0) return envelopes.some((page) => isObject(page) && 'matches' in page && 'total' in page)
    return elements.some((value) => isBanner(value) || isHost(value))
  },
  read: (input, options) =>
    jsonReadings(input, options, lists, ({ value, line, text: excerpt }) => {
      if (isHost(value)) return shodanHost(value, line, excerpt)
      return [shodanBanner(value, line, excerpt)]
    }),
  bulk: shodanBulk,
}

/**
 * One banner object as an observation; anything else is a `not-a-record` reject. `excerpt` goes with a reject.
 */
export function shodanBanner(value: Foreign, line: number, excerpt?: string): Reading {
  if (!isObject(value) || !('ip_str' in value || 'ip' in value || 'port' in value)) {
    return notARecord({ line, text: excerpt ?? '' }, 'neither an address nor a port')
  }
  const location = at(value, 'location')
  return observation(
    'shodan',
    line,
    {
      ip: address(at(value, 'ip_str')) ?? address(at(value, 'ip')),
      port: at(value, 'port'),
      transport: at(value, 'transport'),
      observedAt: at(value, 'timestamp'),
      module: at(value, '_shodan', 'module'),
      product: at(value, 'product'),
      version: at(value, 'version'),
      deviceType: at(value, 'devicetype'),
      os: at(value, 'os'),
      cpe: words(at(value, 'cpe23')) ?? words(at(value, 'cpe')),
      banner: at(value, 'data'),
      country:
        text(at(location, 'country_code')) ??
        text(at(value, 'country_code')) ??
        text(at(location, 'country_name')) ??
        text(at(value, 'country_name')),
      regionCode: at(location, 'region_code'),
      city: at(location, 'city'),
      latitude: at(location, 'latitude'),
      longitude: at(location, 'longitude'),
      asn: at(value, 'asn'),
      organisation: text(at(value, 'org')) ?? text(at(value, 'isp')),
      hostnames: at(value, 'hostnames'),
      tags: at(value, 'tags'),
    },
    excerpt,
  )
}

/**
 * A host object: its banners, which inherit what they do not say themselves (the host's `last_update` as their time). A
 * minified host only lists `ports`: open ports without a banner. A host with neither holds no record.
 */
function* shodanHost(host: Readonly<Record<string, unknown>>, line: number, excerpt: string): Generator<Reading> {
  const banners = list(at(host, 'data'))
  const common: Record<string, unknown> = { location: pick(host, placeFields), timestamp: at(host, 'last_update') }
  Object.assign(common, pick(host, inherited))
  for (const banner of banners) {
    yield shodanBanner(isObject(banner) ? { ...common, ...said(banner) } : banner, line, excerpt)
  }
  if (banners.length > 0) return
  for (const port of list(at(host, 'ports'))) {
    const reading = shodanBanner({ ...common, port }, line, excerpt)
    yield reading.kind === 'record' ? { ...reading, observation: { ...reading.observation, outcome: 'open' } } : reading
  }
}

function isHost(value: Foreign): value is Readonly<Record<string, unknown>> {
  if (!isObject(value) || 'port' in value || 'services' in value || !('ip_str' in value || 'ip' in value)) return false
  const ports = at(value, 'ports')
  const data = at(value, 'data')
  if (Array.isArray(ports)) return Array.isArray(data) || list(ports).every((port) => text(port) !== undefined)
  return Array.isArray(data)
}

/** Whether this is a banner of Shodan's, not another engine's: it has a key that only Shodan writes, or several it shares. */
function isBanner(value: Foreign): boolean {
  if (!isObject(value)) return false
  if ('_shodan' in value || ('ip_str' in value && 'port' in value)) return true
  if (!('ip' in value) || !('port' in value) || typeof value['data'] !== 'string') return false
  return (
    typeof value['ip'] === 'number' ||
    ('timestamp' in value && ['hash', 'isp', 'hostnames'].some((key) => key in value))
  )
}

/** Shodan's `ip` is an IPv4 address as a 32-bit number, signed in some exports. */
function address(value: Foreign): string | undefined {
  const given = text(value)?.trim()
  if (given === undefined || !/^-?\d{1,10}$/.test(given)) return given
  const number = Number(given)
  if (number < -(2 ** 31) || number >= 2 ** 32) return given
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}

function pick(value: Foreign, keys: readonly string[]): Record<string, unknown> {
  return said(Object.fromEntries(keys.map((key) => [key, at(value, key)])))
}

/** The fields that say something. */
function said(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined && member !== null))
}
