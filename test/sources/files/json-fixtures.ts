import type { Observation } from '../../../src/model/observation.ts'
import type { Head, Reader, Reading, ReadOptions } from '../../../src/model/reader.ts'

/** Fixtures of our own making, on documentation addresses (RFC 5737, RFC 3849). */

export const banner = {
  ip_str: '192.0.2.25',
  ip: 3_221_225_985 + 24,
  port: 25,
  transport: 'tcp',
  timestamp: '2024-05-01T22:57:45.950793',
  product: 'Postfix smtpd',
  version: 3.4,
  os: null,
  hash: -1,
  data: '220 mail.example.org ESMTP Postfix\r\n',
  cpe: ['cpe:/a:postfix:postfix'],
  cpe23: ['cpe:2.3:a:postfix:postfix:3.4'],
  asn: 'AS64500',
  org: 'Example Networks',
  isp: 'Example Carrier',
  hostnames: ['mail.example.org', 'mx.example.org'],
  tags: ['honeypot', 'cloud'],
  location: {
    country_code: 'JP',
    country_name: 'Japan',
    region_code: '26',
    city: 'Kyoto',
    latitude: 35.02,
    longitude: 135.75,
  },
  _shodan: { module: 'smtp', id: 'a', options: {} },
}

export const shodanHost = {
  ip: 3_221_225_985,
  country_code: 'JP',
  region_code: '13',
  city: 'Chiyoda',
  latitude: 35.69,
  longitude: 139.75,
  last_update: '2024-03-02T01:00:00.5',
  hostnames: ['host.example.net'],
  data: [
    { port: 22, data: 'SSH-2.0-OpenSSH_9.6', _shodan: { module: 'ssh' }, timestamp: '2024-03-01T00:00:00' },
    { port: '123', transport: 'udp', data: 'NTP', org: 'Own Org', location: { country_code: 'US', city: null } },
  ],
  org: 'Host Org',
  asn: 'AS64501',
  ports: [22, 123],
}

export const censysV2 = {
  code: 200,
  status: 'OK',
  result: {
    query: 'services.port: 22',
    total: 1,
    hits: [
      {
        ip: '198.51.100.7',
        services: [
          { port: 22, service_name: 'SSH', transport_protocol: 'TCP' },
          { port: 443, service_name: 'HTTP', extended_service_name: 'HTTPS', transport_protocol: 'QUIC' },
        ],
        location: {
          country: 'Japan',
          country_code: 'JP',
          province: 'Osaka',
          city: 'Sakai',
          coordinates: { latitude: 34.57, longitude: 135.48 },
        },
        autonomous_system: { asn: 64502, name: 'EXAMPLE-AS', description: 'other' },
        last_updated_at: '2023-02-03T04:05:06.789Z',
      },
      { ip: '198.51.100.8', services: [], autonomous_system: { asn: 64502 } },
    ],
    links: { next: '' },
  },
}

export const censysLegacy = {
  ip: '198.51.100.25',
  'p25.smtp.starttls.banner': '220 relay.example.com ESMTP Exim 4.94',
  'p25.smtp.starttls.metadata.product': 'Exim',
  'p25.smtp.starttls.metadata.version': '4.94',
  'p80.http.get.status_line': '200 OK',
  'p80.http.get.headers.server': 'nginx/1.18.0',
  'p80.http.get.title': 'Example',
  'p53.dns.lookup.open_resolver': true,
  'location.country_code': 'DE',
  'location.province': 'Hesse',
  'location.latitude': 50.1,
  'location.longitude': 8.6,
  'autonomous_system.asn': 64503,
  'autonomous_system.name': 'EXAMPLE-DE',
  updated_at: '2018-07-08 09:10:11',
  protocols: ['25/smtp', '80/http', '53/dns', '443/https'],
}

export const zoomeyeV1 = {
  total: 1,
  matches: [
    {
      ip: '203.0.113.9',
      geoinfo: {
        asn: 64504,
        city: { names: { en: 'Sapporo', 'zh-CN': 'x' } },
        subdivisions: { names: { en: 'Hokkaido' } },
        country: { code: 'JP', names: { en: 'Japan' } },
        location: { lat: 43.06, lon: '141.35' },
        organization: 'Example North',
      },
      portinfo: {
        port: 110,
        service: 'pop3',
        app: 'Dovecot',
        version: '',
        banner: '+OK\r\n',
        hostname: 'pop.example.jp',
        os: '',
      },
      protocol: { application: 'POP3', transport: 'tcp', probe: 'x' },
      timestamp: '2016-03-09T16:14:04',
    },
  ],
  facets: {},
}

export const zoomeyeV2 = {
  code: 60_000,
  message: 'success',
  query: 'port=53',
  total: 1,
  data: [
    {
      ip: '203.0.113.53',
      port: 53,
      protocol: 'udp',
      service: 'dns',
      'country.name': 'Japan',
      'province.name': 'Fukuoka',
      'city.name': 'Fukuoka',
      'organization.name': 'Example West',
      lat: '33.59',
      lon: '130.40',
      asn: 64505,
      honeypot: 1,
      update_time: '2024-06-04T12:06:15.900404',
    },
  ],
}

