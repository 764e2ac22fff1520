import { describe, expect, test } from 'vitest'
import type { Over, Probe, ProbeContext, TcpProbe, UdpCheck } from '../../src/model/probe.ts'
import { udpChecks } from '../../src/probes/checks/index.ts'
import { probes } from '../../src/probes/index.ts'
import { smtp } from '../../src/probes/smtp.ts'
import { version } from '../../src/version.ts'
import { certificate, converse, type Script } from '../helpers/converse.ts'
import { cuts, mutants, noise, seeded } from '../helpers/hostile.ts'
import { random } from '../helpers/reply.ts'
import { speeches, strangers } from '../helpers/speeches.ts'

/** Bytes as text of latin1. */
const hex = (bytes: string): string => Buffer.from(bytes, 'hex').toString('latin1')
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)

/** Whoever is asked and whoever asks, in all conversations here. */
const authorities = ['192.0.2.1', '[2001:db8::7]']
const contacts = ['noc@example.net', 'Abuse desk, https://example.net/?to=noc (24 h)']
const oneOf = (texts: readonly string[]): string => `(?:${texts.map(escaped).join('|')})`

/** What else may stand in a message than what the table says: only what depends on whom is asked, and on who asks. */
const parts: Readonly<Record<string, string>> = {
  '<host>': oneOf(authorities),
  // The port is left out where it is the protocol's usual one.
  '<host:port>': `${oneOf(authorities)}(?::[1-9]\\d{1,4})?`,
  // Brackets would end the comment in which it stands.
  '<agent>': `exposure-census/${escaped(version.split('.', 2).join('.'))} \\(\\+${oneOf(contacts.map((each) => each.replaceAll(/[()]/g, '')))}\\)`,
  '<port>': String.raw`[1-9]\d{1,4}`,
  '<size>': String.raw`[1-9]\d{1,2}`,
  '<byte>': '[^]',
  '<path>': String.raw`(?!.*(?:\.\.|\/\/))[\w~-][\w.~/-]{0,98}`,
  '<image>': '(?:ico|png|gif|svg|jpe?g|webp)',
}
/** A message of which such parts are left open. */
const about = (text: string): RegExp =>
  new RegExp(
    `^${Object.entries(parts).reduce((pattern, [name, open]) => pattern.replaceAll(escaped(name), open), escaped(text))}$`,
  )

/** A datagram for the known random bytes, and which of its bytes are these: all other requests differ in them alone. */
interface Datagram {
  readonly text: string
  readonly drawn: readonly string[]
}
const datagram = (text: string, ...drawn: readonly string[]): Datagram => ({ text, drawn })

/** Where TLS begins: the handshake is of node:tls, without a certificate of ours. */
const tls = '<TLS>'
const get = (path: string, isLast = true): RegExp =>
  about(
    `GET ${path} HTTP/1.1\r\nHost: <host:port>\r\nUser-Agent: <agent>\r\nAccept: */*\r\nAccept-Encoding: identity\r\n${isLast ? 'Connection: close\r\n' : ''}\r\n`,
  )
/** The page, and in the same connection its icon: nothing of a page but a path to an image is sent back. */
const page = [get('/', false), get('/favicon.ico'), get('/<path>.<image>')]
const callId = ['0b30557a9fc4e90e', '33587da2c7ec1136'] as const
const discovery = 'http://schemas.xmlsoap.org/ws/2005/04/discovery'

/**
 * Everything that probes may ever send: probe and transport → its messages as latin1, exact but for the parts above. What is
 * not here is not sent, whatever a peer says.
 */
