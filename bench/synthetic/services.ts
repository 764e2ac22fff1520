import type { Answer, Asked, Software } from './software.ts'
import { spokenBy } from './software.ts'
import { imap, pop3, smtp } from './mail.ts'
import { camera, http, https } from './web.ts'

/** A service as a search engine's crawler meets it. */
export interface Service {
  /** Shodan's name of its module. */
  readonly module: string
  readonly port: number
  readonly transport: 'tcp' | 'udp'
  /** How often, relative to the others. */
  readonly weight: number
  readonly answer: (asked: Asked) => Answer
}

const ntpStatus =
  'NTP\nprotocolversion: 3\nstratum: 3\nleap: 0\nprecision: -20\nrootdelay: 0.0%n\nrootdisp: 0.0%n\nrefid: 3221226%n\nreftime: %t.%n\npoll: 3'
const ntp: readonly Software[] = [
  { weight: 55, says: ntpStatus },
  {
    weight: 30,
    says: `${ntpStatus}\nversion="ntpd %v@1.2349-o %d (1)"\nprocessor="x86_64"\nsystem="Linux/3.10.0"\nclock=0x%x.%x`,
    product: 'ntpd',
    versions: ['4.2.6p5', '4.2.8p4', '4.1.1'],
    os: 'Linux',
    cpe: 'a:ntp:ntp',
  },
  { weight: 15, says: `${ntpStatus}\nversion="4"\nprocessor="unknown"\nsystem="UNIX"\nclock=0x%x.%x` },
]

const telnet: readonly Software[] = [
  { weight: 25, says: '\\xff\\xfd\\x01\\xff\\xfd\\x1f\\xff\\xfb\\x01\\xff\\xfb\\x03(none) login: ' },
  {
    weight: 15,
    says: '\\xff\\xfb\\x01\\xff\\xfb\\x03\\xff\\xfd\\x18\r\n\r\nUser Access Verification\r\n\r\nUsername: ',
    product: 'Cisco router telnetd',
    devicetype: 'router',
  },
  {
    weight: 15,
    says: '\\xff\\xfd\\x18\\xff\\xfd \\xff\\xfd#\\xff\\xfd\\x27\r\nMikroTik v%v (stable)\r\nLogin: ',
    product: 'MikroTik router telnetd',
    versions: ['6.34.2', '6.49.7'],
    devicetype: 'router',
  },
  {
    weight: 15,
    says: '\\xff\\xfb\\x03\\xff\\xfb\\x01BusyBox v%v (2014-03-11 16:44:05 CST) built-in shell (ash)\r\n%h login: ',
    product: 'BusyBox telnetd',
    versions: ['1.12.4', '1.19.4'],
  },
  { weight: 15, says: '\\xff\\xfb\\x01\r\nPassword: ' },
  { weight: 15, says: '\\xff\\xfd\\x03\\xff\\xfb\\x00dvrdvs login: ' },
]

const ftp: readonly Software[] = [
  {
    weight: 25,
    says: '220 (vsFTPd %v)\r\n530 Please login with USER and PASS.\r\n211-Features:\r\n EPRT\r\n EPSV\r\n MDTM\r\n PASV\r\n SIZE\r\n UTF8\r\n211 End\r\n',
    product: 'vsftpd',
    versions: ['2.2.2', '3.0.2', '3.0.3'],
    cpe: 'a:vsftpd:vsftpd',
  },
  {
    weight: 25,
    says: "220 ProFTPD %v Server (%h) [%a]\r\n530 Login incorrect.\r\n214-The following commands are recognized (* =>'s unimplemented):\r\n",
    product: 'ProFTPD',
    versions: ['1.3.3c', '1.3.5e'],
    cpe: 'a:proftpd:proftpd',
  },
  {
    weight: 20,
    says: '220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n220-You are user number 1 of 50 allowed.\r\n220-Local time is now %d.\r\n',
    product: 'Pure-FTPd',
  },
  {
    weight: 15,
    says: '220 Microsoft FTP Service\r\n530 User cannot log in.\r\n',
    product: 'Microsoft ftpd',
    os: 'Windows',
  },
  { weight: 15, says: '220 %h FTP server ready.\r\n' },
]

const kex =
  '\n\nKex Algorithms:\n\tcurve25519-sha256\n\tecdh-sha2-nistp256\n\tdiffie-hellman-group14-sha256\n\nEncryption Algorithms:\n\taes128-ctr\n\taes256-gcm@openssh.com\n\nMAC Algorithms:\n\thmac-sha2-256\n\thmac-sha1\n\nCompression Algorithms:\n\tnone\n'
const sshKey = `\nKey type: ssh-rsa\nKey: AAAAB3NzaC1yc2EAAAADAQABAAABAQ%k\n%k\n%k\n%k\n%k\nFingerprint: %x%x%x%x${kex}`
const ssh: readonly Software[] = [
  {
    weight: 70,
    says: `SSH-2.0-OpenSSH_%v${sshKey}`,
    product: 'OpenSSH',
    versions: ['5.3', '6.6.1', '7.4', '8.9p1', '9.2p1'],
    cpe: 'a:openbsd:openssh',
  },
  {
    weight: 18,
    says: `SSH-2.0-dropbear_%v${sshKey}`,
    product: 'Dropbear sshd',
    versions: ['0.52', '2014.63', '2019.78'],
  },
  { weight: 12, says: `SSH-2.0-ROSSSH${sshKey}` },
]

