import { describe, expect, test } from 'vitest'
import { ntpControl } from '../../../src/probes/checks/ntp-control.ts'
import { ask, expectSturdyCheck, gathered } from '../../helpers/reply.ts'
import { controlled } from '../../helpers/time-server.ts'

const request = ask(ntpControl)
const variables =
  'version="ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)",\r\nprocessor="x86_64", system="Linux/5.10.0",\r\n' +
  'leap=0, stratum=2, precision=-23, rootdelay=1.000, refid=192.0.2.99, peer=192.0.2.99, clock=0xe5.8'
const read = (...replies: readonly Buffer[]): ReturnType<typeof ntpControl.read> =>
  ntpControl.read(gathered(...replies), request)
const [whole = Buffer.alloc(0)] = controlled(request, variables)
const fragments = controlled(request, variables, 40)
const known =
  'version="ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)", processor="x86_64", system="Linux/5.10.0", stratum=2'

test('one message of 12 bytes: version 2, mode 6, operation 2, a sequence number, and zeros', () => {
  expect(request.toString('hex')).toBe('16020b300000000000000000')
})

describe('a server that answers', () => {
  test('tells what it is, and of nobody else', () => {
    const { banner, tags } = read(whole)
    expect(tags).toEqual(['ntp-control'])
    expect(banner).toBe(
      `${known}\nmode 6 readvar: ${whole.length} bytes in 1 packet for 12 bytes (${(whole.length / 12).toFixed(1)} times)`,
    )
    expect(banner).not.toContain('192.0.2.99')
  })

  test.each([
    ['in order', fragments],
    ['in another', fragments.toReversed()],
    ['twice', [...fragments, ...fragments]],
  ])('in fragments, which come %s', (_, replies) => {
    expect(replies.length).toBeGreaterThan(5)
    for (const reply of replies) expect(ntpControl.isReply(reply, request)).toBe(true)
    const bytes = Buffer.concat(replies).length
    const times = (bytes / 12).toFixed(1).replace('.0', '')
    expect(read(...replies).banner).toBe(
      `${known}\nmode 6 readvar: ${bytes} bytes in ${replies.length} packets for 12 bytes (${times} times)`,
    )
  })

  test('with a gap tells what is whole before it', () => {
    const lines = (lost: number): string[] =>
      read(...fragments.filter((_, index) => index !== lost)).banner?.split('\n') ?? []
    expect(lines(0)).toEqual([expect.stringMatching(/^mode 6 readvar: /)])
    expect(lines(1)).toEqual([expect.stringMatching(/^mode 6 readvar: /)])
    expect(lines(2)[0]).toBe('version="ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)"')
  })

  test.each([
    ['', ''],
    ['stratum=16', 'stratum=16\n'],
    ['version="never ended, system="Linux', 'version="never ended, system="\n'],
    ['VERSION=1, sysversion=2, a.version=3, version', ''],
    ['version=one, version=two', 'version=one\n'],
    ['version="two\r\nlines", stratum=3', 'version="two lines", stratum=3\n'],
    ['version=,,,, stratum=', ''],
  ])('that says %j', (said, line) => {
    const { banner, tags } = read(...controlled(request, said))
    expect(banner?.slice(0, banner.indexOf('mode 6'))).toBe(line)
    expect(tags).toEqual(['ntp-control'])
  })

  test('with an error is a time server, and amplifies nothing', () => {
    const error = Buffer.from(whole.subarray(0, 12))
    error[1] = 0xc2
    error[4] = 5
    expect(ntpControl.isReply(error, request)).toBe(true)
    expect(read(error)).toEqual({ banner: 'mode 6 readvar: error 5' })
  })

  test('at length, or as a count says that is not there', () => {
    const long = controlled(request, `version="${'v'.repeat(5000)}", stratum=2`, 60_000)
    expect(read(...long).banner?.length).toBeLessThan(200)
    const short = Buffer.from(whole)
    short.writeUInt16BE(0xffff, 10)
    expect(read(short).banner).toContain(known)
    const many = Array.from({ length: 128 }, (_, index) => {
      const [reply = whole] = controlled(request, 'version="', 468)
      reply.writeUInt16BE(index * 9, 8)
      return reply
    })
    expect(read(...many).banner).toContain('128 packets')
  })
})

describe('is no reply', () => {
  const changed = (at: number, byte: number): Buffer => {
    const reply = Buffer.from(whole)
    reply[at] = byte
    return reply
  }
  test.each([
    ['one of the time', changed(0, 0x24)],
    ['one of mode 7', changed(0, 0x17)],
    ['a request', changed(1, 0x02)],
    ['one to another operation', changed(1, 0x81)],
    ['one to another request', changed(3, 0x31)],
    ['less than a header', whole.subarray(0, 11)],
  ])('%s', (_, reply) => {
    expect(ntpControl.isReply(reply, request)).toBe(false)
  })
})

test('stands whatever is sent', () => {
  expectSturdyCheck(ntpControl, whole, 16)
  for (const fragment of fragments.slice(0, 2)) expectSturdyCheck(ntpControl, fragment, 16)
})