const catalogue: Readonly<Record<string, Datagram | readonly (string | RegExp)[]>> = {
  'smtp tcp': ['EHLO census.invalid\r\n', 'STARTTLS\r\n', tls, 'QUIT\r\n'],
  'pop3 tcp': ['CAPA\r\n', 'STLS\r\n', tls, 'QUIT\r\n'],
  'imap tcp': ['a1 CAPABILITY\r\n', 'a2 STARTTLS\r\n', tls, 'a3 CAPABILITY\r\n', 'a4 LOGOUT\r\n'],
  'ntp udp': datagram(hex(`23${'00'.repeat(39)}0b30557a9fc4e90e`), hex('0b30557a9fc4e90e')),
  'ssh tcp': ['SSH-2.0-census\r\n'],
  // IAC WONT and IAC DONT, each for the option that the peer named.
  'telnet tcp': [/^\xff\xfc[^]$/, /^\xff\xfe[^]$/],
  'ftp tcp': ['FEAT\r\n', 'AUTH TLS\r\n', tls, 'QUIT\r\n'],
  'http tcp': page,
  'https tcp': page,
  'cwmp tcp': [get('/')],
  'rtsp tcp': [
    about('OPTIONS rtsp://<host>:<port>/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: <agent>\r\n\r\n'),
    about(
      'DESCRIBE rtsp://<host>:<port>/ RTSP/1.0\r\nCSeq: 2\r\nUser-Agent: <agent>\r\nAccept: application/sdp\r\n\r\n',
    ),
  ],
  // CONNECT with a clean session and ten seconds, and no other flag: no user, no password, no will. DISCONNECT.
  'mqtt tcp': [`${hex('101a00044d5154540402000a000e')}exposurecensus`, hex('e000')],
  'rdp tcp': [hex('030000130ee000000000000100080003000000')],
  'vnc tcp': ['RFB 003.003\n', 'RFB 003.007\n', 'RFB 003.008\n'],
  'adb tcp': [`CNXN${hex('00000001001000000700000032020000bcb1a7b1')}host::\0`],
  'ipp tcp': [
    about(
      'POST / HTTP/1.1\r\nHost: <host>\r\nUser-Agent: <agent>\r\nAccept: */*\r\nAccept-Encoding: identity\r\n' +
        'Content-Type: application/ipp\r\nContent-Length: <size>\r\nConnection: close\r\n\r\n' +
        // Version 1.1, operation 0x000b (Get-Printer-Attributes).
        `${hex('0101000b')}CENS\u0001G\0\u0012attributes-charset\0\u0005utf-8H\0\u001battributes-natural-language\0\u0002en` +
        'E\0\u000bprinter-uri\0<byte>ipp://<host>:631/D\0\u0014requested-attributes\0\u0016printer-make-and-model\u0003',
    ),
  ],
  // SearchRequest: base object '', that object alone, one entry, five seconds, values too. UnbindRequest.
  'ldap tcp': [
    `${hex('305602010163510400')}${hex('0a01000a0100020101020105010100')}${hex('870b')}objectClass${hex('30310414')}` +
      `supportedLDAPVersion${hex('040a')}vendorName${hex('040d')}vendorVersion`,
    hex('30050201024200'),
  ],
  'docker tcp': [get('/version')],
  'mysql tcp': [],
  'postgresql tcp': [hex('0000000804d2162f')],
  'redis tcp': ['*1\r\n$4\r\nPING\r\n', '*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n'],
  'memcached tcp': ['version\r\n'],
  'memcached udp': datagram(`${hex('0b30000000010000')}version\r\n`, hex('0b30')),
  'dns udp': datagram(`${hex('0b300000000100000000000007')}version\u0004bind${hex('0000100003')}`, hex('0b30')),
  // A get-request of version 3 with five empty strings: engine id, user, both parameters, context; and no object.
  'snmp udp': datagram(
    hex(
      '303e020103301102044b30557a020300ffe30401040201030410300e040002010002010004000400040030140400' +
        '0400a00e02044b30557a0201000201003000',
    ),
    hex('4b30557a'),
  ),
  'sip udp': datagram(
    'OPTIONS sip:census.invalid SIP/2.0\r\n' +
      `Via: SIP/2.0/UDP census.invalid:5060;branch=z9hG4bK${callId[0]};rport\r\n` +
      'Max-Forwards: 0\r\n' +
      `From: <sip:census@census.invalid>;tag=${callId[1]}\r\n` +
      'To: <sip:census.invalid>\r\n' +
      `Call-ID: ${callId.join('')}@census.invalid\r\n` +
      'CSeq: 1 OPTIONS\r\n' +
      'Contact: <sip:census@census.invalid>\r\n' +
      'Accept: application/sdp\r\n' +
      'User-Agent: exposure-census (noc@example.net)\r\n' +
      'Content-Length: 0\r\n\r\n',
    ...callId,
  ),
  'ssdp udp': datagram(
    'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n',
  ),
  'mdns udp': datagram(
    `${hex('0b300000000100000000000009')}_services\u0007_dns-sd\u0004_udp\u0005local${hex('00000c8001')}`,
    hex('0b30'),
  ),
  'ws-discovery udp': datagram(
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
      `xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="${discovery}">` +
      `<s:Header><a:Action>${discovery}/Probe</a:Action>` +
      '<a:MessageID>urn:uuid:0b30557a-9fc4-e90e-3358-7da2c7ec1136</a:MessageID>' +
      '<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header><s:Body><d:Probe/></s:Body></s:Envelope>',
    '0b30557a',
    '9fc4',
    'e90e',
    '3358',
    '7da2c7ec1136',
  ),
  // Confirmable, code 0.01 (GET), message id and token, and two parts of a path.
  'coap udp': datagram(`${hex('48010b30557a9fc4e90e3358bb')}.well-known\u0004core`, hex('0b30557a9fc4e90e3358')),
  'netbios udp': datagram(`${hex('0b3000000001000000000000')} CK${'A'.repeat(30)}${hex('0000210001')}`, hex('0b30')),
  'ipmi udp': datagram(hex('0600ff06000011be800b0000'), hex('0b')),
  'modbus tcp': [hex('454300000005ff2b0e0100')],
  // A connection, Setup communication, and reads of two lists.
  's7 tcp': [
    hex('0300001611e00000001400c1020100c2020102c0010a'),
    hex('0300001902f08032010000454300080000f0000001000101e0'),
    hex('0300002102f080320700004543000800080001120411440100ff09000400110000'),
    hex('0300002102f080320700004543000800080001120411440100ff090004001c0000'),
  ],
  // Confirmed request 14 (ReadPropertyMultiple) of device 4194303.
  'bacnet udp': datagram(hex('810a0019010400050b0e0c023fffff1e092c0946094d09791f'), hex('0b')),
  // Seven link status requests (control 0xc9), each with its check sum, and no data.
  'dnp3 tcp': [
    hex(
      '056405c9fcff01008c0e056405c901000000de8e056405c902000100d12f056405c90300010039ed' +
        '056405c904000300b620056405c90a000100feda056405c9000401009881',
    ),
  ],
  'ethernetip udp': datagram(hex('63000000000000000000000001000b30557a9fc400000000'), hex('0b30557a9fc4')),
  'ethernetip tcp': [`${hex('6300000000000000000000000100')}census${hex('00000000')}`],
  'fox tcp': ['fox a 1 -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\n};;\n'],
  // TESTFR act.
  'iec-104 tcp': [hex('680443000000')],
  'opc-ua tcp': [
    about(
      `HELF<byte>${hex('000000')}${hex('00000000ffff0000ffff00000000000000000000')}<byte>${hex('000000')}opc.tcp://<host>:<port>`,
    ),
  ],
}