const rtsp: readonly Software[] = [
  {
    weight: 40,
    says: 'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="IP Camera(%n)", nonce="%x%x%x%x", stale="FALSE"\r\nServer: Hipcam RealServer/V1.0\r\n\r\n',
    product: 'Hipcam IP camera rtspd',
    devicetype: 'webcam',
  },
  {
    weight: 60,
    says: 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE\r\nDate: %d\r\n\r\n',
  },
]

const snmp: readonly Software[] = [
  { weight: 40, says: 'Linux %h 3.10.0-%n.el7.x86_64 #1 SMP %d x86_64' },
  {
    weight: 30,
    says: 'Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version %v, RELEASE SOFTWARE (fc1)\r\nTechnical Support: http://www.cisco.com/techsupport\r\nCompiled %d',
    product: 'Cisco IOS',
    versions: ['15.0(1)M4', '15.4(3)M2'],
    devicetype: 'router',
  },
  { weight: 30, says: 'RouterOS RB951Ui-2HnD, up %n hours' },
]

const one = (says: string, rest: Omit<Software, 'says' | 'weight'> = {}): ((asked: Asked) => Answer) =>
  spokenBy([{ says, weight: 1, ...rest }])

/** The mixture of a general export: the web first, then what is left open beside it. */
export const services: readonly Service[] = [
  { module: 'http', port: 80, transport: 'tcp', weight: 25, answer: http },
  { module: 'http-simple-new', port: 8080, transport: 'tcp', weight: 4, answer: http },
  { module: 'https', port: 443, transport: 'tcp', weight: 18, answer: https },
  { module: 'https-simple-new', port: 8443, transport: 'tcp', weight: 2, answer: https },
  { module: 'http-simple-new', port: 81, transport: 'tcp', weight: 1, answer: camera },
  { module: 'auto', port: 7547, transport: 'tcp', weight: 3, answer: http },
  { module: 'auto', port: 2222, transport: 'tcp', weight: 1, answer: spokenBy(ssh) },
  { module: 'ssh', port: 22, transport: 'tcp', weight: 9, answer: spokenBy(ssh) },
  { module: 'smtp', port: 25, transport: 'tcp', weight: 5, answer: spokenBy(smtp) },
  { module: 'smtp', port: 587, transport: 'tcp', weight: 2, answer: spokenBy(smtp) },
  { module: 'pop3', port: 110, transport: 'tcp', weight: 3, answer: spokenBy(pop3) },
  { module: 'imap', port: 143, transport: 'tcp', weight: 3, answer: spokenBy(imap) },
  { module: 'ftp', port: 21, transport: 'tcp', weight: 4, answer: spokenBy(ftp) },
  { module: 'telnet', port: 23, transport: 'tcp', weight: 4, answer: spokenBy(telnet) },
  { module: 'ntp', port: 123, transport: 'udp', weight: 4, answer: spokenBy(ntp) },
  { module: 'rtsp-tcp', port: 554, transport: 'tcp', weight: 2, answer: spokenBy(rtsp) },
  { module: 'snmp', port: 161, transport: 'udp', weight: 2, answer: spokenBy(snmp) },
  { module: 'dns-udp', port: 53, transport: 'udp', weight: 3, answer: one('\nRecursion: enabled\nResolver ID: %h') },
  {
    module: 'mqtt',
    port: 1883,
    transport: 'tcp',
    weight: 1,
    answer: one(
      'MQTT Connection Code: 0\n\nTopics:\n$SYS/broker/version: mosquitto version %v\n$SYS/broker/uptime: %t seconds',
      { product: 'Mosquitto', versions: ['1.4.8', '2.0.15'] },
    ),
  },
  {
    module: 'sip',
    port: 5060,
    transport: 'udp',
    weight: 1,
    answer: one(
      'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP nm;branch=%x\r\nCall-ID: %t\r\nUser-Agent: Asterisk PBX %v\r\n\r\n',
      { product: 'Asterisk PBX', versions: ['11.13.1', '18.9'] },
    ),
  },
  {
    module: 'rdp',
    port: 3389,
    transport: 'tcp',
    weight: 1,
    answer: one(
      'Remote Desktop Protocol\n\\x03\\x00\\x00\\x13\\x0e\\xd0\\x00\\x00\\x124\\x00\\x02\\x1f\\x08\\x00\\x02\\x00\\x00\\x00',
      { os: 'Windows' },
    ),
  },
  {
    module: 'smb',
    port: 445,
    transport: 'tcp',
    weight: 1,
    answer: one(
      'SMB Status:\n  Authentication: enabled\n  SMB Version: 1\n  OS: Unix\n  Software: Samba %v\n  Capabilities: raw-mode',
      { product: 'Samba', versions: ['3.6.3', '4.7.6'] },
    ),
  },
  {
    module: 'mysql',
    port: 3306,
    transport: 'tcp',
    weight: 1,
    answer: one('5.7.%n\\x00%x\\x00mysql_native_password', { product: 'MySQL', cpe: 'a:mysql:mysql' }),
  },
  {
    module: 'pptp',
    port: 1723,
    transport: 'tcp',
    weight: 0.5,
    answer: one('Firmware: 1\nHostname: %h\nVendor: MikroTik'),
  },
  {
    module: 'modbus',
    port: 502,
    transport: 'tcp',
    weight: 0.3,
    answer: one(
      'Unit ID: 0\n-- Slave ID Data: Illegal Function (Error)\n-- Device Identification: Example Controls M340 v2.%n',
    ),
  },
  {
    module: 'bacnet',
    port: 47808,
    transport: 'udp',
    weight: 0.2,
    answer: one('Instance ID: %n\nObject Name: %h\nVendor Name: Example Building Automation\nModel Name: BC-%n'),
  },
]
