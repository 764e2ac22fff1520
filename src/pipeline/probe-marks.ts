import { crc32 } from 'node:zlib'
import { isHoneypot } from '../recognise/honeypot.ts'
import type { Plan } from '../scan/plan.ts'
import type { Kept } from '../store/probe-journal.ts'

/** From how many doors of how many services on, whoever says the same at each is no server. */
const leastDoors = 5
const leastServices = 3

/** What is known of a host that accepted a connection: the same few numbers however much it says. */
interface Host {
  /** What it says: a digest; `silence` while it said nothing. */
  words: number
  /** Whether it said something else, too. */
  isMixed: boolean
  /** Doors that said so, and the first of their services. */
  doors: number
  readonly services: string[]
}

const silence = -1

/** What the hosts of a scan are, by all their targets together. */
export interface Marks {
  /** Is told of every settled target once, in any order. */
  tell(kept: Kept): void
  /** `middlebox`, `honeypot`: tags of whatever was found at a host of the plan, once all targets are told. */
  of(host: number): readonly string[]
}

/**
 * Tells middleboxes (every door that could be asked over TCP accepts, and all that say anything say the same, or none does)
 * and honeypots (by their default identities). Holds a bit for each address of the plan, and a few numbers for each that
 * accepted a connection.
 */
export function hostMarks(plan: Plan): Marks {
  const closed = new Uint8Array(Math.ceil(plan.size / plan.doors.length / 8))
  const hosts = new Map<number, Host>()
  const pots = new Set<number>()
  const isMiddlebox = (host: number): boolean => {
    const { isMixed = true, doors = 0, services = [] } = hosts.get(host) ?? {}
    const isEverywhere = ((closed[host >> 3] ?? 0) & (1 << (host & 7))) === 0
    return isEverywhere && !isMixed && doors >= leastDoors && services.length >= leastServices
  }
  return {
    tell: (kept) => {
      // Not `at`, which spells out an address: most of millions are silent.
      const host = Math.floor(kept.index / plan.doors.length)
      const door = plan.doors[kept.index % plan.doors.length]
      if (door === undefined) return
      const { probe, isTls } = door
      if (kept.finding !== undefined && isHoneypot(kept.finding)) pots.add(host)
      if (probe.transport === 'udp' || kept.status === 'local') return
      const words = wordsOf(kept)
      if (words === undefined) closed[host >> 3] = (closed[host >> 3] ?? 0) | (1 << (host & 7))
      // What speaks no TLS cannot be heard there, whatever it says elsewhere.
      else if (!isTls) hear(hosts, host, words, probe.id)
    },
    of: (host) => [...(isMiddlebox(host) ? ['middlebox'] : []), ...(pots.has(host) ? ['honeypot'] : [])],
  }
}

function hear(hosts: Map<number, Host>, at: number, words: number, service: string): void {
  const host = hosts.get(at) ?? { words, isMixed: false, doors: 0, services: [] }
  hosts.set(at, host)
  if (words !== host.words) {
    // One that waits to be spoken to is silent where a server would speak first.
    if (words === silence) return
    if (host.words !== silence) {
      host.isMixed = true
      return
    }
    host.words = words
    host.doors = 0
    host.services.length = 0
  }
  host.doors++
  if (host.services.length < leastServices && !host.services.includes(service)) host.services.push(service)
}

const mostCharacters = 32

/** A digest of what a door over TCP said: of its protocol, or of its first words. Undefined where it accepted no connection. */
function wordsOf({ status, finding, heard = '' }: Kept): number | undefined {
  if (status === 'refused' || status === 'silent' || status === 'unreachable') return undefined
  if (status === 'mute' || status === 'dropped') return silence
  // Any web server that is asked for CWMP is told as that.
  if (finding !== undefined) return crc32(finding.module === 'cwmp' ? 'http' : finding.module)
  return crc32(`: ${heard.slice(0, mostCharacters)}`)
}
