import { describe, expect, test } from 'vitest'
import { iec104 } from '../../src/probes/iec-104.ts'
import { converse } from '../helpers/converse.ts'
import { expectSturdyTalk } from '../helpers/sturdy-talk.ts'

const act = '\x68\x04\x43\0\0\0'
const con = '\x68\x04\x83\0\0\0'

test('one test of the connection, which is never started', () => {
  expect(converse(iec104, { says: [con] }).sent).toBe(act)
})

describe('a station', () => {
  test.each([
    ['confirms', [con]],
    ['tests too', [act, con]],
    ['confirms late', [act.repeat(7), con]],
  ])('that %s is one', (_, says) => {
    expect(converse(iec104, { says }).finding).toEqual({ module: 'iec-104', banner: 'TESTFR con' })
  })

  test.each([
    ['an echo', [act]],
    ['one that never confirms', [act.repeat(8), con]],
    ['another start', ['\x69\x04\x83\0\0\0']],
    ['a confirmation of another', ['\x68\x04\x0b\0\0\0']],
    ['a message too short', ['\x68\x03\x83\0\0', con]],
    ['a message too long', [`\x68\xfe${'\0'.repeat(254)}`, con]],
    ['a longer confirmation', ['\x68\x05\x83\0\0\0\0']],
  ])('is not %s', (_, says) => {
    expect(converse(iec104, { says }).finding).toBeUndefined()
  })

  test('is told by its first bytes when it was asked for another protocol', () => {
    expect(iec104.recognises?.(Buffer.from(con, 'latin1'))).toBe(true)
    expect(iec104.recognises?.(Buffer.from(act, 'latin1'))).toBe(false)
  })
})

test('stands whatever is said', () => expectSturdyTalk(iec104, { says: [con] }))
