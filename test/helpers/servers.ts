import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ended } from './cli.ts'
import { isRoot, programPath, stageClient, type Stage } from './stage.ts'

/** Where .ci/run unpacks packages that would push others off the machine: `dpkg-deb -R`, a folder each. */
const unpacked = '/var/cache/census-servers'

/** A port of a server, and what the census must make of it. */
export interface ServerDoor {
  /** Id of data/services.json. */
  readonly service: string
  readonly transport: 'tcp' | 'udp'
  readonly port: number
  /** As reports spell it; absent where the server does not say what it is. */
  readonly product?: string
  /** What it tells: the version its package is called after, only the first two numbers, or what its configuration says. */
  readonly version?: 'whole' | 'two numbers' | { readonly told: string }
  readonly tags?: readonly string[]
  /** Names of its certificate. */
  readonly hostnames?: string
}

/** A server from Debian on the stage. */
export interface RealServer {
  readonly name: string
  /** The package its version is asked of. */
  readonly package: string
  /** Whether it is not installed, but where .ci/run unpacks. */
  readonly isUnpacked?: true
  /** What must be there: paths, or names of programs; `usr/…` is a path of the unpacked package. */
  readonly needs: readonly string[]
  /** Whether it changes users: root of a user namespace has no others. */
  readonly wantsRoot?: true
  readonly address: string
  /** Where it listens too, at the same doors. */
  readonly address6?: string
  /** Whether it is in a network namespace of its own, where its sockets are not seen: it makes a file `ready`. */
  readonly isApart?: true
  /**
   * Shell, run in an empty folder of its own: makes its files, and becomes the server. `$A` is its address, `$A6` that of IPv6,
   * `$C` the client’s, `$T` the folder with cert.pem and key.pem, `$X` where packages are unpacked.
   */
  readonly script: string
  readonly doors: readonly ServerDoor[]
}

/** Users of unpacked packages. */
export const serverUsers = ['Debian-exim', 'opensmtpd', 'opensmtpq', 'smmta', 'smmsp', 'ntpsec']

/** The name of the certificate that servers with TLS have. */
const certificateName = 'secure.example.test'

/** Makes cert.pem and key.pem in a folder. */
export function makeCertificate(folder: string): void {
  const name = ['-subj', `/CN=${certificateName}`, '-addext', `subjectAltName=DNS:${certificateName}`]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem']
  const { status, error, stderr } = spawnSync('openssl', ['req', '-x509', ...key, ...name, '-out', 'cert.pem'], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`no certificate: ${error?.message ?? stderr}`)
}

const tcp = (service: string, port: number, says: Partial<ServerDoor> = {}): ServerDoor => ({
  service,
  transport: 'tcp',
  port,
  ...says,
})
const udp = (service: string, port: number, says: Partial<ServerDoor> = {}): ServerDoor => ({
  ...tcp(service, port, says),
  transport: 'udp',
})

const file = (name: string, ...lines: readonly string[]): string => `cat >${name} <<END\n${lines.join('\n')}\nEND\n`

/** A program for Debian's own Python, which alone has Debian's modules. */
const python = (...lines: readonly string[]): string => `${file('server.py', ...lines)}exec /usr/bin/python3 server.py`

/** What smtpd needs of master.cf beside itself: service, who may call it, program, and how many. */
const postfixServices = [
  'cleanup public cleanup 0',
  'qmgr public qmgr 1',
  'postlog public postlogd 1',
  'tlsmgr private tlsmgr 1',
  'rewrite private trivial-rewrite -',
  'bounce private bounce 0',
  'defer private bounce 0',
  'trace private bounce 0',
  'proxymap private proxymap -',
  'smtp private smtp -',
  'error private error -',
  'discard private discard -',
  'anvil private anvil 1',
  'scache private scache 1',
].map((line) => {
  const [service, who, program, most] = line.split(' ')
  const type = service === 'postlog' ? 'unix-dgram' : 'unix'
  return `${service} ${type} ${who === 'private' ? 'y' : 'n'} - n - ${most} ${program}`
})

const mosquitto = (...lines: readonly string[]): string =>
  `${file('mosquitto.conf', 'user root', 'listener 1883 $A', '${A6:+listener 1883 $A6}', ...lines)}exec mosquitto -c mosquitto.conf`

