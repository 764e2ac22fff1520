import type { RegionTable } from '../locate/regions.ts'
import { isOfIPv4 } from '../model/address-set.ts'
import { wrongInput } from '../model/errors.ts'
import type { Check, Probe } from '../model/probe.ts'
import type { Scope } from '../model/scope.ts'
import { udpChecks } from '../probes/checks/index.ts'
import { probes } from '../probes/index.ts'
import { loadServices } from '../recognise/service.ts'
import type { PlannedDiscovery, PlannedProbe } from '../reports/probe-text.ts'
import { checksFor } from '../scan/checking.ts'
import type { Door, Plan } from '../scan/plan.ts'

/** What is asked only where it is named: devices of plants are slow, and some of them fragile. */
const namedOnly = 'ics'

/**
 * The probes of services and categories, in the order of the index; all but those of industrial control when none is named.
 * @throws CensusError exit 2 for a name there is not, or that no probe is for
 */
export function probesOf(names: readonly string[] | undefined): readonly Probe[] {
  const catalogue = loadServices()
  const careful = new Set(catalogue.categories.get(namedOnly))
  if (names === undefined) return probes.filter(({ id }) => !careful.has(id))
  const wanted = new Set(catalogue.resolve(names))
  for (const name of names) {
    const members = catalogue.resolve([name])
    if (!probes.some(({ id }) => members.includes(id)))
      throw wrongInput(`there is no probe for ${name}`, '`census list probes` shows those there are')
  }
  return probes.filter(({ id }) => wanted.has(id))
}

export const doorName = ({ probe, port }: Door): string => `${probe.transport}/${port} ${probe.id}`

/** The door of a name, without TLS. @throws Error for a name that is none */
export function doorNamed(name: string): Door {
  const [, transport, port, id] = /^(tcp|udp)\/(\d{1,5}) (\S+)$/.exec(name) ?? []
  const probe = probes.find((each) => each.id === id && each.transport === transport)
  if (probe === undefined) throw new Error(`there is no door ${name}`)
  return { probe, port: Number(port), isTls: false }
}

export function describePlan(
  scope: Scope,
  plan: Plan,
  checks: readonly Check[],
  retries: number,
  discovery?: PlannedDiscovery,
): PlannedProbe {
  const { perSecond, perPrefix } = scope.rate
  const later = udpChecks.filter((each) => checks.includes(each))
  const perAddress = plan.doors.reduce((sum, { probe }) => sum + 1 + checksFor(probe, later).length, 0)
  const once = Number(scope.targets.size) * perAddress
  // Where no port is open, nothing is connected to.
  const least = once - (discovery?.packets ?? 0) / (1 + retries)
  const most = once * (1 + retries)
  const crowded = mostInPrefix(scope) * perAddress
  const seconds = (begun: number): number =>
    Math.ceil(Math.max(begun / perSecond, ((begun / once) * crowded) / perPrefix))
  return {
    addresses: Number(scope.targets.size),
    excluded: Number(scope.declared.size - scope.targets.size),
    doors: plan.doors.map(doorName),
    checks: checks.map(({ id }) => id),
    targets: plan.size,
    begun: { least, most },
    seconds: { least: seconds(least), most: seconds(most) },
    rate: scope.rate,
    ...(discovery === undefined ? {} : { discovery }),
  }
}

/** The most addresses that share a limit: a /24 or a /64. */
function mostInPrefix({ targets }: Scope): number {
  const counts = new Map<bigint, bigint>()
  let most = 0n
  for (const { first, last } of targets.ranges) {
    const bits = isOfIPv4(first) ? 8n : 64n
    const size = 1n << bits
    // Only the prefixes at both ends can be shared with another range, or be less than full.
    if ((last >> bits) - (first >> bits) > 1n) most = size > most ? size : most
    for (const prefix of new Set([first >> bits, last >> bits])) {
      const from = prefix << bits > first ? prefix << bits : first
      const end = ((prefix + 1n) << bits) - 1n
      const to = end < last ? end : last
      const count = (counts.get(prefix) ?? 0n) + to - from + 1n
      counts.set(prefix, count)
      if (count > most) most = count
    }
  }
  return Number(most)
}

/** Every region that a scope names is one. @throws CensusError exit 2 */
export function checkRegions(scope: Scope, regions: RegionTable): void {
  for (const { region } of scope.ranges) {
    if (region !== undefined && regions.region(region)?.code !== region)
      throw wrongInput(
        `the scope's region ${JSON.stringify(region)} is no code of ISO 3166-2 that is known here`,
        'as JP-13; `census list regions` shows them',
      )
  }
}
