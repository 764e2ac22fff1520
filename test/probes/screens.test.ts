import { describe, expect, test } from 'vitest'
import { adb } from '../../src/probes/adb.ts'
import { rdp } from '../../src/probes/rdp.ts'
import { vnc } from '../../src/probes/vnc.ts'
import { assertTears, converse } from '../helpers/converse.ts'

describe('a VNC server', () => {
  const current = 'RFB 003.008\n'
  const refusal = '\0\0\0\u0006Locked'

  test.each([
    ['with a password', [current, '\u0002\u0002\u0013'], 'Security types: 2 (VNC Authentication), 19 (VeNCrypt)', []],
    ['without one', [current, '\u0002\u0001\u0002'], 'Security types: 1 (None), 2 (VNC Authentication)', ['no-auth']],
    ['of a kind unknown', [current, '\u0001\u0081'], 'Security types: 129', []],
    ['that refuses', [current, '\0', refusal], 'Locked', []],
  ])('%s', (_, says, told, tags) => {
    const { finding, sent } = converse(vnc, { says })
    expect(finding).toEqual({ module: 'vnc', banner: `RFB 003.008\n${told}`, tags })
    expect(sent).toBe(current)
  })

  test.each([
    ['RFB 003.007\n', '\u0001\u0001', 'RFB 003.007\n', ['no-auth']],
    ['RFB 003.003\n', '\0\0\0\u0001', 'RFB 003.003\n', ['no-auth']],
    ['RFB 003.005\n', '\0\0\0\u0002', 'RFB 003.003\n', []],
    ['RFB 003.003\n', `\0\0\0\0${refusal}`, 'RFB 003.003\n', []],
    ['RFB 003.889\n', '\u0001\u001e', 'RFB 003.008\n', []],
    ['RFB 005.000\n', '\u0001\u0001', 'RFB 003.008\n', ['no-auth']],
  ])('of version %j', (version, says, sends, tags) => {
    const { finding, sent } = converse(vnc, { says: [version, says] })
    expect(sent).toBe(sends)
    expect(finding?.tags).toEqual(tags)
    expect(finding?.banner?.split('\n')).toHaveLength(2)
  })

  test.each([
    ['hangs up', [current]],
    ['offers more than it says', [current, '\u00ff\u0001']],
    ['tells an endless reason', [current, '\0\u00ff\u00ff\u00ff\u00ff', 'x'.repeat(9999)]],
    ['has no reason', [current, '\0\0\0\0\0']],
    ['decides for a kind that is none', ['RFB 003.003\n', '\u00ff\u00ff\u00ff\u0001']],
  ])('that %s has said its version', (_, says) => {
    const { finding } = converse(vnc, { says })
    expect(finding).toEqual({ module: 'vnc', banner: (says[0] ?? '').trimEnd(), tags: [] })
  })

  test.each(['RFB 3.8\n....', 'RFB 003.008\r\n', 'rfb 003.008\n', 'xRFB 003.008\n', 'RFB 003.008'])(
    'is not %j',
    (says) => {
      expect(converse(vnc, { says: [says] }).finding).toBeUndefined()
    },
  )

  test('torn at any byte', () => {
    assertTears(vnc, { says: [current, '\u0002\u0001\u0002'] })
    assertTears(vnc, { says: [current, '\0', refusal] })
    assertTears(vnc, { says: ['RFB 003.003\n', '\0\0\0\u0001'] })
  })
})

