import type { Finding, ProbeStatus, Relay, TcpProbe, UdpCheck } from '../model/probe.ts'
import type { Guard } from '../net/guard.ts'
import type { Plan, Target } from './plan.ts'

/** What became of a target. */
export interface Asked {
  readonly status: ProbeStatus
  readonly finding: Finding | undefined
  readonly heard: Buffer | undefined
  readonly target: Target
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface EngineOptions {
  readonly plan: Plan
  readonly guard: Guard
  readonly contact: string
  /** Where open relays are checked for. */
  readonly relay?: Relay
  /** The order in which targets are asked: a permutation of 0 to plan.size - 1. */
  readonly order: (place: number) => number
  /** Whether a target was asked before, in a scan that goes on, and how many were. */
  readonly isDone: (index: number) => boolean
  readonly doneBefore: number
  /** Which targets are this scan's, of which others ask the rest; all when absent. */
  readonly isMine?: (target: Target) => boolean
  /** Probes that can tell their protocol by the first words of a peer. */
  readonly recognisers: readonly TcpProbe[]
  /** What targets of their probes are asked beside; nothing when absent. */
  readonly checks?: readonly UdpCheck[]
  readonly perSecond: number
  readonly perPrefix: number
  /** Connections and datagrams under way at a time. */
  readonly mostInFlight: number
  readonly connectMs: number
  readonly talkMs: number
  /** How often what was not answered is asked again, after all others. */
  readonly retries: number
  /** Told once of every target. What it returns is waited for while much is not on the disk yet. */
  readonly onAsked: (asked: Asked) => Promise<void> | undefined
  readonly onProgress?: (progress: EngineProgress) => void
  /** Ends the scan with its reason. */
  readonly signal?: AbortSignal
}

export interface EngineProgress {
  readonly done: number
  readonly size: number
  readonly answered: number
  readonly inFlight: number
  /** Beginnings, retries included. */
  readonly begun: number
  /** The longest this process was busy elsewhere, in milliseconds, since it was last asked. */
  readonly lagMs: number
}

/** What of a finished scan is to be told. */
export interface Scanned {
  readonly begun: number
  readonly statuses: Readonly<Partial<Record<ProbeStatus, number>>>
  readonly lagMs: number
}
