import { describe, expect, test } from 'vitest'
import { ntpMonlist } from '../../../src/probes/checks/ntp-monlist.ts'
import { ask, expectSturdyCheck, gathered } from '../../helpers/reply.ts'
import { listed } from '../../helpers/time-server.ts'

const request = ask(ntpMonlist)
const read = (...replies: readonly Buffer[]): ReturnType<typeof ntpMonlist.read> =>
  ntpMonlist.read(gathered(...replies), request)
const [reply = Buffer.alloc(0)] = listed(request, 1)
const changed = (at: number, byte: number): Buffer => {
  const other = Buffer.from(reply)
  other[at] = byte
  return other
}

test('one request of 8 bytes: version 2, mode 7, XNTPD, MON_GETLIST_1', () => {
  expect(request.toString('hex')).toBe('1700032a00000000')
})

test('a list is measured, and nothing of it is kept', () => {
  const { banner, tags } = read(...listed(request, 100))
  expect({ banner, tags }).toEqual({
    banner: 'mode 7 monlist: 44,000 bytes in 100 packets for 8 bytes (5500 times)',
    tags: ['ntp-monlist'],
  })
  const clients = Buffer.from('192.0.2.99')
  expect(read(Buffer.concat([reply.subarray(0, 8), clients, reply.subarray(18)])).banner).not.toContain('192')
})

test('a list that comes in disorder', () => {
  expect(read(...listed(request, 3).toReversed()).tags).toEqual(['ntp-monlist'])
})

describe('is no list', () => {
  test.each([
    ['a request that is not known', Buffer.from('9700032a20000000', 'hex'), 2],
    ['a list without entries', Buffer.from('9700032a40000000', 'hex'), 4],
    ['a list that one must be trusted for', Buffer.from('9700032a70000000', 'hex'), 7],
    ['an error with entries', changed(4, 0x10), 1],
    ['nothing, and no error', Buffer.from('9700032a00000000', 'hex'), 0],
    ['entries that are not there', Buffer.from('9700032a00060048', 'hex'), 0],
    ['entries of no size', Buffer.from('9700032a00060000', 'hex'), 0],
  ])('%s: it is a time server all the same', (_, said, error) => {
    expect(ntpMonlist.isReply(said, request)).toBe(true)
    expect(read(said)).toEqual({ banner: `mode 7 monlist: error ${error}` })
  })
})

describe('is no reply', () => {
  test.each([
    ['a request', changed(0, 0x17)],
    ['one of mode 6', changed(0, 0x96)],
    ['one of another implementation', changed(2, 2)],
    ['one to another request', changed(3, 20)],
    ['less than a header', reply.subarray(0, 7)],
  ])('%s', (_, said) => {
    expect(ntpMonlist.isReply(said, request)).toBe(false)
  })
})

test('stands whatever is sent', () => expectSturdyCheck(ntpMonlist, reply, 0))