/** The same of checks: one datagram each. */
const checkCatalogue: Readonly<Record<string, Datagram>> = {
  // Version 2, mode 6: READVAR, a sequence number, and nothing else.
  'ntp-control': datagram(hex('16020b300000000000000000'), hex('0b30')),
  // Version 2, mode 7: XNTPD, MON_GETLIST_1, and nothing else.
  'ntp-monlist': datagram(hex('1700032a00000000')),
  // NS IN of the root with recursion desired, and OPT with 1232 bytes.
  'open-resolver': datagram(hex('0b3001000001000000000001000002000100002904d0000000000000'), hex('0b30')),
}

const key = ({ id, transport }: Probe): string => `${id} ${transport}`
const entriesOf = (probe: Probe): readonly (string | RegExp)[] => {
  const entry = catalogue[key(probe)]
  if (entry === undefined) throw new Error(`${key(probe)} is not in the catalogue`)
  return 'drawn' in entry ? [patternOf(entry)] : entry
}
function patternOf({ text, drawn }: Datagram): RegExp {
  // What is drawn as digits stays digits.
  const open = (part: string): string => `${/^[\da-f]{4,}$/.test(part) ? '[0-9a-f]' : '[^]'}{${part.length}}`
  const pattern = drawn.reduce((whole, part) => whole.replaceAll(escaped(part), open(part)), escaped(text))
  return new RegExp(`^${pattern}$`)
}
const isOf = (entry: string | RegExp, message: string): boolean =>
  typeof entry === 'string' ? entry === message : entry.test(message)

