import type { ProbeStatus, TcpProbe, UdpCheck } from '../model/probe.ts'
import { checkingAfter } from './checking.ts'
import type { Exchanged } from './exchange.ts'
import type { Attempt } from './feed.ts'

/** Statuses of which no connection came about. */
const unconnected: ReadonlySet<ProbeStatus> = new Set(['refused', 'silent', 'unreachable', 'local'])

/** What its target is to be asked once more, or what became of it. */
export type FollowUp = { readonly again: Attempt } | { readonly settled: Exchanged }

/**
 * What follows from what came of an attempt: one that was told something in another protocol is asked in that, once; without
 * TLS, where what it said is none; and then for what it is to be checked for.
 * @param recognisers probes that can tell their protocol by the first words of a peer
 */
export function followUp(
  attempt: Attempt,
  result: Exchanged,
  recognisers: readonly TcpProbe[],
  checks: readonly UdpCheck[],
): FollowUp {
  const { target, foreign, isPlain = false, before } = attempt
  const { status, finding, heard } = result
  // Who was connected to once and is not a second time is no less there.
  if (before !== undefined && unconnected.has(status)) return { settled: before }
  if (foreign === undefined) {
    if (result.isPlain === true) return { again: { ...attempt, isPlain: true, before: result } }
    const other =
      heard &&
      status === 'garbled' &&
      recognisers.find((each) => each !== target.probe && each.recognises?.(heard) === true)
    if (other) return { again: { ...attempt, foreign: other, before: result } }
  }
  const { known, left } = checkingAfter(attempt, result, checks)
  if (left.length > 0) return { again: { target, nth: 0, local: 0, checking: { known, left } } }
  const isOther = status === 'answered' && (foreign !== undefined || isPlain)
  return { settled: isOther && finding !== undefined ? { status: 'foreign', finding } : known }
}
