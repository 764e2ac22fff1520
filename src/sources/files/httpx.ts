import { isIP } from 'node:net'
import type { Reader, Reading } from '../../model/reader.ts'
import { field, isObject, list, notARecord } from './fields.ts'
import { httpBanner } from './http-banner.ts'
import { jsonReadings, jsonSample } from './json-elements.ts'
import type { JsonElement } from './json-items.ts'
import { at, type Foreign, observation, text } from './observation.ts'

/*
 * ProjectDiscovery httpx with `-json` (NDJSON). Fields: https://docs.projectdiscovery.io/tools/httpx/usage and the type
 * Result of https://pkg.go.dev/github.com/projectdiscovery/httpx/runner
 */

export const httpx: Reader = {
  id: 'httpx',
  source: 'httpx',
  title: 'httpx -json (NDJSON)',
  detect: (head) => jsonSample(head, []).elements.some(isResult),
  read: (input, options) => jsonReadings(input, options, [], (element) => [record(element)]),
}

const marks = ['input', 'status_code', 'status-code', 'failed', 'webserver', 'scheme']

function isResult(value: Foreign): boolean {
  return isObject(value) && 'url' in value && !('@category' in value) && marks.filter((key) => key in value).length >= 2
}

function record(element: JsonElement): Reading {
  const { value, line } = element
  if (!isObject(value) || !('url' in value || 'input' in value)) return notARecord(element, 'neither url nor input')
  const url = parsedUrl(field(value, 'url'))
  const scheme = field(value, 'scheme') ?? url?.protocol.slice(0, -1)
  const input = parsedUrl(field(value, 'input'))?.hostname ?? field(value, 'input')?.replace(/:\d+$/, '')
  return observation(
    'httpx',
    line,
    {
      ip: [
        field(value, 'host_ip', 'host-ip'),
        field(value, 'host'),
        at(value, 'a', '0'),
        at(value, 'aaaa', '0'),
        url?.hostname,
        input,
      ]
        .map((candidate) => text(candidate)?.replace(/^\[(.*)\]$/, '$1'))
        .find((candidate) => candidate !== undefined && isIP(candidate) !== 0),
      port: field(value, 'port') ?? (url?.port || (scheme === 'https' ? 443 : 80)),
      observedAt: at(value, 'timestamp'),
      outcome: at(value, 'failed') === true ? 'failed' : 'answered',
      module: scheme,
      banner: banner(value),
      country: field(value, 'asn.as_country', 'asn.as-country'),
      asn: field(value, 'asn.as_number', 'asn.as-number'),
      organisation: field(value, 'asn.as_name', 'asn.as-name'),
      hostnames: input !== undefined && isIP(input) === 0 ? input : undefined,
      // Technologies have names with spaces in them; tags have none.
      tags: list(at(value, 'tech') ?? at(value, 'technologies')).map((name) => text(name)?.replaceAll(/\s+/g, '-')),
    },
    element.text,
  )
}

/** The response's head as it came when httpx was told to keep it, else put together from what it did keep. */
function banner(value: Foreign): string | undefined {
  const whole = field(value, 'raw_header')
  if (whole !== undefined) return whole
  const status = field(value, 'status_code', 'status-code')
  const server = field(value, 'webserver')
  const kept = at(value, 'header')
  return httpBanner({
    statusLine: status === undefined ? undefined : `HTTP/1.1 ${status}`,
    headers: isObject(kept) ? kept : { server },
    title: field(value, 'title'),
  })
}

function parsedUrl(given: string | undefined): URL | undefined {
  return given?.includes('://') && URL.canParse(given) ? new URL(given) : undefined
}
