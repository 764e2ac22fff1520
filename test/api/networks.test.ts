import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressRange } from '../../src/api/networks.ts'
import { addressOfKey, canonicalAddress } from '../../src/model/address.ts'

test.each([
  ['192.0.2.0/24', '192.0.2.0', '192.0.2.255'],
  ['192.0.2.77/25', '192.0.2.0', '192.0.2.127'],
  ['192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
  ['2001:DB8::/32', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:db8::192.0.2.1/128', '2001:db8::c000:201', '2001:db8::c000:201'],
  ['::ffff:192.0.2.9/120', '192.0.2.0', '192.0.2.255'],
  ['::ffff:c000:201', '192.0.2.1', '192.0.2.1'],
])('%s', (text, first, last) => {
  const range = addressRange(text)
  expect([addressOfKey(range?.first ?? ''), addressOfKey(range?.last ?? '')]).toEqual([first, last])
})

test.each([
  '',
  '/',
  '192.0.2',
  '192.0.2.0/',
  '192.0.2.0/33',
  '192.0.2.0/-1',
  '192.0.2.0/24/8',
  '192.0.2.0/ 8',
  '192.0.2.256',
  '0300.0.2.1',
  '2001:db8::/129',
  '2001:db8::1%eth0/64',
  '::ffff:192.0.2.0/24',
  'host.example',
])('%j is no network', (text) => {
  expect(addressRange(text)).toBeUndefined()
})

test('every address is a network of one, whose key leads back', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const range = addressRange(address)
      expect(range?.first).toBe(range?.last)
      expect(addressOfKey(range?.first ?? '')).toBe(canonicalAddress(address))
    }),
  )
})
