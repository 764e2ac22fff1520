import { addressNumber, addressText, dotted, isOfIPv4, type AddressSet } from '../model/address-set.ts'
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
  readonly prefix: number | bigint
}

export interface Plan {
  readonly size: number
  readonly doors: readonly Door[]
  at(index: number): Target
  /** The index of an address's TCP port; undefined when it is no target. */
  indexOf(address: string, port: number): number | undefined
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
  const addressAt = numbered(addresses)
  const tcp = new Map(doors.flatMap(({ probe, port }, nth) => (probe.transport === 'tcp' ? [[port, nth]] : [])))
  return {
    size,
    doors,
    at: (index) => {
      const host = Math.floor(index / doors.length)
      const door = doors[index % doors.length]
      if (door === undefined || index < 0 || index >= size) throw new RangeError(`target ${index} of ${size}`)
      const { probe, port, isTls } = door
      const { address, prefix } = addressAt(host)
      return { probe, port, isTls, index, host, address, prefix }
    },
    indexOf: (address, port) => {
      const number = addressNumber(address)
      const host = number === undefined ? undefined : addresses.placeOf(number)
      const nth = tcp.get(port)
      return host === undefined || nth === undefined ? undefined : host * doors.length + nth
    },
  }
}

/**
 * Addresses by their place in the set, with what shares a limit. Asked for every target: IPv4 is reckoned in plain numbers,
 * which is ten times as fast as in large ones.
 */
function numbered(addresses: AddressSet): (place: number) => Pick<Target, 'address' | 'prefix'> {
  const starts: number[] = []
  let sum = 0
  for (const { first, last } of addresses.ranges) {
    starts.push(sum)
    sum += Number(last - first) + 1
  }
  const firsts = addresses.ranges.map(({ first }) => (isOfIPv4(first) ? Number(first & 0xffff_ffffn) : undefined))
  return (place) => {
    let [low, high] = [0, starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= place) low = middle
      else high = middle
    }
    const first = firsts[low]
    if (first !== undefined) {
      const bits = first + place - (starts[low] ?? 0)
      return { address: dotted(bits), prefix: bits >>> 8 }
    }
    const address = addresses.at(place)
    return { address: addressText(address), prefix: address >> 64n }
  }
}
