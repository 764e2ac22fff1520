import type { Check } from '../../model/probe.ts'
import { openRelay } from './open-relay.ts'

/** Every check: what is asked only where it is named. */
export const checks: readonly Check[] = [openRelay]
