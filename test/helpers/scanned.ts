import { addressSet, parseRange } from '../../src/model/address-set.ts'
import type { TcpProbe, UdpProbe } from '../../src/model/probe.ts'
import type { Asked, EngineOptions, Scanned } from '../../src/scan/engine-options.ts'
import { scan } from '../../src/scan/engine.ts'
import { askingOrder } from '../../src/scan/permutation.ts'
import { doorsOf, planOf } from '../../src/scan/plan.ts'

export interface Run {
  readonly asked: readonly Asked[]
  readonly scanned: Scanned
  /** `address port status`, sorted. */
  readonly told: readonly string[]
}

/** Asks a range of loopback, quickly unless told otherwise. */
export async function run(
  range: string,
  probes: readonly (TcpProbe | UdpProbe)[],
  options: Partial<EngineOptions> = {},
): Promise<Run> {
  const parsed = parseRange(range)
  if ('fault' in parsed) throw new Error(parsed.fault)
  const plan = planOf(addressSet([parsed]), doorsOf(probes))
  const asked: Asked[] = []
  const scanned = await scan({
    plan,
    guard: (address) => (address.startsWith('127.') ? undefined : 'it is not loopback'),
    contact: 'noc@example.net',
    order: askingOrder(plan, 1),
    isDone: () => false,
    doneBefore: 0,
    recognisers: [],
    perSecond: 10_000,
    perPrefix: 10_000,
    mostInFlight: 100,
    connectMs: 300,
    talkMs: 300,
    retries: 0,
    onAsked: (each) => {
      asked.push(each)
      return undefined
    },
    ...options,
  })
  const told = asked.map(({ target, status }) => `${target.address} ${target.port} ${status}`).toSorted()
  return { asked, scanned, told }
}
