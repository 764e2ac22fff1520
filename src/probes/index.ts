import type { Probe } from '../model/probe.ts'
import { ntp } from './ntp.ts'
import { smtp } from './smtp.ts'

/** Every probe, one for a service and transport. Where two would ask the same port, the first has it. */
export const probes: readonly Probe[] = [smtp, ntp]
