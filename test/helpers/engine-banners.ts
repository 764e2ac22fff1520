/** A banner of our own making, on a documentation or benchmarking address. */
export interface SyntheticBanner {
  readonly ip_str: string
  readonly port: number
  readonly transport: 'tcp' | 'udp'
  /** As Shodan writes it: UTC, microseconds, no zone. */
  readonly timestamp: string
  readonly module: string
  readonly country: string
  /** The ISO 3166-2 code behind the country: `13` for Tokyo. */
  readonly region?: string
  readonly regionName?: string
  readonly city?: string
  readonly product?: string
  readonly version?: string
  readonly org?: string
  readonly asn?: string
  readonly devicetype?: string
  readonly data: string
}

/** Japan's prefectures in the order of their ISO codes 01 to 47, and how many of some 1000 banners each has. */
const shares: readonly (readonly [name: string, share: number])[] = `
  Hokkaido 30, Aomori 4, Iwate 4, Miyagi 14, Akita 3, Yamagata 4, Fukushima 7, Ibaraki 12, Tochigi 8, Gunma 8,
  Saitama 42, Chiba 40, Tokyo 340, Kanagawa 62, Niigata 10, Toyama 5, Ishikawa 6, Fukui 4, Yamanashi 4, Nagano 11,
  Gifu 9, Shizuoka 18, Aichi 50, Mie 8, Shiga 7, Kyoto 18, Osaka 110, Hyogo 32, Nara 6, Wakayama 4, Tottori 2,
  Shimane 2, Okayama 10, Hiroshima 15, Yamaguchi 6, Tokushima 3, Kagawa 5, Ehime 6, Kochi 3, Fukuoka 30, Saga 3,
  Nagasaki 5, Kumamoto 7, Oita 5, Miyazaki 4, Kagoshima 6, Okinawa 8
`
  .split(',')
  .map((entry) => entry.trim().split(' '))
  .map(([name = '', share]) => [name, Number(share)] as const)

export interface Prefecture {
  readonly name: string
  readonly iso: string
  /** The code of GeoNames, once that of FIPS 10-4: in the order of names, but for Okinawa, which came last. */
  readonly geonames: string
}

const two = (value: number): string => String(value).padStart(2, '0')
const alphabetical = shares
  .map(([name]) => name)
  .filter((name) => name !== 'Okinawa')
  .toSorted()

/** Japan's prefectures, by ISO code. */
export const prefectures: readonly Prefecture[] = shares.map(([name], index) => ({
  name,
  iso: two(index + 1),
  geonames: name === 'Okinawa' ? '47' : two(alphabetical.indexOf(name) + 1),
}))

interface Service {
  readonly module: string
  readonly share: number
  readonly ports: readonly number[]
  readonly transport?: 'udp'
  /** Product, versions, device type; an absent product is one Shodan does not know. */
  readonly products?: readonly (readonly [product?: string, version?: string, devicetype?: string])[]
  readonly data: string
}

