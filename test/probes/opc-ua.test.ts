import { describe, expect, test } from 'vitest'
import { opcUa } from '../../src/probes/opc-ua.ts'
import { converse } from '../helpers/converse.ts'
import { expectSturdyTalk } from '../helpers/sturdy-talk.ts'

/** Type, size and numbers of four bytes, all from the lowest byte. */
const message = (type: string, size: number, numbers: readonly number[], text = ''): Buffer => {
  const head = Buffer.alloc(8 + numbers.length * 4)
  head.write(type, 'latin1')
  for (const [index, number] of [size, ...numbers].entries()) head.writeUInt32LE(number, 4 + index * 4)
  return Buffer.concat([head, Buffer.from(text, 'latin1')])
}

const ack = message('ACKF', 28, [0, 8192, 65_535, 16_777_216, 5000])
const reason = 'Endpoint URL is not known'
const error = message('ERRF', 16 + reason.length, [0x80_83_00_00, reason.length], reason)

describe('one hello', () => {
  test.each([
    ['192.0.2.7', 'opc.tcp://192.0.2.7:4840'],
    ['2001:db8::7', 'opc.tcp://[2001:db8::7]:4840'],
  ])('to %s', (address, url) => {
    const { sent } = converse(opcUa, { says: [], context: { address, port: 4840 } })
    expect(Buffer.from(sent, 'latin1')).toEqual(
      message('HELF', 32 + url.length, [0, 65_535, 65_535, 0, 0, url.length], url),
    )
  })
})

describe('a server', () => {
  test.each([
    [
      'acknowledges',
      ack,
      'ACK\nVersion: 0\nReceive buffer: 8192\nSend buffer: 65535\nMax message: 16777216\nMax chunks: 5000',
    ],
    ['refuses', error, `ERR\nError: 0x80830000\nReason: ${reason}`],
    ['refuses without a word', message('ERRF', 16, [0x80_7d_00_00, 0xff_ff_ff_ff]), 'ERR\nError: 0x807d0000'],
  ])('that %s is one', (_, said, banner) => {
    expect(converse(opcUa, { says: [said] }).finding).toEqual({ module: 'opc-ua', banner })
    expect(opcUa.recognises?.(said)).toBe(true)
  })

  test.each([
    ['a client', message('HELF', 28, [0, 8192, 65_535, 0, 0])],
    ['an acknowledgement of another size', message('ACKF', 32, [0, 8192, 65_535, 0, 0, 0])],
    ['an acknowledgement of a chunk', message('ACKC', 28, [0, 8192, 65_535, 0, 0])],
    ['an error too short', message('ERRF', 12, [1])],
    ['an error too long', message('ERRF', 8193, [1, 8177], 'x'.repeat(8177))],
    ['an error that breaks off', error.subarray(0, -1)],
  ])('is not %s', (_, said) => {
    expect(converse(opcUa, { says: [said] }).finding).toBeUndefined()
  })
})

test('stands whatever is said', () => expectSturdyTalk(opcUa, { says: [ack] }))
test('stands whatever is said of an error', () => expectSturdyTalk(opcUa, { says: [error] }))
