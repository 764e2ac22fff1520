import { describe, expect, test } from 'vitest'
import { ssdp } from '../../src/probes/ssdp.ts'
import { ask, expectSturdy, hear } from '../helpers/reply.ts'

const head =
  'HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\nLOCATION: http://192.0.2.1:49152/root.xml\r\n' +
  'SERVER: Linux/4.14 UPnP/1.0 Example/2.1\r\nST: upnp:rootdevice\r\nUSN: uuid:0-1::upnp:rootdevice'
const reply = (text = `${head}\r\n\r\n`): Buffer => Buffer.from(text, 'latin1')

test('one search for root devices', () => {
  expect(ask(ssdp).toString('latin1')).toBe(
    'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n',
  )
})

describe('a device', () => {
  test('says what it is', () => {
    expect(hear(ssdp, reply())).toEqual({ module: 'ssdp', banner: head })
  })

  test.each([
    ['without an empty line', head],
    ['in other letters', 'HTTP/1.1 200 OK\r\nst:upnp:rootdevice\r\nserver: x\r\n\r\n'],
    ['with line feeds alone', 'HTTP/1.0 200 OK\nST: upnp:rootdevice\nUSN: x\n'],
  ])('says it %s', (_, said) => {
    expect(hear(ssdp, reply(said))?.module).toBe('ssdp')
  })

  test.each([
    ['a web server', 'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\n\r\n'],
    ['an error', head.replace('200 OK', '404 Not Found')],
    ['another status', head.replace('200', '2000')],
    ['an announcement', head.replace('HTTP/1.1 200 OK', 'NOTIFY * HTTP/1.1')],
    ['an answer to another search', head.replace('ST: upnp:rootdevice', 'ST: ssdp:all')],
    ['a target without a device', 'HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n'],
    ['a target in the body', 'HTTP/1.1 200 OK\r\nUSN: x\r\n\r\nST: upnp:rootdevice\r\n'],
  ])('is not %s', (_, said) => {
    expect(hear(ssdp, reply(said))).toBeUndefined()
  })
})

test('stands whatever is sent', () => expectSturdy(ssdp, reply(), 0))

test('stands lines that look like headers without end', () => {
  expect(hear(ssdp, reply(`HTTP/1.1 200 OK\r\n${'ST: \t'.repeat(12_000)}`))).toBeUndefined()
  expect(hear(ssdp, reply(`${head}\r\nX: ${'x'.repeat(60_000)}`))?.banner).toHaveLength(4096)
})