const services: readonly Service[] = [
  {
    module: 'smtp',
    share: 180,
    ports: [25, 25, 25, 587, 2525],
    products: [
      ['Postfix smtpd'],
      ['Postfix smtpd'],
      ['Exim smtpd', '4.96'],
      ['Exim smtpd', '4.94.2'],
      ['Sendmail', '8.15.2'],
      [],
    ],
    data: '220 mail.example.jp ESMTP\r\n',
  },
  {
    module: 'imap',
    share: 80,
    ports: [143],
    products: [['Dovecot imapd'], ['Dovecot imapd'], ['Courier Imapd', '4.9.1'], []],
    data: '* OK IMAP4rev1 ready\r\n',
  },
  {
    module: 'ntp',
    share: 90,
    ports: [123],
    transport: 'udp',
    products: [['ntpd', '4.2.8'], []],
    data: 'NTP\nstratum: 3\n',
  },
  {
    module: 'http',
    share: 270,
    ports: [80, 80, 80, 8080, 8000],
    products: [
      ['nginx', '1.24.0'],
      ['nginx', '1.18.0'],
      ['Apache httpd', '2.4.57'],
      ['Example Router httpd', '1.0', 'router'],
      [],
    ],
    data: 'HTTP/1.1 200 OK\r\nServer: example\r\n\r\n',
  },
  {
    module: 'https',
    share: 220,
    ports: [443, 443, 8443],
    products: [['nginx', '1.24.0'], ['Apache httpd', '2.4.57'], ['Example Firewall', '7.2', 'firewall'], []],
    data: 'HTTP/1.1 200 OK\r\nServer: example\r\n\r\n',
  },
  {
    module: 'mqtt',
    share: 40,
    ports: [1883],
    products: [['Mosquitto', '2.0.15'], []],
    data: 'MQTT Connection Code: 0\n',
  },
  {
    module: 'rtsp',
    share: 50,
    ports: [554, 8554],
    products: [['Example Camera rtspd', '1.0', 'webcam'], []],
    data: 'RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n',
  },
  { module: 'auto', share: 60, ports: [25, 5000, 9999, 49_152], data: 'hello\r\n' },
  { module: 'example-industrial', share: 5, ports: [20_547], data: '\\x00\\x01' },
  { module: 'a module, of 2026', share: 3, ports: [7777], transport: 'udp', data: 'x' },
  { module: 'HTTP-new', share: 2, ports: [80], data: 'HTTP/1.0 200 OK\r\n\r\n' },
]

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const weighted = <T extends { readonly share: number }>(items: readonly T[]): ((random: number) => T) => {
  const total = items.reduce((sum, { share }) => sum + share, 0)
  return (random) => {
    let rest = random * total
    return items.find(({ share }) => (rest -= share) < 0) ?? (items.at(-1) as T)
  }
}

/** An address of the number's own: 198.18.0.0/15, at times 192.0.2.0/24, and 2001:db8::/32 for one of ten and the rest. */
function address(n: number): string {
  if (n % 10 === 9 || n >= 2 ** 17) {
    const high = n < 2 ** 16 ? '' : `${(n >>> 16).toString(16)}:`
    return `2001:db8::${high}${(n & 0xffff).toString(16)}`
  }
  if (n % 100 === 50 && n < 25_600) return `192.0.2.${(n - 50) / 100}`
  return `198.${18 + (n >>> 16)}.${(n >>> 8) & 0xff}.${n & 0xff}`
}

/** A moment of May 2026, spread over 30 days. */
const moment = (random: number): string =>
  new Date(Date.UTC(2026, 4, 1) + Math.floor(random * 30 * 86_400_000)).toISOString().replace('Z', '123')

/**
 * Makes banners in Japan, no endpoint twice, the same for the same seed: skewed over the prefectures, 6 of 100 without a
 * region, one of eight on the address before it.
 */
export function syntheticBanners(count: number, { seed = 1 }: { readonly seed?: number } = {}): SyntheticBanner[] {
  const random = randomNumbers(seed)
  const anyService = weighted(services)
  const anyPlace = weighted(prefectures.map((prefecture, index) => ({ ...prefecture, share: shares[index]?.[1] ?? 0 })))
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const banners: SyntheticBanner[] = []
  for (let n = 0; n < count; n++) {
    const service = anyService(random())
    const [product, version, devicetype] = pick(service.products ?? [[]])
    const [port, transport] = [pick(service.ports), service.transport ?? 'tcp'] as const
    const place = random() < 0.06 ? undefined : anyPlace(random())
    const system = Math.floor(random() ** 2 * 16)
    const before = n % 8 === 7 ? banners[n - 1] : undefined
    banners.push({
      ip_str: before && (before.port !== port || before.transport !== transport) ? before.ip_str : address(n),
      port,
      transport,
      timestamp: moment(random()),
      module: service.module,
      country: 'JP',
      ...(place === undefined
        ? {}
        : { region: place.iso, regionName: place.name, city: `${place.name} ${random() < 0.7 ? 'City' : 'Town'}` }),
      ...(product === undefined ? {} : { product }),
      ...(version === undefined ? {} : { version }),
      ...(devicetype === undefined ? {} : { devicetype }),
      org: `Example Network ${system + 1}`,
      asn: `AS${64_496 + system}`,
      data: service.data,
    })
  }
  return banners
}
