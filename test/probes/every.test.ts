import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { TcpProbe } from '../../src/model/probe.ts'
import { adb } from '../../src/probes/adb.ts'
import { cwmp } from '../../src/probes/cwmp.ts'
import { docker } from '../../src/probes/docker.ts'
import { ftp } from '../../src/probes/ftp.ts'
import { http, https } from '../../src/probes/http.ts'
import { imap } from '../../src/probes/imap.ts'
import { ipp } from '../../src/probes/ipp.ts'
import { ldap } from '../../src/probes/ldap.ts'
import { memcached } from '../../src/probes/memcached.ts'
import { mqtt } from '../../src/probes/mqtt.ts'
import { mysql } from '../../src/probes/mysql.ts'
import { pop3 } from '../../src/probes/pop3.ts'
import { postgresql } from '../../src/probes/postgresql.ts'
import { rdp } from '../../src/probes/rdp.ts'
import { redis } from '../../src/probes/redis.ts'
import { rtsp } from '../../src/probes/rtsp.ts'
import { smtp } from '../../src/probes/smtp.ts'
import { ssh } from '../../src/probes/ssh.ts'
import { telnet } from '../../src/probes/telnet.ts'
import { vnc } from '../../src/probes/vnc.ts'
import { recogniseSql } from '../../src/recognise/fingerprint-sql.ts'
import { loadServices } from '../../src/recognise/service.ts'
import { certificate, converse } from '../helpers/converse.ts'

/** What a server of each protocol says to its own probe, and whether its beginning alone tells the protocol. */
interface Speech {
  readonly probe: TcpProbe
  readonly says: readonly string[]
  readonly isRecognised?: true
  /** What fingerprints make of it. */
  readonly product?: string
  readonly version?: string
}

const json = '{"Version":"24.0.7","ApiVersion":"1.43"}'
const speeches: readonly Speech[] = [
  {
    probe: smtp,
    says: ['220 mx.example.net ESMTP Exim 4.97 ready\r\n', '250 mx.example.net\r\n', '221 bye\r\n'],
    isRecognised: true,
    product: 'Exim',
    version: '4.97',
  },
  {
    probe: pop3,
    says: ['+OK Dovecot ready.\r\n', '+OK\r\nUIDL\r\nSTLS\r\n.\r\n', '+OK\r\n', '+OK\r\nUSER\r\n.\r\n', '+OK\r\n'],
    isRecognised: true,
    product: 'Dovecot',
  },
  {
    probe: imap,
    says: ['* OK Dovecot ready.\r\n', '* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK x\r\n', 'a2 OK x\r\n', 'a3 OK x\r\n'],
    isRecognised: true,
    product: 'Dovecot',
  },
  {
    probe: ftp,
    says: ['220 ProFTPD 1.3.8b Server (ProFTPD)\r\n', '211-Features:\r\n AUTH TLS\r\n211 End\r\n', '234 x\r\n'],
    isRecognised: true,
    product: 'ProFTPD',
    version: '1.3.8b',
  },
  { probe: ssh, says: ['SSH-2.0-OpenSSH_9.6p1\r\n'], isRecognised: true, product: 'OpenSSH', version: '9.6p1' },
  {
    probe: telnet,
    says: ['\u00ff\u00fd\u0018\u00ff\u00fb\u0001', '\r\nMikroTik v6.49.10 (stable)\r\nLogin: '],
    isRecognised: true,
    product: 'RouterOS',
    version: '6.49.10',
  },
  {
    probe: http,
    says: ['HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\n\r\n', '<title>Welcome</title>'],
    isRecognised: true,
    product: 'nginx',
    version: '1.24.0',
  },
  {
    probe: https,
    says: [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      '1e\r\n<title>Synology NAS</title>xxx\r\n0\r\n\r\n',
    ],
    isRecognised: true,
    product: 'DiskStation',
  },
  {
    probe: cwmp,
    says: ['HTTP/1.1 401 Unauthorized\r\nServer: RomPager/4.07 UPnP/1.0\r\nContent-Length: 0\r\n\r\n'],
    isRecognised: true,
    product: 'RomPager',
    version: '4.07',
  },
  { probe: docker, says: [`HTTP/1.1 200 OK\r\nContent-Length: ${json.length}\r\n\r\n`, json], isRecognised: true },
  {
    probe: ipp,
    says: ['HTTP/1.1 200 OK\r\nServer: CUPS/2.4 IPP/2.1\r\n\r\n', '\u0001\u0001\u0004\u0006CENS\u0001\u0003'],
    isRecognised: true,
    product: 'CUPS',
    version: '2.4',
  },
  {
    probe: rtsp,
    says: ['RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: GStreamer RTSP server\r\n\r\n', 'RTSP/1.0 401 x\r\nCSeq: 2\r\n\r\n'],
    isRecognised: true,
    product: 'RTSP server',
  },
  { probe: mqtt, says: ['\u0020\u0002\0\0'] },
  {
    probe: redis,
    says: ['+PONG\r\n', '$32\r\n# Server\r\nredis_version:7.0.15\r\n\r\n'],
    product: 'Redis',
    version: '7.0.15',
  },
  { probe: redis, says: ['-DENIED Redis is running in protected mode\r\n'], isRecognised: true, product: 'Redis' },
  { probe: memcached, says: ['VERSION 1.6.21\r\n'] },
  {
    probe: mysql,
    says: ['\u0038\0\0\0\u000a5.5.5-10.6.16-MariaDB\0', '\u0001\0\0\0saltsalt\0', 'x'.repeat(20)],
    isRecognised: true,
    product: 'MariaDB',
    version: '10.6.16',
  },
  { probe: postgresql, says: ['S'] },
  { probe: vnc, says: ['RFB 003.008\n', '\u0001\u0001'], isRecognised: true },
  { probe: rdp, says: ['\u0003\0\0\u0013\u000e\u00d0\0\0\u0012\u0034\0\u0002\u001f\u0008\0\u0002\0\0\0'] },
  { probe: ldap, says: ['0\u000c\u0002\u0001\u0001e\u0007\u000a\u0001\0\u0004\0\u0004\0'] },
  { probe: adb, says: ['CNXN\0\0\0\u0001\0\u0010\0\0\u0008\0\0\0\0\0\0\0\u00bc\u00b1\u00a7\u00b1', 'device::'] },
]
const probes = [...new Set(speeches.map(({ probe }) => probe))]
/** These ask one another's servers something that any web server answers. */
const web = new Set([http, https, cwmp])
const handshakes = [certificate(['host.example.net'])]

