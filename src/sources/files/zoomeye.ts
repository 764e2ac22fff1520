import type { Reader, Reading } from '../../model/reader.ts'
import { field, isObject, notARecord } from './fields.ts'
import { jsonReadings, jsonSample } from './json-elements.ts'
import type { JsonElement } from './json-items.ts'
import { at, type Foreign, observation } from './observation.ts'

/*
 * ZoomEye: API v1 host search (`matches` with geoinfo and portinfo), API v2 (`data` with flat keys such as `country.name`),
 * and exports of either as arrays or NDJSON. Fields: https://www.zoomeye.ai/doc and
 * https://github.com/zoomeye-ai/mcp_zoomeye
 */

const lists = ['matches', 'data']
const flatKeys = ['country.name', 'province.name', 'city.name', 'organization.name', 'isp.name', 'continent.name']

export const zoomeye: Reader = {
  id: 'zoomeye',
  source: 'zoomeye',
  title: 'ZoomEye search results, API v1 and v2 (JSON)',
  detect: (head) => {
    const { elements, envelopes } = jsonSample(head, lists)
    // API v2 says 60000 for success, and nothing else of its own when few fields were asked for.
    if (envelopes.some((page) => at(page, 'code') === 60_000)) return true
    return elements.some(
      (value) =>
        isObject(value) &&
        ('portinfo' in value ||
          'geoinfo' in value ||
          ('ip' in value && 'port' in value && ['update_time', ...flatKeys].some((key) => key in value))),
    )
  },
  read: (input, options) => jsonReadings(input, options, lists, records),
}

function* records(element: JsonElement): Generator<Reading> {
  const { value } = element
  if (!isObject(value) || !('ip' in value || 'portinfo' in value)) {
    yield notARecord(element, 'neither ip nor portinfo')
    return
  }
  // Sites of API v1 list every address they resolve to.
  const addresses = Array.isArray(value['ip']) && value['ip'].length > 0 ? (value['ip'] as unknown[]) : [value['ip']]
  for (const ip of addresses) yield record(value, ip, element)
}

function record(value: Foreign, ip: Foreign, element: JsonElement): Reading {
  const transport = field(value, 'protocol.transport', 'transport', 'protocol')
  const names = [
    ...new Set(['portinfo.hostname', 'hostname', 'portinfo.rdns', 'rdns', 'domain'].map((path) => field(value, path))),
  ]
  return observation(
    'zoomeye',
    element.line,
    {
      ip,
      port: field(value, 'portinfo.port', 'port'),
      transport: /^(tcp|udp|sctp)$/i.test(transport ?? '') ? transport : undefined,
      observedAt: field(value, 'timestamp', 'update_time'),
      module: field(value, 'portinfo.service', 'service', 'protocol.application'),
      product: field(value, 'portinfo.app', 'portinfo.product', 'product', 'app'),
      version: field(value, 'portinfo.version', 'version'),
      deviceType: field(value, 'portinfo.device', 'device'),
      os: field(value, 'portinfo.os', 'os'),
      banner: field(value, 'portinfo.banner', 'banner', 'header', 'raw_data'),
      country: field(
        value,
        'geoinfo.country.code',
        'country.code',
        'geoinfo.country.names.en',
        'country.name',
        'country',
      ),
      regionName: field(value, 'geoinfo.subdivisions.names.en', 'province.name', 'subdivisions.name', 'subdivisions'),
      city: field(value, 'geoinfo.city.names.en', 'city.name', 'city'),
      latitude: field(value, 'geoinfo.location.lat', 'lat'),
      longitude: field(value, 'geoinfo.location.lon', 'lon'),
      asn: field(value, 'geoinfo.asn', 'asn'),
      organisation: field(
        value,
        'geoinfo.organization',
        'organization.name',
        'geoinfo.isp',
        'isp.name',
        'organization',
        'isp',
      ),
      hostnames: names,
      tags: /^(1|true)$/.test(field(value, 'honeypot') ?? '') ? 'honeypot' : undefined,
    },
    element.text,
  )
}