const overs: readonly Over[] = ['silent', 'closed', 'full', 'no-tls']
const handshakes = [certificate(['host.example.net'])]

/** On its first port for one who asks, and on its last one for another. */
const contextsOf = ({ ports, tlsPorts = [] }: TcpProbe): readonly Partial<ProbeContext>[] => {
  const context = (address: string, port = 0, contact = ''): Partial<ProbeContext> => ({
    address,
    port,
    contact,
    tls: tlsPorts.includes(port) ? certificate() : undefined,
  })
  return [context('192.0.2.1', ports[0], contacts[0]), context('2001:db8::7', ports.at(-1), contacts[1])]
}

/** Pieces as they are, and in as many of the ways in which a peer may break off. */
const endings = (says: Script['says']): readonly Script[] =>
  overs.flatMap((over) => [
    { says, over },
    { says, over, handshakes },
  ])

/** Other words cut as those were. */
function cutAs(says: readonly string[], words: string): readonly string[] {
  let at = 0
  return says.map((piece) => words.slice(at, (at += piece.length)))
}
const bytesOf = (says: readonly string[]): Buffer => Buffer.from(says.join(''), 'latin1')
const textOf = (bytes: Buffer): string => bytes.toString('latin1')

function* first<T>(count: number, all: Iterable<T>): Generator<T> {
  let index = 0
  for (const each of all) {
    if (index++ >= count) return
    yield each
  }
}

/** What peers say to a probe: nothing, its protocol, others, greetings without a protocol of ours, and what is near to them. */
function* scriptsFor(probe: TcpProbe): Generator<Script> {
  yield* endings([])
  for (const says of [...speeches.map((speech) => speech.says), ...strangers.map((words) => [words])]) {
    yield* endings(says)
    yield* endings([says.join('')])
  }
  for (const says of speeches.filter((speech) => speech.probe === probe).map((speech) => speech.says)) {
    for (const mutant of mutants(bytesOf(says), 2000)) {
      yield { says: cutAs(says, textOf(mutant)), handshakes }
      yield { says: cutAs(says, textOf(mutant)), over: 'silent' }
    }
    // Its own words up to any byte, and then another's.
    for (const cut of cuts(bytesOf(says)))
      for (const words of ['', ...strangers]) yield { says: [...cutAs(says, textOf(cut)), words], handshakes }
  }
  for (const { says } of speeches) {
    for (const mutant of first(40, mutants(bytesOf(says)))) yield { says: cutAs(says, textOf(mutant)), handshakes }
  }
  const pieces = speeches.flatMap(({ says }) => says)
  const next = seeded(3)
  for (let times = 0; times < 1000; times++) {
    const says = Array.from({ length: 8 }, () => pieces[Math.floor(next() * pieces.length)] ?? '')
    yield { says, handshakes: [...handshakes, ...handshakes] }
  }
  for (const bytes of noise(1000)) yield { says: [bytes], handshakes }
  // Every option of Telnet asked for and offered, again and again.
  const all = Array.from({ length: 256 }, (_, option) => hex(`fffd${byte(option)}fffb${byte(option)}`)).join('')
  yield { says: [all, all] }
}
const byte = (number: number): string => number.toString(16).padStart(2, '0')

interface Outgoing {
  readonly messages: ReadonlySet<string>
  /** The most bytes that one conversation, or one datagram, had. */
  readonly most: number
}

const lengthOf = (messages: readonly string[]): number => messages.filter((each) => each !== tls).join('').length

function outgoingOf(probe: Probe): Outgoing {
  const messages = new Set<string>()
  let most = 0
  const add = (sent: readonly string[]): void => {
    for (const message of sent) messages.add(message)
    most = Math.max(most, lengthOf(sent))
  }
  if (probe.transport === 'tcp') {
    for (const script of scriptsFor(probe))
      for (const context of contextsOf(probe)) add(converse(probe, { ...script, context }).messages)
  } else for (const message of requestsOf(probe)) add([message])
  return { messages, most }
}

