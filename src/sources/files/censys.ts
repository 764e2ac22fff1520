import type { Reader, Reading } from '../../model/reader.ts'
import { isLegacyHost, legacyServices, nested } from './censys-legacy.ts'
import { field, isObject, list, notARecord } from './fields.ts'
import { jsonReadings, jsonSample } from './json-elements.ts'
import type { JsonElement } from './json-items.ts'
import { at, type Foreign, type ForeignObservation, observation, text, words } from './observation.ts'

/*
 * Censys hosts: search and view answers of the v2 API and of the Platform (v3), hosts in arrays or NDJSON, and the legacy
 * IPv4 data set (censys-legacy.ts). Fields: https://docs.censys.com/docs/platform-host-dataset and
 * https://docs.censys.com/docs/get-started-legacy-search-api
 */

const lists = ['results', 'hits', 'hosts', 'resources', 'result', 'result.hits', 'result.resources']
const maxWrappers = 4

export const censys: Reader = {
  id: 'censys',
  source: 'censys',
  title: 'Censys hosts: legacy data, Search v2, Platform v3 (JSON)',
  detect: (head) => {
    const { elements, envelopes } = jsonSample(head, lists)
    if (elements.some((value) => isHost(unwrapped(value)))) return true
    return (
      elements.length === 0 &&
      envelopes.some((page) => isObject(at(page, 'result')) && 'hits' in Object(at(page, 'result')))
    )
  },
  read: (input, options) => jsonReadings(input, options, lists, records),
}

/** The host inside the wrappers of the API versions: `result`, `host_v1`, `resource`. */
function unwrapped(value: Foreign): Foreign {
  let host = value
  for (let wrapper = 0; wrapper < maxWrappers && isObject(host) && !('ip' in host); wrapper++) {
    const inner = ['result', 'host_v1', 'resource', 'host'].map((key) => at(host, key)).find(isObject)
    if (!inner) break
    host = inner
  }
  return host
}

function isHost(value: Foreign): value is Readonly<Record<string, unknown>> {
  if (!isObject(value) || !('ip' in value || isObject(value['host_identifier']))) return false
  if ('scan_id' in value || '_shodan' in value) return false // ODIN's hosts have services too
  return Array.isArray(value['services']) || 'autonomous_system' in value || isLegacyHost(value)
}

function* records(element: JsonElement): Generator<Reading> {
  const value = unwrapped(element.value)
  if (!isHost(value)) {
    yield notARecord(element, 'no host with services')
    return
  }
  const host = nested(value)
  const common = ofHost(host)
  const services = Array.isArray(at(host, 'services'))
    ? list(at(host, 'services')).map(ofService)
    : legacyServices(host)
  for (const service of services) {
    const { hostTags, ...rest } = common
    const tags = words([...hostTags, service.tags ?? []].flat())
    const said = Object.fromEntries(Object.entries(service).filter(([, member]) => member !== undefined))
    yield observation('censys', element.line, { port: undefined, ...rest, ...said, tags }, element.text)
  }
}

function ofHost(host: Foreign): Omit<ForeignObservation, 'port'> & { readonly hostTags: readonly unknown[] } {
  return {
    ip: field(host, 'ip', 'host_identifier.ipv4', 'host_identifier.ipv6'),
    observedAt: field(host, 'last_updated_at', 'updated_at', 'last_updated'),
    os: field(host, 'operating_system.product', 'metadata.os', 'metadata.os_description'),
    deviceType: field(host, 'metadata.device_type'),
    country: field(host, 'location.country_code', 'location.country'),
    regionName: field(host, 'location.province'),
    city: field(host, 'location.city'),
    latitude: field(host, 'location.coordinates.latitude', 'location.latitude'),
    longitude: field(host, 'location.coordinates.longitude', 'location.longitude'),
    asn: field(host, 'autonomous_system.asn'),
    organisation: field(
      host,
      'autonomous_system.name',
      'autonomous_system.organization',
      'autonomous_system.description',
    ),
    hostnames:
      words(at(host, 'dns', 'reverse_dns', 'names')) ?? words(at(host, 'dns', 'names')) ?? field(host, 'dns.hostname'),
    hostTags: [...labels(at(host, 'labels')), ...list(at(host, 'tags'))],
  }
}

/** One service of v2 (`service_name`, `observed_at`) or v3 (`protocol`, `scan_time`). */
function ofService(service: Foreign): Omit<ForeignObservation, 'ip'> {
  const software = list(at(service, 'software'))
  const application = software.find((one) => (text(at(one, 'part')) ?? 'a') === 'a')
  const system = software.find((one) => text(at(one, 'part')) === 'o')
  const transport = field(service, 'transport_protocol')?.toLowerCase()
  return {
    port: at(service, 'port'),
    transport: transport === 'quic' ? 'udp' : transport,
    observedAt: field(service, 'scan_time', 'observed_at', 'observation_timestamp'),
    module: field(service, 'extended_service_name', 'service_name', 'protocol'),
    vendor: field(application, 'vendor'),
    product: field(application, 'product'),
    version: field(application, 'version'),
    os: field(system, 'product'),
    cpe: software.map((one) => field(one, 'uniform_resource_identifier', 'cpe')),
    banner: banner(service),
    tags: labels(at(service, 'labels')),
  }
}

/** The banner as text; v2 says under `_encoding` when it is hexadecimal or base64. */
function banner(service: Foreign): string | undefined {
  const given = field(service, 'banner')
  const encoding = field(service, '_encoding.banner')
  if (given !== undefined && encoding === 'DISPLAY_BASE64') return Buffer.from(given, 'base64').toString('utf8')
  if (given !== undefined && encoding !== 'DISPLAY_HEX') return given
  const hex = given ?? field(service, 'banner_hex')
  return hex === undefined ? undefined : Buffer.from(hex, 'hex').toString('utf8')
}

/** Labels are words in v2 and objects with a `value` in v3. */
function labels(value: Foreign): readonly unknown[] {
  return list(value).map((label) => (isObject(label) ? field(label, 'value') : label))
}
