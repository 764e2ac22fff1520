import { expect } from 'vitest'
import type { TcpProbe } from '../../src/model/probe.ts'
import { converse, tear, type Script } from './converse.ts'
import { mutants, noise } from './hostile.ts'
import { expectModelled } from './reply.ts'

/**
 * That a probe finds the same however a peer's words are cut, and stands whatever it says instead: its words broken off at
 * every byte, with other bytes and with much behind them; the probe's own words sent back; nothing; noise.
 */
export function expectSturdyTalk(probe: TcpProbe, script: Script): void {
  const { finding, sent } = converse(probe, script)
  expect(finding?.module, 'the words themselves').toBe(probe.id)
  const { bytewise, torn } = tear(probe, script)
  expect(bytewise.finding, 'byte by byte').toEqual(finding)
  for (const broken of torn) expectModelled(probe.id, broken.finding)
  expect(torn[0]?.finding, 'nothing').toBeUndefined()
  expect(converse(probe, { ...script, says: [sent] }).finding, 'its own words').toBeUndefined()
  const whole = Buffer.concat(script.says.map((piece) => Buffer.from(piece as string, 'latin1')))
  for (const mutant of mutants(whole)) expectModelled(probe.id, converse(probe, { ...script, says: [mutant] }).finding)
  for (const byte of [0, 0x41, 0xff]) {
    const says = [whole, Buffer.alloc(60_000, byte)]
    expectModelled(probe.id, converse(probe, { ...script, says }).finding)
  }
  for (const bytes of noise()) expect(converse(probe, { ...script, says: [bytes] }).finding, 'noise').toBeUndefined()
}
