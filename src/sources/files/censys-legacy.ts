import { field, isObject, list } from './fields.ts'
import { httpBanner } from './http-banner.ts'
import { at, type Foreign, type ForeignObservation, text } from './observation.ts'

/*
 * The legacy Censys IPv4 data set: what each port's protocol said under `p80.http.get` (`80.http.get` in API answers), as
 * nested objects or as flat keys with dots. Fields: https://censys.io/ipv4/help/definitions
 */

type Host = Readonly<Record<string, unknown>>

const portKey = /^p?(\d{1,5})(\.|$)/
const udp = new Set(['dns', 'upnp', 'bacnet', 'ntp', 'snmp', 'coap', 'sip', 'ipmi'])
const maxLevels = 12

export function isLegacyHost(host: Host): boolean {
  return Array.isArray(host['protocols']) || Object.keys(host).some((key) => portKey.test(key))
}

/** A host whose flat keys (`p80.http.get.title`) are objects inside each other; one without such keys as it is. */
export function nested(host: Host): Host {
  if (!Object.keys(host).some((key) => key.includes('.'))) return host
  const root: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(host)) {
    const path = key.split('.', maxLevels)
    if (path.some((name) => name in Object.prototype)) continue // never a field, and no way into every object's prototype
    const last = path.pop() ?? ''
    let level: Record<string, unknown> | undefined = root
    for (const name of path) {
      const inner: unknown = level[name]
      const next: Record<string, unknown> | undefined =
        inner === undefined ? {} : isObject(inner) ? { ...inner } : undefined
      if (next) level[name] = next
      level = next
      if (!level) break
    }
    // A key that is both a value and the beginning of others (`a`, `a.b`) keeps what came first.
    if (level && level[last] === undefined) level[last] = value
  }
  return root
}

/**
 * One service a port and protocol. `protocols` (`443/https`) names more of them when only some fields were asked for; a
 * host with nothing but `ports` has ports of which no more is known than that they are open.
 */
export function legacyServices(host: Host): Omit<ForeignObservation, 'ip'>[] {
  const services = new Map<string, Omit<ForeignObservation, 'ip'>>()
  for (const [key, protocols] of Object.entries(host)) {
    const port = portKey.exec(key)?.[1]
    if (port === undefined || !isObject(protocols)) continue
    for (const [protocol, probes] of Object.entries(protocols)) {
      if (isObject(probes)) services.set(`${Number(port)}/${protocol}`, ofProbes(port, protocol, probes))
    }
  }
  for (const named of list(host['protocols']).map(text)) {
    const [port, protocol] = named?.split('/') ?? []
    if (named === undefined || protocol === undefined || services.has(named)) continue
    services.set(named, { port, module: protocol, transport: udp.has(protocol) ? 'udp' : 'tcp' })
  }
  if (services.size > 0) return [...services.values()]
  return list(host['ports']).map((port) => ({ port, outcome: 'open' }))
}

/** What one protocol's probes found (`get`, `starttls`, `v2`, `device_id` …). */
function ofProbes(port: string, protocol: string, probes: Host): Omit<ForeignObservation, 'ip'> {
  const found = Object.values(probes).filter(isObject)
  const first = (...paths: string[]): string | undefined => {
    for (const probe of found) {
      const said = field(probe, ...paths)
      if (said !== undefined) return said
    }
    return undefined
  }
  const get: Foreign = at(probes, 'get')
  const status = field(get, 'status_line', 'status_code')
  const http = isObject(get)
    ? httpBanner({
        statusLine: status === undefined ? undefined : `HTTP/1.1 ${status}`,
        headers: at(get, 'headers'),
        title: field(get, 'title'),
      })
    : undefined
  return {
    port,
    module: protocol,
    transport: udp.has(protocol) ? 'udp' : 'tcp',
    vendor: first('metadata.manufacturer', 'vendor.official_name'),
    product: first('metadata.product'),
    version: first('metadata.version'),
    banner: http ?? first('banner.raw', 'server_id.raw', 'banner', 'banner_decoded', 'ehlo'),
  }
}
