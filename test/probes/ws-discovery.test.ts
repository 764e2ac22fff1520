import { describe, expect, test } from 'vitest'
import { wsDiscovery } from '../../src/probes/ws-discovery.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'

const id = 'urn:uuid:0b30557a-9fc4-e90e-3358-7da2c7ec1136'

const reply = (match: string, body = 'ProbeMatches', relates = id): Buffer =>
  Buffer.from(
    '<?xml version="1.0"?><SOAP-ENV:Envelope><SOAP-ENV:Header>' +
      `<wsa:RelatesTo RelationshipType="wsa:Reply">\n ${relates} </wsa:RelatesTo></SOAP-ENV:Header>` +
      `<SOAP-ENV:Body><d:${body}>${match}</d:${body}></SOAP-ENV:Body></SOAP-ENV:Envelope>`,
  )

const camera = reply(
  '<d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter\n tds:Device</d:Types>' +
    '<d:Scopes>onvif://www.onvif.org/name/Example onvif://www.onvif.org/hardware/X-1</d:Scopes>' +
    '<d:XAddrs>http://192.0.2.7/onvif/device_service</d:XAddrs></d:ProbeMatch>',
)

test('one probe for anything', () => {
  expect(ask(wsDiscovery).toString('latin1')).toBe(
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
      'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
      'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header>' +
      '<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>' +
      `<a:MessageID>${id}</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>` +
      '<s:Body><d:Probe/></s:Body></s:Envelope>',
  )
})

describe('a device', () => {
  test('says what it is', () => {
    expect(hear(wsDiscovery, camera)).toEqual({
      module: 'ws-discovery',
      banner:
        'Types: dn:NetworkVideoTransmitter tds:Device\n' +
        'Scopes: onvif://www.onvif.org/name/Example onvif://www.onvif.org/hardware/X-1\n' +
        'XAddrs: http://192.0.2.7/onvif/device_service',
      deviceType: 'webcam',
    })
  })

  test.each([
    ['a printer', reply('<Types xmlns:p="urn:x">wsdp:Device p:PrintDeviceType</Types>'), 'printer'],
    ['a recorder', reply('<d:Types>dn:NetworkVideoStorage</d:Types>'), 'video recorder'],
    ['a computer', reply('<d:Types>pub:Computer</d:Types>'), undefined],
    ['one that has no match', reply(''), undefined],
    ['one that faults', reply('', 'Fault'), undefined],
  ])('may be %s', (_, said, deviceType) => {
    expect(hear(wsDiscovery, said)?.module).toBe('ws-discovery')
    expect(hear(wsDiscovery, said)?.deviceType).toBe(deviceType)
  })

  test.each([
    ['an answer to another', reply('', 'ProbeMatches', id.replace('0b', '0c'))],
    ['an answer to none', reply('', 'ProbeMatches', '')],
    ['a hello', reply('', 'Hello')],
    ['text around the id', Buffer.from(`ProbeMatches ${id}`)],
  ])('is not %s', (_, said) => {
    expect(hear(wsDiscovery, said)).toBeUndefined()
  })
})

test('stands whatever is sent', () => expectSturdy(wsDiscovery, camera, 128))

test.each(['<a:RelatesTo ', '<RelatesTo>', '<', `<${'a'.repeat(31)}:`, '<d:ProbeMatches '])(
  'stands %j without end',
  (part) => {
    const began = performance.now()
    expect(hear(wsDiscovery, Buffer.from(part.repeat(65_536 / part.length)))).toBeUndefined()
    expect(performance.now() - began).toBeLessThan(1000)
  },
)
