import { describe, expect, test } from 'vitest'
import { checkSum, dnp3, frame } from '../../src/probes/dnp3.ts'
import { converse } from '../helpers/converse.ts'
import { expectSturdyTalk } from '../helpers/sturdy-talk.ts'

const linkStatus = 0x0b

/** A header of eight bytes with its check sum. */
const summed = (header: string): Buffer => {
  const bytes = Buffer.from(`${header}0000`, 'hex')
  bytes.writeUInt16LE(checkSum(bytes.subarray(0, 8)), 8)
  return bytes
}

test('check sums are those of the protocol', () => {
  expect(checkSum(Buffer.from('123456789'))).toBe(0xea82)
  expect(frame(0xc9, 0, 0).toString('hex')).toBe('056405c900000000364c')
  expect(frame(0xc9, 10, 1).toString('hex')).toBe('056405c90a000100feda')
})

test('a link status request to each of a few addresses, none of them a broadcast', () => {
  const sent = Buffer.from(converse(dnp3, { says: [] }).sent, 'latin1')
  const frames = Array.from({ length: sent.length / 10 }, (_, index) => sent.subarray(index * 10, index * 10 + 10))
  expect(frames.map((each) => each.readUInt16LE(4))).toEqual([0xfffc, 1, 2, 3, 4, 10, 1024])
  for (const each of frames) {
    expect(each).toEqual(frame(0xc9, each.readUInt16LE(4), each.readUInt16LE(6)))
    expect(each.readUInt16LE(4)).toBeLessThan(0xfffd)
  }
})

describe('an outstation', () => {
  test.each([
    ['tells the status of its link', frame(linkStatus, 1, 10)],
    ['does not support it', frame(0x0f, 1, 10)],
    ['speaks of itself', Buffer.concat([frame(0x44, 1, 10), Buffer.from('c0c08200')])],
  ])('that %s is one', (_, said) => {
    expect(converse(dnp3, { says: [said] }).finding).toEqual({ module: 'dnp3', banner: 'Source address: 10' })
    expect(dnp3.recognises?.(said)).toBe(true)
  })

  test.each([
    ['a master', frame(0xc9, 10, 1)],
    ['a wrong check sum', Buffer.concat([frame(linkStatus, 1, 10).subarray(0, 9), Buffer.of(0)])],
    ['another start', summed('0464050b01000a00')],
    ['another second byte', summed('0565050b01000a00')],
    ['a length too short', summed('0564040b01000a00')],
    ['a frame too short', Buffer.from('056404', 'hex')],
    ['a frame cut', frame(linkStatus, 1, 10).subarray(0, 9)],
  ])('is not %s', (_, said) => {
    expect(converse(dnp3, { says: [said] }).finding).toBeUndefined()
    expect(dnp3.recognises?.(said)).toBe(false)
  })
})

test('stands whatever is said', () => expectSturdyTalk(dnp3, { says: [frame(linkStatus, 1, 10)] }))
