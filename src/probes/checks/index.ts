import type { UdpCheck } from '../../model/probe.ts'
import { ntpControl } from './ntp-control.ts'
import { ntpMonlist } from './ntp-monlist.ts'
import { openResolver } from './open-resolver.ts'

/** Every check by datagrams, in the order in which a target is asked them. */
export const udpChecks: readonly UdpCheck[] = [ntpControl, ntpMonlist, openResolver]
