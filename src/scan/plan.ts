import { addressText, isOfIPv4, type AddressNumber, type AddressSet } from '../model/address-set.ts'
import type { Probe } from '../model/probe.ts'

/** A port, and what is asked there. */
export interface Door {
  readonly probe: Probe
  readonly port: number
  /** Whether TLS comes first. */
  readonly isTls: boolean
}

/** One question: an address's door. */
export interface Target extends Door {
  /** 0 to size - 1: what journals call it. */
  readonly index: number
  /** Which of the addresses it is. */
  readonly host: number
  readonly address: string
  /** What shares a limit of its own: a /24 or a /64. */
  readonly prefix: AddressNumber
}

export interface Plan {
  readonly size: number
  readonly doors: readonly Door[]
  at(index: number): Target
}

/** Every door of probes, each port and transport once: the first probe named has it. */
export function doorsOf(probes: readonly Probe[]): readonly Door[] {
  const doors = new Map<string, Door>()
  for (const probe of probes)
    for (const port of probe.ports) {
      const key = `${probe.transport}/${port}`
      const isTls = probe.transport === 'tcp' && probe.tlsPorts?.includes(port) === true
      if (!doors.has(key)) doors.set(key, { probe, port, isTls })
    }
  return [...doors.values()]
}

/** All doors of all addresses, in the order of the addresses. @throws RangeError for more than 2^48 */
export function planOf(addresses: AddressSet, doors: readonly Door[]): Plan {
  const size = Number(addresses.size) * doors.length
  if (size < 1 || size > 2 ** 48) throw new RangeError(`a plan of ${size} targets`)
  return {
    size,
    doors,
    at: (index) => {
      const host = Math.floor(index / doors.length)
      const door = doors[index % doors.length]
      if (door === undefined || index < 0) throw new RangeError(`target ${index} of ${size}`)
      const address = addresses.at(host)
      const bits = isOfIPv4(address) ? 8n : 64n
      return { ...door, index, host, address: addressText(address), prefix: address >> bits }
    },
  }
}
