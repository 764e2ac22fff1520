import type { Outcome } from '../../model/observation.ts'
import type { Reader, Reading } from '../../model/reader.ts'
import { field, isObject, notARecord } from './fields.ts'
import { htmlTitle, httpBanner } from './http-banner.ts'
import { jsonReadings, jsonSample } from './json-elements.ts'
import type { JsonElement } from './json-items.ts'
import { at, type Foreign, observation, text } from './observation.ts'
import { type ZgrabModule, zgrabModules } from './zgrab2-modules.ts'

/*
 * zgrab2 (NDJSON): one line a target, one result a module under `data`. Statuses and fields: status.go, processing.go
 * and zgrab2_schemas of https://github.com/zmap/zgrab2
 */

export const zgrab2: Reader = {
  id: 'zgrab2',
  source: 'zgrab2',
  title: 'zgrab2 results (NDJSON)',
  detect: (head) => jsonSample(head, []).elements.some((value) => results(value).length > 0),
  read: (input, options) => jsonReadings(input, options, [], records),
}

/** The modules' results of one target by name. */
function results(target: Foreign): (readonly [string, Readonly<Record<string, unknown>>])[] {
  const data = at(target, 'data')
  if (!isObject(data)) return []
  return Object.entries(data).flatMap(([name, result]) =>
    isObject(result) && typeof result['status'] === 'string' ? [[name, result] as const] : [],
  )
}

function* records(element: JsonElement): Generator<Reading> {
  const found = results(element.value)
  if (found.length === 0) yield notARecord(element, 'no module has a status')
  for (const [name, response] of found) yield record(element, name, response)
}

function record(element: JsonElement, name: string, response: Readonly<Record<string, unknown>>): Reading {
  const protocol = (field(response, 'protocol') ?? name).toLowerCase()
  const known = Object.hasOwn(zgrabModules, protocol) ? zgrabModules[protocol] : undefined
  const result = at(response, 'result')
  const status = field(response, 'status') ?? ''
  return observation(
    'zgrab2',
    element.line,
    {
      ip: at(element.value, 'ip'),
      port: field(response, 'port') ?? field(element.value, 'port') ?? askedPort(name, protocol, result) ?? known?.port,
      transport: known?.transport,
      observedAt: at(response, 'timestamp'),
      outcome: outcome(status),
      module: protocol,
      hostnames: at(element.value, 'domain'),
      ...(isObject(result) ? said(protocol, known, result) : {}),
    },
    element.text,
  )
}

/**
 * Only `success` means that the protocol was spoken. `application-error` and the like may carry a result, but zgrab2
 * itself does not call it one.
 */
function outcome(status: string): Outcome {
  if (status === 'success') return 'answered'
  if (status === 'connection-refused') return 'closed'
  return status === 'connection-timeout' ? 'filtered' : 'failed'
}

/**
 * The port where no field names it: the module's name as its documentation gives them (`http8080`), or the address an
 * HTTP request went to.
 */
function askedPort(name: string, protocol: string, result: Foreign): number | undefined {
  const numbered = name.toLowerCase().startsWith(protocol) ? /^\d{1,5}$/.exec(name.slice(protocol.length)) : undefined
  if (numbered) return Number(numbered[0])
  const url = at(at(result, 'redirect_response_chain', '0') ?? at(result, 'response'), 'request', 'url')
  const port = /:(\d{1,5})$/.exec(field(url, 'host') ?? '')?.[1]
  if (port !== undefined) return Number(port)
  return field(url, 'scheme') === 'https' ? 443 : undefined
}

function said(protocol: string, known: ZgrabModule | undefined, result: Readonly<Record<string, unknown>>) {
  const told = (path: string | undefined): string | undefined =>
    path?.startsWith('=') ? path.slice(1) : path && field(result, path)
  return {
    banner: protocol === 'http' ? httpText(result) : known?.banner ? field(result, ...known.banner) : facts(result),
    vendor: told(known?.vendor),
    product: told(known?.product),
    version: told(known?.version),
    os: told(known?.os),
  }
}

function httpText(result: Foreign): string | undefined {
  const response = at(result, 'response')
  const status = field(response, 'status_line', 'status_code')
  return httpBanner({
    statusLine: status === undefined ? undefined : `${field(response, 'protocol.name') ?? 'HTTP/1.1'} ${status}`,
    headers: at(response, 'headers'),
    title: htmlTitle(at(response, 'body')),
  })
}

const maxFacts = 64
/** Certificates, key exchanges and bytes in base64: no facts to show. A community string is a password. */
const noFacts = /^(tls|raw.*|.*_raw|signature|certificate.*|handshake_log|community|auth_response|custom_responses)$/

/** The plain members of a binary protocol's result, two levels deep, as `key: value` lines. */
function facts(result: Readonly<Record<string, unknown>>): string | undefined {
  const lines: string[] = []
  for (const [key, value] of Object.entries(result)) {
    if (noFacts.test(key) || lines.length >= maxFacts) continue
    const members = isObject(value)
      ? Object.entries(value).map(([inner, member]) => [`${key}.${inner}`, member, inner])
      : []
    for (const [name, member, last] of isObject(value) ? members : [[key, value, key]]) {
      const fact = text(member)
      if (fact !== undefined && fact.length <= 500 && !noFacts.test(String(last)))
        lines.push(`${String(name)}: ${fact}`)
    }
  }
  return lines.length === 0 ? undefined : lines.slice(0, maxFacts).join('\n')
}
