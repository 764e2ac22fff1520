import type { TcpProbe } from '../../src/model/probe.ts'
import { adb } from '../../src/probes/adb.ts'
import { cwmp } from '../../src/probes/cwmp.ts'
import { dnp3 } from '../../src/probes/dnp3.ts'
import { docker } from '../../src/probes/docker.ts'
import { ethernetipTcp } from '../../src/probes/ethernetip-tcp.ts'
import { fox } from '../../src/probes/fox.ts'
import { ftp } from '../../src/probes/ftp.ts'
import { http, https } from '../../src/probes/http.ts'
import { iec104 } from '../../src/probes/iec-104.ts'
import { imap } from '../../src/probes/imap.ts'
import { ipp } from '../../src/probes/ipp.ts'
import { ldap } from '../../src/probes/ldap.ts'
import { memcached } from '../../src/probes/memcached.ts'
import { modbus } from '../../src/probes/modbus.ts'
import { mqtt } from '../../src/probes/mqtt.ts'
import { mysql } from '../../src/probes/mysql.ts'
import { opcUa } from '../../src/probes/opc-ua.ts'
import { pop3 } from '../../src/probes/pop3.ts'
import { postgresql } from '../../src/probes/postgresql.ts'
import { rdp } from '../../src/probes/rdp.ts'
import { redis } from '../../src/probes/redis.ts'
import { rtsp } from '../../src/probes/rtsp.ts'
import { s7 } from '../../src/probes/s7.ts'
import { smtp } from '../../src/probes/smtp.ts'
import { ssh } from '../../src/probes/ssh.ts'
import { telnet } from '../../src/probes/telnet.ts'
import { vnc } from '../../src/probes/vnc.ts'

/** What a server says to the probe of its own protocol, and whether its beginning alone tells the protocol. */
export interface Speech {
  readonly probe: TcpProbe
  readonly says: readonly string[]
  readonly isRecognised?: true
  /** What fingerprints make of it. */
  readonly product?: string
  readonly version?: string
}

/** Bytes as text of latin1, as a script says them. */
const hex = (bytes: string): string => Buffer.from(bytes, 'hex').toString('latin1')

const json = '{"Version":"24.0.7","ApiVersion":"1.43"}'

/** Of every probe over TCP one at least, and so many that each says all that it ever says. */
export const speeches: readonly Speech[] = [
  {
    probe: smtp,
    says: ['220 mx.example.net ESMTP Exim 4.97 ready\r\n', '250 mx.example.net\r\n', '221 bye\r\n'],
    isRecognised: true,
    product: 'Exim',
    version: '4.97',
  },
  {
    probe: smtp,
    says: [
      '220 mx.example.net ESMTP\r\n',
      '250-mx.example.net\r\n250 STARTTLS\r\n',
      '220 go\r\n',
      '250 AUTH PLAIN\r\n',
    ],
    isRecognised: true,
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
    probe: http,
    says: [
      'HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nContent-Length: 38\r\n\r\n<link rel="icon" href="/img/icon.png">',
      'HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\nicon',
    ],
    isRecognised: true,
    product: 'nginx',
    version: '1.24.0',
  },
  {
    probe: https,
    says: [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n25\r\n<link rel=icon href=/img/icon.png>xyz\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nicon\r\n0\r\n\r\n',
    ],
    isRecognised: true,
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
  { probe: vnc, says: ['RFB 003.007\n', '\u0001\u0002'], isRecognised: true },
  { probe: vnc, says: ['RFB 004.001\n', '\u0001\u0002'], isRecognised: true },
  { probe: vnc, says: ['RFB 003.889\n', '\u0001\u001e'], isRecognised: true },
  { probe: vnc, says: ['RFB 003.003\n', '\0\0\0\u0002'], isRecognised: true },
  { probe: rdp, says: ['\u0003\0\0\u0013\u000e\u00d0\0\0\u0012\u0034\0\u0002\u001f\u0008\0\u0002\0\0\0'] },
  { probe: ldap, says: ['0\u000c\u0002\u0001\u0001e\u0007\u000a\u0001\0\u0004\0\u0004\0'] },
  { probe: adb, says: ['CNXN\0\0\0\u0001\0\u0010\0\0\u0008\0\0\0\0\0\0\0\u00bc\u00b1\u00a7\u00b1', 'device::'] },
  {
    probe: modbus,
    says: [hex('454300000028ff2b0e0101000003'), '\0\u0010Example Controls\u0001\u0006EX-100\u0002\u0004V2.4'],
  },
  {
    probe: s7,
    says: [
      hex('0300001611d00014000100c0010ac1020100c2020102'),
      hex('0300001b02f080320300004543000800000000f0000001000100f0'),
      hex(
        `0300004502f080320700004543000c0028000112081284010100000000ff09002400110000001c00010007${'00'.repeat(20)}000056030206`,
      ),
      hex(
        `0300004b02f080320700004543000c002e000112081284010100000000ff09002a001c00000022000100074558${'00'.repeat(30)}`,
      ),
    ],
  },
  { probe: dnp3, says: [hex('0564050b01000a006ded')], isRecognised: true },
  {
    probe: ethernetipTcp,
    says: [
      hex('630039000000000000000000010063656e73757300000000'),
      hex('01000c003300'),
      hex('01000002af12c0000207000000000000000001000e003600140b30007856341211'),
      'EX-1/A CONTROLLER\u0003',
    ],
  },
  { probe: fox, says: ['fox a 0 -1 fox hello\n{\nfox.version=s:1.0.1\n', 'hostName=s:tower7.example.net\n};;\n'] },
  { probe: iec104, says: [hex('680483000000')], isRecognised: true },
  {
    probe: opcUa,
    says: [hex('41434b461c00000000000000'), hex('00200000ffff00000000000188130000')],
    isRecognised: true,
  },
]

/** What servers of protocols without a probe say first. */
export const strangers = [
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
