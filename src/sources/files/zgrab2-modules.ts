/** What the reader knows of one zgrab2 module: keys below `result`, dotted. */
export interface ZgrabModule {
  /** The port the module asks unless told otherwise. */
  readonly port: number
  /** Absent: tcp. */
  readonly transport?: 'udp'
  /** What the service said, verbatim; without it the banner is the result's plain facts, one a line. */
  readonly banner?: readonly string[]
  readonly vendor?: string
  /** A key, or a product's name after `=` where the module speaks to one product only. */
  readonly product?: string
  readonly version?: string
  readonly os?: string
}

const greeting = ['banner']

/** Modules by name. Default ports: modules/<name>/scanner.go of https://github.com/zmap/zgrab2 (RegisterModule). */
export const zgrabModules: Readonly<Record<string, ZgrabModule>> = {
  amqp091: { port: 5672, product: 'server_properties.product', version: 'server_properties.version' },
  bacnet: {
    port: 47_808,
    transport: 'udp',
    vendor: 'vendor_name',
    product: 'model_name',
    version: 'firmware_revision',
  },
  banner: { port: 80, banner: greeting },
  dnp3: { port: 20_000 },
  dns: { port: 53, transport: 'udp' },
  enip: { port: 44_818 },
  fox: { port: 1911, product: 'app_name', version: 'app_version', os: 'os_name' },
  ftp: { port: 21, banner: greeting },
  http: { port: 80 },
  http_proxy: { port: 80 },
  ike: { port: 500, transport: 'udp' },
  imap: { port: 143, banner: greeting },
  ipp: { port: 631 },
  jarm: { port: 443 },
  ldap: { port: 389 },
  managesieve: { port: 4190, banner: greeting },
  memcached: { port: 11_211, product: '=Memcached', version: 'version' },
  modbus: {
    port: 502,
    vendor: 'mei_response.objects.vendor',
    product: 'mei_response.objects.product_code',
    version: 'mei_response.objects.revision',
  },
  mongodb: { port: 27_017, product: '=MongoDB', version: 'build_info.version' },
  mqtt: { port: 1883 },
  mssql: { port: 1433, product: '=Microsoft SQL Server', version: 'version' },
  mysql: { port: 3306, banner: ['server_version'] },
  ntp: { port: 123, transport: 'udp' },
  oracle: { port: 1521 },
  pop3: { port: 110, banner: greeting },
  postgres: { port: 5432, product: '=PostgreSQL' },
  pptp: { port: 1723, banner: greeting },
  rdp: { port: 3389 },
  redis: { port: 6379, banner: ['info_response', 'ping_response'], product: '=Redis', version: 'version', os: 'os' },
  siemens: { port: 102, product: 'module', version: 'firmware' },
  sip: { port: 5060, transport: 'udp' },
  smb: { port: 445 },
  smtp: { port: 25, banner: greeting },
  snmp: { port: 161, transport: 'udp' },
  socks5: { port: 1080 },
  ssh: { port: 22, banner: ['server_id.raw'] },
  telnet: { port: 23, banner: greeting },
  tls: { port: 443 },
}
