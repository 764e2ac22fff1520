import type { TcpProbe } from '../model/probe.ts'
import { Talk } from './talk.ts'

const testAct = Buffer.of(0x68, 0x04, 0x43, 0x00, 0x00, 0x00)
const testCon = Buffer.of(0x83, 0x00, 0x00, 0x00)

/** Messages that a station may send before it confirms. */
const mostMessages = 8

/**
 * Tests the connection, which both sides may at any time. It is never started (STARTDT), so that no value is sent and no
 * command could be. What proves it: the confirmation of the test.
 */
export const iec104: TcpProbe = {
  id: 'iec-104',
  transport: 'tcp',
  ports: [2404],
  sends: 'one TESTFR act',
  harmless: 'it tests the connection alone; data transfer is not started, so that no value moves',
  identity: 'TESTFR con',
  reference: 'IEC 60870-5-104 §5.2',
  recognises: (first) => first.subarray(0, 2).equals(testAct.subarray(0, 2)) && first.subarray(2, 6).equals(testCon),
  *talk({ tls }) {
    const peer = new Talk(tls)
    yield* peer.send(testAct)
    for (let count = 0; count < mostMessages; count++) {
      const start = yield* peer.take(2)
      const length = start?.[1] ?? 0
      const message = start?.[0] === 0x68 && length >= 4 && length <= 253 ? yield* peer.take(length) : undefined
      if (message === undefined) return undefined
      if (message.equals(testCon)) return { module: 'iec-104', banner: 'TESTFR con' }
    }
    return undefined
  },
}
