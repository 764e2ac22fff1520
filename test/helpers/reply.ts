import { expect } from 'vitest'
import type { Finding, Replies, UdpCheck, UdpProbe } from '../../src/model/probe.ts'
import { gather } from '../../src/scan/gather.ts'
import { expectUnmoved } from './fuzz.ts'
import { cuts, firstOf, mutants, noise, tails } from './hostile.ts'

/** Sixteen bytes that are all different, as those of a request. */
export const random = Uint8Array.from({ length: 16 }, (_, index) => (index * 37 + 11) & 255)

export const ask = (probe: Pick<UdpProbe, 'request'>, bytes: Uint8Array = random): Buffer =>
  probe.request(bytes, { contact: 'noc@example.net' })

/** What a probe says to a reply to its usual request. */
export const hear = (probe: UdpProbe, reply: Buffer): Finding | undefined => probe.read(reply, ask(probe))

/** Room for the words of a server and the names that a probe gives them. */
const mostOfBanner = 4200

/** Undefined, or a finding of that probe with bounded words. */
export const isModelled = (id: string, finding: Finding | undefined): boolean =>
  finding === undefined ||
  (finding.module === id &&
    (finding.banner ?? '').length <= mostOfBanner &&
    [finding.product, finding.version, finding.deviceType].every(
      (said) => said === undefined || /^\S.{0,255}$/su.test(said),
    ))

/**
 * That a probe takes a reply to its own request only, and stands whatever is sent instead of it: the reply cut at every byte,
 * with other bytes and with much behind it; the request itself; nothing; noise.
 * @param tied how many of the random bits tie a reply to a request: as many changed ones must make it a stranger's
 */
export function expectSturdy(probe: UdpProbe, reply: Buffer, tied: number): void {
  const request = ask(probe)
  expect(probe.read(reply, request)?.module, 'the reply itself').toBe(probe.id)
  expect(probe.read(request, request), 'the request sent back').toBeUndefined()
  expect(strangers(probe, reply), 'bits of the request that tie a reply to it').toBe(tied)
  expect(probe.read(Buffer.alloc(0), request), 'nothing').toBeUndefined()
  const isWrong = (bytes: Buffer): boolean => !isModelled(probe.id, probe.read(bytes, request))
  expect(firstOf(cuts(reply), isWrong), 'a part of it').toBeUndefined()
  expect(firstOf(mutants(reply), isWrong), 'other bytes in it').toBeUndefined()
  expectUnmoved(probe.id, [reply], isWrong)
  expect(firstOf(tails(reply), isWrong), 'much behind it').toBeUndefined()
  expect(
    firstOf(noise(), (bytes) => probe.read(bytes, request) !== undefined),
    'noise',
  ).toBeUndefined()
}

/** Replies to a check, as they are gathered. */
export const gathered = (...replies: readonly Buffer[]): Replies => {
  const all = gather()
  for (const reply of replies) all.add(reply)
  return all.replies
}

/** The same of a check: what belongs to its request is read, and what is read is bounded, whatever it is. */
export function expectSturdyCheck(check: UdpCheck, reply: Buffer, tied: number): void {
  const request = ask(check)
  const asProbe = {
    ...check,
    read: (bytes: Buffer, to: Buffer) => (check.isReply(bytes, to) ? { module: check.probe } : undefined),
  }
  expect(check.isReply(reply, request), 'the reply itself').toBe(true)
  expect(check.isReply(request, request), 'the request sent back').toBe(false)
  expect(check.isReply(Buffer.alloc(0), request), 'nothing').toBe(false)
  expect(strangers(asProbe, reply), 'bits of the request that tie a reply to it').toBe(tied)
  const isWrong = (...bytes: readonly Buffer[]): boolean => {
    for (const each of bytes) check.isReply(each, request)
    // What is no reply is read, too: reading must not lean on that.
    const { banner = '', tags = [] } = check.read(gathered(...bytes), request)
    return banner.length > mostOfBanner || tags.length > 1
  }
  expect(firstOf(cuts(reply), isWrong), 'a part of it').toBeUndefined()
  expect(firstOf(mutants(reply, 10_000), isWrong), 'other bytes in it').toBeUndefined()
  expect(
    firstOf(mutants(reply), (bytes) => isWrong(bytes, reply, bytes)),
    'several of it',
  ).toBeUndefined()
  expectUnmoved(check.id, [reply], isWrong)
  expect(firstOf(tails(reply), isWrong), 'much behind it').toBeUndefined()
  expect(
    firstOf(noise(), (bytes) => isWrong(bytes) || check.isReply(bytes, request)),
    'noise',
  ).toBeUndefined()
}

/** Of how many bits of what is random a change makes a reply one to another request. Each change of the request must. */
function strangers(probe: Pick<UdpProbe, 'request' | 'read'>, reply: Buffer): number {
  const request = ask(probe)
  let count = 0
  for (let bit = 0; bit < random.length * 8; bit++) {
    const bytes = Uint8Array.from(random)
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const other = ask(probe, bytes)
    if (other.equals(request)) continue
    count++
    expect(probe.read(reply, other), `a reply to a request with another bit ${bit}`).toBeUndefined()
  }
  return count
}
