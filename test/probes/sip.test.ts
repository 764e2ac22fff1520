import { describe, expect, test } from 'vitest'
import { sip } from '../../src/probes/sip.ts'
import { ask, expectSturdy, hear, random } from '../helpers/reply.ts'

const id = '0b30557a9fc4e90e33587da2c7ec1136'

const echoed =
  'Via: SIP/2.0/UDP census.invalid:5060;branch=z9hG4bK0b30557a9fc4e90e;received=192.0.2.9;rport=40000\r\n' +
  'From: <sip:census@census.invalid>;tag=33587da2c7ec1136\r\nTo: <sip:census.invalid>;tag=as1\r\n' +
  `Call-ID: ${id}@census.invalid\r\nCSeq: 1 OPTIONS\r\n`
const own = 'Server: Example PBX 1.2\r\nAllow: INVITE, ACK, OPTIONS'
const reply = (status = 'SIP/2.0 200 OK', headers = echoed): Buffer =>
  Buffer.from(`${status}\r\n${headers}${own}\r\n\r\nbody`, 'latin1')

test('one OPTIONS that may not be forwarded', () => {
  expect(ask(sip).toString('latin1')).toBe(
    'OPTIONS sip:census.invalid SIP/2.0\r\n' +
      'Via: SIP/2.0/UDP census.invalid:5060;branch=z9hG4bK0b30557a9fc4e90e;rport\r\n' +
      'Max-Forwards: 0\r\n' +
      'From: <sip:census@census.invalid>;tag=33587da2c7ec1136\r\n' +
      'To: <sip:census.invalid>\r\n' +
      `Call-ID: ${id}@census.invalid\r\n` +
      'CSeq: 1 OPTIONS\r\n' +
      'Contact: <sip:census@census.invalid>\r\n' +
      'Accept: application/sdp\r\n' +
      'User-Agent: exposure-census (noc@example.net)\r\n' +
      'Content-Length: 0\r\n\r\n',
  )
})

test('a contact cannot end its header or its comment', () => {
  const request = sip.request(random, { contact: 'a)\r\nX-Evil: 1\r\n\r\n(\\é' }).toString('latin1')
  expect(request).toContain('\r\nUser-Agent: exposure-census (a   X-Evil: 1       )\r\n')
  expect(request).not.toContain('\nX-Evil')
})

describe('a peer', () => {
  test('says what it is, without the words that it was asked with', () => {
    expect(hear(sip, reply())).toEqual({ module: 'sip', banner: `SIP/2.0 200 OK\r\n${own}` })
  })

  test.each([
    ['hops are used up', reply('SIP/2.0 483 Too Many Hops')],
    ['a login is wanted', reply('SIP/2.0 401 Unauthorized')],
    ['headers are short', reply('SIP/2.0 200 OK', `v: x\r\ni:${id}@census.invalid\r\n`)],
    ['lines end in line feeds', Buffer.from(`SIP/2.0 200 OK\nCall-ID: ${id}@census.invalid\n\n`)],
  ])('answers where %s', (_, said) => {
    const { banner = '', module } = hear(sip, said) ?? {}
    expect(module).toBe('sip')
    expect(banner).not.toContain(id)
  })

  test.each([
    ['a request', reply('OPTIONS sip:x SIP/2.0')],
    ['another protocol', reply('HTTP/1.1 200 OK')],
    ['a status of none', reply('SIP/2.0 700 OK')],
    ['an answer to another', reply('SIP/2.0 200 OK', echoed.replace(id, id.replace('0b', '0c')))],
    ['an answer to none', reply('SIP/2.0 200 OK', 'To: x\r\n')],
    ['an id in the body', Buffer.from(`SIP/2.0 200 OK\r\n\r\nCall-ID: ${id}@census.invalid\r\n`)],
  ])('is not %s', (_, said) => {
    expect(hear(sip, said)).toBeUndefined()
  })
})

test('stands whatever is sent', () => expectSturdy(sip, reply(), 128))