/** What is asked with known random bytes, and with many others. */
function requestsOf(asked: Pick<UdpCheck, 'request'>): readonly string[] {
  const next = seeded(4)
  const draws = Array.from({ length: 1000 }, () => Uint8Array.from({ length: 16 }, () => next() * 256))
  return [random, new Uint8Array(16), new Uint8Array(16).fill(255), ...draws].map((drawn) =>
    textOf(asked.request(drawn, { contact: 'noc@example.net' })),
  )
}

const known = new Map<Probe, Outgoing>()
/** All that a probe sent, to whomever. */
function outgoing(probe: Probe): Outgoing {
  const found = known.get(probe) ?? outgoingOf(probe)
  known.set(probe, found)
  return found
}

const named = probes.map((probe) => ({ name: key(probe), probe }))

test('the catalogue is of the probes there are', () => {
  expect(Object.keys(catalogue)).toEqual(named.map(({ name }) => name))
})

describe.each(named)('$name', ({ name, probe }) => {
  test('sends what the catalogue says, and nothing else', () => {
    const entries = entriesOf(probe)
    const others = [...outgoing(probe).messages].filter((message) => !entries.some((entry) => isOf(entry, message)))
    expect(others.slice(0, 3)).toEqual([])
  })

  test('was seen to send each of it', () => {
    const { messages } = outgoing(probe)
    const unseen = entriesOf(probe).filter((entry) => ![...messages].some((message) => isOf(entry, message)))
    expect(unseen).toEqual([])
  })

  test('sends few bytes', () => {
    expect(outgoing(probe).most).toBeLessThanOrEqual(mostSent(name))
  })
})

test.each(named.filter(({ probe }) => probe.transport === 'udp'))('$name is exact for known random bytes', (each) => {
  const { name, probe } = each
  const entry = catalogue[name]
  const request = probe.transport === 'udp' ? probe.request(random, { contact: 'noc@example.net' }) : Buffer.alloc(0)
  expect(textOf(request)).toBe(entry !== undefined && 'text' in entry ? entry.text : undefined)
})

test('the catalogue is of the checks there are', () => {
  expect(Object.keys(checkCatalogue)).toEqual(udpChecks.map(({ id }) => id))
})

test.each(udpChecks)('$id sends what the catalogue says, and nothing else', (check) => {
  const entry = checkCatalogue[check.id] ?? datagram('')
  const [exact, ...others] = requestsOf(check)
  expect(exact).toBe(entry.text)
  expect(others.filter((each) => !patternOf(entry).test(each))).toEqual([])
  expect(new Set([exact, ...others]).size > 1).toBe(entry.drawn.length > 0)
})

/** Bytes that a probe sends at most in all, with a contact of usual length. */
const mostSent = (name: string): number => mostOf[name] ?? 512
const mostOf: Readonly<Record<string, number>> = {
  // Three bytes for each of 256 options, asked for and offered.
  'telnet tcp': 1536,
}

test('a contact is sent twice at most, whatever its length', () => {
  const contact = 'x'.repeat(1000)
  for (const { name, probe } of named) {
    const own = speeches.filter((speech) => speech.probe === probe)
    const lengths =
      probe.transport === 'udp'
        ? [probe.request(random, { contact }).length]
        : own.map(({ says }) => lengthOf(converse(probe, { says, context: { contact } }).messages))
    expect(Math.max(...lengths), name).toBeLessThanOrEqual(mostSent(name) + 2 * contact.length)
  }
})

interface Forbidden {
  readonly what: string
  /** Ids of the probes whose messages it could be among; all when absent. */
  readonly of?: readonly string[]
  /** What it is found by in the message, or in its bytes in hexadecimal, with a space behind each. */
  readonly text?: RegExp
  readonly bytes?: RegExp
  /** Messages that are such. */
  readonly such: readonly string[]
}