/** For servers that listen on the addresses of interfaces only; they are asked by the stage’s client all the same. */
const ownAddress =
  'ip address add $A/32 dev lo; ip route replace local $A dev lo table local proto kernel scope host src $C\n'

const ntpsec = (restrict: string): string =>
  `${ownAddress}${file(
    'ntp.conf',
    'interface ignore wildcard',
    'interface listen $A',
    'server 127.127.1.0',
    'disable ntp',
    `restrict default ${restrict}`,
    // Whoever is not named may not query, whatever the default says.
    `restrict $C ${restrict}`,
  )}exec "$X/ntpsec/usr/sbin/ntpd" -n -c ntp.conf -p "$PWD/pid"`

/** BIND on port 53 alone; the root of names is the zone of the first of them, so that nothing leaves the stage. */
const bind = (root: string, ...options: readonly string[]): string =>
  [
    `${ownAddress}mkdir -p /run/named`,
    file('root', '\\$TTL 60', '@ SOA ns. root.ns. 1 60 60 60 60', '@ NS ns.', `ns. A ${rootServer}`),
    file(
      'n.conf',
      'options { directory "$PWD"; listen-on port 53 { $A; }; listen-on-v6 { ${A6:-none}; }; pid-file none;',
      'allow-query { any; }; dnssec-validation no;',
      ...options,
      '};',
      'controls {};',
      `zone "." { type ${root}; file "root"; };`,
    ),
    'exec named -g -c "$PWD/n.conf" -n 1',
  ].join('\n')
const rootServer = '192.0.2.80'

/** With TLS from the start on the port that is for it (RFC 8314 §7.3). */
const smtpd = (door: number): string => `inet n - n - - smtpd${door === 465 ? ' -o smtpd_tls_wrappermode=yes' : ''}`

const postfix = (doors: readonly ServerDoor[], ...lines: readonly string[]): string =>
  [
    'mkdir conf data spool && chown postfix data',
    file(
      'conf/main.cf',
      'compatibility_level = 3.6',
      'queue_directory = $PWD/spool',
      'data_directory = $PWD/data',
      'maillog_file = $PWD/log',
      'maillog_file_prefixes = /tmp',
      'inet_interfaces = $A $A6',
      'inet_protocols = all',
      'myhostname = mx.example.test',
      'mydestination =',
      'smtpd_tls_security_level = may',
      'smtpd_tls_cert_file = $T/cert.pem',
      'smtpd_tls_key_file = $T/key.pem',
      ...lines,
    ),
    file(
      'conf/master.cf',
      ...doors.flatMap(({ port }) => [`$A:${port} ${smtpd(port)}`, `\${A6:+[$A6]:${port} ${smtpd(port)}}`]),
      ...postfixServices,
    ),
    'exec postfix -c "$PWD/conf" start-fg',
  ].join('\n')

