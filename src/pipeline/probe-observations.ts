import { addressNumber } from '../model/address-set.ts'
import type { Observation, Outcome } from '../model/observation.ts'
import type { ProbeStatus } from '../model/probe.ts'
import { rangeOf, type Scope } from '../model/scope.ts'
import type { Plan } from '../scan/plan.ts'
import type { Kept } from '../store/probe-journal.ts'
import type { Marks } from './probe-marks.ts'

/** What a status says of the service that was asked for. */
const outcomeOf: Readonly<Record<Exclude<ProbeStatus, 'local'>, Outcome>> = {
  answered: 'answered',
  foreign: 'failed',
  garbled: 'failed',
  mute: 'failed',
  dropped: 'failed',
  refused: 'closed',
  silent: 'filtered',
  unreachable: 'filtered',
}

/**
 * What settled targets of a scan are in the store: nothing when one was not asked at all, and two when another protocol answered.
 * What was found has its host's marks among its tags.
 * Most of millions are silent: what many share is made once.
 */
export function probeObservations(
  plan: Plan,
  scope: Scope,
  marks: Pick<Marks, 'of'>,
): (kept: Kept) => readonly Observation[] {
  const timeText = remembered((at: number) => new Date(at).toISOString().replace('Z', '000Z'))
  const hasRegions = scope.ranges.some(({ region, owner }) => region !== undefined || owner !== undefined)
  const placeOf = (address: string): Place => {
    const { region, owner = scope.owner } = rangeOf(scope, addressNumber(address) ?? -1n) ?? {}
    return { regionCode: region, organisation: owner }
  }
  const anywhere: Place = { organisation: scope.owner, regionCode: undefined }
  return ({ index, status, at, finding, heard }) => {
    if (status === 'local' && finding === undefined) return []
    const { address: ip, host, port, probe } = plan.at(index)
    const { transport, id: module } = probe
    const observedAt = timeText(at)
    const { organisation, regionCode } = hasRegions ? placeOf(ip) : anywhere
    // Spelled out, as to put objects together takes longer than everything else that is done for it.
    if (
      finding === undefined &&
      heard === undefined &&
      regionCode === undefined &&
      status !== 'answered' &&
      status !== 'local'
    )
      return [{ source: 'probe', ip, port, transport, observedAt, organisation, module, outcome: outcomeOf[status] }]
    const common = {
      source: 'probe',
      ip,
      port,
      transport,
      observedAt,
      organisation,
      ...(regionCode === undefined ? {} : { regionCode }),
    } as const
    const found: Observation[] = []
    if (status !== 'answered' && status !== 'local')
      found.push(
        heard === undefined
          ? { ...common, module, outcome: outcomeOf[status] }
          : { ...common, module, outcome: outcomeOf[status], banner: heard },
      )
    if (finding === undefined) return found
    const { hostnames = [], tags: own = [], ...said } = finding
    const tags = [...own, ...marks.of(host)]
    found.push({
      ...common,
      ...said,
      outcome: 'answered',
      ...(hostnames.length === 0 ? {} : { hostnames: hostnames.join(' ') }),
      ...(tags.length === 0 ? {} : { tags: tags.join(' ') }),
    })
    return found
  }
}

/** Where a target is, as its scope says. */
interface Place {
  readonly organisation: string
  readonly regionCode: string | undefined
}

/** Remembers the last value. */
function remembered<A, B>(make: (of: A) => B): (of: A) => B {
  let last: { readonly of: A; readonly made: B } | undefined
  return (of) => {
    if (last?.of !== of) last = { of, made: make(of) }
    return last.made
  }
}