/** What no probe sends, told apart from the catalogue: whoever adds to that does not do it with one of these. */
const forbidden: readonly Forbidden[] = [
  {
    what: 'a command to log in',
    // AUTH TLS begins TLS and names nobody (RFC 4217).
    text: /(?:^|[\r\n])(?:\w{1,8} )?(?:USER|PASS|ACCT|APOP|LOGIN|AUTHENTICATE|HELLO|AUTH(?! TLS\r\n$))(?=[ \r\n]|$)/i,
    such: [
      'USER anonymous\r\n',
      'PASS x\r\n',
      'a1 LOGIN a b\r\n',
      'a1 AUTHENTICATE PLAIN\r\n',
      'AUTH PLAIN AGEAYg==\r\n',
      'AUTH TLS-P\r\n',
      'APOP a 0\r\n',
      '*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n',
      '*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n',
    ],
  },
  {
    what: 'a word of credentials',
    text: /\b(?:(?:proxy-)?authorization|cookie|mstshash|password|passwd|pwd|secret|token|credentials?|community|admin|administrator|root|guest|anonymous|public|private|cisco|default)\b/i,
    such: [
      'GET / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n',
      'Cookie: mstshash=x\r\n',
      'admin\r\n',
      'anonymous',
      hex('302602010104067075626c6963a019'),
      hex('3026020101040770726976617465a019'),
    ],
  },
  {
    what: 'a method that is not safe',
    of: ['http', 'https', 'cwmp', 'docker', 'rtsp', 'ssdp', 'sip'],
    text: /^(?!GET |OPTIONS |DESCRIBE |M-SEARCH )/,
    such: ['POST / HTTP/1.1\r\n', 'SETUP rtsp://x/ RTSP/1.0\r\n', 'REGISTER sip:x SIP/2.0\r\n', 'PLAY '],
  },
  { what: 'mail', of: ['smtp'], text: /^(?:MAIL|RCPT|DATA|BDAT|VRFY|EXPN|ETRN)\b/i, such: ['MAIL FROM:<>\r\n'] },
  {
    what: 'a file',
    of: ['ftp'],
    text: /^(?:RETR|STOR|STOU|APPE|DELE|RN..|MKD|RMD|LIST|NLST|PORT|PASV|EPRT|EPSV|SITE)\b/i,
    such: ['LIST\r\n', 'STOR x\r\n', 'PASV\r\n'],
  },
  { what: 'a job', of: ['ipp'], bytes: /0d 0a 0d 0a (?!.. .. 00 0b )/, such: [`\r\n\r\n${hex('01010002')}`] },
  {
    what: 'another command',
    of: ['redis'],
    text: /\$\d+\r\n(?!PING|INFO|server)/,
    such: ['*1\r\n$8\r\nFLUSHALL\r\n'],
  },
  {
    what: 'another command',
    of: ['memcached'],
    text: /\b(?:stats|flush_all|gets?|set|add|replace|append|prepend|cas|delete|incr|decr|touch|lru|verbosity)\b/,
    such: ['stats\r\n', `${hex('0001000000010000')}stats\r\n`],
  },
  {
    what: 'a user or a will',
    of: ['mqtt'],
    bytes: /^10 .. 00 04 4d 51 54 54 04 (?!02 )/,
    such: [hex('101a00044d51545404c2000a')],
  },
  { what: 'a topic', of: ['mqtt'], bytes: /^(?:3.|82) /, such: [hex('3005000178'), hex('8206000100012300')] },
  {
    what: 'anything but a search',
    of: ['ldap'],
    bytes: /^30 .. 02 01 .. (?!63 |42 )/,
    such: [hex('300c020101600702010304008000')],
  },
  {
    what: 'a name of a user or database',
    of: ['postgresql'],
    bytes: /^.. .. .. .. (?!04 d2 16 2f )/,
    such: [`${hex('0000001100030000')}user\0a\0\0`],
  },
  { what: 'a key or a service', of: ['adb'], text: /^(?!CNXN)/, such: ['AUTH\u0003\0\0\0', 'OPEN\u0001\0\0\0'] },
  { what: 'a choice of security', of: ['vnc'], text: /^(?!RFB )/, such: ['\u0001', '\u0002'] },
  { what: 'an exchange of keys', of: ['ssh'], text: /^(?!SSH-)/, such: [hex('000001340514')] },
  {
    what: 'an option that is taken',
    of: ['telnet'],
    bytes: /^(?!ff f[ce] )/,
    such: [hex('fffb01'), hex('fffd18'), 'a'],
  },
  {
    what: 'a message with a community',
    of: ['snmp'],
    bytes: /^30 .. 02 01 (?!03 )/,
    such: [hex('302602010104067075626c6963')],
  },
  {
    what: 'anything but a get-request without a context',
    of: ['snmp'],
    bytes: /30 14 (?!04 00 04 00 a0 )/,
    such: [hex('301404000400a30e02044b30557a0201000201003000')],
  },
  {
    what: 'a session',
    of: ['ipmi'],
    bytes: /^.. .. .. (?!06 )/,
    such: [hex('0600ff07000000000000000000092018c88100388e04b5')],
  },
  {
    what: 'a request for control or a list',
    of: ['ntp'],
    bytes: /^(?!23 )/,
    such: [hex('16020001'), hex('1700032a')],
  },
  {
    what: 'recursion or an update',
    of: ['dns', 'mdns', 'netbios'],
    bytes: /^.. .. (?!00 00 )/,
    such: [hex('0b3001000001'), hex('0b302800')],
  },
  {
    what: 'a method that is not safe',
    of: ['coap'],
    bytes: /^.. (?!01 )/,
    such: [hex('48020b30'), hex('48030b30'), hex('48040b30')],
  },
  {
    what: 'a write (functions 5, 6, 15, 16, 21, 22, 23)',
    of: ['modbus'],
    bytes: /00 00 00 .. .. (?:05|06|0f|10|15|16|17) /,
    such: [
      hex('454300000006ff050001ff00'),
      hex('454300000006ff0600010003'),
      hex('454300000008ff0f0000000a02cd'),
      hex('454300000009ff10000000010200ff'),
    ],
  },
  {
    what: 'a write, a download, a start or a stop',
    of: ['s7'],
    bytes: /32 01 (?:.. ){8}(?:05|1[a-f]|28|29) /,
    such: [
      hex('0300002102f0803201000000000010000029000000000009505f50524f4752414d'),
      hex('0300002502f0803201000000000014000028000000000000fd000009505f50524f4752414d'),
      hex('0300002402f080320100000000000e00050501120a10020001000084000000'),
    ],
  },
  {
    what: 'a function of the processor that is no list',
    of: ['s7'],
    bytes: /32 07 (?:.. ){13}(?!44 01 )/,
    such: [
      hex('0300002702f080320700000000000800140001120411470200'),
      hex('0300002502f080320700000000000800120001120411450100'),
    ],
  },
  {
    what: 'STARTDT, STOPDT or an ASDU',
    of: ['iec-104'],
    bytes: /68 .. (?!43 )/,
    such: [hex('680407000000'), hex('680413000000'), hex('680e0000000064010600010000000014')],
  },
  {
    what: 'anything but ReadPropertyMultiple',
    of: ['bacnet'],
    bytes: /^81 .. .. .. 01 .. (?!00 .. .. 0e )/,
    such: [
      hex('810a001701040005010f0c0040000119553e44000000003f'),
      hex('810a000f01040005011409001909'),
      hex('810b000801001008'),
    ],
  },
  {
    what: 'anything but a status of the link: user data, operate, reset',
    of: ['dnp3'],
    bytes: /05 64 (?!05 c9 )/,
    such: [hex('056418c401000000'), hex('056405c001000000')],
  },
  {
    what: 'a session or data',
    of: ['ethernetip'],
    bytes: /^(?!63 00 00 00 )/,
    such: [hex('650004000000'), hex('6f0010000000')],
  },
  { what: 'a login', of: ['fox'], text: /^(?!fox a 1 -1 fox hello\n)/, such: ['fox a 1 -1 fox login\n{\n};;\n'] },
  { what: 'a channel or a message', of: ['opc-ua'], text: /^(?!HELF)/, such: ['OPNF\0', 'MSGF\0'] },
]