/** Every server that the probes are held against, each on an address of its own and on the port of its service. */
export const realServers: readonly RealServer[] = [
  {
    name: 'postfix',
    package: 'postfix',
    needs: ['postfix'],
    wantsRoot: true,
    address: '192.0.2.10',
    address6: '2001:db8::10',
    script: `${ownAddress}${postfix([tcp('smtp', 25)], 'mynetworks = 127.0.0.0/8', 'smtpd_relay_restrictions = permit_mynetworks, reject')}`,
    doors: [tcp('smtp', 25, { product: 'Postfix', tags: ['starttls'], hostnames: certificateName })],
  },
  {
    name: 'exim',
    package: 'exim4-daemon-light',
    isUnpacked: true,
    needs: ['usr/sbin/exim4'],
    wantsRoot: true,
    address: '192.0.2.11',
    address6: '2001:db8::11',
    script: `mkdir spool log && chown Debian-exim spool log
${file('exim.conf', 'keep_environment =', 'primary_hostname = mx2.example.test', 'local_interfaces = <; $A ; $A6', 'daemon_smtp_ports = 25', 'spool_directory = $PWD/spool', 'log_file_path = $PWD/log/%slog', 'pid_file_path = $PWD/pid', 'tls_advertise_hosts =', 'queue_only', 'acl_smtp_rcpt = relay', 'begin acl', 'relay:', '  deny message = relay not permitted')}exec "$X/exim4-daemon-light/usr/sbin/exim4" -C "$PWD/exim.conf" -bdf`,
    doors: [tcp('smtp', 25, { product: 'Exim', version: 'whole' })],
  },
  {
    name: 'opensmtpd',
    package: 'opensmtpd',
    isUnpacked: true,
    needs: ['usr/sbin/smtpd'],
    wantsRoot: true,
    address: '192.0.2.12',
    script: `mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd && chmod 711 /var/spool/smtpd
${file('smtpd.conf', 'listen on $A port 25 hostname mx3.example.test', 'action "d" relay', 'match from local for local action "d"')}exec "$X/opensmtpd/usr/sbin/smtpd" -d -f smtpd.conf`,
    doors: [tcp('smtp', 25, { product: 'OpenSMTPD' })],
  },
  {
    name: 'sendmail',
    package: 'sendmail-bin',
    isUnpacked: true,
    needs: [
      'usr/libexec/sendmail/sendmail',
      '/var/cache/census-servers/sendmail-cf/usr/share/sendmail/cf/m4/cf.m4',
      'm4',
    ],
    wantsRoot: true,
    address: '192.0.2.13',
    script: [
      'mkdir queue',
      'cf=$X/sendmail-cf/usr/share/sendmail/cf/',
      file(
        's.mc',
        "OSTYPE(\\`linux')",
        "define(\\`QUEUE_DIR', \\`$PWD/queue')",
        "define(\\`confDOMAIN_NAME', \\`mx4.example.test')",
        "define(\\`confPID_FILE', \\`$PWD/pid')",
        "FEATURE(\\`no_default_msa')",
        // Names have no addresses on the stage.
        "FEATURE(\\`accept_unresolvable_domains')",
        "DAEMON_OPTIONS(\\`Family=inet,Port=25,Addr=$A')",
        "MAILER(\\`smtp')",
      ),
      `m4 -D_CF_DIR_="$cf" "\${cf}m4/cf.m4" s.mc | sed -E '/^(F[wt]|O (AliasFile|StatusFile|HelpFile)=)/d' >s.cf`,
      'exec "$X/sendmail-bin/usr/libexec/sendmail/sendmail" -C"$PWD/s.cf" -bD',
    ].join('\n'),
    doors: [tcp('smtp', 25, { product: 'Sendmail', version: 'whole', tags: ['auth'] })],
  },
  {
    name: 'chrony',
    package: 'chrony',
    needs: ['chronyd'],
    address: '192.0.2.20',
    address6: '2001:db8::20',
    script: `${file('c.conf', 'local stratum 8', 'allow all', 'bindaddress $A', 'bindaddress $A6', 'cmdport 0', 'pidfile $PWD/pid')}exec chronyd -x -d -u root -f c.conf`,
    doors: [udp('ntp', 123)],
  },
  {
    name: 'ntpsec',
    package: 'ntpsec',
    isUnpacked: true,
    needs: ['usr/sbin/ntpd'],
    address: '192.0.2.21',
    script: ntpsec('nomodify'),
    doors: [udp('ntp', 123)],
  },
  {
    name: 'ntpsec, closed to queries',
    package: 'ntpsec',
    isUnpacked: true,
    needs: ['usr/sbin/ntpd'],
    address: '192.0.2.22',
    script: ntpsec('nomodify noquery'),
    doors: [udp('ntp', 123)],
  },
  {
    name: 'openssh',
    package: 'openssh-server',
    needs: ['/usr/sbin/sshd', 'ssh-keygen'],
    address: '192.0.2.30',
    address6: '2001:db8::30',
    script:
      'mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N "" -f key; exec /usr/sbin/sshd -D -e -f /dev/null -h "$PWD/key" -p 22 -o ListenAddress=$A -o ListenAddress=$A6 -o PidFile=none -o UsePAM=no',
    doors: [tcp('ssh', 22, { product: 'OpenSSH', version: 'whole' })],
  },
  {
    name: 'dropbear',
    package: 'dropbear-bin',
    needs: ['dropbear', 'dropbearkey'],
    address: '192.0.2.31',
    script: 'dropbearkey -t ed25519 -f key; exec dropbear -F -E -s -p $A:22 -r key -P "$PWD/pid"',
    doors: [tcp('ssh', 22, { product: 'Dropbear', version: 'whole' })],
  },
  {
    name: 'telnetd',
    package: 'inetutils-telnetd',
    needs: ['/usr/sbin/telnetd', 'socat'],
    address: '192.0.2.32',
    script: "exec socat TCP-LISTEN:23,bind=$A,reuseaddr,fork EXEC:'/usr/sbin/telnetd -h',nofork",
    doors: [tcp('telnet', 23)],
  },
  {
    name: 'nginx',
    package: 'nginx-light',
    needs: ['nginx'],
    address: '192.0.2.40',
    address6: '2001:db8::40',
    script: [
      file(
        'n.conf',
        'daemon off; user root; worker_processes 1; pid $PWD/pid; error_log stderr;',
        'events {}',
        'http {',
        'access_log off;',
        ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path $PWD/${name};`),
        'ssl_certificate $T/cert.pem; ssl_certificate_key $T/key.pem;',
        'server { listen $A:80; listen [$A6]:80; listen $A:443 ssl; listen [$A6]:443 ssl; auth_basic cam; auth_basic_user_file $PWD/nobody; }',
        '}',
      ),
      'exec nginx -e stderr -c "$PWD/n.conf"',
    ].join('\n'),
    doors: [
      tcp('http', 80, { product: 'nginx', version: 'whole' }),
      tcp('https', 443, { product: 'nginx', version: 'whole', hostnames: certificateName }),
    ],
  },
  {
    name: 'lighttpd',
    package: 'lighttpd',
    needs: ['lighttpd'],
    address: '192.0.2.41',
    script: [
      file(
        'l.conf',
        'server.document-root = "$PWD"',
        'server.bind = "$A"',
        'server.port = 80',
        'index-file.names = ("page.html")',
        'mimetype.assign = (".html" => "text/html", ".png" => "image/png")',
      ),
      file('page.html', '<link rel="icon" href="/icon.png">'),
      file('icon.png', 'an icon'),
      'exec lighttpd -D -f l.conf',
    ].join('\n'),
    // By mmh3 5 for Python, of codecs.encode(b'an icon\\n', 'base64').
    doors: [tcp('http', 80, { product: 'lighttpd', version: 'whole', tags: ['favicon:445881219'] })],
  },
  {
    name: 'cups',
    package: 'cups-daemon',
    needs: ['cupsd'],
    wantsRoot: true,
    address: '192.0.2.42',
    script: [
      'mkdir -p root cache spool run tmp && cp -r /etc/cups/. root',
      file('cupsd.conf', 'Listen $A:631', 'ServerAlias *', '<Location />', 'Allow all', '</Location>'),
      file(
        'files.conf',
        ...['ServerRoot root', 'CacheDir cache', 'RequestRoot spool', 'StateDir run', 'TempDir tmp'].map((line) =>
          line.replace(' ', ' $PWD/'),
        ),
        ...['AccessLog', 'ErrorLog', 'PageLog'].map((log) => `${log} stderr`),
        'SystemGroup root',
      ),
      'exec cupsd -f -c "$PWD/cupsd.conf" -s "$PWD/files.conf"',
    ].join('\n'),
    doors: [tcp('ipp', 631, { product: 'CUPS', version: 'two numbers' })],
  },
  {
    name: 'vsftpd',
    package: 'vsftpd',
    needs: ['vsftpd'],
    wantsRoot: true,
    address: '192.0.2.50',
    script: `mkdir empty root
${file('v.conf', ...'listen=YES listen_address=$A listen_port=21 background=NO anonymous_enable=YES local_enable=NO'.split(' '), ...'secure_chroot_dir=$PWD/empty anon_root=$PWD/root ftp_username=nobody'.split(' '), ...'seccomp_sandbox=NO isolate=NO isolate_network=NO'.split(' '))}exec vsftpd "$PWD/v.conf"`,
    doors: [tcp('ftp', 21, { product: 'vsftpd', version: 'whole' })],
  },
  {
    name: 'mosquitto',
    package: 'mosquitto',
    needs: ['mosquitto'],
    address: '192.0.2.60',
    address6: '2001:db8::60',
    script: mosquitto('allow_anonymous true'),
    doors: [tcp('mqtt', 1883, { tags: ['anonymous'] })],
  },
  {
    name: 'mosquitto, not anonymous',
    package: 'mosquitto',
    needs: ['mosquitto'],
    address: '192.0.2.61',
    script: mosquitto('allow_anonymous false'),
    doors: [tcp('mqtt', 1883, { tags: ['auth'] })],
  },
  {
    name: 'redis',
    package: 'redis-server',
    needs: ['redis-server'],
    address: '192.0.2.70',
    script: "exec redis-server --bind $A --port 6379 --save '' --protected-mode no",
    doors: [tcp('redis', 6379, { product: 'Redis', version: 'whole', tags: ['no-auth'] })],
  },
  {
    name: 'redis, with a password',
    package: 'redis-server',
    needs: ['redis-server'],
    address: '192.0.2.71',
    script: "exec redis-server --bind $A --port 6379 --save '' --requirepass none-is-tried",
    doors: [tcp('redis', 6379, { product: 'Redis' })],
  },
  {
    name: 'memcached',
    package: 'memcached',
    needs: ['memcached'],
    address: '192.0.2.72',
    script: 'exec memcached -u root -l $A -p 11211 -U 11211',
    doors: [
      tcp('memcached', 11211, { product: 'memcached', version: 'whole', tags: ['no-auth'] }),
      udp('memcached', 11211, { product: 'memcached', version: 'whole', tags: ['no-auth'] }),
    ],
  },
  {
    name: 'mariadb',
    package: 'mariadb-server',
    needs: ['mariadbd', 'mariadb-install-db'],
    wantsRoot: true,
    address: '192.0.2.73',
    script: [
      'mariadb-install-db --no-defaults --user=root --datadir="$PWD/data" --auth-root-authentication-method=normal --skip-test-db >/dev/null',
      'exec mariadbd --no-defaults --user=root --datadir="$PWD/data" --bind-address=$A --port=3306 --socket="$PWD/s" --pid-file="$PWD/pid"',
    ].join('\n'),
    doors: [tcp('mysql', 3306, { product: 'MariaDB', version: 'whole' })],
  },
  {
    name: 'bind',
    package: 'bind9',
    needs: ['named'],
    address: rootServer,
    address6: '2001:db8::80',
    script: bind('master', 'recursion yes; allow-recursion { any; };'),
    doors: [
      udp('dns', 53, { product: 'BIND', version: 'whole' }),
      tcp('dns', 53, { product: 'BIND', version: 'whole' }),
    ],
  },
  {
    name: 'bind, which resolves for anyone',
    package: 'bind9',
    needs: ['named'],
    address: '192.0.2.85',
    script: bind('hint', 'recursion yes; allow-recursion { any; };'),
    doors: [
      udp('dns', 53, { product: 'BIND', version: 'whole' }),
      tcp('dns', 53, { product: 'BIND', version: 'whole' }),
    ],
  },
  {
    name: 'bind, which resolves for nobody',
    package: 'bind9',
    needs: ['named'],
    address: '192.0.2.86',
    script: bind('hint', 'recursion yes; allow-recursion { none; };'),
    doors: [
      udp('dns', 53, { product: 'BIND', version: 'whole' }),
      tcp('dns', 53, { product: 'BIND', version: 'whole' }),
    ],
  },
  {
    name: 'snmpd',
    package: 'snmpd',
    needs: ['snmpd'],
    address: '192.0.2.81',
    script: `${file('s.conf', 'rocommunity public default', 'sysDescr Test router')}exec snmpd -f -Lo -I -smux -C -c s.conf -p pid udp:$A:161`,
    doors: [udp('snmp', 161)],
  },
  {
    name: 'libcoap',
    package: 'libcoap3-bin',
    needs: ['coap-server-notls'],
    address: '192.0.2.82',
    script: 'exec coap-server-notls -A $A -p 5683',
    doors: [udp('coap', 5683)],
  },
  {
    name: 'kamailio',
    package: 'kamailio',
    needs: ['kamailio'],
    address: '192.0.2.83',
    script: `${file('k.cfg', 'disable_tcp=yes', 'children=1', 'listen=udp:$A:5060', 'loadmodule "sl"', 'loadmodule "pv"', 'loadmodule "textops"', 'request_route { if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; } sl_send_reply("404", "no"); }')}exec kamailio -DD -E -Y "$PWD" -P "$PWD/pid" -f k.cfg`,
    doors: [udp('sip', 5060, { product: 'Kamailio', version: 'whole' })],
  },
  {
    name: 'miniupnpd',
    package: 'miniupnpd',
    needs: ['miniupnpd'],
    address: '192.0.2.84',
    isApart: true,
    // It listens on all addresses, answers who is on its own network, and wants another interface towards the Internet.
    script: [
      file(
        'inner',
        'set -e; : >left',
        'until ip link show lan0 >/dev/null 2>&1; do sleep 0.05; done',
        'ip address add $A/5 dev lan0; ip link set lan0 up',
        'ip link add ext0 type veth peer name ext1; ip address add 11.0.0.1/24 dev ext0',
        'ip link set ext0 up; ip link set ext1 up',
        'miniupnpd -d -f u.conf -P pid &',
        'until ss -Hlun | grep -q ":1900 "; do sleep 0.1; done',
        ': >ready; wait',
      ),
      file(
        'u.conf',
        'ext_ifname=ext0',
        'listening_ip=lan0',
        'http_port=49999',
        'enable_natpmp=no',
        'enable_upnp=yes',
        'uuid=00000000-0000-4000-8000-000000000000',
        'lease_file=$PWD/leases',
      ),
      'unshare --net sh inner &',
      // Not before it has left the stage’s own network.
      'until [ -e left ]; do sleep 0.05; done',
      'ip link add lan1 type veth peer name lan0 netns $!',
      'ip link set lan1 up; ip route add $A/32 dev lan1 src $C table local',
      'wait',
    ].join('\n'),
    doors: [udp('ssdp', 1900, { product: 'MiniUPnPd', version: 'whole' })],
  },
  {
    name: 'pymodbus',
    package: 'python3-pymodbus',
    needs: ['/usr/lib/python3/dist-packages/pymodbus', '/usr/lib/python3/dist-packages/serial'],
    address: '192.0.2.90',
    script: python(
      'from pymodbus.server import StartTcpServer',
      'from pymodbus.device import ModbusDeviceIdentification',
      'from pymodbus.datastore import ModbusSlaveContext, ModbusServerContext, ModbusSequentialDataBlock',
      "names = {'VendorName': 'ACME', 'ProductCode': 'PLC1', 'MajorMinorRevision': '1.0'}",
      'slave = ModbusSlaveContext(hr=ModbusSequentialDataBlock(0, [1] * 10))',
      'StartTcpServer(context=ModbusServerContext(slaves=slave, single=True),',
      "               identity=ModbusDeviceIdentification(info_name=names), address=('$A', 502))",
    ),
    doors: [tcp('modbus', 502, { product: 'PLC1', version: { told: '1.0' } })],
  },
  {
    name: 'GStreamer RTSP',
    package: 'libgstrtspserver-1.0-0',
    needs: ['/usr/lib/python3/dist-packages/gi'],
    address: '192.0.2.91',
    script: python(
      'import gi',
      "gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0')",
      'from gi.repository import Gst, GstRtspServer, GLib',
      "Gst.init(None); s = GstRtspServer.RTSPServer(); s.set_address('$A'); s.set_service('554')",
      'f = GstRtspServer.RTSPMediaFactory(); f.set_shared(True)',
      "f.set_launch('( videotestsrc ! jpegenc ! rtpjpegpay name=pay0 )')",
      "s.get_mount_points().add_factory('/cam', f); s.attach(None); GLib.MainLoop().run()",
    ),
    doors: [tcp('rtsp', 554, { product: 'RTSP server' })],
  },
]

const relaying = (name: string, address: string, ports: readonly number[], ...lines: readonly string[]): RealServer => {
  const doors = ports.map((port) => tcp('smtp', port, { product: 'Postfix' }))
  return {
    name,
    package: 'postfix',
    needs: ['postfix'],
    wantsRoot: true,
    address,
    script: `ip address add $A/32 dev lo\n${postfix(doors, ...lines)}`,
    doors,
  }
}

/** Mail servers for the far side of a wire: closed to strangers, open to all, and one that trusts the stage’s client. */
export const relayServers: readonly RealServer[] = [
  relaying(
    'closed',
    '192.0.2.1',
    [25, 465, 587, 2525],
    'mynetworks = 127.0.0.0/8',
    'smtpd_relay_restrictions = permit_mynetworks, reject',
  ),
  relaying(
    'open',
    '192.0.2.2',
    [25, 465, 587, 2525],
    'mynetworks = 127.0.0.0/8',
    'smtpd_relay_restrictions = permit',
    // It does not start without a rejection somewhere, which here nobody comes as far as.
    'smtpd_recipient_restrictions = check_client_access static:OK, reject',
  ),
  relaying(
    'trusting',
    '192.0.2.3',
    [25],
    `mynetworks = ${stageClient}`,
    'smtpd_relay_restrictions = permit_mynetworks, reject',
  ),
  ...realServers.filter(({ name }) => ['exim', 'opensmtpd', 'sendmail'].includes(name)),
]

/** Its addresses, as they stand before a port. */
export const hostsOf = ({ address, address6 }: RealServer): string[] => [
  address,
  ...(address6 === undefined ? [] : [`[${address6}]`]),
]

/** Why a server cannot be started on this machine; undefined when it can. */
export function serverMissing({ package: name, isUnpacked, needs, wantsRoot }: RealServer): string | undefined {
  const absent = needs
    .map((need) => (isUnpacked && need.startsWith('usr/') ? join(unpacked, name, need) : need))
    .filter((need) => programPath(need) === undefined)
  if (absent.length > 0) return `not on this machine: ${absent.join(', ')} (.ci/run installs ${name})`
  return wantsRoot && !isRoot ? 'it changes users, which only root can' : undefined
}

/** The version a server's package is called after: without Debian's epoch and revision. */
export function upstreamVersion({ package: name, isUnpacked }: RealServer): string {
  const version = isUnpacked
    ? /^Version: (.*)$/m.exec(readFileSync(join(unpacked, name, 'DEBIAN', 'control'), 'utf8'))?.[1]
    : spawnSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' }).stdout
  const upstream = /^(?:\d+:)?(.+?)(?:\+dfsg\d*)?(?:-[^-]*)?$/.exec(version ?? '')?.[1]
  if (upstream === undefined) throw new Error(`no version of ${name}`)
  return upstream
}

const mostStartMs = 40_000

/** Starts servers on a stage, and waits until they listen. @throws Error that says what they said, when they do not */
export async function startServers(stage: Stage, servers: readonly RealServer[], folder: string): Promise<void> {
  const started = servers.map((server) => {
    const cwd = join(folder, server.address)
    mkdirSync(cwd)
    const { address6 = '' } = server
    const env = { A: server.address, A6: address6, C: stageClient, T: folder, X: unpacked, HOME: cwd, MIBS: '' }
    // No server may listen on an address of IPv6 that is no interface’s.
    const own = address6 === '' ? '' : 'ip address add $A6/128 dev lo nodad\n'
    const child = stage.spawn(['/bin/sh', '-ec', own + server.script], { cwd, env })
    const each = { server, said: '', hasEnded: false }
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (each.said = (each.said + text).slice(-2000)))
    child.on('exit', () => (each.hasEnded = true))
    return each
  })
  const until = performance.now() + mostStartMs
  for (;;) {
    const open = await listening(stage)
    const deaf = started.filter(({ server }) =>
      server.isApart
        ? !existsSync(join(folder, server.address, 'ready'))
        : server.doors.some(({ transport, port }) =>
            hostsOf(server).some((host) => !open.has(`${transport} ${host}:${port}`)),
          ),
    )
    if (deaf.length === 0) return
    const hopeless = performance.now() > until ? deaf : deaf.filter(({ hasEnded }) => hasEnded)
    if (hopeless.length > 0)
      throw new Error(hopeless.map(({ server, said }) => `${server.name} does not listen: ${said.trim()}`).join('\n'))
    await setTimeout(100)
  }
}

/** What is listened on, as `tcp 192.0.2.1:25`. */
async function listening(stage: Stage): Promise<ReadonlySet<string>> {
  const { code, stdout, stderr } = await ended(stage.spawn(['ss', '-Hltun']))
  if (code !== 0) throw new Error(`ss: ${stderr}`)
  return new Set(
    stdout.split('\n').map((line) => {
      const [transport, , , , local] = line.split(/\s+/)
      return `${transport} ${local}`
    }),
  )
}