/** What servers of protocols without a probe say first. */
const strangers = [
  '200 news.example.net InterNetNews ready\r\n',
  ':irc.example.net NOTICE * :*** Looking up your hostname\r\n',
  'NOTICE AUTH :*** Looking up your hostname\r\n',
  'SIP/2.0 400 Bad Request\r\n\r\n',
  '@RSYNCD: 31.0\n',
  '"IMPLEMENTATION" "Dovecot Pigeonhole"\r\n"STARTTLS"\r\nOK "ready"\r\n',
  '<?xml version="1.0"?><stream:stream xmlns="jabber:client">',
  '\u0015\u0003\u0001\0\u0002\u0002\u000a',
  'AMQP\0\0\u0009\u0001',
  '\0\0\0\u0007version',
  'ERROR\r\n',
  'Hello, what is your name?\r\n',
]

test('every probe is here, of a service of the catalogue and on its ports', async () => {
  const services = new Map(loadServices().services.map((service) => [service.id, service]))
  for (const { id, ports, tlsPorts = [] } of probes) {
    expect(ports, id).toEqual(services.get(id)?.ports.tcp)
    expect(ports, id).toEqual(expect.arrayContaining([...tlsPorts]))
  }
  const found: unknown[] = []
  const folder = new URL('../../src/probes/', import.meta.url)
  for (const file of readdirSync(folder)) {
    const module = (await import(new URL(file, folder).href)) as Readonly<Record<string, unknown>>
    const isProbe = (value: unknown): boolean => typeof value === 'object' && value !== null && 'talk' in value
    found.push(...Object.values(module).filter(isProbe))
  }
  expect(new Set(found)).toEqual(new Set(probes))
})

describe.each(speeches)('$probe.id: $says.0', ({ probe, says, isRecognised }) => {
  test('is told as what it is by its own probe', () => {
    expect(converse(probe, { says, handshakes }).finding?.module).toBe(probe.id)
  })

  test('is no other’s', () => {
    for (const other of probes) {
      if (other === probe || (web.has(other) && says[0]?.startsWith('HTTP/') === true)) continue
      expect(converse(other, { says, handshakes }).finding, other.id).toBeUndefined()
    }
  })

  test('is claimed by one probe at most', () => {
    const claim = (text: string): readonly string[] =>
      probes.filter((each) => each.recognises?.(Buffer.from(text, 'latin1')) === true).map(({ id }) => id)
    const expected = says[0]?.startsWith('HTTP/') === true ? 'http' : probe.id
    expect(claim(says.join(''))).toEqual(isRecognised === undefined ? [] : [expected])
    for (let end = 0; end < (says[0]?.length ?? 0); end++) {
      expect([[], [expected]]).toContainEqual(claim(says[0]?.slice(0, end) ?? ''))
    }
  })
})

test.each(strangers)('nobody takes for its own: %j', (says) => {
  for (const probe of probes) {
    expect(converse(probe, { says: [says], over: 'silent' }).finding, probe.id).toBeUndefined()
    expect(probe.recognises?.(Buffer.from(says, 'latin1')) ?? false, probe.id).toBe(false)
  }
})

