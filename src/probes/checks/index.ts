import type { Check, UdpCheck } from '../../model/probe.ts'
import { ntpControl } from './ntp-control.ts'
import { ntpMonlist } from './ntp-monlist.ts'
import { openRelay } from './open-relay.ts'
import { openResolver } from './open-resolver.ts'

/** Checks by datagrams, in the order in which a target is asked them. */
export const udpChecks: readonly UdpCheck[] = [ntpControl, ntpMonlist, openResolver]

/** Every check: what is asked only where it is named. */
export const checks: readonly Check[] = [openRelay, ...udpChecks]
