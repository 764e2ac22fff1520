import { expect } from 'vitest'
import type { Finding, TcpProbe } from '../../src/model/probe.ts'
import { converse, tear, type Script } from './converse.ts'
import { firstOf, mutants, noise, tails } from './hostile.ts'
import { isModelled } from './reply.ts'

/**
 * That a probe finds the same however a peer's words are cut, and stands whatever it says instead: its words broken off at
 * every byte, with other bytes and with much behind them; the probe's own words sent back; nothing; noise.
 */
export function expectSturdyTalk(probe: TcpProbe, script: Script): void {
  const { finding, sent } = converse(probe, script)
  expect(finding?.module, 'the words themselves').toBe(probe.id)
  const { bytewise, torn } = tear(probe, script)
  expect(bytewise.finding, 'byte by byte').toEqual(finding)
  expect(torn[0]?.finding, 'nothing').toBeUndefined()
  const find = (says: Buffer | string): Finding | undefined => converse(probe, { ...script, says: [says] }).finding
  expect(find(sent), 'its own words').toBeUndefined()
  const isWrong = (says: Buffer): boolean => !isModelled(probe.id, find(says))
  const whole = Buffer.concat(script.says.map((piece) => Buffer.from(piece as string, 'latin1')))
  expect(
    torn.findIndex((broken) => !isModelled(probe.id, broken.finding)),
    'a part of them',
  ).toBe(-1)
  expect(firstOf(mutants(whole), isWrong), 'other bytes in them').toBeUndefined()
  expect(firstOf(tails(whole), isWrong), 'much behind them').toBeUndefined()
  expect(
    firstOf(noise(), (says) => find(says) !== undefined),
    'noise',
  ).toBeUndefined()
}