export const fofaRows = {
  error: false,
  size: 2,
  page: 1,
  mode: 'extended',
  query: 'port="554"',
  fields: 'ip,port,protocol,host,country,region,as_number,lastupdatetime',
  results: [
    ['203.0.113.80', '554', 'rtsp', 'https://cam.example.org:554', 'JP', 'Okinawa', '64506', '2023-01-02 03:04:05'],
    ['203.0.113.81', '99999', 'rtsp', '203.0.113.81:554', 'JP', '', '', ''],
  ],
}

export const onyphePage = {
  count: 2,
  error: 0,
  max_page: 1,
  results: [
    {
      '@category': 'datascan',
      '@timestamp': '2025-04-08T09:35:55.000Z',
      ip: '192.0.2.77',
      port: 443,
      protocol: 'http',
      tls: 'true',
      transport: 'tcp',
      product: 'HTTP Server',
      productvendor: 'Apache',
      productversion: '2.4.57',
      cpe: '<enterprise field>: cpe',
      device: { class: ['Router'] },
      data: 'HTTP/1.1 200 OK\r\n',
      country: 'FR',
      city: 'Lyon',
      location: '45.76,4.83',
      asn: 'AS64507',
      organization: 'Example FR',
      subnet: '192.0.2.0/24',
      hostname: ['www.example.fr'],
    },
    { '@category': 'synscan', '@timestamp': '2025-04-08T09:36:00Z', ip: '2001:db8::5', port: 8080 },
    { '@category': 'geoloc', '@timestamp': '2025-04-08T09:36:00Z', ip: '192.0.2.78', country: 'FR' },
  ],
}

export const httpxLine = {
  timestamp: '2025-03-22T21:32:08.517821398+09:00',
  port: '8443',
  url: 'https://www.example.net:8443',
  input: 'www.example.net',
  title: 'Welcome',
  scheme: 'https',
  webserver: 'nginx/1.25.3',
  host: '192.0.2.90',
  a: ['192.0.2.90'],
  tech: ['Nginx', 'Amazon Web Services'],
  status_code: 200,
  failed: false,
}

export const zgrabLine = {
  ip: '192.0.2.44',
  domain: 'target.example.org',
  data: {
    ssh: {
      status: 'success',
      protocol: 'ssh',
      result: { server_id: { raw: 'SSH-2.0-OpenSSH_9.6', version: '2.0' } },
      timestamp: '2024-05-15T00:02:49-07:00',
    },
    http8080: {
      status: 'success',
      protocol: 'http',
      result: {
        response: {
          status_line: '200 OK',
          protocol: { name: 'HTTP/1.0' },
          headers: { server: ['Boa/0.94'], www_authenticate: ['Basic'], unknown: [{ key: 'x-frame', value: ['no'] }] },
          body: '<html><TITLE lang=en> Camera </TITLE></html>',
        },
      },
      timestamp: '2024-05-15T07:02:50Z',
    },
    redis: {
      status: 'success',
      protocol: 'redis',
      result: { ping_response: 'PONG', version: '6.2.1', os: 'Linux' },
      timestamp: '2024-05-15T07:02:50Z',
    },
    ntp: { status: 'success', protocol: 'ntp', result: { version: 3 }, timestamp: '2024-05-15T07:02:50Z' },
    smtp: {
      status: 'application-error',
      protocol: 'smtp',
      result: { banner: '554 no' },
      timestamp: '2024-05-15T07:02:50Z',
    },
    telnet: { status: 'connection-refused', protocol: 'telnet', timestamp: '2024-05-15T07:02:50Z', error: 'refused' },
    mqtt: { status: 'connection-timeout', protocol: 'mqtt', timestamp: '2024-05-15T07:02:50Z' },
    modbus: { status: 'io-timeout', protocol: 'modbus', port: 1502, timestamp: '2024-05-15T07:02:50Z' },
  },
}

export async function readAll(
  reader: Reader,
  input: string | Uint8Array,
  options: Partial<ReadOptions> = {},
  chunkBytes = 65_536,
) {
  const bytes = Buffer.from(input)
  const chunks = (async function* () {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
  })()
  const readings: Reading[] = []
  for await (const reading of reader.read(chunks, { fileName: 'x.json', maxRecordBytes: 1_000_000, ...options })) {
    readings.push(reading)
  }
  return readings
}

export function observations(readings: readonly Reading[]): Observation[] {
  return readings.flatMap((reading) => (reading.kind === 'record' ? [reading.observation] : []))
}

/** `reason` or kind, and line, of whatever is no record. */
export function troubles(readings: readonly Reading[]): string[] {
  return readings.flatMap((reading) => {
    if (reading.kind === 'record') return []
    return [`${reading.kind === 'reject' ? reading.reason : 'cut'}@${reading.line}`]
  })
}

export function headOf(input: string, bytes = 65_536): Head {
  return { text: input.slice(0, bytes), fileName: 'x.json', whole: input.length <= bytes }
}