const spaced = (message: string): string => Buffer.from(message, 'latin1').toString('hex').replaceAll(/../g, '$& ')

test.each(forbidden)('nothing sends $what ($of)', ({ of, text, bytes, such }) => {
  const isSuch = (message: string): boolean => text?.test(message) === true || bytes?.test(spaced(message)) === true
  expect(such.filter((message) => !isSuch(message))).toEqual([])
  const asked = probes.filter(({ id }) => of === undefined || of.includes(id))
  expect(new Set(asked.map(({ id }) => id)).size).toBe(of?.length ?? new Set(probes.map(({ id }) => id)).size)
  for (const probe of asked) {
    const found = [...outgoing(probe).messages].filter((message) => message !== tls && isSuch(message))
    expect(found.slice(0, 3), key(probe)).toEqual([])
  }
})

describe('smtp, checked for open relays', () => {
  const name = '(?=[^>]{4,253}>)(?:[a-z\\d](?:[a-z\\d-]{0,61}[a-z\\d])?\\.)+[a-z]{2,63}'
  const literal = '\\[(?:192\\.0\\.2\\.1|IPv6:2001:db8::7)\\]'
  const recipients = ['', '%relay\\.example\\.net'].map((rest) => `census-relay-check${rest}@${literal}`)
  const entries: readonly (string | RegExp)[] = [
    'EHLO census.invalid\r\n',
    'STARTTLS\r\n',
    tls,
    'RSET\r\n',
    'QUIT\r\n',
    'MAIL FROM:<census-relay-check@relay.example.net>\r\n',
    'MAIL FROM:<>\r\n',
    // As a mailbox of the server itself, by the name it greets with.
    new RegExp(`^MAIL FROM:<census-relay-check@(?!relay\\.example\\.net>)${name}>\r\n$`, 'i'),
    'RCPT TO:<census-relay-check@relay.example.net>\r\n',
    ...[...recipients, `"census-relay-check@relay\\.example\\.net"@${literal}`].map(
      (recipient) => new RegExp(`^RCPT TO:<${recipient}>\r\n$`),
    ),
  ]
  const relay = { domain: 'relay.example.net', isInside: (): boolean => false }
  const [ok, no] = ['250 2.1.5 Ok\r\n', '550 5.7.1 No\r\n']
  const hello = ['220 mx.example.org ESMTP\r\n', '250 mx.example.org\r\n']
  const refused = (times: number): string[] => Array.from({ length: times }, () => [ok, no, ok]).flat()
  const talks: readonly (readonly string[])[] = [
    [...hello, ...refused(5)],
    [...hello, ok, ok, ok],
    [...hello, ...refused(3), ok, ok, no, ok],
    [...hello, ...refused(4), ok, ok, ok, ok],
    ['220 [192.0.2.1]\r\n', '250-x\r\n250 STARTTLS\r\n', '220 go\r\n', '250 AUTH PLAIN\r\n', ...refused(4)],
    ...[no, '530 5.7.0 x\r\n', '354 go ahead\r\n', '421 x\r\n'].map((word) => [
      ...hello,
      ok,
      ...Array<string>(20).fill(word),
    ]),
    [...hello, ...Array<string>(40).fill('354 go ahead\r\n')],
  ]
  function* scripts(): Generator<Script> {
    yield* scriptsFor(smtp)
    for (const says of talks) {
      yield* endings(says)
      for (const mutant of mutants(bytesOf(says), 2000)) yield { says: cutAs(says, textOf(mutant)), handshakes }
      for (const cut of cuts(bytesOf(says)))
        for (const words of ['', ...strangers]) yield { says: [...cutAs(says, textOf(cut)), words], handshakes }
    }
  }
  const messages = new Set<string>()
  let most = 0
  for (const script of scripts())
    for (const context of contextsOf(smtp)) {
      const sent = converse(smtp, { ...script, context: { ...context, relay } }).messages
      for (const message of sent) messages.add(message)
      most = Math.max(most, lengthOf(sent))
    }

  test('sends what is listed here, and nothing else', () => {
    const others = [...messages].filter((message) => !entries.some((entry) => isOf(entry, message)))
    expect(others.slice(0, 3)).toEqual([])
  })

  test('was seen to send each of it', () => {
    expect(entries.filter((entry) => ![...messages].some((message) => isOf(entry, message)))).toEqual([])
  })

  test('sends few bytes, and no message, login or question of a mailbox', () => {
    expect(most).toBeLessThanOrEqual(1536)
    const such = /^(?:DATA|BDAT|VRFY|EXPN|ETRN|AUTH|SEND|SOML|SAML|TURN)\b|postmaster/i
    expect(['DATA\r\n', 'bdat 0 LAST\r\n', 'RCPT TO:<Postmaster>\r\n'].every((each) => such.test(each))).toBe(true)
    expect([...messages].filter((message) => such.test(message))).toEqual([])
  })
})
