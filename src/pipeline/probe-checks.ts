import { addressNumber } from '../model/address-set.ts'
import { wrongInput } from '../model/errors.ts'
import type { Check, Probe, Relay } from '../model/probe.ts'
import type { Scope } from '../model/scope.ts'
import { isLocal } from '../model/special-purpose.ts'
import { checks } from '../probes/checks/index.ts'
import { openRelay } from '../probes/checks/open-relay.ts'

/**
 * The checks of these names, in the order of the index.
 * @throws CensusError exit 2 for a name there is not, or whose probe is not among those asked
 */
export function checksOf(names: readonly string[], asked: readonly Probe[]): readonly Check[] {
  for (const name of names) {
    const check = checks.find(({ id }) => id === name)
    if (check === undefined)
      throw wrongInput(`there is no check ${JSON.stringify(name)}`, `checks: ${checks.map(({ id }) => id).join(', ')}`)
    if (!asked.some(({ id }) => id === check.probe))
      throw wrongInput(
        `the check ${name} goes with ${check.probe}, which is not among the services asked`,
        `name ${check.probe} in --services too`,
      )
  }
  return checks.filter(({ id }) => names.includes(id))
}

/** What open relays are checked for with; undefined where they are not. @throws CensusError exit 2 for a scope without a domain */
export function relayOf({ relayDomain, vantage, declared }: Scope, asked: readonly Check[]): Relay | undefined {
  if (!asked.includes(openRelay)) return undefined
  if (relayDomain === undefined)
    throw wrongInput(
      `the check ${openRelay.id} needs a domain of yours for its recipients`,
      'name it in the scope: relay_domain: relay-test.example.net',
    )
  return {
    domain: relayDomain,
    isInside: (from) => {
      const address = addressNumber(from)
      return vantage === 'inside' || address === undefined || isLocal(address) || declared.has(address)
    },
  }
}
