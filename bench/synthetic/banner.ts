import { abroad, location, middleOfJapan, prefectures, type Place } from './places.ts'
import { mix, randomFrom, weighted, type Random } from './random.ts'
import { services, type Service } from './services.ts'
import type { Answer, Asked } from './software.ts'
import { base64Pieces, frontPages } from './text.ts'

/** What kind of export is wanted. The same plan gives the same records on every machine. */
export interface BannerPlan {
  readonly seed: number
  /** How many distinct addresses answer; records beyond that are further visits to the same ones. */
  readonly hosts: number
  readonly networks: number
  /** Leaves out pages, certificates and options, and makes every record an endpoint of its own. */
  readonly slim: boolean
}

const shareAbroad = 0.05
const shareOfRepeats = 0.005
const shareOfOldRecords = 0.2
const slimCharacters = 160
const nationalNetworks = 200

const choosePrefecture = weighted(prefectures, (place) => place.weight)
const chooseAbroad = weighted(abroad, (place) => place.weight)
const chooseService = weighted(services, (service) => service.weight)

/**
 * Makes the lines of a synthetic Shodan export, one JSON banner without its line end at each call with the next index
 * (from 0). Addresses are of 240.0.0.0/4 (reserved, RFC 1112 §4) and 2001:db8::/32 (documentation, RFC 3849), networks
 * have private AS numbers (RFC 6996), and every record says `"_synthetic": true`.
 */
export function bannerLines(plan: BannerPlan): (index: number) => string {
  const random = randomFrom(plan.seed)
  const base64 = base64Pieces(random)
  const html = frontPages(random)
  const recent: string[] = []

  return (index) => {
    const repeated = plan.slim || !random.chance(shareOfRepeats) ? undefined : recent[random.below(recent.length)]
    if (repeated !== undefined) return repeated
    const host = hostNumber(index % plan.hosts, plan)
    const old = random.chance(shareOfOldRecords)
    const time = (old ? Date.UTC(2019, 4, 1) : Date.UTC(2025, 4, 1)) + random.below(31 * 86_400_000)
    const asked: Asked = {
      random,
      hostName: host.name,
      address: host.address.ip_str,
      time,
      base64: (characters) => base64(random, characters),
      html: () => (plan.slim ? '' : html(random)),
    }
    const service = chooseService(random.next())
    const answer = service.answer(asked)
    const visit = Math.floor(index / plan.hosts)
    const fields = JSON.stringify({
      _synthetic: true,
      hash: random.next() | 0,
      ...host.address,
      // A slim plan wants as many endpoints as records: further visits go to ports of their own.
      port: plan.slim ? service.port + 10_000 * visit : service.port,
      transport: service.transport,
      timestamp: timestamp(time, random.below(1000)),
      ...host.network,
      hostnames: host.named ? [host.name] : [],
      domains: host.named ? [host.domain] : [],
      location: host.location(old ? 'geonames' : 'iso'),
      ...spoken(plan.slim ? { ...answer, data: answer.data.slice(0, slimCharacters) } : answer),
      ...(plan.slim ? { _shodan: { module: service.module } } : { _shodan: crawl(service, random, old), opts: {} }),
    })
    const line = plan.slim || answer.details === undefined ? fields : `${fields.slice(0, -1)},${answer.details}}`
    if (!plan.slim) recent[index % 64] = line
    return line
  }
}

/** An ISO 8601 time without a zone and with microseconds, as Shodan writes it. */
export const timestamp = (time: number, microseconds: number): string =>
  `${new Date(time).toISOString().slice(0, -1)}${String(microseconds).padStart(3, '0')}`

/** The fields of an answer as a banner has them, without `details`. */
export const spoken = (answer: Answer): Record<string, unknown> => ({
  data: answer.data,
  os: answer.os ?? null,
  ...(answer.product === undefined ? {} : { product: answer.product }),
  ...(answer.version === undefined ? {} : { version: answer.version }),
  ...(answer.devicetype === undefined ? {} : { devicetype: answer.devicetype }),
  ...(answer.cpe === undefined ? {} : { cpe: [answer.cpe] }),
})

const crawl = (service: Service, random: Random, old: boolean): Record<string, unknown> => ({
  id: `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-a${random.hex(3)}-${random.hex(12)}`,
  module: service.module,
  ptr: true,
  options: {},
  crawler: '0000000000000000000000000000000000000000',
  ...(old ? {} : { region: 'na' }),
})

interface Host {
  readonly name: string
  readonly domain: string
  readonly named: boolean
  readonly address: { readonly ip_str: string; readonly ip?: number; readonly ipv6?: string }
  readonly network: { readonly asn: string; readonly org: string; readonly isp: string }
  readonly location: (generation: 'geonames' | 'iso') => Record<string, unknown>
}

/** Everything that stays the same however often a host is visited. */
function hostNumber(number: number, plan: BannerPlan): Host {
  const draw = mix(number + plan.seed * 7919)
  const second = mix(draw + 1)
  // The cube makes few networks large and most of them small.
  const network = Math.floor(plan.networks * (second / 2 ** 32) ** 3)
  const domain = `isp${network % 500}.example`
  // Most networks are at home in one region; the largest are everywhere.
  const placing = network < nationalNetworks || draw % 10 === 0 ? draw : mix(network + plan.seed)
  const place = mix(placing) < shareAbroad * 2 ** 32 ? chooseAbroad(placing) : choosePrefecture(placing)
  return {
    name: `host-${number}.${domain}`,
    domain,
    named: second % 3 === 0,
    address: number % 16 === 1 ? ipv6(number) : ipv4(number),
    network: {
      asn: `AS${4_200_000_000 + network}`,
      org: `Example ${organisationKinds[network % 5] ?? ''} ${network}`,
      isp: `Example Internet ${network % 500}`,
    },
    location: (generation) => placeOf(place, generation, mix(second + 1)),
  }
}

const organisationKinds = ['Telecom', 'Hosting', 'University', 'Hospital', 'Holdings']

/** Multiplying by an odd number visits every address of the /4 once, far apart. */
function ipv4(number: number): Host['address'] {
  const ip = 0xf000_0000 + (Math.imul(number, 0x09e3_779b) & 0x0fff_ffff)
  return { ip, ip_str: `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}` }
}

function ipv6(number: number): Host['address'] {
  const text = `2001:db8:${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}::1`
  return { ip_str: text, ipv6: text }
}

function placeOf(place: Place, generation: 'geonames' | 'iso', draw: number): Record<string, unknown> {
  const where = location(place, generation, { north: (draw % 7) - 3, east: ((draw >>> 8) % 7) - 3 })
  const percent = (draw >>> 16) % 100
  if (percent < 2)
    return {
      ...where,
      city: null,
      region_code: null,
      country_code: null,
      country_name: null,
      latitude: null,
      longitude: null,
    }
  if (percent < 6 && place.country === 'JP') return { ...where, city: null, region_code: null, ...middleOfJapan }
  return percent < 14 ? { ...where, city: null } : where
}
