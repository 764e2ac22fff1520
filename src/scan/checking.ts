import type { Finding, Probe, UdpCheck } from '../model/probe.ts'
import type { Exchanged } from './exchange.ts'
import type { Target } from './plan.ts'

/** A target whose probe is settled: what is known of it by now, and what is still to be asked, in this order. */
export interface Checking {
  readonly known: Exchanged
  readonly left: readonly UdpCheck[]
}

/** Those that belong to a probe. */
export const checksFor = ({ id, transport }: Probe, checks: readonly UdpCheck[]): readonly UdpCheck[] =>
  transport === 'udp' ? checks.filter(({ probe }) => probe === id) : []

interface Asked {
  readonly target: Target
  /** Absent while its probe is asked. */
  readonly checking?: Checking
}

/** What becomes of a target after what came of its probe, or of the first check that was left. */
export function checkingAfter({ target, checking }: Asked, result: Exchanged, checks: readonly UdpCheck[]): Checking {
  if (checking !== undefined) {
    const { known, left } = checking
    return result.status === 'local'
      ? { known: { ...known, status: 'local' }, left: [] }
      : { known: joined(target, known, result.finding), left: left.slice(1) }
  }
  // One that did not answer its probe may answer a check: what is silent to clients may list them to anyone.
  const isReachable = result.status === 'answered' || result.status === 'silent'
  return { known: result, left: isReachable ? checksFor(target.probe, checks) : [] }
}

function joined({ probe }: Target, known: Exchanged, found: Finding | undefined): Exchanged {
  if (found === undefined) return known
  const { finding } = known
  return {
    status: 'answered',
    finding: {
      module: probe.id,
      ...finding,
      banner: [finding?.banner, found.banner].filter((said) => said !== undefined).join('\n'),
      tags: [...(finding?.tags ?? []), ...(found.tags ?? [])],
    },
  }
}
