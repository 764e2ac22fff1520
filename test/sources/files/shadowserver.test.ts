import { describe, expect, it } from 'vitest'
import { shadowserver } from '../../../src/sources/files/shadowserver.ts'
import { head, kinds, observations, plainCsv, read, scanNtp } from './scan-readings.ts'

const common = 'timestamp,ip,protocol,port,hostname,tag,asn,geo,region,city,naics,sector'
const row = '2024-05-01 00:00:00,192.0.2.40,tcp,80,,http,64496,JP,TOKYO,CHIYODA,0,'
const report = async (type: string, columns: string, cells: string) =>
  observations(
    await read(shadowserver, `${common},${columns}\n${row},${cells}\n`, {
      fileName: `2024-05-01-${type}-japan-geo.csv`,
    }),
  )[0]

describe('shadowserver', () => {
  it('reads place, network, service and banner of a scan report', async () => {
    const found = await read(shadowserver, scanNtp, { fileName: '2024-05-01-scan6_ntp-japan-geo.csv' })
    expect(observations(found)).toEqual([
      {
        source: 'shadowserver',
        ip: '192.0.2.40',
        port: 123,
        transport: 'udp',
        outcome: 'answered',
        observedAt: '2024-05-01T00:01:02.000000Z',
        module: 'scan_ntp',
        os: 'Linux/2.6.32',
        banner: 'ntpd 4.2.6p5@1.2349-o \\xff\\xfd',
        country: 'JP',
        regionName: 'TOKYO',
        city: 'CHIYODA',
        asn: 64496,
        hostnames: 'ntp.example.jp',
        tags: 'ntpversion',
      },
      {
        source: 'shadowserver',
        ip: '2001:db8::40',
        port: 123,
        transport: 'udp',
        outcome: 'answered',
        observedAt: '2024-05-01T00:01:03.000000Z',
        module: 'scan_ntp',
        banner: 'ntpd\n4.2.8 "quoted"',
        country: 'JP',
        regionName: 'OSAKA',
        asn: 64497,
        tags: 'ntpversion old',
      },
    ])
  })

  it.each([
    [
      'device_id',
      'device_vendor,device_type,device_model,device_version',
      'Acme,router,R1,7',
      { vendor: 'Acme', deviceType: 'router', product: 'R1', version: '7' },
    ],
    ['scan_elasticsearch', 'version', '7.1', { product: 'Elasticsearch', version: '7.1' }],
    ['scan_amqp', 'product,product_version', 'RabbitMQ,3.3', { product: 'RabbitMQ', version: '3.3' }],
    ['scan_ssh', 'serverid_raw', 'SSH-2.0-x', { banner: 'SSH-2.0-x', module: 'scan_ssh' }],
    ['scan_snmp', 'sysdesc', 'Acme router', { banner: 'Acme router' }],
    [
      'scan_http',
      'http,http_code,http_reason,server',
      'HTTP/1.1,200,OK,nginx',
      { banner: 'HTTP/1.1 200 OK\r\nServer: nginx' },
    ],
    ['scan_ics', 'device_vendor', 'Acme', { module: 'http', vendor: 'Acme' }],
    ['scan_loop_dos', 'application', 'tftp', { module: 'tftp' }],
    ['scan_new_thing', 'banner', 'hello', { module: 'scan_new_thing', banner: 'hello' }],
    ['constructor', 'banner', 'hello', { module: 'http', banner: 'hello' }],
  ])('maps the columns of %s', async (type, columns, cells, expected) => {
    expect(await report(type, columns, cells)).toMatchObject(expected)
  })

  it('leaves the service of device_id to the port', async () => {
    expect(await report('device_id', 'device_vendor', 'Acme')).not.toHaveProperty('module')
  })

  it('goes by the columns where the file name tells nothing', async () => {
    const found = observations(await read(shadowserver, `${common}\n${row}\n`, { fileName: '-' }))
    expect(found[0]).toMatchObject({ module: 'http', ip: '192.0.2.40' })
  })

  it('refuses reports of attacks, infections and victims', async () => {
    const input = `${common},infection\n${row},worm\n`
    for (const fileName of ['2024-05-01-event4_sinkhole-japan.csv', '2024-05-01-compromised_website-x.csv', '-'])
      expect(kinds(await read(shadowserver, input, { fileName }))).toEqual(['reject not-a-record'])
    expect(
      shadowserver.detect(head('timestamp,protocol,src_ip,src_port,src_asn,src_geo,src_region,src_city,src_naics\n')),
    ).toBe(true)
  })

  it('rejects rows whose cells do not fit the header', async () => {
    const input = `${common}\n${row},stray\n${row},,\n2024-05-01 00:00:00,192.0.2.40\n${row}\n2024-05-01`
    expect(kinds(await read(shadowserver, input, { fileName: 'scan_http.csv' }))).toEqual([
      'reject bad-row',
      'record',
      'reject bad-row',
      'record',
      'cut',
    ])
  })

  it('is known by its columns', () => {
    expect(shadowserver.detect(head(scanNtp))).toBe(true)
    expect(shadowserver.detect(head(scanNtp.slice(0, 300), 'x', false))).toBe(true)
    expect(shadowserver.detect(head(plainCsv))).toBe(false)
    expect(shadowserver.detect(head('{"timestamp":1,"ip":2,"asn":3,"geo":4,"region":5,"city":6,"tag":7}'))).toBe(false)
  })
})