describe('a remote desktop', () => {
  const request = '\u0003\0\0\u0013\u000e\u00e0\0\0\0\0\0\u0001\0\u0008\0\u0003\0\0\0'
  const confirm = (...negotiation: readonly number[]): Buffer =>
    Buffer.from([3, 0, 0, 11 + negotiation.length, 6 + negotiation.length, 0xd0, 0, 0, 0x12, 0x34, 0, ...negotiation])

  test.each([
    ['standard security', confirm(2, 0x1f, 8, 0, 0, 0, 0, 0), 'selected protocol: 0 (standard RDP security)', []],
    ['TLS', confirm(2, 0x1f, 8, 0, 1, 0, 0, 0), 'selected protocol: 1 (TLS)', ['tls']],
    ['CredSSP', confirm(2, 0x1f, 8, 0, 2, 0, 0, 0), 'selected protocol: 2 (CredSSP)', ['nla']],
    ['nothing of these', confirm(3, 0, 8, 0, 2, 0, 0, 0), 'negotiation failure: 2', []],
    ['no choice', confirm(), 'no negotiation', []],
  ])('takes %s', (_, says, banner, tags) => {
    const { finding, sent } = converse(rdp, { says: [says] })
    expect(sent).toBe(request)
    expect(finding).toEqual({ module: 'rdp', banner, tags })
  })

  test.each([
    ['its own request', Buffer.from(request, 'latin1')],
    ['a refusal of X.224', Buffer.of(3, 0, 0, 11, 6, 0x80, 0, 0, 0, 0, 0)],
    ['an answer to another', confirm().fill(7, 6, 7)],
    ['another length within', confirm().fill(7, 4, 5)],
    ['another length', Buffer.concat([confirm(), Buffer.of(0)]).fill(12, 3, 4)],
    ['a length between the two', Buffer.from([3, 0, 0, 12, 7, 0xd0, 0, 0, 0x12, 0x34, 0, 2])],
    ['a length of nothing', confirm().fill(0, 2, 4)],
    ['a length beyond all', confirm().fill(255, 2, 4)],
    ['a negotiation of another length', confirm(2, 0, 9, 0, 1, 0, 0, 0)],
    ['a negotiation of another type', confirm(4, 0, 8, 0, 1, 0, 0, 0)],
    ['a protocol that is none', confirm(2, 0, 8, 0, 7, 0, 0, 0)],
    ['a failure that is none', confirm(3, 0, 8, 0, 0, 0, 0, 255)],
    ['TLS', Buffer.of(0x15, 3, 1, 0, 2, 2, 10)],
  ])('is not %s', (_, says) => {
    expect(converse(rdp, { says: [says] }).finding).toBeUndefined()
  })

  test('torn at any byte', () => {
    assertTears(rdp, { says: [confirm(2, 0x1f, 8, 0, 2, 0, 0, 0)] })
    assertTears(rdp, { says: [confirm()] })
  })
})

describe('an Android device', () => {
  const packet = (command: string, data = '', length = data.length): Buffer => {
    const start = Buffer.alloc(24)
    start.write(command)
    start.writeUInt32LE(0x0100_0001, 4)
    start.writeUInt32LE(length, 12)
    for (let at = 0; at < 4; at++) start.writeUInt8(255 - start.readUInt8(at), 20 + at)
    return Buffer.concat([start, Buffer.from(data)])
  }
  const banner = 'device::ro.product.name=box;ro.product.model=Example Box;ro.product.device=b;features=cmd'
  const cnxn = 'CNXN\0\0\0\u0001\0\u0010\0\0\u0007\0\0\0\u0032\u0002\0\0\u00bc\u00b1\u00a7\u00b1host::\0'

  test('that wants no key says what it is', () => {
    const { finding, sent } = converse(adb, { says: [packet('CNXN', `${banner}\0`)] })
    expect(finding).toEqual({ module: 'adb', banner, product: 'Example Box', tags: ['no-auth'] })
    expect(sent).toBe(cnxn)
  })

  test('may say little', () => {
    expect(converse(adb, { says: [packet('CNXN', 'device::')] }).finding).toEqual({
      module: 'adb',
      banner: 'device::',
      tags: ['no-auth'],
    })
  })

  test.each(['AUTH', 'STLS'])('that wants a key gets none: %s', (command) => {
    const { finding, sent } = converse(adb, { says: [packet(command, 'x'.repeat(20))] })
    expect(finding).toEqual({ module: 'adb', tags: ['auth'] })
    expect(sent).toBe(cnxn)
  })

  test.each([
    ['another command', packet('OKAY')],
    ['another magic', packet('CNXN').fill(0, 20, 24)],
    ['its own command for magic', packet('CNXN').fill('CNXN', 20, 24)],
    ['a length beyond all', packet('CNXN', '', 0xff_ff_ff_ff)],
    ['half a packet', packet('CNXN').subarray(0, 23)],
    ['a page', Buffer.from('CNXN is what this page is about, and nothing else')],
  ])('is not %s', (_, says) => {
    expect(converse(adb, { says: [says] }).finding).toBeUndefined()
  })

  test('torn at any byte', () => {
    assertTears(adb, { says: [packet('CNXN', `${banner}\0`)] })
    assertTears(adb, { says: [packet('AUTH', 'x'.repeat(20))] })
  })
})
