import { isIP } from 'node:net'
import type { ReadOptions, Reader, Reading } from '../../model/reader.ts'
import { field, isObject, list, notARecord } from './fields.ts'
import { dated, jsonElements, jsonSample } from './json-elements.ts'
import type { JsonElement } from './json-items.ts'
import { at, type Foreign, observation, text, words } from './observation.ts'

/*
 * FOFA: API results (rows of text under `results`, named by a `fields` list), and exports as objects (arrays or NDJSON).
 * Fields: https://en.fofa.info/api and https://fofapro.github.io/fofa-py/fofa.html
 */

const lists = ['results', 'data.results']
/** What the API returns when no fields are asked for. */
const defaultFields = ['host', 'ip', 'port']
const ownKeys = ['lastupdatetime', 'as_organization', 'as_number', 'base_protocol', 'icp', 'country_name']

export const fofa: Reader = {
  id: 'fofa',
  source: 'fofa',
  title: 'FOFA API results and exports (JSON)',
  detect: (head) => {
    const { elements, envelopes } = jsonSample(head, lists)
    if (envelopes.some((page) => isObject(page) && 'error' in page && 'size' in page && 'mode' in page)) return true
    return elements.some((value) => (envelopes.length > 0 && isRow(value)) || isExport(value))
  },
  read,
}

function isRow(value: Foreign): boolean {
  return (
    Array.isArray(value) && value.length > 0 && list(value).every((cell) => typeof cell !== 'object' || cell === null)
  )
}

function isExport(value: Foreign): boolean {
  if (!isObject(value) || !('ip' in value && 'port' in value) || '_shodan' in value || '@category' in value)
    return false
  return ownKeys.some((key) => key in value) || ('host' in value && 'protocol' in value && !('url' in value))
}

/**
 * Rows wait for their names when `fields` stands behind them, in at most `maxRecordBytes`; rows of three that
 * nothing names have FOFA's default fields, others are `bad-row` rejects.
 */
async function* read(input: AsyncIterable<Uint8Array>, options: ReadOptions): AsyncGenerator<Reading> {
  let names: readonly string[] | undefined
  let waiting: JsonElement[] = []
  let waitingBytes = 0
  const release = function* (): Generator<Reading> {
    const elements = waiting
    waiting = []
    waitingBytes = 0
    for (const element of elements) yield dated(record(element, names), options.observedAt)
  }
  for await (const item of jsonElements(input, options.maxRecordBytes, lists)) {
    if (item.kind === 'envelope') {
      names = fieldNames(item.value)
      if (names || item.whole) yield* release()
    } else if (item.kind !== 'element') {
      yield* release()
      yield item
    } else if (Array.isArray(item.value) && !names) {
      waiting.push(item)
      waitingBytes += item.text.length
      if (waitingBytes > options.maxRecordBytes) yield* release()
    } else yield dated(record(item, names), options.observedAt)
  }
  yield* release()
}

/** `fields` as FOFA's query writes it (`ip,port,protocol`) or as a list. */
function fieldNames(envelope: Foreign): readonly string[] | undefined {
  const given = words(at(envelope, 'fields'))
  return given?.split(/[\s,]+/).filter((name) => name !== '')
}

function record(element: JsonElement, names: readonly string[] | undefined): Reading {
  const { line } = element
  let value = element.value
  if (Array.isArray(value) && names === undefined && value.length !== defaultFields.length) {
    const detail = `${value.length} columns and no fields that name them`
    return { kind: 'reject', line, reason: 'bad-row', detail, text: element.text.slice(0, 1000) }
  }
  if (isRow(value))
    value = Object.fromEntries(
      list(value).map((cell, index) => [(names ?? defaultFields)[index] ?? `field ${index + 1}`, cell]),
    )
  if (!isObject(value) || !('ip' in value || 'port' in value || 'host' in value))
    return notARecord(element, 'no address')
  return observation(
    'fofa',
    line,
    {
      ip: field(value, 'ip') ?? bareHost(field(value, 'host')),
      port: at(value, 'port'),
      transport: field(value, 'base_protocol', 'transport'),
      observedAt: field(value, 'lastupdatetime', 'last_update_time', 'mtime'),
      module: field(value, 'protocol'),
      product: field(value, 'product'),
      version: field(value, 'version', 'product.version'),
      os: field(value, 'os'),
      banner: field(value, 'banner', 'header'),
      country: field(value, 'country', 'country_code', 'country_name'),
      regionName: field(value, 'region', 'province'),
      city: field(value, 'city'),
      latitude: field(value, 'latitude'),
      longitude: field(value, 'longitude'),
      asn: field(value, 'as_number', 'asn'),
      organisation: field(value, 'as_organization', 'org'),
      hostnames: hostName(value),
      tags: /^(1|true)$/.test(field(value, 'is_honeypot') ?? '') ? 'honeypot' : undefined,
    },
    element.text,
  )
}

/** `https://www.example.org:8443` and the like without scheme, brackets and port. */
function bareHost(host: string | undefined): string | undefined {
  const bare = host?.replace(/^[a-z][a-z\d+.-]*:\/\//i, '').replace(/\/.*$/s, '')
  return bare?.replace(/^\[([^\]]*)\](:\d+)?$/, '$1').replace(/^([^:]*):\d+$/, '$1')
}

function hostName(value: Foreign): string | undefined {
  const host = bareHost(field(value, 'host'))
  return host !== undefined && isIP(host) === 0 ? text(host) : field(value, 'domain')
}