describe.each(probes.map((probe) => ({ id: probe.id, probe })))('$id', ({ probe }) => {
  const beginnings = ['', ...speeches.flatMap((speech) => (speech.probe === probe ? [speech.says.join('')] : []))]

  test('hears 32 KiB at most', () => {
    const endless = [
      '\0',
      '\u00ff',
      'x',
      '\r\n',
      ' x\r\n',
      '* x\r\n',
      '220-x\r\n',
      '\u00ff\u00fa',
      '1\r\nx\r\n',
      'HTTP/1.1 103 x\r\n\r\n',
      'X: y\r\n',
    ]
    for (const [beginning, more] of beginnings.flatMap((each) => endless.map((other) => [each, other] as const))) {
      for (let cut = 0; cut <= beginning.length; cut += Math.max(1, Math.ceil(beginning.length / 6))) {
        const flood =
          (beginning.slice(0, cut) + more.repeat(Math.ceil(40_000 / more.length))).match(/[^]{1,512}/g) ?? []
        expect(converse(probe, { says: flood, handshakes }).heard, more).toBeLessThanOrEqual(32_768 / 512 + 2)
      }
    }
  })

  test('finds the same in any bytes, however they are cut', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.constantFrom(
        '\r\n',
        '\r\n\r\n',
        '+OK ',
        '* OK ',
        '220 ',
        '\0\0\0\u00ff',
        'HTTP/1.1 200 OK\r\n',
        '\u00ff\u00fd',
      ),
    )
    /** A piece of a conversation taken out or put in. */
    const broken = fc
      .tuple(fc.constantFrom(...beginnings), fc.nat(), fc.nat({ max: 6 }), noise)
      .map(([text, at, out, put]) => {
        const from = at % (text.length + 1)
        return text.slice(0, from) + put + text.slice(from + out)
      })
    fc.assert(
      fc.property(broken, fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }), (text, sizes) => {
        const whole = converse(probe, { says: text === '' ? [] : [text] })
        let at = 0
        const pieces = sizes.map((size) => text.slice(at, (at += size)))
        const says = [...pieces, text.slice(at)].filter((piece) => piece !== '')
        // Within a piece that came before TLS nothing counts: where one is asked for, cutting makes a difference.
        if (!whole.sent.includes('<TLS>')) expect(converse(probe, { says }).finding).toEqual(whole.finding)
      }),
      { numRuns: 300 },
    )
  })
})

test.each([
  [ssh, 'SSH-2.0-x\r\n\0\0\u0040\u0001'],
  [mysql, '\u0001\u0008\0\0'],
  [postgresql, 'E\0\0\u0010\u0001'],
  [ldap, '0\u0082\u0020\u0001'],
  [vnc, 'RFB 003.008\n\0\0\0\u0004\u0001'],
  [adb, 'CNXN\0\0\0\u0001\0\u0010\0\0\u0001\u0010\0\0\0\0\0\0\u00bc\u00b1\u00a7\u00b1'],
])('what is longer than it may be is not waited for: $0.id', (probe, says) => {
  expect(converse(probe, { says: [says, ...Array<string>(99).fill('x')] }).heard).toBe(1)
})

test('fingerprints know the products by the banners', async () => {
  const known = speeches.filter(({ product }) => product !== undefined)
  const sql = recogniseSql()
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const rows = known.map(({ probe, says }, index) => {
    const { module = '', banner = '' } = converse(probe, { says, handshakes }).finding ?? {}
    return `(${index}, '${module}', '${banner}')`
  })
  await connection.run(
    `CREATE TABLE asked AS SELECT id, service, ${sql.field({ service: 'service', banner: 'banner' })} AS field FROM (VALUES ${rows.join(', ')}) t(id, service, banner)`,
  )
  const fill = async (table: string, number: string, queries: readonly string[]): Promise<Set<number>> => {
    await connection.run(`CREATE TABLE ${table} (service VARCHAR, field VARCHAR, ${number} INTEGER)`)
    for (const query of queries) await connection.run(`INSERT INTO ${table} ${query}`)
    const found = await connection.runAndReadAll(`SELECT DISTINCT ${number} FROM ${table}`)
    return new Set(found.getRows().map(([each]) => Number(each)))
  }
  const blocks = await fill('sifted', 'block', sql.sifted('asked'))
  const numbers = await fill('matched', 'number', sql.matched('sifted', blocks))
  const told = await connection.runAndReadAll(
    `SELECT asked.service, k.product, k.version FROM asked LEFT JOIN (${sql.known('matched', numbers)}) k USING (service, field) ORDER BY id`,
  )
  expect(told.getRows()).toEqual(known.map(({ probe, product, version = '' }) => [probe.id, product, version]))
})
