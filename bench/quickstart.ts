import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { spoken, timestamp } from './synthetic/banner.ts'
import { abroad, location, middleOfJapan, prefectures, type Place } from './synthetic/places.ts'
import { mix, randomFrom, weighted, type Random } from './synthetic/random.ts'
import { services, type Service } from './synthetic/services.ts'

/*
 * Makes data/quickstart/japan-2016-style.ndjson.gz, always the same: `npx tsx bench/quickstart.ts`. The records are
 * invented. Their proportions follow what the study of 2016 tells of five prefectures (Tokyo first and Osaka second
 * per head, Kanagawa with NTP above all), so that a report made from them reads like the study; they measure nothing.
 */

export const quickstartFile = new URL('../data/quickstart/japan-2016-style.ndjson.gz', import.meta.url)

const seed = 2016
const firstDay = Date.UTC(2016, 2, 1)
const days = 122
const hours = 3_600_000

/** Records for every million inhabitants. */
function perMillion(place: Place): number {
  if (place.isoCode === '13') return 160
  if (place.isoCode === '27') return 95
  if (place.isoCode === '14') return 75
  return 32 + (mix(Number(place.isoCode)) % 16)
}

const kindNames = ['mail', 'time', 'iot', 'web', 'other'] as const
type Kind = (typeof kindNames)[number]

/** Modules and ports of a kind, frequent ones repeated. */
const kinds: Readonly<Record<Kind, readonly string[]>> = {
  mail: ['smtp:25', 'smtp:25', 'smtp:587', 'pop3:110', 'imap:143'],
  time: ['ntp:123'],
  iot: ['rtsp-tcp:554', 'rtsp-tcp:554', 'http-simple-new:81', 'mqtt:1883', 'telnet:23', 'telnet:23'],
  web: ['http:80', 'http:80', 'https:443', 'http-simple-new:8080'],
  other: [
    'ssh:22',
    'ssh:22',
    'ssh:22',
    'ftp:21',
    'ftp:21',
    'dns-udp:53',
    'snmp:161',
    'smb:445',
    'sip:5060',
    'modbus:502',
  ],
}

const usualMix: Readonly<Record<Kind, number>> = { mail: 30, time: 14, iot: 18, web: 27, other: 11 }
const unusualMix: Readonly<Record<string, Readonly<Record<Kind, number>>>> = {
  '13': { mail: 36, time: 17, iot: 10, web: 27, other: 10 },
  '14': { mail: 15, time: 58, iot: 10, web: 12, other: 5 },
}

const kindOf = (place: Place): ((draw: number) => Kind) => {
  const shares = (place.country === 'JP' ? unusualMix[place.isoCode ?? ''] : undefined) ?? usualMix
  return weighted(kindNames, (kind) => shares[kind])
}

interface Host {
  readonly number: number
  readonly address: { readonly ip_str: string; readonly ip?: number; readonly ipv6?: string }
  readonly network: number
  readonly name: string
  /** 0 to 99: how much is known of its place. */
  readonly placed: number
}

/** The lines of the quick start's export, without line ends: 6,000 to 10,000, a few of them broken on purpose. */
export function quickstartLines(): string[] {
  const random = randomFrom(seed)
  const addresses = numbers()
  const records = [
    ...prefectures.flatMap((place) =>
      recordsOf(place, Math.round((place.weight * perMillion(place)) / 1_000_000), random, addresses),
    ),
    ...abroad.flatMap((place) => recordsOf(place, Math.ceil(place.weight / 2), random, addresses)),
  ]
  // An export comes in no order of places: by the hash of the position.
  const shuffled = records
    .map((line, index) => ({ line, order: mix(index + seed) }))
    .toSorted((a, b) => a.order - b.order || (a.line < b.line ? -1 : 1))
  const lines = shuffled.map(({ line }) => line)
  const repeats = lines.filter((_, index) => index % 300 === 7)
  return [...lines.slice(0, 2500), ...repeats, ...lines.slice(2500, 5000), ...brokenLines, ...lines.slice(5000)]
}

/** What a reader has to reject: a line torn off, a record without an address, an impossible address, an impossible port. */
const brokenLines: readonly string[] = [
  '{"_synthetic":true,"ip_str":"198.18.0.1","port":25,"transport":"tcp","timestamp":"2016-04-0',
  '{"_synthetic":true,"port":25,"transport":"tcp","timestamp":"2016-04-01T00:00:00.000000","data":"220 no address ESMTP\\r\\n","_shodan":{"module":"smtp"}}',
  '{"_synthetic":true,"ip_str":"198.18.300.1","port":123,"transport":"udp","timestamp":"2016-04-01T00:00:00.000000","data":"NTP","_shodan":{"module":"ntp"}}',
  '{"_synthetic":true,"ip_str":"198.18.0.2","port":70000,"transport":"tcp","timestamp":"2016-04-01T00:00:00.000000","data":"","_shodan":{"module":"auto"}}',
]

