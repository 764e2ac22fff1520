import type { Reader, Reading } from '../../model/reader.ts'
import { field, isObject, notARecord } from './fields.ts'
import { jsonReadings, jsonSample } from './json-elements.ts'
import type { JsonElement } from './json-items.ts'
import { at, type Foreign, observation, words } from './observation.ts'

/*
 * ONYPHE: pages of the search API (`results`) and exports (NDJSON). Categories and fields:
 * https://search.onyphe.io/docs/data-models/datascan
 */

const lists = ['results']

export const onyphe: Reader = {
  id: 'onyphe',
  source: 'onyphe',
  title: 'ONYPHE datascan and synscan results (JSON)',
  detect: (head) => {
    const { elements, envelopes } = jsonSample(head, lists)
    if (elements.length === 0)
      return envelopes.some((page) => isObject(page) && 'results' in page && 'max_page' in page)
    return elements.some(
      (value) => isObject(value) && ('@category' in value || ('@timestamp' in value && 'subnet' in value)),
    )
  },
  read: (input, options) => jsonReadings(input, options, lists, (element) => [record(element)]),
}

function record(element: JsonElement): Reading {
  const { value, line } = element
  const category = said(at(value, '@category'))
  // inetnum, geoloc, resolver, ctl, threatlist … describe addresses and names, not services.
  if (!isObject(value) || !('port' in value)) return notARecord(element, `category ${category ?? 'unknown'}: no port`)
  const place = /^\s*([-+.\d]+)\s*,\s*([-+.\d]+)\s*$/.exec(field(value, 'location') ?? '')
  return observation(
    'onyphe',
    line,
    {
      ip: at(value, 'ip'),
      port: at(value, 'port'),
      transport: at(value, 'transport'),
      observedAt: field(value, '@timestamp', 'seen_date'),
      // A synscan is a port that answered the handshake; no application was asked.
      outcome: category === 'synscan' ? 'open' : 'answered',
      module: moduleOf(said(at(value, 'protocol')), said(at(value, 'tls'))),
      vendor: said(at(value, 'productvendor')),
      product: said(at(value, 'product')),
      version: said(at(value, 'productversion')),
      deviceType: said(at(value, 'device', 'class')),
      os: said(at(value, 'os')),
      cpe: said(at(value, 'cpe')),
      banner: said(at(value, 'data')),
      country: said(at(value, 'country')),
      regionName: said(at(value, 'subdivision')),
      city: said(at(value, 'city')),
      latitude: place?.[1] ?? at(value, 'latitude'),
      longitude: place?.[2] ?? at(value, 'longitude'),
      asn: at(value, 'asn'),
      organisation: said(at(value, 'organization')),
      hostnames: said(at(value, 'hostname')) ?? said(at(value, 'reverse')),
      tags: said(at(value, 'tag')),
    },
    element.text,
  )
}

/** HTTP over TLS is told as `http` with `tls`, wherever it is. */
const moduleOf = (protocol: string | undefined, tls: string | undefined): string | undefined =>
  protocol === 'http' && tls === 'true' ? 'https' : protocol

/** Text or a list of it; plans without a field get `<enterprise field>: name` in its place, which says nothing. */
function said(value: Foreign): string | undefined {
  const given = words(value)
  return given?.startsWith('<enterprise field>') ? undefined : given
}