/** @param addresses numbers that no address has yet */
function recordsOf(place: Place, count: number, random: Random, addresses: Iterator<number, never>): string[] {
  const kind = kindOf(place)
  const lines: string[] = []
  let host: Host | undefined
  while (lines.length < count) {
    // One address in four answers on another port too.
    host = host !== undefined && random.chance(0.25) ? host : newHost(addresses.next().value, random)
    const service = serviceOf(random.pick(kinds[kind(random.next())]))
    const time = firstDay + random.below((days - 1) * 24) * hours + random.below(hours)
    lines.push(record(place, host, service, time, random))
    // Some endpoints were seen again later on.
    if (random.chance(0.03) && lines.length < count) lines.push(record(place, host, service, time + 24 * hours, random))
  }
  return lines
}

function serviceOf(modulePort: string): Service {
  const service = services.find(({ module, port }) => `${module}:${port}` === modulePort)
  if (service === undefined) throw new RangeError(`no service ${modulePort}`)
  return service
}

function* numbers(): Generator<number, never> {
  for (let number = 0; ; number++) yield number
}

function newHost(number: number, random: Random): Host {
  return {
    number,
    address: addressOf(number),
    network: Math.floor(60 * (random.next() / 2 ** 32) ** 2),
    name: `host-${number}.isp${random.below(40)}.example`,
    placed: random.below(100),
  }
}

/** Documentation addresses (RFC 5737, RFC 3849) and the benchmarking block 198.18.0.0/15 (RFC 2544): nobody's. */
function addressOf(number: number): Host['address'] {
  if (number % 50 === 0) {
    const text = `2001:db8:${number.toString(16)}::25`
    return { ip_str: text, ipv6: text }
  }
  const documentation = [0xc000_0200, 0xc633_6400, 0xcb00_7100][number % 3] ?? 0
  // Multiplying by an odd number visits every address of the block once, far apart.
  const ip = number < 600 ? documentation + 1 + Math.floor(number / 3) : 0xc612_0000 + ((number * 40_503) & 0x1_ffff)
  return { ip, ip_str: `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}` }
}

function record(place: Place, host: Host, service: Service, time: number, random: Random): string {
  const asked = {
    random,
    hostName: host.name,
    address: host.address.ip_str,
    time,
    base64: (length: number) => 'A'.repeat(length),
    html: () => '',
  }
  return JSON.stringify({
    _synthetic: true,
    hash: random.next() | 0,
    ...host.address,
    port: service.port,
    transport: service.transport,
    timestamp: timestamp(time, random.below(1000)),
    asn: `AS${64_512 + host.network}`,
    org: `Example ${organisationKinds[host.network % organisationKinds.length] ?? ''} ${host.network}`,
    isp: `Example Internet ${host.network % 9}`,
    hostnames: host.number % 3 === 0 ? [host.name] : [],
    location: locationOf(place, host, time),
    ...spoken(service.answer(asked)),
    _shodan: { id: null, options: {}, module: service.module, crawler: '0000000000000000000000000000000000000000' },
    opts: {},
  })
}

const organisationKinds = ['Telecom', 'Broadband', 'Hosting', 'University', 'Hospital', 'City Office', 'Holdings']

/** Old region codes until May, new ones in June, and every way in which a place can be missing. */
function locationOf(place: Place, host: Host, time: number): Record<string, unknown> {
  const generation = time < Date.UTC(2016, 5, 1) ? 'geonames' : 'iso'
  const where = location(place, generation, { north: (host.number % 5) - 2, east: (host.number % 7) - 3 })
  if (place.country !== 'JP') return where
  if (host.placed < 2)
    return {
      ...where,
      city: null,
      region_code: null,
      country_code: null,
      country_name: null,
      country_code3: null,
      latitude: null,
      longitude: null,
    }
  if (host.placed < 5) return { ...where, city: null, region_code: null, ...middleOfJapan }
  if (host.placed < 6) return { ...where, city: null, latitude: null, longitude: null }
  return host.placed < 15 ? { ...where, city: null } : where
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = `${quickstartLines().join('\n')}\n`
  const packed = gzipSync(text, { level: 9 })
  writeFileSync(quickstartFile, packed)
  console.error(`${quickstartFile.pathname}: ${text.split('\n').length - 1} lines, ${packed.length} bytes packed`)
}
